// Command gantral-verify judges evidence offline: VALID, INVALID or INCONCLUSIVE. It opens no socket,
// reads no clock and no environment, and needs nothing but Go's standard library.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const usage = `usage: gantral-verify PATH… --trust PATH [--trust-sha256 HEX] [--require GATE=WORD]… [--format text|json]

Judges evidence against a trust file: folders of one instance each, bundles (.evidence), disclosures of
one field, or one of these files on standard input (-). --trust may also be a folder of a whole line of
trust files. stdout is the verdict alone.
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

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

type options struct {
	paths         []string
	trust, sha256 string
	required      [][2]string
	json          bool
}

// misused is what a caller did wrong, in words for them.
type misused struct{ message string }

func run(args []string, in io.Reader, out, log io.Writer) (status int) {
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
	tell, word := newTeller(asked.json, by, out, log), "VALID"
	together(func(each func(*report)) {
		for _, path := range asked.paths {
			judged(path, in, by, each)
		}
	}, len(asked.paths) > 1, func(one *report) {
		demand(one, asked.required)
		word = worse(word, one.Verdict)
		tell.report(one)
	})
	tell.end(word)
	return exits[word]
}

// judged hands on the reports on a folder, a bundle or a disclosure.
func judged(path string, stdin io.Reader, by *trust, each func(*report)) {
	if path == "-" {
		judgedFile(path, stdin, nil, by, each)
		return
	}
	about, err := os.Stat(path)
	if err != nil {
		panic(unreadable{err})
	}
	if about.IsDir() {
		each(verifyFolder(path, by))
		return
	}
	file, err := os.Open(path)
	if err != nil {
		panic(unreadable{err})
	}
	defer file.Close()
	if about.Mode().IsRegular() {
		judgedFile(path, file, file, by, each)
	} else { // A pipe has a name too, and can't be read twice.
		judgedFile(path, file, nil, by, each)
	}
}

func judgedFile(path string, from io.Reader, file *os.File, by *trust, each func(*report)) {
	in := bufio.NewReaderSize(from, 1<<16)
	// No bundle begins so: its first file is contents.json.
	if first, _ := in.Peek(1); string(first) == "{" {
		data, err := io.ReadAll(io.LimitReader(in, mostDisclosed+1))
		if err != nil {
			panic(unreadable{err})
		}
		each(verifyDisclosure(path, data, by))
		return
	}
	verifyBundle(path, in, file, by, each)
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
		case set == nil && strings.HasPrefix(args[i], "-") && args[i] != "-":
			panic(misused{"unknown option " + args[i] + "\n" + usage})
		case set == nil:
			found.paths = append(found.paths, args[i])
		case joined:
			set(value)
		case i+1 == len(args):
			panic(misused{name + " wants a value\n" + usage})
		default:
			i++
			set(args[i])
		}
	}
	if len(found.paths) == 0 || found.trust == "" {
		panic(misused{"a path and --trust are wanted\n" + usage})
	}
	return found
}

func loadTrust(asked options) *trust {
	var found *trust
	about, err := os.Stat(asked.trust)
	if err != nil {
		panic(misused{"cannot read the trust file: " + reason(err)})
	}
	names := []string{asked.trust}
	if about.IsDir() {
		entries, err := os.ReadDir(asked.trust)
		if err != nil {
			panic(misused{"cannot read the trust files: " + reason(err)})
		}
		names = nil
		for _, entry := range entries {
			names = append(names, filepath.Join(asked.trust, entry.Name()))
		}
	}
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			panic(misused{"cannot read the trust file: " + reason(err)})
		}
		files = append(files, data)
	}
	wrong := try(func() {
		if about.IsDir() {
			found = readTrustLine(files)
		} else {
			found = readTrust(files[0])
		}
	})
	if wrong != nil {
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
	// Of a log that travels in a bundle no gate is asked.
	if one.Verdict != "VALID" || one.ofFile {
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
