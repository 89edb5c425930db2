package main

// One field with its proof (docs/evidence/bundle.md): its text, and a commit whose context binds it.
type disclosed struct {
	Pointer string `json:"pointer"`
	Value   string `json:"value"`
	Commit  string `json:"commit"`
	State   string `json:"state"`
	Gate    string `json:"gate"`
	Time    string `json:"timestamp"`
}

// A text and an envelope, each at its largest.
const mostDisclosed = 2 * maxEnvelope

// verifyDisclosure judges a disclosure's bytes. VALID says that the field was signed so; no decision is
// judged.
func verifyDisclosure(path string, data []byte, by *trust) *report {
	found := newReport(path)
	wrong := try(func() {
		statement := parseObject(data, mostDisclosed, maxDepth)
		if statement["type"] != "gantral.dev/disclosure/v1" {
			unknown("version", "this is not gantral.dev/disclosure/v1")
		}
		require("disclosure", statement)
		one := unwrap(statement["commit"], "commit")
		commit := one.statement
		checkArtifacts(commit)
		team, at := text(commit, "owning_team_id"), text(commit, "timestamp")
		if wrong := try(func() { by.judge(one, team, at, "commit", "closer") }); wrong != nil {
			if !wrong.inconclusive {
				panic(*wrong)
			}
			found.add(wrong.finding(""))
		}
		row := texts(list(statement, "text"))
		if row[1] != commit["instance_id"] {
			refuse("text_instance", "the text is of another instance than the commit")
		}
		if contextOf(commit)[row[2]] != H("leaf", canonical(statement["text"])) {
			refuse("text_unbound", "the commit does not bind this text at its place")
		}
		said := &disclosed{row[2], row[3], text(commit, "commit"), "", "none", at}
		if len(list(commit, "artifacts")) > 0 {
			first := firstArtifact(commit)
			said.State, said.Gate = text(first, "authority_state"), text(first, "gate")
			if !by.allows(team, text(first, "workflow_id"), text(first, "workflow_version_id"), at) {
				found.add(finding{"program_unlisted", "INCONCLUSIVE", "",
					"the trust file does not list this program for that time"})
			}
		}
		found.listed, found.Disclosed = row[1], said
	})
	if wrong != nil {
		found.add(wrong.finding(""))
	}
	return found
}
