package main

import "sort"

// An undo is claimed in the folder of the instance whose effect it undoes.
type undoPlace struct{ instanceID, grant, slot string }

// left is what completed children left behind, and what of it the one that ran them undid. What stands is
// named instance/call.
type left struct {
	maxSkew  int64
	stood    map[string]bool
	claims   map[undoPlace]obj
	outcomes map[undoPlace]obj
	undos    map[[2]string]bool // instance, hash of a claim or an outcome
}

func newLeft(maxSkew int64) *left {
	return &left{maxSkew, map[string]bool{}, map[undoPlace]obj{}, map[undoPlace]obj{}, map[[2]string]bool{}}
}

func undoOf(statement obj) undoPlace {
	return undoPlace{text(statement, "instance_id"), text(statement, "grant"), text(statement, "slot")}
}

func effectOf(statement obj) string {
	return text(statement, "instance_id") + "/" + text(statement, "call")
}

func (l *left) claim(one *sealed, now string) {
	claim := one.statement
	place := undoOf(claim)
	if !l.stood[effectOf(claim)] || !isUndo(place.slot) {
		refuse("child_undo", "no completed child left "+text(claim, "call")+" to be undone")
	}
	if l.claims[place] != nil {
		refuse("slot_twice", "slot "+place.slot+" is claimed twice")
	}
	if instant(text(claim, "timestamp")) > instant(now)+l.maxSkew {
		refuse("claim_late", "the claim is younger than the commit that holds it")
	}
	l.claims[place] = claim
	l.undos[[2]string{place.instanceID, one.hash}] = true
}

func (l *left) outcome(one *sealed, now string) {
	outcome := one.statement
	place := undoOf(outcome)
	claim := l.claims[place]
	if claim == nil || outcome["call"] != claim["call"] || outcome["operation"] != claim["operation"] {
		refuse("outcome", "an outcome without its claim")
	}
	if l.outcomes[place] != nil {
		refuse("outcome_twice", "a slot has two outcomes")
	}
	at := instant(text(outcome, "timestamp"))
	if at < instant(text(claim, "timestamp")) || at > instant(now)+l.maxSkew {
		refuse("outcome_time", "the outcome is not between its claim and its commit")
	}
	l.outcomes[place] = outcome
	l.undos[[2]string{place.instanceID, one.hash}] = true
}

// undone is what is told to be undone: under each approval that it was done under.
func (l *left) undone() map[string]bool {
	found := map[string]bool{}
	for _, claim := range l.claims {
		found[effectOf(claim)] = true
	}
	for place, claim := range l.claims {
		if ended := l.outcomes[place]; ended == nil || ended["status"] != "done" {
			delete(found, effectOf(claim))
		}
	}
	return found
}

// standing is what stands, sorted.
func (l *left) standing() []string {
	undone, found := l.undone(), []string{}
	for name := range l.stood {
		if !undone[name] {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// unended are the calls, sorted, of undos whose end is not told.
func (l *left) unended() []string {
	found := map[string]bool{}
	for place, claim := range l.claims {
		if l.outcomes[place] == nil {
			found[text(claim, "call")] = true
		}
	}
	return sortedKeys(found)
}

// standing is what an end must list: calls of its own, and those of completed children that it did not undo.
func (w *walk) standing() []string {
	found := append(w.uses.standing(), w.children.left.standing()...)
	sort.Strings(found)
	return found
}

// leaves is what a parent is left with by this instance.
func (w *walk) leaves() []string {
	found := w.children.left.standing()
	for _, call := range w.uses.standing() {
		found = append(found, w.instanceID+"/"+call)
	}
	sort.Strings(found)
	return found
}

// late enters what undid an effect of a child that had COMPLETED.
func (w *walk) late(one *sealed) {
	at := text(one.statement, "timestamp")
	if one.kind == "outcome" {
		w.uses.outcome(one.statement, at)
		return
	}
	if instant(at)+w.trust.maxSkew < instant(w.timestamp) {
		refuse("undo_early", "no commit tells an undo from before the end")
	}
	w.uses.claim(w.manifest, one.statement, at)
}

// undone settles what was undone after an instance ended by what those who did so tell.
func undone(one *report, reports []*report) bool {
	if !one.ended || one.has("undo_link") {
		return false
	}
	told, said := map[string]bool{}, map[string]bool{}
	for _, other := range reports {
		tells := false
		for undo := range other.undos {
			if undo[0] == one.InstanceID {
				tells, told[undo[1]] = true, true
			}
		}
		for name := range other.undone {
			if tells && len(name) > 36 && name[:36] == one.InstanceID {
				said[name] = true
			}
		}
	}
	within := func(some, all map[string]bool) bool {
		for name := range some {
			if !all[name] {
				return false
			}
		}
		return true
	}
	if !within(told, one.late) {
		one.drop("undo_untold")
		one.add(finding{"undo_link", "INCONCLUSIVE", "",
			"an undo that is told of lies elsewhere: this was taken out before it"})
		return true
	}
	if !within(said, one.lateUndone) {
		one.drop("undo_untold")
		one.add(finding{"undo_link", "INVALID", "",
			"what is told to be undone was not, or not under each of its approvals"})
		return true
	}
	if len(told) == len(one.late) && one.has("undo_untold") {
		one.drop("undo_untold")
		return true
	}
	return false
}

// ofChild is the claim or outcome of an undo of what a child did.
func (w *walk) ofChild(envelope any, kind string) *sealed {
	one := w.sealed(envelope, kind, "effect")
	if one.statement["owning_team_id"] != w.team {
		refuse("other_team", "a "+kind+" of another team")
	}
	return one
}
