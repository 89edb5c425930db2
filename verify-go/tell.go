package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A teller says what is found, as it is found: the word alone on stdout and all else on stderr, or one
// document of docs/evidence/verdict.schema.json.
type teller struct {
	json     bool
	by       *trust
	out, log io.Writer
	several  bool
	ofFiles  []any // findings on bundles themselves
	complete []*completed
	// The bundles in their order, and whether a log shows them to be complete.
	bundles []string
	shown   map[string]bool
	parts   map[string]string
}

func newTeller(asJSON bool, by *trust, out, log io.Writer) *teller {
	if asJSON {
		serial, _ := strconv.ParseInt(by.serial, 10, 64)
		fmt.Fprintf(out, "{\"trust\": %s,\n\"instances\": [", dump(struct {
			ID     string `json:"trust_id"`
			SHA256 string `json:"sha256"`
			Serial int64  `json:"serial"`
		}{by.id, by.digest, serial}))
	}
	return &teller{json: asJSON, by: by, out: out, log: log, ofFiles: []any{}, complete: []*completed{}, shown: map[string]bool{},
		parts: map[string]string{}}
}

func (t *teller) report(one *report) {
	if one.Verdict == "INVALID" {
		one.Disclosed = nil
	}
	if t.json {
		t.asJSON(one)
		return
	}
	where := one.Path
	if one.inBundle {
		where += " " + one.listed
	}
	if one.inBundle || one.ofFile {
		if _, known := t.shown[one.Path]; !known {
			t.bundles = append(t.bundles, one.Path)
		}
		t.shown[one.Path] = t.shown[one.Path] || one.Whole != nil
		if one.part != "" {
			t.parts[one.Path] = one.part
		}
	}
	if one.Whole != nil {
		fmt.Fprintln(t.log, printable(where+": "+one.Whole.String()))
	}
	for _, found := range one.Findings {
		place := ""
		if found.Commit != "" {
			place = " commit " + found.Commit
		}
		fmt.Fprintln(t.log, printable(found.Severity+"["+found.Code+"] "+where+place+": "+found.Message))
	}
	if said := one.Disclosed; said != nil {
		fmt.Fprintln(t.log, printable(fmt.Sprintf("disclosed: %s is %q, as commit %s (%s) of %s tells it at %s. No decision is judged.",
			said.Pointer, said.Value, said.Commit, said.State, one.listed, said.Time)))
	}
}

func (t *teller) asJSON(one *report) {
	path := printable(one.Path)
	for i := range one.Findings {
		one.Findings[i].Message = printable(one.Findings[i].Message)
	}
	if one.ofFile {
		for _, found := range one.Findings {
			t.ofFiles = append(t.ofFiles, struct {
				Path string `json:"path"`
				finding
			}{path, found})
		}
		if one.Whole != nil {
			t.complete = append(t.complete, one.Whole)
		}
		return
	}
	if t.several {
		fmt.Fprint(t.out, ",")
	}
	t.several = true
	fmt.Fprint(t.out, "\n"+dump(struct {
		Path      string            `json:"path"`
		ID        string            `json:"instance_id"`
		Verdict   string            `json:"verdict"`
		State     string            `json:"state"`
		Decisions map[string]string `json:"decisions"`
		Findings  []finding         `json:"findings"`
		Disclosed *disclosed        `json:"disclosed,omitempty"`
	}{path, one.listed, one.Verdict, one.State, one.Decisions, one.Findings, one.Disclosed}))
}

func (t *teller) end(word string) {
	if t.json {
		fmt.Fprintf(t.out, "],\n\"findings\": %s,\n\"complete\": %s,\n\"verdict\": %s}\n",
			dump(t.ofFiles), dump(t.complete), dump(word))
		return
	}
	for _, path := range t.bundles {
		if !t.shown[path] {
			why := "completeness is not shown: no log says that these are all instances there were"
			if part := t.parts[path]; part != "" {
				why = "completeness can't be shown: " + part + ", and a log is held to all instances, or all of a team"
			}
			fmt.Fprintln(t.log, printable(path+": "+why))
		}
	}
	fmt.Fprintln(t.log, printable("trust file "+t.by.id+", serial "+t.by.serial+", sha256 "+t.by.digest))
	fmt.Fprintln(t.out, word)
}

func dump(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// printable: messages quote what lies in evidence, which a stranger wrote.
func printable(text string) string {
	return strings.Map(func(char rune) rune {
		if char == '\n' || strconv.IsPrint(char) {
			return char
		}
		return '\ufffd'
	}, strings.ToValidUTF8(text, "\ufffd"))
}
