package main

import "strconv"

// How an instance begins and how it ends.

func (w *walk) created(statement obj) {
	artifact := firstArtifact(statement)
	one := w.ofThis(object(statement, "decision")["submission"], "submission")
	submission := one.statement
	w.parent, w.submission = text(submission, "parent_artifact_hash"), one.hash
	if submission["environment"] != w.trust.environment {
		refuse("environment", "evidence of another environment than the trust file's")
	}
	for _, name := range []string{"context_hash", "workflow_id", "workflow_version_id"} {
		if submission[name] != artifact[name] {
			refuse("submission", "the submission has another "+name)
		}
	}
	if began, ok := submission["started_from"].(obj); ok &&
		(w.parent != "none" || text(began, "instance_id") == text(statement, "instance_id")) {
		refuse("started_from", "a child, or an instance that is started from itself")
	}
	if submission["human_actor_id"] != artifact["human_actor_id"] {
		refuse("initiator", "CREATED names another person than the submission")
	}
	if instant(text(submission, "timestamp"))-instant(text(artifact, "timestamp")) > w.trust.maxSkew {
		refuse("submission_time", "the submission is younger than CREATED")
	}
	if wrong := covers(w.manifest["input"], pointersOf(statement), "/input"); wrong != "" {
		refuse("input", "the context is not the program's input: "+wrong)
	}
	if !w.trust.allows(w.team, text(artifact, "workflow_id"), w.version, text(statement, "timestamp")) {
		w.note(fault{"program_unlisted", "the trust file does not list this program for that time", true})
	}
	w.initiator = text(submission, "human_actor_id")
	w.bind(text(object(submission, "assurance"), "identity"), text(submission, "business_key"))
	w.named["roles/"+text(object(submission, "assurance"), "role_map")] = true
}

func (w *walk) rejected(statement obj) {
	here, artifact := w.here(statement), firstArtifact(statement)
	cause, at := text(artifact, "cause"), text(statement, "timestamp")
	found := outcome{"open", "none", nil}
	if at >= here.rejectsAt {
		found.word = "deadline"
	}
	if decision, ok := statement["decision"].(obj); ok {
		found = w.recount(here, statement)
		if len(list(decision, "opened_after")) > 0 {
			refuse("amended_values", "a rejection has no decided values")
		}
		// Who could have decided is told by values where there are cases, so those must be in the commit.
		untold := cause == "no_eligible" && len(list(here.gate, "decide")) > 1
		if len(list(decision, "votes")) == 0 && !untold {
			refuse("no_votes", "a decision without a vote")
		}
	}
	guarded := guardEnded(here.guard, statement, found.word)
	voted := contains(byVotes, cause)
	if voted && found.word != cause {
		refuse("recount", "the votes amount to "+found.word+", not to "+cause)
	}
	if !voted && found.word != "open" && found.word != "deadline" && !guarded {
		refuse("contradicted", "the votes amount to "+found.word+", not to "+cause)
	}
	by := "none"
	if voted {
		by = found.by
	}
	if artifact["human_actor_id"] != by {
		refuse("human_actor", "human_actor_id is not who rejected")
	}
	if cause == "deadline" && at < here.rejectsAt {
		refuse("early_deadline", "the gate's time was not over")
	}
	if cause == "no_eligible" {
		checkNoEligible(here, statement)
	}
	w.sameContext(statement)
	w.end(statement)
	w.automaton.move("REJECTED", here.name)
	w.decisions[here.name] = "rejected"
	w.opening = nil
}

func (w *walk) terminated(statement obj) {
	artifact := firstArtifact(statement)
	cause, answers := text(artifact, "cause"), recordsOf(statement, "policy", "guard")
	wanted := map[string]string{"policy_deny": "DENY", "policy_failure": "FAILURE"}[cause]
	if wanted != "" && (len(answers) != 1 || answers[0]["answer"] != wanted) {
		refuse("policy_cause", cause+" without exactly that answer of the policy")
	}
	version := "none"
	for i, record := range answers {
		w.checkAnswer(record)
		if i == 0 {
			version = text(record, "policy_version_id")
		}
	}
	if artifact["policy_version_id"] != version || len(answers) > 1 {
		refuse("policy_version", "the artifact does not name the revision asked")
	}
	if cause != "cancelled" && artifact["human_actor_id"] != "none" {
		refuse("human_actor", cause+" is nobody's doing")
	}
	w.sameContext(statement)
	w.end(statement)
	w.automaton.move("TERMINATED", "none")
}

// checkAnswer: an answer that ended a run was given to a question that the program asks next.
func (w *walk) checkAnswer(record obj) {
	clause := map[string]string{"policy": "waived", "guard": "guarded"}[text(record, "kind")]
	gate, ok := object(w.manifest, "gates")[text(record, "gate")].(obj)
	if !ok || gate[clause] == "none" || record["query"] != queryOf(w.manifest, gate, clause) {
		refuse("policy_record", "no such gate asks this query")
	}
	if record["round"] != strconv.Itoa(w.rounds[text(record, "gate")]+1) {
		refuse("policy_round", "the policy was asked for another round than this")
	}
	if record["answer"] != "FAILURE" && !(matches(policyForm, record["policy_version_id"]) &&
		matches(hex64Form, record["input_hash"])) {
		refuse("policy_input", "an answer to no question, or of no policy")
	}
}

func (w *walk) end(statement obj) {
	found := recordsOf(statement, "end")
	if len(found) != 1 {
		refuse("end_record", "an end has exactly one end record")
	}
	told := map[string]bool{}
	calls := texts(list(found[0], "standing"))
	for _, call := range calls {
		told[call] = true
	}
	if len(told) != len(calls) || !same(sortedKeys(told), w.standing()) {
		refuse("standing", "the effects that stand are others")
	}
	w.bind(text(found[0], "message"))
}

// recorded judges a commit of records alone.
func (w *walk) recorded(statement obj, hash string) {
	if len(list(statement, "records")) == 0 {
		refuse("empty", "a commit of nothing")
	}
	if waivers := recordsOf(statement, "waiver"); len(waivers) > 0 {
		w.passed(statement, hash, waivers[0])
	} else if unasked := recordsOf(statement, "unasked"); len(unasked) > 0 {
		w.passed(statement, hash, unasked[0])
	} else if len(recordsOf(statement, "guard")) > 0 {
		refuse("guard_record", "a guard's answer stands beside a waiver or an artifact")
	} else if len(recordsOf(statement, "ask")) > 0 {
		refuse("ask", "which ask it is stands beside what was asked, or was passed")
	} else if !ofWait(statement) || !w.waited(statement, hash) {
		w.sameContext(statement)
	}
}
