package main

import (
	"sort"
	"strconv"
	"strings"
)

// What was sealed when a gate opened, and what its decision opens.
type waiting struct {
	manifest, gate        obj
	name, round, guard    string
	ask                   string // as a grant has it
	instanceID            string
	artifact, contextHash string
	openedAt, rejectsAt   string
	instants              []any
	excluded              []string
	holders               []voter // nil where no directory record is
	named                 map[string][]string
	initiator             string
	maxSkew               int64
	context               map[string]string
	values                map[string]string
}

// electorate is who counts as whom at an instant: the widenings up to then.
func (w *waiting) electorate(at string) *electorate {
	found := &electorate{named: w.named}
	for _, one := range w.instants {
		row := one.([]any)
		if row[1] != "widen" || row[0].(string) > at {
			continue
		}
		for _, from := range mustPrincipals(row[2].([]any)) {
			for _, to := range mustPrincipals(row[3].([]any)) {
				found.widened = append(found.widened, [2]principal{from, to})
			}
		}
	}
	return found
}

// An amendment is its sorted [pointer, value] pairs that differ from the proposal.
type amendment [][2]string

func (a amendment) key() string {
	pairs := []any{}
	for _, pair := range a {
		pairs = append(pairs, []any{pair[0], pair[1]})
	}
	return string(canonical(pairs))
}

func (w *waiting) amendmentOf(vote obj) amendment {
	found := amendment{}
	for _, one := range list(vote, "amendment") {
		pair := texts(one.([]any))
		if value, opened := w.values[pair[0]]; !opened || value != pair[1] {
			found = append(found, [2]string{pair[0], pair[1]})
		}
	}
	sort.Slice(found, func(i, j int) bool {
		return found[i][0] < found[j][0] || (found[i][0] == found[j][0] && found[i][1] < found[j][1])
	})
	return found
}

// chosen is the case of decide that holds for the proposal, as far as it is amended.
func chosen(gate obj, values map[string]string, change amendment) int {
	for i, one := range list(gate, "decide") {
		when := one.(obj)["when"]
		if when == "always" || holds(when, func(_, pointer string) string {
			for _, pair := range change {
				if pair[0] == pointer {
					return pair[1]
				}
			}
			value, opened := values[pointer]
			if !opened {
				refuse("opened", "the value at "+short(pointer)+" is not opened")
			}
			return value
		}) {
			return i
		}
	}
	panic("a gate without a last case")
}

// decides are the formulas that votes for this amendment must meet, each of them: the proposal's and,
// where it is another, the decided value's.
func (w *waiting) decides(change amendment) []any {
	cases := list(w.gate, "decide")
	first, second := chosen(w.gate, w.values, nil), chosen(w.gate, w.values, change)
	found := []any{cases[min(first, second)].(obj)["formula"]}
	if first != second {
		found = append(found, cases[max(first, second)].(obj)["formula"])
	}
	return found
}

// openedPaths must stand opened to judge these votes: what is amended, what its bounds read, and what
// the cases of decide are told apart by.
func openedPaths(gate obj, votes []obj) []string {
	found := map[string]bool{}
	note := func(_, pointer string) { found[pointer] = true }
	for _, one := range list(gate, "decide") {
		reads(one.(obj)["when"], note)
	}
	for _, vote := range votes {
		for _, one := range list(vote, "amendment") {
			path := texts(one.([]any))[0]
			found[path] = true
			reads(object(gate, "amend")[path], note)
		}
	}
	return sortedKeys(found)
}

type standingVote struct {
	voter
	change amendment
}

// A tally is votes in the order in which they were counted.
type tally struct {
	*waiting
	last     map[string]string // actor -> the hash of their last vote
	standing []standingVote    // one of each person, the latest at the end
	hashes   map[string]bool
	final    string // REJECT or WITHDRAW
	finalBy  voter
}

func (t *tally) stands(actor string) int {
	for i, one := range t.standing {
		if one.actor == actor {
			return i
		}
	}
	return -1
}

func (t *tally) add(vote obj, hash string) {
	one := voter{text(vote, "human_actor_id"), texts(list(vote, "role"))}
	t.last[one.actor] = hash
	t.hashes[hash] = true
	if i := t.stands(one.actor); i >= 0 {
		t.standing = append(t.standing[:i:i], t.standing[i+1:]...)
	}
	switch kind := text(vote, "decision_type"); {
	case kind == "APPROVE" || kind == "OVERRIDE":
		t.standing = append(t.standing, standingVote{one, t.amendmentOf(vote)})
	case kind != "RETRACT" && t.final == "":
		t.final, t.finalBy = kind, one
	}
}

type outcome struct {
	word   string // open approved amended rejected veto withdrawn deadline
	by     string
	change amendment
}

// result is what the votes amount to at an instant.
func (t *tally) result(at string) outcome {
	who := t.electorate(at)
	switch {
	case t.final == "WITHDRAW":
		return outcome{"withdrawn", t.finalBy.actor, nil}
	case t.final == "REJECT" && who.counts(t.finalBy, mustPrincipals(list(t.gate, "veto"))):
		return outcome{"veto", t.finalBy.actor, nil}
	case t.final == "REJECT":
		return outcome{"rejected", t.finalBy.actor, nil}
	case at >= t.rejectsAt:
		return outcome{"deadline", "none", nil}
	}
	// Different amendments do not add up. Whose is the latest vote comes first: it completed them.
	tried := map[string]bool{}
	for i := len(t.standing) - 1; i >= 0; i-- {
		change := t.standing[i].change
		if tried[change.key()] {
			continue
		}
		tried[change.key()] = true
		var voters []voter
		for _, one := range t.standing {
			if one.change.key() == change.key() {
				voters = append(voters, one.voter)
			}
		}
		met := true
		for _, formula := range t.decides(change) {
			met = met && who.satisfied(formula, voters)
		}
		if met {
			word := "approved"
			if len(change) > 0 {
				word = "amended"
			}
			return outcome{word, t.standing[i].actor, change}
		}
	}
	return outcome{"open", "none", nil}
}

// judge holds one vote to the rules, given those that were counted before it.
func (t *tally) judge(vote obj, hash, at string) {
	if vote["instance_id"] != t.instanceID {
		refuse("vote_instance", "the vote is for another instance")
	}
	if vote["waiting_artifact_hash"] != t.artifact || vote["context_snapshot_hash"] != t.contextHash {
		refuse("vote_shown", "the vote is for something else than what waits here")
	}
	if t.hashes[hash] {
		refuse("vote_repeated", "this vote is counted already")
	}
	sent := instant(text(vote, "timestamp"))
	if sent < instant(t.openedAt)-t.maxSkew || sent > instant(at)+t.maxSkew {
		refuse("vote_opening", "the vote is older than the question, or younger than the decision")
	}
	if at >= t.rejectsAt {
		refuse("vote_deadline", "the time for this decision is over")
	}
	t.judgeVoter(vote, at)
	t.judgeProof(vote)
}

func (t *tally) judgeVoter(vote obj, at string) {
	actor, kind := text(vote, "human_actor_id"), text(vote, "decision_type")
	previous, voted := t.last[actor]
	if !voted {
		previous = "none"
	}
	if vote["supersedes"] != previous {
		refuse("vote_supersedes", "the vote does not name its voter's previous vote")
	}
	if kind == "WITHDRAW" {
		if actor != t.initiator {
			refuse("vote_initiator", "only who started the instance can withdraw it")
		}
		return
	}
	if contains(t.excluded, actor) {
		refuse("vote_excluded", "this person may not decide here")
	}
	if kind == "RETRACT" {
		if t.stands(actor) < 0 {
			refuse("vote_supersedes", "there is no standing vote to retract")
		}
		return
	}
	one := voter{actor, texts(list(vote, "role"))}
	if !rising(one.roles) {
		refuse("vote_form", "the roles are not a sorted list")
	}
	who := t.electorate(at)
	if kind == "REJECT" && who.counts(one, mustPrincipals(list(t.gate, "veto"))) {
		return
	}
	// Who counts only where an amendment leads may vote for that amendment, and for nothing else.
	var formulas []any
	if wrong := try(func() { formulas = t.decides(t.amendmentOf(vote)) }); wrong != nil {
		formulas = t.decides(nil)
	}
	for _, formula := range formulas {
		if who.eligible(formula, one) {
			return
		}
	}
	refuse("vote_role", "this person holds no role that decides here then")
}

func (t *tally) judgeProof(vote obj) {
	kind := text(vote, "decision_type")
	if (kind == "OVERRIDE") != (len(list(vote, "amendment")) > 0) {
		refuse("vote_amendment", "an amendment goes with OVERRIDE, and with nothing else")
	}
	if kind == "WITHDRAW" || kind == "RETRACT" {
		return
	}
	if kind == "OVERRIDE" {
		t.judgeAmendment(vote)
	}
	prove, assurance := object(t.gate, "prove"), object(vote, "assurance")
	if level := text(prove, "assurance"); level != "none" && level != assurance["level"] {
		refuse("vote_assurance", "the gate wants a login with "+short(level))
	}
	if within := text(prove, "login_within"); within != "none" {
		login := text(assurance, "auth_time")
		if login == "none" {
			refuse("vote_login", "the login's time is not known")
		}
		age := instant(text(vote, "timestamp")) - instant(login)
		if age > duration(within) || age < -t.maxSkew {
			refuse("vote_login", "the login is not within "+within)
		}
	}
	length, _ := strconv.ParseInt(text(vote, "justification_length"), 10, 64)
	for name, sign := range map[string]int64{"reason_min": 1, "reason_max": -1} {
		if bound := text(prove, name); bound != "none" {
			if limit, _ := strconv.ParseInt(bound, 10, 64); length*sign < limit*sign {
				refuse("vote_reason", "the reason is too short or too long")
			}
		}
	}
	if length > 0 && vote["justification"] == "none" {
		refuse("vote_reason", "the reason is not there")
	}
}

func (t *tally) judgeAmendment(vote obj) {
	var paths []string
	changed := map[string]string{}
	for _, one := range list(vote, "amendment") {
		pair := texts(one.([]any))
		paths = append(paths, pair[0])
		changed[pair[0]] = pair[1]
	}
	wrong := func(message string) { refuse("vote_amendment", message) }
	if !rising(paths) {
		wrong("the amendment's paths are not sorted, or one is there twice")
	}
	for _, path := range paths {
		bound, there := object(t.gate, "amend")[path]
		var shape []any
		if strings.HasPrefix(path, "/") {
			shape = shapeAt(t.gate["parameters"].([]any), path)
		}
		if !there || shape == nil {
			wrong(path + " cannot be amended")
		}
		if why := misfit(changed[path], shape); why != "" {
			wrong(path + ": " + why)
		}
		var inside bool
		fault := try(func() {
			inside = holds(bound, func(source, pointer string) string {
				if value, amended := changed[pointer]; amended && source == "new" {
					return value
				}
				value, opened := t.values[pointer]
				if !opened {
					refuse("opened", "the value at "+short(pointer)+" is not opened")
				}
				return value
			})
		})
		if fault != nil || !inside {
			wrong(path + ": outside the bounds of the amendment")
		}
	}
	if fault := try(func() { t.decides(t.amendmentOf(vote)) }); fault != nil {
		wrong("who decides on this change can't be told: " + fault.message)
	}
}
