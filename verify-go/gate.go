package main

// A grant is what lets effects act: its name is the approving artifact_hash, or the commit_hash of a
// waiver or of what says that nobody was to be asked.
type grant struct {
	name, gate, decidedAt, by string // by: people, policy, nobody
	ask                       string // its site with the indexes of its loops, "" where asks are not told apart
	manifestGate              obj
	context                   map[string]string
}

// approval is what plans call it: the gate; or the ask, where the gate tells them apart.
func (g *grant) approval() string {
	if g.ask == "" {
		return g.gate
	}
	return statementOf(g.ask)
}

// askOf is which ask a commit is of, "" at a gate that does not tell them apart.
func askOf(gate, statement, at obj) string {
	if gate["asks"] == nil {
		if len(recordsOf(statement, "ask")) > 0 {
			refuse("ask", "the asks of "+text(at, "gate")+" are not told apart")
		}
		return ""
	}
	ask := text(theOne(statement, "ask", at), "ask")
	if !isAsk(gate, ask) {
		refuse("ask", short(ask)+" is no ask of "+text(at, "gate"))
	}
	return ask
}

func recordsOf(statement obj, kinds ...string) []obj {
	found := []obj{}
	for _, one := range list(statement, "records") {
		if record := one.(obj); contains(kinds, text(record, "kind")) {
			found = append(found, record)
		}
	}
	return found
}

func pointersOf(statement obj) []string {
	found := []string{}
	for _, one := range list(statement, "context") {
		found = append(found, one.([]any)[0].(string))
	}
	return found
}

func contextOf(statement obj) map[string]string {
	found := map[string]string{}
	for _, one := range list(statement, "context") {
		pair := texts(one.([]any))
		found[pair[0]] = pair[1]
	}
	return found
}

func firstArtifact(statement obj) obj { return list(statement, "artifacts")[0].(obj) }

// personsRead are the pointers, sorted, at which the gate names persons.
func personsRead(gate obj) []string {
	found := map[string]bool{}
	var walk func(value any)
	walk = func(value any) {
		switch one := value.(type) {
		case obj:
			if who, ok := readPrincipal(one); ok && who.named {
				found[who.at] = true
				return
			}
			for _, inner := range one {
				walk(inner)
			}
		case []any:
			for _, inner := range one {
				walk(inner)
			}
		}
	}
	for _, clause := range []string{"decide", "veto", "apart", "clock"} {
		walk(gate[clause])
	}
	return sortedKeys(found)
}

// open holds a commit of WAITING_FOR_HUMAN to the manifest: what is asked, of whom, until when.
func (w *walk) open(statement obj) *waiting {
	artifact := firstArtifact(statement)
	name := text(artifact, "gate")
	gate := gateOf(w.manifest, name)
	if wrong := covers(gate["parameters"], pointersOf(statement), ""); wrong != "" {
		refuse("proposal", "the context is not the gate's proposal: "+wrong)
	}
	clock := list(theOne(statement, "clock", artifact), "instants")
	var periods []any
	if calendarOf(gate) != nil {
		periods = list(theOne(statement, "calendar", artifact), "periods")
	} else if len(recordsOf(statement, "calendar")) > 0 {
		refuse("calendar", "this gate's clock stands on no calendar")
	}
	openedAt := text(statement, "timestamp")
	if string(canonical(clock)) != string(canonical(clockInstants(gate, openedAt, periods))) {
		refuse("clock", "the instants are not the opening's time plus the gate's durations")
	}
	record := theOne(statement, "deciders", artifact)
	named := map[string][]string{}
	for pointer, actors := range object(record, "named") {
		named[pointer] = texts(actors.([]any))
		if len(named[pointer]) == 0 || !rising(named[pointer]) {
			refuse("deciders", "the named persons are not a sorted list")
		}
	}
	if !same(sortedKeys(named), personsRead(gate)) {
		refuse("deciders", "the named persons are not exactly those that the gate reads")
	}
	excluded := texts(list(record, "excluded"))
	if !same(excluded, w.keptOut(gate, named)) {
		refuse("excluded", "those kept out are not those that the gate keeps out")
	}
	holders := w.directory(statement, artifact, excluded)
	checkAsked(w.manifest, gate, statement)
	found := &waiting{
		ask:      askOf(gate, statement, artifact),
		manifest: w.manifest, gate: gate, name: name, round: text(artifact, "round"),
		guard: queryOf(w.manifest, gate, "guarded"), instanceID: w.instanceID,
		artifact: text(artifact, "artifact_hash"), contextHash: text(artifact, "context_hash"),
		openedAt: openedAt, instants: clock, excluded: excluded, named: named,
		initiator: w.initiator, maxSkew: w.trust.maxSkew, context: contextOf(statement),
		holders: holders,
	}
	for _, one := range clock {
		if row := one.([]any); row[1] == "reject" {
			found.rejectsAt = row[0].(string)
			break
		}
	}
	return found
}

// directory are those of whom a directory record tells; nil where there is none.
func (w *walk) directory(statement, artifact obj, excluded []string) []voter {
	if len(recordsOf(statement, "directory")) == 0 {
		return nil
	}
	holders, actors := []voter{}, []string{}
	for _, one := range list(theOne(statement, "directory", artifact), "holders") {
		row := one.([]any)
		actor, roles := row[0].(string), texts(row[1].([]any))
		if len(roles) == 0 || !rising(roles) || contains(excluded, actor) {
			refuse("directory", "the holders are not in order, or may not decide")
		}
		actors = append(actors, actor)
		holders = append(holders, voter{actor: actor, roles: roles})
	}
	if !rising(actors) {
		refuse("directory", "the holders are not in order, or may not decide")
	}
	return holders
}

func theOne(statement obj, kind string, artifact obj) obj {
	found := recordsOf(statement, kind)
	if len(found) != 1 || found[0]["gate"] != artifact["gate"] || found[0]["round"] != artifact["round"] {
		refuse("record", "an opening gate has exactly one "+kind+" record, its own")
	}
	return found[0]
}

func (w *walk) keptOut(gate obj, named map[string][]string) []string {
	found := map[string]bool{}
	for _, one := range list(gate, "apart") {
		var actors []string
		if one == "initiator" {
			actors = []string{w.initiator}
		} else if other, ok := deciders(one); ok {
			actors = sortedKeys(w.voted[other])
		} else {
			who, _ := readPrincipal(one)
			actors = named[who.at]
		}
		for _, actor := range actors {
			found[actor] = true
		}
	}
	delete(found, "none")
	return sortedKeys(found)
}

// recount checks a decision and counts its votes at the commit's time.
func (w *walk) recount(here *waiting, statement obj) outcome {
	decision, at := object(statement, "decision"), text(statement, "timestamp")
	if decision["waiting_artifact_hash"] != here.artifact {
		refuse("decision_bind", "the decision is about another waiting artifact")
	}
	if !same(texts(list(decision, "excluded")), here.excluded) {
		refuse("decision_excluded", "the decision keeps out others than the gate did")
	}
	if !same(texts(list(decision, "eligible")), here.eligible()) {
		refuse("decision_eligible", "the decision names other persons than the gate did")
	}
	var votes []obj
	var hashes []string
	for _, envelope := range list(decision, "votes") {
		vote := w.vote(envelope)
		votes = append(votes, vote.statement)
		hashes = append(hashes, vote.hash)
	}
	here.values = here.opened(list(decision, "opened_before"), here.context)
	if !same(sortedKeys(here.values), openedPaths(here.gate, votes)) {
		refuse("opened_paths", "other values are opened than those that the bounds and cases read")
	}
	// Votes were counted before the instant that ends the gate, whenever its end was committed.
	counted := min(at, later(here.rejectsAt, -1))
	book := &tally{waiting: here, last: map[string]string{}, hashes: map[string]bool{}}
	for i, vote := range votes {
		// Votes only add up until one is taken back or replaced: behind that a decision could hide.
		hides := i == len(votes)-1 || book.stands(text(vote, "human_actor_id")) >= 0
		if i > 0 && hides && book.result(counted).word != "open" {
			refuse("surplus_vote", "the votes before decide already")
		}
		book.judge(vote, hashes[i], counted)
		book.add(vote, hashes[i])
	}
	if decided := book.result(counted); decided.word != "open" {
		return decided
	}
	return book.result(at)
}

func (w *waiting) eligible() []string {
	found := map[string]bool{}
	for _, actors := range w.named {
		for _, actor := range actors {
			if !contains(w.excluded, actor) {
				found[actor] = true
			}
		}
	}
	return sortedKeys(found)
}

// opened reads values that stand in clear, each the text of the leaf that the context binds there.
func (w *waiting) opened(values []any, context map[string]string) map[string]string {
	found := map[string]string{}
	var paths []string
	for _, one := range values {
		row := texts(one.([]any))
		paths = append(paths, row[2])
		if row[1] != w.instanceID || context[row[2]] != H("leaf", canonical(one)) {
			refuse("opened", "the value opened at "+short(row[2])+" is not bound")
		}
		found[row[2]] = row[3]
	}
	if !rising(paths) {
		refuse("opened", "the opened values are not sorted, or one is there twice")
	}
	return found
}

// decided checks a commit of APPROVED or OVERRIDDEN.
func (w *walk) decided(statement obj, state string) {
	here, artifact := w.here(statement), firstArtifact(statement)
	at := text(statement, "timestamp")
	checkAskedAgain(here.guard, statement)
	found := w.recount(here, statement)
	wanted := map[string]string{"APPROVED": "approved", "OVERRIDDEN": "amended"}[state]
	if at >= here.rejectsAt || found.word != wanted {
		refuse("recount", "the votes amount to "+found.word+" in the gate's time, not to "+wanted)
	}
	if artifact["human_actor_id"] != found.by {
		refuse("human_actor", "human_actor_id is not who completed the formula")
	}
	context := contextOf(statement)
	after := here.opened(list(object(statement, "decision"), "opened_after"), context)
	amended := amendment{}
	for _, path := range sortedKeys(after) {
		amended = append(amended, [2]string{path, after[path]})
	}
	if amended.key() != found.change.key() {
		refuse("amended_values", "the decided values are not those that were voted for")
	}
	if len(context) != len(here.context) {
		refuse("approved_context", "more is changed than what was amended")
	}
	for path, leaf := range context {
		if _, changed := after[path]; here.context[path] == "" || (!changed && here.context[path] != leaf) {
			refuse("approved_context", "more is changed than what was amended")
		}
	}
	w.uses.grants[text(artifact, "artifact_hash")] = &grant{
		text(artifact, "artifact_hash"), here.name, at, "people", here.ask, here.gate, context}
	if w.voted[here.name] == nil {
		w.voted[here.name] = map[string]bool{}
	}
	for _, envelope := range list(object(statement, "decision"), "votes") {
		w.voted[here.name][text(unwrap(envelope, "authority-decision").statement, "human_actor_id")] = true
	}
	w.automaton.move("RUNNING", here.name)
	w.decisions[here.name] = wanted
	w.opening = nil
}

// checkNoEligible: as far as names and the directory record tell, nobody can meet the formula of
// what was proposed.
func checkNoEligible(here *waiting, statement obj) {
	values := map[string]string{}
	if decision, ok := statement["decision"].(obj); ok {
		for _, one := range list(decision, "opened_before") {
			row := texts(one.([]any))
			values[row[2]] = row[3]
		}
	}
	formula := list(here.gate, "decide")[chosen(here.gate, values, nil)].(obj)["formula"]
	if here.electorate(here.rejectsAt).possible(formula, here.excluded, here.holders) {
		refuse("no_eligible", "there are people who could decide")
	}
}
