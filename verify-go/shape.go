package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	intForm  = regexp.MustCompile(`^(?:0|-?[1-9][0-9]{0,39})$`)
	bareKind = map[string]bool{"bool": true, "date": true, "instant": true, "json": true, "person": true}
	limitsOf = map[string][]string{
		"string": {"max", "min", "pattern"}, "int": {"max", "min"},
		"decimal": {"max", "min", "scale"}, "duration": {"max", "min"},
	}
)

func manifestWrong(what, place string) { refuse("manifest", "no "+what+" at "+short(place)) }

// checkShape demands a SHAPE of docs/manifest.md.
func checkShape(value any, place string) {
	shape, ok := value.([]any)
	if !ok || len(shape) == 0 {
		manifestWrong("shape", place)
	}
	kind, _ := shape[0].(string)
	rest := shape[1:]
	switch {
	case kind == "record" && len(rest) == 1:
		fields, ok := rest[0].([]any)
		if !ok {
			manifestWrong("shape", place)
		}
		for _, one := range fields {
			field, ok := one.([]any)
			if !ok || len(field) != 3 {
				manifestWrong("field", place)
			}
			name, ok := field[0].(string)
			if !ok {
				manifestWrong("field", place)
			}
			checkShape(field[1], place+"/"+name)
		}
	case kind == "list" && len(rest) == 2 && areLimits(rest[0], []string{"max", "min"}):
		checkShape(rest[1], place)
	case kind == "optional" && len(rest) == 1:
		checkShape(rest[0], place)
	case kind == "enum" && len(rest) == 1:
		if _, ok := allTexts(rest[0]); !ok {
			manifestWrong("enum", place)
		}
	case bareKind[kind] && len(rest) == 0:
	case limitsOf[kind] != nil && len(rest) == 1 && areLimits(rest[0], limitsOf[kind]):
		if scale, ok := rest[0].(obj)["scale"].(string); ok && (!numberForm.MatchString(scale) || len(scale) > 2) {
			manifestWrong("scale", place)
		}
	default:
		manifestWrong("shape", place)
	}
}

func areLimits(value any, names []string) bool {
	limits, ok := value.(obj)
	if !ok || !same(sortedKeys(limits), names) {
		return false
	}
	for _, one := range limits {
		if _, ok := one.(string); !ok {
			return false
		}
	}
	return true
}

// shapeAt is the shape at a pointer below another one, or nil. Optionals are looked through, save at
// the end.
func shapeAt(shape []any, pointer string) []any {
	for _, part := range strings.Split(pointer, "/")[1:] {
		for shape[0] == "optional" {
			shape = shape[1].([]any)
		}
		var found []any
		switch {
		case shape[0] == "record":
			for _, one := range shape[1].([]any) {
				if field := one.([]any); field[0] == part {
					found = field[1].([]any)
					break
				}
			}
		case shape[0] == "list" && numberForm.MatchString(part):
			found = shape[2].([]any)
		}
		if found == nil {
			return nil
		}
		shape = found
	}
	return shape
}

// A tree of pointers: the member "" says that a leaf stands here.
type tree map[string]tree

// covers says why the leaves at these pointers are not exactly those of a value of the shape: a
// proposal with a field too few or too many was never shown.
func covers(shape any, pointers []string, prefix string) string {
	root := tree{}
	for _, pointer := range pointers {
		rest, inside := strings.CutPrefix(pointer, prefix)
		if !inside || (rest != "" && rest[0] != '/') {
			return short(pointer) + " is no part of it"
		}
		node := root
		for _, part := range strings.Split(rest, "/")[1:] {
			if node[part] == nil {
				node[part] = tree{}
			}
			node = node[part]
		}
		if len(node) > 0 {
			return short(pointer) + " is a leaf and more"
		}
		node[""] = tree{}
	}
	return coversTree(shape.([]any), root, prefix)
}

func coversTree(shape []any, node tree, place string) string {
	_, leaf := node[""]
	if leaf && len(node) > 1 {
		return short(place) + " is a leaf and more"
	}
	switch shape[0] {
	case "optional":
		if leaf {
			return ""
		}
		return coversTree(shape[1].([]any), node, place)
	case "record":
		fields := shape[1].([]any)
		if len(fields) == 0 {
			break
		}
		names := map[string]bool{}
		for _, one := range fields {
			name := one.([]any)[0].(string)
			names[name] = true
			if leaf || node[name] == nil {
				return short(place) + " has not exactly its fields"
			}
		}
		if len(names) != len(node) {
			return short(place) + " has not exactly its fields"
		}
		for _, one := range fields {
			field := one.([]any)
			name := field[0].(string)
			if wrong := coversTree(field[1].([]any), node[name], place+"/"+name); wrong != "" {
				return wrong
			}
		}
		return ""
	case "list":
		if leaf {
			return ""
		}
		if len(node) == 0 {
			return short(place) + " has not exactly its items"
		}
		for index := 0; index < len(node); index++ {
			name := strconv.Itoa(index)
			if node[name] == nil {
				return short(place) + " has not exactly its items"
			}
			if wrong := coversTree(shape[2].([]any), node[name], place+"/"+name); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	if !leaf {
		return short(place) + " is no single value"
	}
	return ""
}

// misfit says why a leaf's value is outside a scalar shape. Patterns are not judged.
func misfit(value string, shape []any) string {
	for shape[0] == "optional" {
		if value == "{}" {
			return ""
		}
		shape = shape[1].([]any)
	}
	kind := shape[0].(string)
	no := short(value) + " is no " + kind
	var size number
	ok := true
	switch kind {
	case "string":
		size = whole(int64(utf8.RuneCountInString(value)))
	case "int":
		if !intForm.MatchString(value) || len(value) > 40 {
			return no
		}
		size, ok = readDecimal(value)
	case "decimal":
		scale, _ := strconv.Atoi(text(shape[1].(obj), "scale"))
		if !hasScale(value, scale) {
			return no
		}
		size, ok = readDecimal(value)
	case "duration":
		ms, fine := readDuration(value)
		size, ok = whole(ms), fine
	case "bool":
		ok = value == "true" || value == "false"
	case "date":
		_, ok = readDate(value)
	case "instant":
		_, ok = readInstant(value)
	case "enum":
		ok = contains(texts(shape[1].([]any)), value)
	case "json":
		ok = isJSON(value)
	case "person":
		ok = actorForm.MatchString(value)
	default:
		return kind + " holds no single value"
	}
	if !ok {
		return no
	}
	if size == (number{}) {
		return ""
	}
	limits := shape[1].(obj)
	for name, wrong := range map[string]int{"min": -1, "max": 1} {
		bound := text(limits, name)
		if bound == "none" {
			continue
		}
		edge, fine := readDecimal(bound)
		if kind == "duration" {
			ms, canonical := readDuration(bound)
			edge, fine = whole(ms), canonical
		}
		if !fine || size.compare(edge) == wrong {
			return short(value) + " is outside " + name + " " + short(bound)
		}
	}
	return ""
}

var decimalForm = regexp.MustCompile(`^-?(?:0|[1-9][0-9]{0,37})(?:\.([0-9]+))?$`)

func hasScale(value string, scale int) bool {
	parts := decimalForm.FindStringSubmatch(value)
	if parts == nil || len(parts[1]) != scale {
		return false
	}
	return !strings.HasPrefix(value, "-") || strings.Trim(value, "-0.") != ""
}
