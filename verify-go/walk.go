package main

import (
	"strconv"
	"strings"
)

// Which kinds of records go with which first state; "" is a commit of no artifacts.
var kinds = map[string][]string{
	"CREATED": {},
	"WAITING_FOR_HUMAN": {"policy", "guard", "ask", "clock", "calendar", "deciders", "directory", "use", "outcome",
		"child_end", "child_undo", "child_undone"},
	"APPROVED":   {"guard"},
	"OVERRIDDEN": {"guard"},
	"REJECTED":   {"guard", "end"},
	"COMPLETED":  {"use", "outcome", "child_end", "child_undo", "child_undone"},
	"TERMINATED": {"policy", "guard", "use", "outcome", "child_end", "child_undo", "child_undone", "end"},
	"":           {"use", "outcome", "waiver", "guard", "unasked", "ask", "child", "wait", "event", "timeout"},
}

// The cause of a rejection by votes, and the word that the votes then amount to.
var byVotes = []string{"rejected", "veto", "withdrawn"}

// A walk is one instance's chain so far.
type walk struct {
	manifest obj
	version  string
	trust    *trust
	note     func(fault)

	number                             int
	prevCommit, prevArtifact           string
	sequence                           int
	state, timestamp, team, instanceID string
	initiator, parent, submission      string
	context                            string // canonical bytes of the last commit's
	rounds                             map[string]int
	asks                               map[string]bool // those that are told apart
	opening                            *waiting
	decisions                          map[string]string
	bound                              map[string]string // leaf -> the path it must say, "" for any
	votes                              map[string]bool
	voted                              map[string]map[string]bool // gate -> who voted there
	uses                               *uses
	waits                              *waits
	children                           *children
	running                            map[string]bool // artifacts under which it may have run a child
	automaton                          *automaton
	named                              map[string]bool // digests of texts: policies/HEX, roles/HEX
}

func newWalk(manifest obj, version string, by *trust, note func(fault)) *walk {
	return &walk{
		manifest: manifest, version: version, trust: by, note: note, prevCommit: zeros, prevArtifact: zeros,
		initiator: "none", parent: "none", rounds: map[string]int{}, asks: map[string]bool{}, decisions: map[string]string{},
		bound: map[string]string{}, votes: map[string]bool{}, voted: map[string]map[string]bool{},
		uses: newUses(by.maxSkew), waits: &waits{rounds: map[string]int{}}, children: newChildren(manifest, by.maxSkew), running: map[string]bool{},
		automaton: newAutomaton(list(manifest, "automaton")), named: map[string]bool{},
	}
}

// step judges the next commit; it gives back its artifacts' bytes.
func (w *walk) step(one *sealed) [][]byte {
	statement := one.statement
	lines := checkArtifacts(statement)
	w.place(statement)
	use := w.signed(one, text(statement, "timestamp"), "commit", "closer")
	all := list(statement, "artifacts")
	first := ""
	if len(all) > 0 {
		first = text(all[0].(obj), "authority_state")
	}
	if use == "closer" && !((first == "REJECTED" || first == "TERMINATED") &&
		contains([]string{"execution_lost", "deadline"}, text(all[0].(obj), "cause"))) {
		refuse("closer", "a closer key may only end what is lost or out of time")
	}
	for _, artifact := range all {
		w.advance(artifact.(obj))
	}
	if len(all) == 0 && w.state != "RUNNING" {
		refuse("group", "records alone are committed only while RUNNING")
	}
	for _, record := range list(statement, "records") {
		if kind := text(record.(obj), "kind"); !contains(kinds[first], kind) {
			refuse("record_place", "a record of kind "+kind+" does not go with "+first)
		}
	}
	w.records(statement)
	w.judge(first, statement, one.hash)
	for _, told := range append(append([]any{}, all...), list(statement, "records")...) {
		if revision, asked := told.(obj)["policy_version_id"].(string); asked && revision != "none" {
			w.named["policies/"+strings.TrimPrefix(revision, "sha256:")] = true
		}
	}
	for _, pair := range list(statement, "context") {
		row := texts(pair.([]any))
		// A leaf says its own path: bound at another one, it would show one thing as another.
		if path := w.bound[row[1]]; path != "" && path != row[0] {
			refuse("bound_twice", "one leaf at "+short(row[0])+" and at another place")
		}
		w.bound[row[1]] = row[0]
	}
	w.context = string(canonical(statement["context"]))
	w.number++
	w.prevCommit = one.hash
	w.timestamp = text(statement, "timestamp")
	return lines
}

func (w *walk) place(statement obj) {
	if statement["commit"] != strconv.Itoa(w.number) {
		refuse("number", "the commit says another number")
	}
	if w.number == 0 {
		w.team, w.instanceID = text(statement, "owning_team_id"), text(statement, "instance_id")
	}
	if statement["instance_id"] != w.instanceID || statement["owning_team_id"] != w.team {
		refuse("instance", "the commit is of another instance or team")
	}
	if statement["prev_commit_hash"] != w.prevCommit {
		refuse("prev_commit", "the commit follows another one")
	}
	if !isInstant(statement["timestamp"]) {
		refuse("instant", "the commit's time is no instant")
	}
	if text(statement, "timestamp") < w.timestamp {
		refuse("time_order", "the commit is older than the one before it")
	}
}

// signed judges the seal. A key that is merely unknown is noted, and the walk goes on.
func (w *walk) signed(one *sealed, at string, uses ...string) string {
	use := ""
	wrong := try(func() { use = w.trust.judge(one, w.team, at, uses...) })
	if wrong != nil {
		if !wrong.inconclusive {
			panic(*wrong)
		}
		w.note(*wrong)
	}
	return use
}

var formOf = map[string]string{
	"submission": "submission", "authority-decision": "vote", "event": "event", "use": "use",
	"outcome": "outcome"}

// sealed is a statement inside a commit whose form and seal hold.
func (w *walk) sealed(envelope any, kind string, uses ...string) *sealed {
	one := unwrap(envelope, kind)
	require(formOf[kind], one.statement)
	if !isInstant(one.statement["timestamp"]) {
		refuse("instant", "the time of a "+kind+" is no instant")
	}
	if len(uses) == 0 { // A submission: the API's; of a child, the evidence worker's.
		uses = []string{"commit"}
		if one.statement["parent_artifact_hash"] == "none" {
			uses = []string{"decision"}
		}
	}
	w.signed(one, text(one.statement, "timestamp"), uses...)
	return one
}

func (w *walk) ofThis(envelope any, kind string, uses ...string) *sealed {
	one := w.sealed(envelope, kind, uses...)
	if one.statement["instance_id"] != w.instanceID {
		refuse("other_instance", "a "+kind+" of another instance")
	}
	// A vote names no team.
	if team, named := one.statement["owning_team_id"]; named && team != w.team {
		refuse("other_team", "a "+kind+" of another team")
	}
	return one
}

func (w *walk) advance(artifact obj) {
	state := text(artifact, "authority_state")
	if !contains(transitions[w.state], state) {
		refuse("transition", "no transition "+w.state+" -> "+state)
	}
	w.state = state
	if artifact["prev_artifact_hash"] != w.prevArtifact {
		refuse("prev_artifact", "an artifact follows another one")
	}
	if artifact["sequence"] != strconv.Itoa(w.sequence) {
		refuse("next_sequence", "an artifact is not the next one")
	}
	if artifact["workflow_version_id"] != w.version {
		refuse("program", "the artifact is of another program than manifest.json")
	}
	if artifact["workflow_id"] != w.manifest["workflow_id"] || artifact["owning_team_id"] != w.manifest["owning_team_id"] {
		refuse("program_name", "the program is another workflow's or another team's")
	}
	w.prevArtifact = text(artifact, "artifact_hash")
	w.sequence++
	if state == "RUNNING" && w.manifest["children"] != nil {
		w.running[w.prevArtifact] = true
	}
}

// records enters uses, outcomes and children, in the order in which the commit tells them.
func (w *walk) records(statement obj) {
	now := text(statement, "timestamp")
	var ended []obj
	for _, one := range list(statement, "records") {
		record := one.(obj)
		switch record["kind"] {
		case "use":
			w.uses.claim(w.manifest, w.ofThis(record["claim"], "use", "effect").statement, now)
		case "outcome":
			outcome := w.ofThis(record["outcome"], "outcome", "effect").statement
			w.uses.outcome(outcome, now)
			ended = append(ended, outcome)
			for _, row := range list(outcome, "results") {
				w.bind(row.([]any)[1].(string))
			}
		case "child":
			w.children.start(w, text(record, "call"), w.sealed(record["submission"], "submission", "commit"))
		case "child_end":
			w.children.end(record)
		case "child_undo":
			w.children.left.claim(w.ofChild(record["claim"], "use"), now)
		case "child_undone":
			w.children.left.outcome(w.ofChild(record["outcome"], "outcome"), now)
		}
	}
	for _, outcome := range ended {
		w.uses.whole(w.manifest, outcome)
	}
}

func (w *walk) bind(leaves ...string) {
	for _, leaf := range leaves {
		if _, there := w.bound[leaf]; !there && leaf != "none" {
			w.bound[leaf] = ""
		}
	}
}

func (w *walk) judge(first string, statement obj, hash string) {
	if first != "" || !ofWait(statement) {
		w.waits.ended(first)
	}
	switch first {
	case "CREATED":
		w.created(statement)
	case "WAITING_FOR_HUMAN":
		artifact := firstArtifact(statement)
		w.opening = w.open(statement)
		w.nextRound(text(artifact, "gate"), text(artifact, "round"))
		w.moveAt(first, text(artifact, "gate"), w.opening.ask)
		w.decisions[text(artifact, "gate")] = "waiting"
	case "APPROVED", "OVERRIDDEN":
		w.decided(statement, first)
	case "REJECTED":
		w.rejected(statement)
	case "COMPLETED":
		if wrong := covers(w.manifest["output"], pointersOf(statement), "/output"); wrong != "" {
			refuse("output", "the context is not the program's output: "+wrong)
		}
		if open := w.children.open(); len(open) > 0 {
			refuse("child_open", "nothing says how "+open[0]+" ended")
		}
		w.automaton.move(first, "none")
	case "TERMINATED":
		w.terminated(statement)
	default:
		w.recorded(statement, hash)
	}
}

// moveAt goes on to a gate; ask is the site with the indexes of its loops, "" where asks are not told
// apart: each is one execution of ask.
func (w *walk) moveAt(state, gate, ask string) {
	if ask == "" {
		w.automaton.move(state, gate)
		return
	}
	if w.asks[ask] {
		refuse("ask_twice", ask+" was asked before")
	}
	w.asks[ask] = true
	w.automaton.moveAt(state, gate, statementOf(ask))
}

func (w *walk) nextRound(gate, round string) {
	w.rounds[gate]++
	if round != strconv.Itoa(w.rounds[gate]) {
		refuse("round", "round "+round+" of "+gate+" is not the next one")
	}
}

func (w *walk) sameContext(statement obj) {
	if string(canonical(statement["context"])) != w.context {
		refuse("same_context", "the commit is about something else than what came before it")
	}
}

func (w *walk) vote(envelope any) *sealed {
	one := w.ofThis(envelope, "authority-decision", "decision")
	w.votes[one.hash] = true
	w.bindVote(one.statement)
	w.named["roles/"+text(object(one.statement, "assurance"), "role_map")] = true
	return one
}

func (w *walk) bindVote(vote obj) {
	reason := text(vote, "justification")
	if reason != "none" {
		reason = reason[len("leaf:"):]
	}
	w.bind(reason, text(object(vote, "assurance"), "identity"))
}

func (w *walk) here(statement obj) *waiting {
	artifact := firstArtifact(statement)
	if w.opening == nil {
		refuse("transition", "nothing is waited for")
	}
	if artifact["gate"] != w.opening.name || artifact["round"] != w.opening.round {
		refuse("other_gate", "the decision names another gate or round")
	}
	return w.opening
}
