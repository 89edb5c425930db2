package main

import (
	"sort"
	"strconv"
	"strings"
)

// statementOf is the statement that a site, or a call id, is of: without the indexes of its loops.
func statementOf(site string) string {
	parts := strings.Split(site, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// plansOf are the plans of a gate, by what plans call the approvals that they are of: the gate; or,
// where it tells its asks apart, the ask.
func plansOf(name string, gate obj) map[string]obj {
	found := map[string]obj{}
	asks, apart := gate["asks"].(obj)
	if !apart {
		found[name] = object(gate, "plan")
	}
	for site, one := range asks {
		found[site] = object(one.(obj), "plan")
	}
	return found
}

// isAsk: it is an ask of a gate that tells them apart, with indexes that its loops let there be.
func isAsk(gate obj, ask string) bool {
	entry, ok := object(gate, "asks")[statementOf(ask)].(obj)
	return ok && inLoops(entry, strings.Split(ask, "/")[2:])
}

// planned finds a call id in the plan of an approval: its entry and its indexes, nil when the plan
// holds no such call, the indexes are others than its loops let there be, or it is of another round of
// the loops that the ask stands in.
func planned(by *grant, call string) (obj, []string) {
	entry, ok := plansOf(by.gate, by.manifestGate)[by.approval()][statementOf(call)].(obj)
	if !ok {
		return nil, nil
	}
	indexes := strings.Split(call, "/")[2:]
	if by.ask != "" {
		rounds := strings.Split(by.ask, "/")[2:]
		if len(rounds) > len(indexes) || !same(rounds, indexes[:len(rounds)]) {
			return nil, nil
		}
	}
	if !inLoops(entry, indexes) {
		return nil, nil
	}
	return entry, indexes
}

// approvalsOf are the approvals, sorted, under which a call acts, as plans call them.
func approvalsOf(manifest obj, call string) []string {
	found := map[string]bool{}
	for gate, one := range object(manifest, "gates") {
		for name, plan := range plansOf(gate, one.(obj)) {
			if entry, ok := plan[statementOf(call)].(obj); ok && inLoops(entry, strings.Split(call, "/")[2:]) {
				found[name] = true
			}
		}
	}
	return sortedKeys(found)
}

// inLoops: the indexes are those that the entry's loops let there be.
func inLoops(entry obj, indexes []string) bool {
	loops, _ := entry["loops"].([]any)
	if len(loops) != len(indexes) {
		return false
	}
	for i, bound := range texts(loops) {
		index, _ := strconv.Atoi(indexes[i])
		if most, _ := strconv.Atoi(bound); index >= most {
			return false
		}
	}
	return true
}

// termsAt are the arguments of an entry as terms of this very call: an element is the path of the one
// at the call's index, a result is of the call in the same round.
func termsAt(manifest obj, entry obj, indexes []string) map[string]any {
	found := map[string]any{}
	for name, term := range object(entry, "arguments") {
		found[name] = termAt(manifest, term, indexes)
	}
	return found
}

func termAt(manifest obj, term any, indexes []string) any {
	kind, operand, _ := single(term)
	switch kind {
	case "each":
		words, _ := allTexts(operand)
		return obj{"path": pointerAt(words, indexes)}
	case "under":
		words, _ := allTexts(operand)
		return obj{"under": []any{words[0], pointerAt(words[1:], indexes)}}
	case "expr":
		return obj{"expr": treeAt(operand, indexes)}
	case "result":
		words, _ := allTexts(operand)
		site := append([]string{words[0]}, indexes[:min(len(indexes), loopsAround(manifest, words[0]))]...)
		return obj{"result": []any{strings.Join(site, "/"), words[1]}}
	}
	return term
}

func pointerAt(words, indexes []string) string {
	found := words[0]
	for i := 1; i+1 < len(words); i += 2 {
		loop, err := strconv.Atoi(words[i])
		if err != nil || loop >= len(indexes) {
			refuse("manifest", "a plan term names a loop that is not around its call")
		}
		found += "/" + indexes[loop] + words[i+1]
	}
	return found
}

// treeAt puts the indexes into an EXPR of a plan. What it holds is computed by the run, never here: two
// equal trees are the same computation.
func treeAt(value any, indexes []string) any {
	switch one := value.(type) {
	case []any:
		found := make([]any, len(one))
		for i, item := range one {
			found[i] = treeAt(item, indexes)
		}
		return found
	case obj:
		found := obj{}
		for kind, operand := range one {
			words, _ := allTexts(operand)
			switch {
			case kind == "const" || kind == "path":
				found[kind] = operand
			case kind == "each":
				found["path"] = []any{words[0], pointerAt(words[1:], indexes)}
			case kind == "under":
				found["under"] = []any{words[0], pointerAt(words[1:], indexes)}
			default:
				found[kind] = treeAt(operand, indexes)
			}
		}
		return found
	}
	return value
}

func loopsAround(manifest obj, site string) int {
	for name, gate := range object(manifest, "gates") {
		for _, plan := range plansOf(name, gate.(obj)) {
			if entry, ok := plan[site].(obj); ok {
				loops, _ := entry["loops"].([]any)
				return len(loops)
			}
		}
	}
	return 0
}

// An argument of a claim: its name, its source, its leaf.
type argument [3]string

func sorted(all []argument) []argument {
	sort.Slice(all, func(i, j int) bool {
		for at := range all[i] {
			if all[i][at] != all[j][at] {
				return all[i][at] < all[j][at]
			}
		}
		return false
	})
	return all
}

// below are the arguments that one term stands for: each leaf at its pointer and beneath.
func below(name, pointer, source string, leaves map[string]string, dots bool) []argument {
	found := []argument{}
	for path, leaf := range leaves {
		rest, inside := strings.CutPrefix(path, pointer)
		if !inside || (rest != "" && rest[0] != '/') {
			continue
		}
		dotted := strings.ReplaceAll(rest, "/", ".")
		if dots {
			rest = dotted
		}
		found = append(found, argument{name + dotted, source + rest, leaf})
	}
	if len(found) == 0 {
		refuse("argument", "nothing is bound at "+short(pointer)+" for "+short(name))
	}
	return found
}

// planArguments is what a planned call's claim must list. others are the other grants of the call, by
// what plans call them.
func planArguments(terms map[string]any, context map[string]string, results map[string]map[string]string, others map[string]*grant) []argument {
	found := []argument{}
	for _, name := range sortedKeys(terms) {
		kind, operand, _ := single(terms[name])
		words, _ := allTexts(operand)
		switch kind {
		case "path":
			pointer := operand.(string)
			found = append(found, below(name, pointer, pointer, context, false)...)
		case "under":
			other := others[words[0]]
			if other == nil {
				refuse("argument", name+" is shown by "+words[0]+", whose yes is not here")
			}
			found = append(found, below(name, words[1], "under:"+other.name+words[1], other.context, false)...)
		case "result":
			pointer := strings.ReplaceAll(words[1], ".", "/")
			found = append(found, below(name, pointer, "result:"+words[0]+words[1], results[words[0]], true)...)
		case "const", "expr":
			found = append(found, argument{name, "=", "none"})
		default:
			unknown("manifest", "unknown plan term "+short(kind))
		}
	}
	return sorted(found)
}

// undoArguments is what an undo's claim must list, of the effect's claimed arguments and its result.
func undoArguments(terms obj, effect obj, result map[string]string) []argument {
	found := []argument{}
	claimed := map[string]string{}
	for _, one := range argumentsOf(effect) {
		claimed["/"+strings.ReplaceAll(one[0], ".", "/")] = one[2]
	}
	for _, name := range sortedKeys(terms) {
		kind, operand, _ := single(terms[name])
		words, _ := allTexts(operand)
		switch kind {
		case "result":
			pointer := strings.ReplaceAll(words[1], ".", "/")
			found = append(found, below(name, pointer, "result:"+text(effect, "call")+words[1], result, true)...)
		case "path":
			pointer := operand.(string)
			source := "argument:" + strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
			found = append(found, below(name, pointer, source, claimed, true)...)
		case "const":
			found = append(found, argument{name, "=", "none"})
		default:
			unknown("manifest", "unknown plan term "+short(kind))
		}
	}
	return sorted(found)
}

func argumentsOf(claim obj) []argument {
	found := []argument{}
	for _, one := range list(claim, "arguments") {
		row := texts(one.([]any))
		found = append(found, argument{row[0], row[1], row[2]})
	}
	return found
}

func sameArguments(a, b []argument) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
