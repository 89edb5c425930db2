// Command gantral-verify judges evidence offline: VALID, INVALID or INCONCLUSIVE. It opens no socket,
// reads no clock and no environment, and needs nothing but Go's standard library.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

const usage = `usage: gantral-verify FOLDER… --trust FILE [--trust-sha256 HEX] [--require GATE=WORD]… [--format text|json]

Judges the evidence of instances, one folder each, against a trust file. stdout is the verdict alone.
Exit 0 VALID, 1 INVALID, 2 INCONCLUSIVE, 64 misuse, 70 a fault of this program.
`

const (
	misuse = 64
	crash  = 70
)

var (
	exits = map[string]int{"VALID": 0, "INVALID": 1, "INCONCLUSIVE": 2}
	// What --require may ask for; an amendment is a yes, a waiver is not.
	meets = map[string][]string{
		"approved": {"approved", "amended"}, "amended": {"amended"}, "waived": {"waived"},
		"unasked": {"unasked"}, "rejected": {"rejected"},
	}
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

type options struct {
	folders       []string
	trust, sha256 string
	required      [][2]string
	json          bool
}

// misused is what a caller did wrong, in words for them.
type misused struct{ message string }

func run(args []string, out, log io.Writer) (status int) {
	defer func() {
		switch found := recover().(type) {
		case nil:
		case misused:
			fmt.Fprintln(log, printable("gantral-verify: "+found.message))
			status = misuse
		case unreadable:
			fmt.Fprintln(log, printable("gantral-verify: "+reason(found.err)))
			status = misuse
		default:
			fmt.Fprintln(log, printable(fmt.Sprint("gantral-verify: a fault of this program, please report it: ", found)))
			status = crash
		}
	}()
	if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
		fmt.Fprint(log, usage)
		return 0
	}
	asked := read(args)
	by := loadTrust(asked)
	var reports []*report
	for _, root := range asked.folders {
		reports = append(reports, verifyFolder(root, by))
	}
	forks(reports)
	link(reports)
	var all []finding
	for _, one := range reports {
		demand(one, asked.required)
		all = append(all, one.Findings...)
	}
	word := verdict(all)
	tell(word, reports, by, asked.json, out, log)
	return exits[word]
}

func read(args []string) options {
	var found options
	values := map[string]func(string){
		"--trust":        func(value string) { found.trust = value },
		"--trust-sha256": func(value string) { found.sha256 = value },
		"--require": func(value string) {
			gate, word, _ := strings.Cut(value, "=")
			if meets[word] == nil {
				panic(misused{"--require " + value + ": not GATE=WORD, WORD one of approved, amended, waived, unasked, rejected"})
			}
			found.required = append(found.required, [2]string{gate, word})
		},
		"--format": func(value string) {
			if value != "text" && value != "json" {
				panic(misused{"--format is text or json"})
			}
			found.json = value == "json"
		},
	}
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		set := values[name]
		switch {
		case set == nil && strings.HasPrefix(args[i], "-"):
			panic(misused{"unknown option " + args[i] + "\n" + usage})
		case set == nil:
			found.folders = append(found.folders, args[i])
		case joined:
			set(value)
		case i+1 == len(args):
			panic(misused{name + " wants a value\n" + usage})
		default:
			i++
			set(args[i])
		}
	}
	if len(found.folders) == 0 || found.trust == "" {
		panic(misused{"a folder and --trust are wanted\n" + usage})
	}
	return found
}

func loadTrust(asked options) *trust {
	data, err := os.ReadFile(asked.trust)
	if err != nil {
		panic(misused{"cannot read the trust file: " + reason(err)})
	}
	var found *trust
	if wrong := try(func() { found = readTrust(data) }); wrong != nil {
		panic(misused{"the trust file cannot be used: " + wrong.message})
	}
	if asked.sha256 != "" && strings.ToLower(asked.sha256) != found.digest {
		panic(misused{"the trust file has the digest " + found.digest + ", not " + asked.sha256})
	}
	return found
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}

func demand(one *report, required [][2]string) {
	if one.Verdict != "VALID" {
		return
	}
	for _, want := range required {
		ended := one.Decisions[want[0]]
		if ended == "" {
			ended = "not asked"
		}
		if !contains(meets[want[1]], ended) {
			one.add(finding{"required", "INVALID", "", "the gate " + want[0] + " is " + ended + ", not " + want[1]})
		}
	}
}

func tell(word string, reports []*report, by *trust, asJSON bool, out, log io.Writer) {
	if asJSON {
		for _, one := range reports {
			one.Folder = printable(one.Folder)
			for i := range one.Findings {
				one.Findings[i].Message = printable(one.Findings[i].Message)
			}
		}
		// docs/evidence/verdict.schema.json
		serial, _ := strconv.ParseInt(by.serial, 10, 64)
		type named struct {
			ID     string `json:"trust_id"`
			SHA256 string `json:"sha256"`
			Serial int64  `json:"serial"`
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(struct {
			Trust     named     `json:"trust"`
			Instances []*report `json:"instances"`
			Findings  []finding `json:"findings"` // about bundles, which are not read here
			Verdict   string    `json:"verdict"`
		}{named{by.id, by.digest, serial}, reports, []finding{}, word}); err != nil {
			panic(err)
		}
		fmt.Fprint(out, text.String())
		return
	}
	for _, one := range reports {
		for _, found := range one.Findings {
			place := ""
			if found.Commit != "" {
				place = " commit " + found.Commit
			}
			fmt.Fprintln(log, printable(found.Severity+"["+found.Code+"] "+one.Folder+place+": "+found.Message))
		}
	}
	fmt.Fprintln(log, printable("trust file "+by.id+", serial "+by.serial+", sha256 "+by.digest))
	fmt.Fprintln(out, word)
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
