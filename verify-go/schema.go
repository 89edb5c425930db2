package main

import (
	"embed"
	"encoding/json"
	"regexp"
	"strconv"
	"sync"
)

// The exact members of every statement are published as JSON Schema; this is a copy of
// docs/evidence/schemas, held equal by a test.
//
//go:embed schemas/*.json
var published embed.FS

// A schema is the part of JSON Schema 2020-12 that those files use.
type schema struct {
	Type       any                `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	Prefix     []*schema          `json:"prefixItems"`
	AnyOf      []*schema          `json:"anyOf"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`

	values *schema // what additionalProperties wants, when it is a schema
	form   *regexp.Regexp
}

var (
	schemas  sync.Map // by name, each read when it is first asked for
	reading  sync.Mutex
	patterns = map[string]*regexp.Regexp{}
)

// require demands the published form, by the name of its file.
func require(name string, value any) {
	if wrong := form(name).wrong(value, name); wrong != "" {
		refuse("form", wrong)
	}
}

func form(name string) *schema {
	if found, read := schemas.Load(name); read {
		return found.(*schema)
	}
	reading.Lock()
	defer reading.Unlock()
	data, err := published.ReadFile("schemas/" + name + ".json")
	if err != nil {
		panic(err)
	}
	found := &schema{}
	if err := json.Unmarshal(data, found); err != nil {
		panic(err)
	}
	found.prepare()
	schemas.Store(name, found)
	return found
}

func (s *schema) prepare() {
	if s.Pattern != "" {
		if patterns[s.Pattern] == nil {
			patterns[s.Pattern] = regexp.MustCompile(s.Pattern)
		}
		s.form = patterns[s.Pattern]
	}
	if len(s.Additional) > 0 && s.Additional[0] == '{' {
		s.values = &schema{}
		if err := json.Unmarshal(s.Additional, s.values); err != nil {
			panic(err)
		}
		s.values.prepare()
	}
	if s.Items != nil {
		s.Items.prepare()
	}
	for _, part := range append(append([]*schema{}, s.Prefix...), s.AnyOf...) {
		part.prepare()
	}
	for _, part := range s.Properties {
		part.prepare()
	}
}

// wrong names the place that has not the form, or is empty.
func (s *schema) wrong(value any, place string) string {
	if s.AnyOf != nil {
		for _, part := range s.AnyOf {
			if part.wrong(value, place) == "" {
				return ""
			}
		}
		return place + " has none of the forms"
	}
	if s.Enum != nil {
		if word, ok := value.(string); ok && contains(s.Enum, word) {
			return ""
		}
		return place + " is not one of the words"
	}
	kind, named := s.Type.(string)
	if !named {
		return "" // any value of evidence
	}
	switch one := value.(type) {
	case string:
		if kind != "string" || (s.form != nil && !s.form.MatchString(one)) {
			return place + " has not the form"
		}
		return ""
	case []any:
		if kind != "array" {
			return place + " is a list"
		}
		return s.wrongList(one, place)
	}
	if kind != "object" {
		return place + " is an object"
	}
	return s.wrongObject(value.(obj), place)
}

func (s *schema) wrongList(items []any, place string) string {
	if s.Prefix != nil && len(items) != len(s.Prefix) {
		return place + " has not the length"
	}
	for i, item := range items {
		each := s.Items
		if s.Prefix != nil {
			each = s.Prefix[i]
		}
		if wrong := each.wrong(item, place+"/"+strconv.Itoa(i)); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (s *schema) wrongObject(members obj, place string) string {
	for _, name := range s.Required {
		if _, there := members[name]; !there {
			return place + " lacks " + name
		}
	}
	for _, name := range sortedKeys(members) {
		each := s.Properties[name]
		if each == nil {
			each = s.values
		}
		if each == nil {
			return place + " has the unknown member " + short(name)
		}
		if wrong := each.wrong(members[name], place+"/"+name); wrong != "" {
			return wrong
		}
	}
	return ""
}
