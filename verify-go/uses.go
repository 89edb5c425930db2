package main

import (
	"strconv"
	"strings"
)

type slotted [2]string // grant, slot

// uses is the book of claims and outcomes, in the order in which commits tell them.
type uses struct {
	maxSkew  int64
	grants   map[string]*grant
	order    []slotted
	claims   map[slotted]obj
	outcomes map[slotted]obj
	results  map[string]map[string]string // call -> pointer into the result -> leaf
}

func newUses(maxSkew int64) *uses {
	return &uses{maxSkew, map[string]*grant{}, nil, map[slotted]obj{}, map[slotted]obj{}, map[string]map[string]string{}}
}

func placeOf(statement obj) slotted {
	return slotted{text(statement, "grant"), text(statement, "slot")}
}

func isUndo(slot string) bool { return strings.HasPrefix(slot, "undo/") }

func (u *uses) claim(manifest, claim obj, now string) {
	place := placeOf(claim)
	by := u.grants[place[0]]
	if by == nil {
		refuse("grant", "nothing granted "+text(claim, "call")+" before its use")
	}
	if u.claims[place] != nil {
		refuse("slot_twice", "slot "+place[1]+" is claimed twice")
	}
	if instant(text(claim, "timestamp")) > instant(now)+u.maxSkew {
		refuse("claim_late", "the claim is younger than the commit that holds it")
	}
	if isUndo(place[1]) {
		u.checkUndo(manifest, claim)
	} else {
		u.checkClaim(manifest, by, claim)
	}
	u.claims[place] = claim
	u.order = append(u.order, place)
}

func (u *uses) checkUndo(manifest, claim obj) {
	origin := slotted{text(claim, "grant"), strings.TrimPrefix(text(claim, "slot"), "undo/")}
	effect, ended := u.claims[origin], u.outcomes[origin]
	if effect == nil || ended == nil || ended["status"] != "done" {
		refuse("undo", "only what is known to be done is undone")
	}
	operation := object(object(manifest, "operations"), text(effect, "operation"))
	undo, ok := operation["undo"].(obj)
	if !ok || undo["operation"] != claim["operation"] || effect["call"] != claim["call"] {
		refuse("undo", "that operation does not undo this one")
	}
	if !sameArguments(argumentsOf(claim), undoArguments(object(undo, "arguments"), effect, leavesOf(ended))) {
		refuse("undo_argument", "the undo acts on other data")
	}
}

func leavesOf(outcome obj) map[string]string {
	found := map[string]string{}
	for _, one := range list(outcome, "results") {
		row := texts(one.([]any))
		found[row[0]] = row[1]
	}
	return found
}

func (u *uses) checkClaim(manifest obj, by *grant, claim obj) {
	call := text(claim, "call")
	entry, indexes := planned(by, call)
	most := 1
	if entry != nil && len(indexes) == 0 {
		most, _ = strconv.Atoi(text(entry, "at_most"))
	}
	before := 0
	for _, place := range u.order {
		other := u.claims[place]
		if other["call"] != claim["call"] || isUndo(place[1]) {
			continue
		}
		if place[0] == by.name {
			before++
		}
	}
	if before >= most {
		refuse("at_most", call+" is planned less often")
	}
	u.checkOnce(claim)
	u.checkGranted(manifest, by, claim, entry, indexes)
	u.checkAlike(by, claim)
}

// checkOnce: under several grants a call claims of all of them in one attempt. The same call id under
// another grant at another time is of a round that has been already.
func (u *uses) checkOnce(claim obj) {
	for _, place := range u.order {
		other := u.claims[place]
		if other["call"] != claim["call"] || isUndo(place[1]) || place[0] == claim["grant"] {
			continue
		}
		if other["run"] != claim["run"] || other["attempt"] != claim["attempt"] || other["timestamp"] != claim["timestamp"] {
			refuse("call_twice", text(claim, "call")+" was done under another approval")
		}
	}
}

func (u *uses) checkGranted(manifest obj, by *grant, claim, entry obj, indexes []string) {
	gate, name := by.manifestGate, text(claim, "operation")
	if entry == nil || entry["operation"] != name || !contains(texts(list(gate, "releases")), name) {
		refuse("released", "the gate "+by.gate+" does not release this call")
	}
	operation := object(object(manifest, "operations"), name)
	kind := text(operation, "kind")
	if kind != "effect" && kind != "critical effect" {
		refuse("released", name+" is no effect")
	}
	if by.by == "policy" && kind == "critical effect" {
		refuse("critical", name+" is critical and acts under a waiver")
	}
	if by.by == "nobody" && entry["asked"] != nil {
		refuse("asked", text(claim, "call")+" acts under an ask of every case")
	}
	slot, _ := strconv.Atoi(text(claim, "slot"))
	if most, _ := strconv.Atoi(text(gate, "uses")); slot > most {
		refuse("slot", "the gate has not so many uses")
	}
	if claim["queue"] != operation["queue"] {
		refuse("queue", name+" is not served on that queue")
	}
	age := instant(text(claim, "timestamp")) - instant(by.decidedAt)
	if lasts := text(gate, "lasts"); lasts != "none" && age > duration(lasts) {
		refuse("lasts", "the approval lasts "+lasts)
	}
	if age < -u.maxSkew {
		refuse("claim_time", "the claim is older than the decision that grants it")
	}
	others := map[string]*grant{}
	for _, name := range shownBy(claim) {
		other := u.grants[name]
		if other == nil {
			refuse("other_grant", "the claim names a grant that nobody gave")
		}
		others[other.approval()] = other
	}
	wanted := planArguments(termsAt(manifest, entry, indexes), by.context, u.results, others)
	if !sameArguments(argumentsOf(claim), wanted) {
		refuse("argument", text(claim, "call")+" acts on other data than what was approved")
	}
}

// shownBy are the other grants, sorted, that a claim's arguments are shown by.
func shownBy(claim obj) []string {
	found := map[string]bool{}
	for _, one := range argumentsOf(claim) {
		if source, ok := strings.CutPrefix(one[1], "under:"); ok {
			found[source[:min(64, len(source))]] = true
		}
	}
	return sortedKeys(found)
}

// checkAlike: two calls under one grant may not surely be equal, by sources, leaves and terms; no rule
// reads values.
func (u *uses) checkAlike(by *grant, claim obj) {
	for _, place := range u.order {
		other := u.claims[place]
		if place[0] != by.name || isUndo(place[1]) || other["call"] == claim["call"] ||
			!surelyAlike(by, claim, other) {
			continue
		}
		if by.manifestGate["alike"] == "false" {
			refuse("alike", "two calls do the same")
		}
		if ended := u.outcomes[place]; ended == nil || ended["status"] == "unknown" {
			refuse("alike_unknown", "a call does what another may have done")
		}
	}
}

func surelyAlike(by *grant, a, b obj) bool {
	if a["operation"] != b["operation"] || !sameArguments(argumentsOf(a), argumentsOf(b)) {
		return false
	}
	// A constant or computed argument has no leaf; its term says what it is.
	for _, one := range argumentsOf(a) {
		if one[1] == "=" && termText(by, a, one[0]) != termText(by, b, one[0]) {
			return false
		}
	}
	return true
}

func termText(by *grant, claim obj, name string) string {
	entry, indexes := planned(by, text(claim, "call"))
	if entry == nil {
		return ""
	}
	term, there := termsAt(obj{"gates": obj{}}, entry, indexes)[name]
	if !there {
		return ""
	}
	return string(canonical(term))
}

func (u *uses) outcome(outcome obj, now string) {
	place := placeOf(outcome)
	claim := u.claims[place]
	if claim == nil || outcome["call"] != claim["call"] || outcome["operation"] != claim["operation"] {
		refuse("outcome", "an outcome without its claim")
	}
	if u.outcomes[place] != nil {
		refuse("outcome_twice", "a slot has two outcomes")
	}
	at := instant(text(outcome, "timestamp"))
	if at < instant(text(claim, "timestamp")) || at > instant(now)+u.maxSkew {
		refuse("outcome_time", "the outcome is not between its claim and its commit")
	}
	if results := list(outcome, "results"); len(leavesOf(outcome)) != len(results) ||
		(len(results) > 0 && outcome["status"] != "done") {
		refuse("outcome_results", "a result is there twice, or of what was not done")
	}
	u.outcomes[place] = outcome
	if outcome["status"] == "done" && !isUndo(place[1]) {
		u.results[text(outcome, "call")] = leavesOf(outcome)
	}
}

// whole demands, once a commit's records are entered, that what was done acted under every approval
// that the program names for it.
func (u *uses) whole(manifest, outcome obj) {
	call := text(outcome, "call")
	if outcome["status"] != "done" || isUndo(text(outcome, "slot")) {
		return
	}
	under := map[string]bool{}
	shown := map[string]bool{}
	for _, place := range u.order {
		if claim := u.claims[place]; claim["call"] == call && !isUndo(place[1]) {
			under[place[0]] = true
			for _, name := range shownBy(claim) {
				shown[name] = true
			}
		}
	}
	approvals := map[string]bool{}
	for name := range under {
		approvals[u.grants[name].approval()] = true
	}
	if len(approvals) != len(under) || !same(sortedKeys(approvals), approvalsOf(manifest, call)) {
		refuse("under", call+" did not act under each approval that it wants, once")
	}
	for name := range shown {
		if !under[name] {
			refuse("under", call+" shows data of an approval that it did not act under")
		}
	}
}

// standing are the calls, sorted, that are done or unknown and not known to be undone.
func (u *uses) standing() []string {
	found := map[string]bool{}
	for _, place := range u.order {
		if isUndo(place[1]) {
			continue
		}
		ended, undone := u.outcomes[place], u.outcomes[slotted{place[0], "undo/" + place[1]}]
		if (ended == nil || ended["status"] != "not_done") && (undone == nil || undone["status"] != "done") {
			found[text(u.claims[place], "call")] = true
		}
	}
	return sortedKeys(found)
}

// unended are the calls, sorted, of claims whose end is not told.
func (u *uses) unended() []string {
	found := map[string]bool{}
	for _, place := range u.order {
		if u.outcomes[place] == nil {
			found[text(u.claims[place], "call")] = true
		}
	}
	return sortedKeys(found)
}
