package main

// What a gate's policies said: policy before people are asked, waiver when it then lets the gate be
// passed, guard before people and once more about what they decided.
var goesOn = []string{"ALLOW", "REQUIRE_HUMAN"}

// exactly says whether there is one answer, to this query, of this gate and round, of these words; none
// when there is no query.
func exactly(found []obj, query string, at obj, words ...string) bool {
	if query == "none" {
		return len(found) == 0
	}
	return len(found) == 1 && found[0]["query"] == query && found[0]["gate"] == at["gate"] &&
		found[0]["round"] == at["round"] && contains(words, text(found[0], "answer"))
}

// checkVersions: one revision answered every question of a transition, and the transition names it.
// What failed, which is final, may have no revision and no question.
func checkVersions(version string, found []obj, final bool) {
	if len(found) == 0 && version != "none" {
		refuse("policy_version", "a revision is named, and none was asked")
	}
	for _, record := range found {
		if record["policy_version_id"] != version {
			refuse("policy_version", "the revision that was asked is not the one that is named")
		}
	}
	for _, record := range found {
		if final && record["answer"] == "FAILURE" {
			continue
		}
		if !matches(policyForm, record["policy_version_id"]) {
			refuse("policy_version", "an answer of no policy's revision")
		}
		if !matches(hex64Form, record["input_hash"]) {
			refuse("policy_input", "an answer to no question")
		}
	}
}

func checkAsked(manifest, gate, statement obj) {
	artifact := firstArtifact(statement)
	if !exactly(recordsOf(statement, "policy"), queryOf(manifest, gate, "waived"), artifact, "REQUIRE_HUMAN") {
		refuse("policy_record", "the gate's own policy did not send it to people, alone")
	}
	if !exactly(recordsOf(statement, "guard"), queryOf(manifest, gate, "guarded"), artifact, goesOn...) {
		refuse("guard_record", "the gate's guard was not asked, or did not let it go on")
	}
	checkVersions(text(artifact, "policy_version_id"), recordsOf(statement, "policy", "guard"), false)
}

func checkAskedAgain(query string, statement obj) {
	artifact, found := firstArtifact(statement), recordsOf(statement, "guard")
	if !exactly(found, query, artifact, goesOn...) {
		refuse("guard_record", "no guard let the decided values go on")
	}
	checkVersions(text(artifact, "policy_version_id"), found, false)
}

// guardEnded checks a commit of REJECTED whose votes amount to this word, and says whether a guard
// ended it.
func guardEnded(query string, statement obj, word string) bool {
	artifact, found := firstArtifact(statement), recordsOf(statement, "guard")
	cause := text(artifact, "cause")
	decided := query != "none" && (word == "approved" || word == "amended")
	answer := map[string]string{"policy_deny": "DENY", "policy_failure": "FAILURE"}[cause]
	if answer == "" {
		query = "none"
	} else if !decided {
		refuse("policy_cause", "no guard of this gate was asked about a decision")
	}
	if !exactly(found, query, artifact, answer) {
		refuse("policy_cause", cause+" without exactly that answer of the guard")
	}
	checkVersions(text(artifact, "policy_version_id"), found, true)
	return decided && (answer != "" || cause == "authority_ambiguous")
}

// passed checks a commit of no artifacts by which a gate is passed without people: policy waived it, or
// the condition of its only if was false.
func (w *walk) passed(statement obj, hash string, record obj) {
	name, waived := text(record, "gate"), record["kind"] == "waiver"
	gate := gateOf(w.manifest, name)
	by, way := "nobody", "unasked"
	ask, alone := askOf(gate, statement, record), 1
	if ask != "" {
		alone = 2
	}
	if waived {
		by, way = "policy", "waived"
		w.checkWaiver(gate, statement, record, alone)
	} else {
		if len(list(statement, "records")) != alone {
			refuse("unasked_alone", "that nobody is asked is the one record of its commit")
		}
		if ask != "" && statementOf(ask) != text(record, "statement") {
			refuse("ask", "nobody was asked at another ask than that")
		}
		conditions, _ := gate["only_if"].(obj)
		if condition, there := conditions[text(record, "statement")]; !there || condition != record["condition"] {
			refuse("unasked", "the program asks "+name+" whatever the case")
		}
	}
	if wrong := covers(gate["parameters"], pointersOf(statement), ""); wrong != "" {
		refuse("proposal", "the context is not the gate's proposal: "+wrong)
	}
	w.nextRound(name, text(record, "round"))
	w.moveAt(way, name, ask)
	w.uses.grants[hash] = &grant{hash, name, text(statement, "timestamp"), by, ask, gate, contextOf(statement)}
	w.decisions[name] = way
}

// checkWaiver: alone is how many records there are, but for a guard's.
func (w *walk) checkWaiver(gate, statement, record obj, alone int) {
	guards := recordsOf(statement, "guard")
	guard := queryOf(w.manifest, gate, "guarded")
	if guard != "none" {
		alone++
	}
	if len(list(statement, "records")) != alone {
		refuse("waiver_alone", "a waiver is the one record of its commit, but for a guard's")
	}
	if !exactly(guards, guard, record, goesOn...) {
		refuse("guard_record", "the gate's guard was not asked, or did not let it go on")
	}
	if len(guards) > 0 {
		checkVersions(text(record, "policy_version_id"), guards, false)
	}
	if query := queryOf(w.manifest, gate, "waived"); query == "none" || record["query"] != query {
		refuse("waiver", "the program lets no such query waive the gate")
	}
	if !matches(policyForm, record["policy_version_id"]) || !matches(hex64Form, record["input_hash"]) {
		refuse("waiver_form", "a waiver names the policy's revision and its input")
	}
}
