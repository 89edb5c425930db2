package main

import "strings"

// sealed demands that a statement beside the commits is of this instance and team, and signed by a key
// of one of these uses. What is merely unknown is noted.
func (j *judging) sealed(one *sealed, w *walk, uses ...string) {
	if one.statement["instance_id"] != w.instanceID {
		refuse("other_instance", "a "+one.kind+" of another instance")
	}
	if team, named := one.statement["owning_team_id"]; named && team != w.team {
		refuse("other_team", "a "+one.kind+" of another team")
	}
	if !isInstant(one.statement["timestamp"]) {
		refuse("instant", "a sealed statement's time is no instant")
	}
	w.signed(one, text(one.statement, "timestamp"), uses...)
}

const refusalEnd = ".refusal.json"

// votes beside the commits: each is accounted for by a sealed refusal, or is open.
func (j *judging) votes(w *walk) {
	names := j.files.under("votes/")
	refused := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, refusalEnd) {
			refused[j.refusal(name, w)] = true
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, refusalEnd) {
			continue
		}
		one := readEnvelope(j.files.read(name), "authority-decision")
		require("vote", one.statement)
		if name != "votes/"+one.hash+".json" {
			refuse("vote_name", name+" is not named by its hash")
		}
		j.sealed(one, w, "decision")
		if w.votes[one.hash] {
			refuse("vote_twice", name+" is in a commit already")
		}
		if !refused[one.hash] {
			j.note(fault{"vote_unaccounted", name + " is neither counted nor refused", true})
		}
		delete(refused, one.hash)
		w.bindVote(one.statement)
	}
	for _, hash := range sortedKeys(refused) {
		j.missing("votes/" + hash + ".json, which was refused,")
	}
}

func (j *judging) refusal(name string, w *walk) string {
	one := readEnvelope(j.files.read(name), "refusal")
	require("refusal", one.statement)
	vote := text(one.statement, "vote")
	if name != "votes/"+vote+refusalEnd {
		refuse("vote_name", name+" is not named by the vote it refuses")
	}
	j.sealed(one, w, "decision", "closer")
	if w.votes[vote] {
		refuse("vote_refused", name+" refuses a vote that was counted")
	}
	return vote
}

func useName(place slotted, end string) string { return "uses/" + place[0] + "/" + place[1] + end }

// usesBeside the commits: something acted, and no commit tells it.
func (j *judging) usesBeside(w *walk) {
	for _, name := range j.files.under("uses/") {
		kind, end, book := "use", ".json", w.uses.claims
		if strings.HasSuffix(name, ".outcome.json") {
			kind, end, book = "outcome", ".outcome.json", w.uses.outcomes
		}
		one := readEnvelope(j.files.read(name), kind)
		require(kind, one.statement)
		place := placeOf(one.statement)
		if name != useName(place, end) {
			refuse("use_name", name+" is not named by its grant and slot")
		}
		j.sealed(one, w, "effect")
		if book[place] != nil {
			refuse("use_twice", name+" is in a commit already")
		}
		j.note(fault{"use_unaccounted", name + " is in no commit", true})
	}
}

// lookForStore: a folder as a store keeps it has no lines for auditors, and votes or uses that commits
// hold too.
func (j *judging) lookForStore(w *walk) {
	if j.files.has("artifacts.jsonl") {
		return
	}
	held := []string{}
	for hash := range w.votes {
		held = append(held, "votes/"+hash+".json")
	}
	for place := range w.uses.claims {
		held = append(held, useName(place, ".json"))
	}
	for place := range w.uses.outcomes {
		held = append(held, useName(place, ".outcome.json"))
	}
	for _, name := range held {
		if j.files.has(name) {
			j.note(fault{"store_folder", "this is an instance's folder as a store keeps it, not one to be " +
				"judged: `gantral evidence export` writes that", true})
			return
		}
	}
}
