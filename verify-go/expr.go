package main

// The EXPR trees of docs/manifest.md, on leaf values, exactly.
var (
	readers     = []string{"new", "old", "path", "under"}
	comparisons = []string{"==", "!=", "<", "<=", ">", ">="}
	sums        = []string{"+", "-", "*"}
)

// checkExpression demands an EXPR.
func checkExpression(value any, place string) {
	operator, operand, ok := single(value)
	if !ok {
		manifestWrong("condition", place)
	}
	switch {
	case operator == "const" || contains(readers, operator):
		if words, ok := allTexts(operand); !ok || len(words) != 2 {
			manifestWrong("condition", place)
		}
	case operator == "not":
		checkExpression(operand, place)
	case operator == "and", operator == "or", contains(comparisons, operator), contains(sums, operator):
		parts, ok := operand.([]any)
		if !ok || (operator != "and" && operator != "or" && len(parts) != 2) {
			manifestWrong("condition", place)
		}
		for _, part := range parts {
			checkExpression(part, place)
		}
	default:
		manifestWrong("condition", place)
	}
}

// reads calls with every source and pointer that an EXPR reads.
func reads(value any, each func(source, pointer string)) {
	switch one := value.(type) {
	case obj:
		for operator, operand := range one {
			if contains(readers, operator) {
				each(operator, operand.([]any)[1].(string))
			} else if operator != "const" {
				reads(operand, each)
			}
		}
	case []any:
		for _, part := range one {
			reads(part, each)
		}
	}
}

// A scalar is a text, a number or a truth value; dates, instants and durations are whole numbers.
type scalar struct {
	kind  byte // 't', 'n' or 'b'
	text  string
	value number
	truth bool
}

type lookup func(source, pointer string) string

func holds(expression any, read lookup) bool { return truth(evaluate(expression, read)) }

func truth(value scalar) bool {
	if value.kind != 'b' {
		refuse("expression", "a condition is wanted")
	}
	return value.truth
}

func evaluate(expression any, read lookup) scalar {
	operator, operand, ok := single(expression)
	if !ok {
		refuse("expression", "a node has exactly one operator")
	}
	switch {
	case operator == "const":
		words := operand.([]any)
		return readScalar(words[0].(string), words[1].(string))
	case contains(readers, operator):
		words := operand.([]any)
		return readScalar(words[0].(string), read(operator, words[1].(string)))
	case operator == "not":
		return scalar{kind: 'b', truth: !holds(operand, read)}
	case operator == "and" || operator == "or":
		stops := operator == "or"
		for _, part := range operand.([]any) {
			if holds(part, read) == stops {
				return scalar{kind: 'b', truth: stops}
			}
		}
		return scalar{kind: 'b', truth: !stops}
	}
	parts := operand.([]any)
	return binary(operator, evaluate(parts[0], read), evaluate(parts[1], read))
}

func readScalar(kind, text string) scalar {
	var value number
	var ms int64
	var ok bool
	switch kind {
	case "string":
		return scalar{kind: 't', text: text}
	case "bool":
		if text == "true" || text == "false" {
			return scalar{kind: 'b', truth: text == "true", value: whole(map[string]int64{"true": 1}[text])}
		}
	case "decimal":
		value, ok = readDecimal(text)
	case "int":
		if value, ok = readDecimal(text); value.scale != 0 {
			ok = false
		}
	case "date":
		ms, ok = readDate(text)
		value = whole(ms)
	case "instant":
		ms, ok = readInstant(text)
		value = whole(ms)
	case "duration":
		ms, ok = readDuration(text)
		value = whole(ms)
	}
	if !ok {
		refuse("expression", short(text)+" is no "+short(kind))
	}
	return scalar{kind: 'n', value: value}
}

func binary(operator string, a, b scalar) scalar {
	if a.kind != b.kind {
		refuse("expression", operator+" of two different types")
	}
	if contains(comparisons, operator) {
		return scalar{kind: 'b', truth: compare(operator, a, b)}
	}
	if a.kind == 'b' || (a.kind == 't' && operator != "+") {
		refuse("expression", "no "+operator+" of these")
	}
	if a.kind == 't' {
		return scalar{kind: 't', text: a.text + b.text}
	}
	found := a.value.apply(operator, b.value)
	if !found.fits() {
		refuse("expression", operator+" has no exact result")
	}
	return scalar{kind: 'n', value: found}
}

func compare(operator string, a, b scalar) bool {
	order := 0
	switch a.kind {
	case 't':
		if a.text < b.text {
			order = -1
		} else if a.text > b.text {
			order = 1
		}
	case 'b':
		if a.truth != b.truth {
			order = map[bool]int{true: 1, false: -1}[a.truth]
		}
	default:
		order = a.value.compare(b.value)
	}
	switch operator {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
