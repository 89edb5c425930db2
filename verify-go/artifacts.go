package main

import "strconv"

// The one authority table, what one commit may hold, and why a state may be reached.
var (
	transitions = map[string][]string{
		"": {"CREATED"}, "CREATED": {"RUNNING"},
		"RUNNING":           {"WAITING_FOR_HUMAN", "COMPLETED", "TERMINATED"},
		"WAITING_FOR_HUMAN": {"APPROVED", "REJECTED", "OVERRIDDEN"},
		"APPROVED":          {"RESUMED"}, "OVERRIDDEN": {"RESUMED"}, "RESUMED": {"RUNNING"},
	}
	groups = [][]string{{}, {"CREATED", "RUNNING"}, {"WAITING_FOR_HUMAN"}, {"APPROVED", "RESUMED", "RUNNING"},
		{"OVERRIDDEN", "RESUMED", "RUNNING"}, {"REJECTED"}, {"COMPLETED"}, {"TERMINATED"}}
	causes = map[string][]string{
		"APPROVED": {"approved"}, "OVERRIDDEN": {"amended"}, "COMPLETED": {"completed"},
		"REJECTED": {"rejected", "veto", "deadline", "withdrawn", "cancelled", "no_eligible", "policy_deny",
			"policy_failure", "context_mismatch", "authority_ambiguous", "execution_lost"},
		"TERMINATED": {"cancelled", "policy_deny", "policy_failure", "context_mismatch", "authority_ambiguous",
			"action_failed", "effect_unknown", "lapsed", "spent", "drifted", "terminated_by_spec", "execution_lost"},
	}
	ends      = []string{"REJECTED", "COMPLETED", "TERMINATED"}
	yes       = []string{"APPROVED", "OVERRIDDEN"}
	atGate    = []string{"WAITING_FOR_HUMAN", "APPROVED", "OVERRIDDEN", "RESUMED", "REJECTED"}
	asked     = []string{"WAITING_FOR_HUMAN", "TERMINATED", "APPROVED", "OVERRIDDEN", "REJECTED"}
	firstOnly = []string{"cause", "decision_hash", "human_actor_id", "policy_version_id", "records_hash"}
)

// checkArtifacts holds a commit to what must be true inside it, whatever came before. It gives back
// each artifact's canonical bytes.
func checkArtifacts(statement obj) [][]byte {
	require("commit", statement)
	all := list(statement, "artifacts")
	states := []string{}
	for _, one := range all {
		states = append(states, text(one.(obj), "authority_state"))
	}
	known := false
	for _, group := range groups {
		known = known || same(group, states)
	}
	if !known {
		refuse("group", "no commit holds these artifacts")
	}
	if !rising(pointersOf(statement)) {
		refuse("context_order", "the context is not sorted, or a pointer is there twice")
	}
	about := H("context", canonical(statement["context"]))
	lines := [][]byte{}
	for i, one := range all {
		artifact := one.(obj)
		checkArtifact(statement, artifact, about)
		if i > 0 {
			checkFollowing(all[0].(obj), all[i-1].(obj), artifact)
		}
		checkMembers(artifact, len(all))
		lines = append(lines, canonical(artifact))
	}
	checkFirst(statement, all)
	return lines
}

func checkArtifact(statement, artifact obj, about string) {
	bare := obj{}
	for name, value := range artifact {
		if name != "artifact_hash" {
			bare[name] = value
		}
	}
	if plainHash(canonical(bare)) != artifact["artifact_hash"] {
		refuse("artifact_hash", "an artifact's hash is not that of its bytes")
	}
	if artifact["artifact_id"] != uuid5(text(artifact, "instance_id"), "gantral/artifact/"+text(artifact, "sequence")) {
		refuse("artifact_id", "an artifact has another id")
	}
	if artifact["instance_id"] != statement["instance_id"] || artifact["owning_team_id"] != statement["owning_team_id"] {
		refuse("identity", "an artifact is of another instance or team")
	}
	if artifact["timestamp"] != statement["timestamp"] {
		refuse("timestamp", "an artifact has another time than its commit")
	}
	if artifact["context_hash"] != about {
		refuse("context_hash", "an artifact is about another context")
	}
}

func checkFollowing(first, previous, artifact obj) {
	if artifact["prev_artifact_hash"] != previous["artifact_hash"] {
		refuse("link", "an artifact follows another one")
	}
	if sequence(artifact) != sequence(previous)+1 {
		refuse("sequence", "an artifact is not the next one")
	}
	for _, name := range []string{"workflow_id", "workflow_version_id"} {
		if artifact[name] != first[name] {
			refuse("identity", "an artifact is of another program")
		}
	}
	if contains(yes, text(first, "authority_state")) &&
		(artifact["gate"] != first["gate"] || artifact["round"] != first["round"]) {
		refuse("gate_member", "one decision names two gates or rounds")
	}
	for _, name := range firstOnly {
		if artifact[name] != "none" {
			refuse("first_only", name+" stands on the first artifact of a commit alone")
		}
	}
}

func sequence(artifact obj) int64 {
	found, _ := strconv.ParseInt(text(artifact, "sequence"), 10, 64)
	return found
}

func checkMembers(artifact obj, size int) {
	state := text(artifact, "authority_state")
	named := contains(atGate, state) || (state == "RUNNING" && size == 3)
	if named != (artifact["gate"] != "none") || named != (artifact["round"] != "none") {
		refuse("gate_member", "gate and round do not fit "+state)
	}
	allowed := causes[state]
	if allowed == nil {
		allowed = []string{"none"}
	}
	if !contains(allowed, text(artifact, "cause")) {
		refuse("cause", state+" cannot have that cause")
	}
	if artifact["policy_version_id"] != "none" && !contains(asked, state) {
		refuse("policy_member", "no policy is asked for "+state)
	}
	person := artifact["human_actor_id"] != "none"
	if contains(yes, state) && !person {
		refuse("actor", state+" names nobody")
	}
	if (state == "WAITING_FOR_HUMAN" || state == "COMPLETED") && person {
		refuse("actor", state+" names a person")
	}
}

func checkFirst(statement obj, all []any) {
	decision := statement["decision"]
	if len(all) == 0 {
		if decision != "none" {
			refuse("decision_member", "records alone decide nothing")
		}
		return
	}
	first := all[0].(obj)
	bound := obj{"prev_commit_hash": statement["prev_commit_hash"], "records": statement["records"]}
	if first["records_hash"] != H("records", canonical(bound)) {
		refuse("records_hash", "the records are not those that the artifact binds")
	}
	hashed := "none"
	if decision != "none" {
		hashed = H("decision", canonical(decision))
	}
	if first["decision_hash"] != hashed {
		refuse("decision_hash", "the decision is not the one that the artifact binds")
	}
	state := text(first, "authority_state")
	made, _ := decision.(obj)
	fits := made == nil
	switch {
	case state == "CREATED":
		fits = made["submission"] != nil
	case contains(yes, state):
		fits = made["votes"] != nil
	case state == "REJECTED":
		fits = made == nil || made["votes"] != nil
	}
	if !fits {
		refuse("decision_member", "the decision does not fit "+state)
	}
}
