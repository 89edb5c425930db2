package main

import (
	"strconv"
	"strings"
)

// readManifest reads manifest.json and holds it to docs/manifest.md, as far as evidence needs it:
// whatever stands in it was written by who gives the folder.
func readManifest(data []byte) obj {
	manifest := parseObject(data, maxBytes, manifestDepth)
	if manifest["type"] != "gantral.dev/manifest/v1" {
		unknown("version", "manifest.json is not gantral.dev/manifest/v1")
	}
	require("manifest", manifest)
	checkAutomaton(list(manifest, "automaton"))
	for _, name := range []string{"input", "output"} {
		checkShape(manifest[name], name)
	}
	checkWaits(manifest)
	for name, one := range object(manifest, "operations") {
		if undo, ok := one.(obj)["undo"].(obj); ok {
			for argument, term := range object(undo, "arguments") {
				checkTerm(term, "operations/"+name+"/undo/"+argument)
			}
		}
	}
	gates := object(manifest, "gates")
	for name, gate := range gates {
		checkGate(manifest, name, gate.(obj))
	}
	checkAskedFor(manifest)
	return manifest
}

func checkAutomaton(rows []any) {
	sites := map[string]bool{}
	for _, one := range rows {
		sites[one.([]any)[0].(string)] = true
	}
	if len(sites) != len(rows) {
		refuse("manifest", "the automaton has a site twice")
	}
	for _, one := range rows {
		for _, next := range texts(one.([]any)[2].([]any)) {
			if !sites[next] {
				refuse("manifest", "the automaton leads to a site that it does not hold")
			}
		}
	}
	if !sites["start"] {
		refuse("manifest", "the automaton has no start")
	}
}

func checkGate(manifest obj, name string, gate obj) {
	place := "gates/" + name
	checkShape(gate["parameters"], place+"/parameters")
	if calendar := calendarOf(gate); calendar != nil {
		checkCalendar(calendar, place)
	}
	who := append([]any{}, list(gate, "veto")...)
	for _, row := range ticks(gate) {
		for _, side := range row[2:] {
			who = append(who, side.([]any)...)
		}
	}
	checkApart(manifest, name, gate, &who)
	for _, one := range who {
		if _, ok := readPrincipal(one); !ok {
			manifestWrong("person", place)
		}
	}
	checkDecide(list(gate, "decide"), place)
	for path, bound := range object(gate, "amend") {
		checkExpression(bound, place+"/amend"+path)
	}
	clock := list(gate, "clock")
	if len(clock) == 0 || clock[len(clock)-1].([]any)[1] != "reject" {
		refuse("manifest", "the gate "+name+" does not end in a reject")
	}
	for _, row := range clock[1:] {
		if isCalendar(row.([]any)) {
			refuse("manifest", "a calendar stands first in a clock")
		}
	}
	for _, clause := range []string{"waived", "guarded"} {
		if policy := text(gate, clause); policy != "none" && object(manifest, "policies")[policy] == nil {
			refuse("manifest", "the gate "+name+" is "+clause+" by no policy of it")
		}
	}
	asks, apart := gate["asks"].(obj)
	if apart && !same(sortedKeys(asks), asksIn(manifest, name)) {
		refuse("manifest", "the asks of "+name+" are not those of the program")
	}
	for approval, plan := range plansOf(name, gate) {
		around := []string{}
		if apart {
			around = loopsOf(object(asks, approval))
			if object(asks, approval)["loops"] != nil && len(around) == 0 {
				manifestWrong("bound of the loops", place)
			}
		}
		for call, one := range plan {
			if one.(obj)["asked"] != nil && (gate["only_if"] == nil || apart) {
				manifestWrong("call under a gate that is asked both ways", place)
			}
			checkPlanned(manifest, one.(obj), place+"/plan/"+call)
			if loops := loopsOf(one.(obj)); len(loops) < len(around) || !same(around, loops[:len(around)]) {
				manifestWrong("call in the loops of its ask", place)
			}
		}
	}
}

func loopsOf(one obj) []string {
	loops, _ := one["loops"].([]any)
	return texts(loops)
}

// asksIn are the sites, sorted, at which the program asks a gate.
func asksIn(manifest obj, gate string) []string {
	found := map[string]bool{}
	for _, one := range list(manifest, "automaton") {
		row := one.([]any)
		site := row[0].(string)
		if at := strings.LastIndex(site, "/"); row[1] == "WAITING_FOR_HUMAN" && at >= 0 && site[:at] == gate {
			found[site] = true
		}
	}
	return sortedKeys(found)
}

func checkApart(manifest obj, name string, gate obj, who *[]any) {
	for _, one := range list(gate, "apart") {
		if other, ok := deciders(one); ok {
			// Whichever of the two is asked first, the other one's voters are kept out.
			against, there := object(manifest, "gates")[other].(obj)
			if !there || !keepsOut(against, name) {
				refuse("manifest", "the gate "+name+" is apart from no gate that is so")
			}
		} else if role, ok := one.(string); ok && role != "initiator" {
			manifestWrong("person kept apart", "gates/"+name)
		} else if !ok {
			*who = append(*who, one)
		}
	}
}

func deciders(value any) (string, bool) {
	kind, gate, ok := single(value)
	if !ok || kind != "deciders" {
		return "", false
	}
	return gate.(string), true
}

func keepsOut(gate obj, name string) bool {
	for _, one := range list(gate, "apart") {
		if other, ok := deciders(one); ok && other == name {
			return true
		}
	}
	return false
}

func checkDecide(cases []any, place string) {
	if len(cases) == 0 {
		manifestWrong("case", place)
	}
	for i, one := range cases {
		when := one.(obj)["when"]
		last := i == len(cases)-1
		if (when == "always") != last {
			manifestWrong("last case, and no other, that is always", place)
		}
		if !last {
			checkExpression(when, place)
			reads(when, func(source, _ string) {
				if source != "path" {
					manifestWrong("condition on the proposal", place)
				}
			})
		}
		alternatives(one.(obj)["formula"])
	}
}

func checkPlanned(manifest obj, planned obj, place string) {
	if object(manifest, "operations")[text(planned, "operation")] == nil {
		refuse("manifest", "an unknown operation is planned at "+place)
	}
	if loops, ok := planned["loops"].([]any); ok {
		product := 1
		for _, bound := range texts(loops) {
			number, _ := strconv.Atoi(bound)
			product = min(product*number, 1<<40)
		}
		if most, _ := strconv.Atoi(text(planned, "at_most")); len(loops) == 0 || product != most {
			manifestWrong("bound of the loops", place)
		}
	}
	for name, term := range object(planned, "arguments") {
		checkTerm(term, place+"/"+name)
	}
}

// checkTerm demands a TERM. Of a kind that is unknown here, nothing is demanded before it is used.
func checkTerm(value any, place string) {
	kind, operand, ok := single(value)
	words, areTexts := allTexts(operand)
	switch kind {
	case "path":
		_, ok = operand.(string)
	case "const", "result":
		ok = areTexts && len(words) == 2
	case "each":
		ok = areTexts && len(words) > 1 && isPointer(words)
	case "under":
		ok = areTexts && len(words) > 0 && isPointer(words[1:])
	case "expr":
		ok = namesPlaces(operand)
	}
	if !ok {
		manifestWrong("term", place)
	}
}

// namesPlaces: each element that a computation reads, and what another gate shows it, is named as a
// place. What it computes is the run's affair.
func namesPlaces(value any) bool {
	switch one := value.(type) {
	case []any:
		for _, item := range one {
			if !namesPlaces(item) {
				return false
			}
		}
	case obj:
		for kind, operand := range one {
			words, ok := allTexts(operand)
			switch kind {
			case "const", "path":
			case "each", "under":
				if !ok || len(words) == 0 || !isPointer(words[1:]) {
					return false
				}
			default:
				if !namesPlaces(operand) {
					return false
				}
			}
		}
	}
	return true
}

// isPointer: [pointer, loop, pointer, loop, pointer, …], loops by their number from 0.
func isPointer(words []string) bool {
	if len(words)%2 != 1 {
		return false
	}
	for i := 1; i < len(words); i += 2 {
		if !numberForm.MatchString(words[i]) {
			return false
		}
	}
	return true
}

// checkAskedFor: beside an approval that is asked for only if, some approval of the call is asked for in
// every case, and for a critical effect by people alone. Where a gate is asked both ways, each call says
// under which of the two it acts; where its asks are told apart, they do.
func checkAskedFor(manifest obj) {
	type found struct{ conditional, always, safe, critical bool }
	calls := map[string]found{}
	for gateName, one := range object(manifest, "gates") {
		gate := one.(obj)
		conditions, _ := gate["only_if"].(obj)
		for name, plan := range plansOf(gateName, gate) {
			uncertain := gate["only_if"] != nil
			if gate["asks"] != nil {
				_, uncertain = conditions[name]
			}
			for call, entry := range plan {
				planned, here := entry.(obj), calls[call]
				operation := object(object(manifest, "operations"), text(planned, "operation"))
				here.critical = here.critical || operation["kind"] == "critical effect"
				if uncertain && planned["asked"] == nil {
					here.conditional = true
				} else {
					here.always = true
					here.safe = here.safe || gate["waived"] == "none"
				}
				calls[call] = here
			}
		}
	}
	for call, here := range calls {
		if here.conditional && !(here.always && (here.safe || !here.critical)) {
			refuse("manifest", "nobody may have been asked for "+call)
		}
	}
}

func gateOf(manifest obj, name string) obj {
	gate, ok := object(manifest, "gates")[name].(obj)
	if !ok {
		refuse("gate", "the program has no gate "+short(name))
	}
	return gate
}

// queryOf is the query behind waived or guarded, "none" when the gate has no such clause.
func queryOf(manifest, gate obj, clause string) string {
	name := text(gate, clause)
	if name == "none" {
		return name
	}
	return text(object(object(manifest, "policies"), name), "query")
}

// An automaton is walked on (state, gate), at all the sites at once where it may be.
type automaton struct {
	next    map[string][]string
	entered map[string][2]string
	here    map[string]bool
}

func newAutomaton(rows []any) *automaton {
	found := &automaton{map[string][]string{}, map[string][2]string{}, map[string]bool{"start": true}}
	for _, one := range rows {
		row := one.([]any)
		site, state := row[0].(string), row[1].(string)
		name, way, _ := strings.Cut(site, ":")
		gate := "none"
		if way != "" || state == "WAITING_FOR_HUMAN" {
			gate = name[:max(0, strings.LastIndex(name, "/"))]
		}
		if way == "waived" || way == "unasked" {
			state = way
		}
		found.next[site] = texts(row[2].([]any))
		found.entered[site] = [2]string{state, gate}
	}
	return found
}

func (a *automaton) move(state, gate string) { a.moveAt(state, gate, "") }

// moveAt: ask is the one of the gate's asks that it must be, "" for any.
func (a *automaton) moveAt(state, gate, ask string) {
	after := map[string]bool{}
	for site := range a.here {
		for _, next := range a.next[site] {
			name, _, _ := strings.Cut(next, ":")
			if a.entered[next] == [2]string{state, gate} && (ask == "" || name == ask) {
				after[next] = true
			}
		}
	}
	a.here = after
	if len(after) == 0 {
		refuse("automaton", "the program does not come to "+state+" "+gate+" here")
	}
}
