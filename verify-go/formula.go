package main

import "strconv"

const (
	mostAlternatives = 4096
	mostVoters       = 200
	mostPoints       = 1000
	mostSplits       = 1024
	mostNested       = 12
)

// A principal is a role, or the person or persons at a pointer of the proposal.
type principal struct {
	named bool
	at    string // the role, or the pointer
}

// A part wants so many points of voters who stand for no other part. In a quorum each weighs 1.
type part struct {
	wanted  int
	who     []principal
	weights []int
}

type voter struct {
	actor string
	roles []string
}

// An electorate says who counts as whom at one instant: the named persons by pointer, and what was
// widened to what.
type electorate struct {
	named   map[string][]string
	widened [][2]principal
}

func readPrincipal(value any) (principal, bool) {
	if role, ok := value.(string); ok {
		return principal{at: role}, true
	}
	kind, pointer, ok := single(value)
	at, isText := pointer.(string)
	return principal{true, at}, ok && isText && (kind == "actor" || kind == "actors")
}

func mustPrincipals(values []any) []principal {
	found := make([]principal, len(values))
	for i, value := range values {
		one, ok := readPrincipal(value)
		if !ok {
			refuse("manifest", "unknown principal")
		}
		found[i] = one
	}
	return found
}

// alternatives are the ways to meet a formula: of each, the parts that disjoint voters must meet.
func alternatives(formula any) [][]part {
	found := expand(formula, 1)
	for _, parts := range found {
		voters, splits, plain := 0, 1, true
		for _, one := range parts {
			largest := 1
			for _, weight := range one.weights {
				largest = max(largest, weight)
				plain = plain && weight == 1
			}
			voters += (one.wanted + largest - 1) / largest
			splits = min(splits*(one.wanted+1), mostSplits+1)
		}
		if voters > mostVoters || (len(parts) > 1 && !plain && splits > mostSplits) {
			refuse("manifest", "a formula beyond its bounds")
		}
	}
	return found
}

func expand(formula any, depth int) [][]part {
	operator, value, ok := single(formula)
	operand, isList := value.([]any)
	if !ok || !isList || len(operand) == 0 || depth > mostNested {
		refuse("manifest", "a formula is any, all, quorum or points")
	}
	var found [][]part
	switch operator {
	case "quorum":
		wanted, who := wantedOf(operand, mostVoters)
		one := part{wanted: wanted, who: mustPrincipals(who)}
		for range who {
			one.weights = append(one.weights, 1)
		}
		return [][]part{{one}}
	case "points":
		wanted, rows := wantedOf(operand, mostPoints)
		one := part{wanted: wanted}
		for _, value := range rows {
			row, ok := value.([]any)
			if !ok || len(row) != 2 {
				refuse("manifest", "points are a number and principals with their weights")
			}
			one.who = append(one.who, mustPrincipals(row[:1])...)
			one.weights = append(one.weights, smallNumber(row[1], mostPoints))
		}
		return [][]part{{one}}
	case "any":
		for _, side := range operand {
			found = append(found, expand(side, depth+1)...)
		}
	case "all":
		found = [][]part{{}}
		for _, side := range operand {
			sides := expand(side, depth+1)
			if len(found)*len(sides) > mostAlternatives {
				refuse("manifest", "a formula with too many alternatives")
			}
			var combined [][]part
			for _, left := range found {
				for _, right := range sides {
					combined = append(combined, append(append([]part{}, left...), right...))
				}
			}
			found = combined
		}
	default:
		refuse("manifest", "unknown formula "+short(operator))
	}
	return found
}

func wantedOf(operand []any, most int) (int, []any) {
	if len(operand) == 2 {
		if rows, ok := operand[1].([]any); ok && len(rows) > 0 {
			return smallNumber(operand[0], most), rows
		}
	}
	refuse("manifest", "a number and principals are wanted")
	return 0, nil
}

func smallNumber(value any, most int) int {
	word, ok := value.(string)
	if ok && len(word) < 6 && numberForm.MatchString(word) {
		if found, _ := strconv.Atoi(word); found >= 1 && found <= most {
			return found
		}
	}
	refuse("manifest", "a number out of its bounds")
	return 0
}

// spread adds to principals whom they were widened to, and whom those were.
func (e *electorate) spread(who []principal) []principal {
	reached := append([]principal{}, who...)
	for i := 0; i < len(reached); i++ {
		for _, pair := range e.widened {
			if pair[0] == reached[i] && !has(reached, pair[1]) {
				reached = append(reached, pair[1])
			}
		}
	}
	return reached
}

func has(all []principal, wanted principal) bool {
	for _, one := range all {
		if one == wanted {
			return true
		}
	}
	return false
}

func (e *electorate) counts(one voter, who []principal) bool {
	for _, as := range e.spread(who) {
		if (as.named && contains(e.named[as.at], one.actor)) || (!as.named && contains(one.roles, as.at)) {
			return true
		}
	}
	return false
}

func (e *electorate) points(one voter, of part) int {
	most := 0
	for i, who := range of.who {
		if of.weights[i] > most && e.counts(one, []principal{who}) {
			most = of.weights[i]
		}
	}
	return most
}

func (e *electorate) eligible(formula any, one voter) bool {
	for _, parts := range alternatives(formula) {
		for _, of := range parts {
			if e.counts(one, of.who) {
				return true
			}
		}
	}
	return false
}

// satisfied says whether voters, one of each person, meet the formula.
func (e *electorate) satisfied(formula any, voters []voter) bool {
	for _, parts := range alternatives(formula) {
		if e.met(parts, voters) {
			return true
		}
	}
	return false
}

// possible says whether anybody could still meet it: holders of roles, where nil, are unknown and
// taken to be enough; who is kept out never counts.
func (e *electorate) possible(formula any, excluded []string, holders []voter) bool {
	if holders != nil {
		for _, parts := range alternatives(formula) {
			if e.met(parts, e.everybody(parts, excluded, holders)) {
				return true
			}
		}
		return false
	}
	for _, parts := range alternatives(formula) {
		var closed []part
		var people []voter
		seen := map[string]bool{}
		for _, one := range parts {
			reached, open := e.spread(one.who), false
			for _, who := range reached {
				open = open || !who.named
			}
			if open {
				continue
			}
			closed = append(closed, one)
			for _, who := range reached {
				for _, actor := range e.named[who.at] {
					if !seen[actor] && !contains(excluded, actor) {
						seen[actor] = true
						people = append(people, voter{actor: actor})
					}
				}
			}
		}
		if e.met(closed, people) {
			return true
		}
	}
	return false
}

// everybody are the holders of roles and the persons that the parts name, each once.
func (e *electorate) everybody(parts []part, excluded []string, holders []voter) []voter {
	var people []voter
	seen := map[string]bool{}
	add := func(one voter) {
		if !seen[one.actor] && !contains(excluded, one.actor) {
			seen[one.actor] = true
			people = append(people, one)
		}
	}
	for _, one := range holders {
		add(one)
	}
	for _, one := range parts {
		for _, who := range e.spread(one.who) {
			if who.named {
				for _, actor := range e.named[who.at] {
					add(voter{actor: actor})
				}
			}
		}
	}
	return people
}

// met says whether the voters can be split so that each part has its points.
func (e *electorate) met(parts []part, voters []voter) bool {
	brings := make([][]int, len(voters))
	plain := true
	for i, one := range voters {
		for _, of := range parts {
			points := e.points(one, of)
			plain = plain && points <= 1
			brings[i] = append(brings[i], points)
		}
	}
	for at, of := range parts {
		sum := 0
		for _, row := range brings {
			sum += row[at]
		}
		if sum < of.wanted {
			return false
		}
	}
	if len(parts) < 2 {
		return true
	}
	if plain {
		return seated(parts, brings)
	}
	return split(parts, brings)
}

// seated fills parts of single points: a voter moves to another part when that frees a place.
func seated(parts []part, brings [][]int) bool {
	holds := make([]int, len(brings))
	for i := range holds {
		holds[i] = -1
	}
	var seat func(at int, tried []bool) bool
	seat = func(at int, tried []bool) bool {
		for i, row := range brings {
			if row[at] == 0 || tried[i] || holds[i] == at {
				continue
			}
			tried[i] = true
			if holds[i] < 0 || seat(holds[i], tried) {
				holds[i] = at
				return true
			}
		}
		return false
	}
	for at, of := range parts {
		for n := 0; n < of.wanted; n++ {
			if !seat(at, make([]bool, len(brings))) {
				return false
			}
		}
	}
	return true
}

// split follows, voter by voter, what can still be wanted; the states are numbers in mixed base.
func split(parts []part, brings [][]int) bool {
	start := 0
	for _, of := range parts {
		start = start*(of.wanted+1) + of.wanted
	}
	left := map[int]bool{start: true}
	for _, row := range brings {
		reached := map[int]bool{}
		for state := range left {
			reached[state] = true
			unit, rest := 1, state
			for at := len(parts) - 1; at >= 0; at-- {
				base := parts[at].wanted + 1
				wanted := rest % base
				rest /= base
				reached[state-min(wanted, row[at])*unit] = true
				unit *= base
			}
		}
		left = reached
	}
	return left[0]
}
