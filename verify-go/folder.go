package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

const hash64 = "[0-9a-f]{64}"

var (
	layout = regexp.MustCompile(`^(?:manifest\.json|artifacts\.jsonl|commits/[0-9]{8}\.json|texts/` + hash64 +
		`\.json|votes/` + hash64 + `(?:\.refusal)?\.json|log/[0-9]{8}\.tlog-proof|uses/` + hash64 +
		`/(?:undo/)?[1-9][0-9]{0,5}(?:\.outcome)?\.json|erasures/` + hash64 + `\.json)$`)
	folders = regexp.MustCompile(`^(?:commits|texts|votes|erasures|log|uses(?:/` + hash64 + `(?:/undo)?)?)$`)
)

// The files of one instance's closed layout, by name, wherever they lie.
type files interface {
	has(name string) bool
	under(prefix string) []string // sorted
	read(name string) []byte
	lines(name string) *lines
}

// A folder of them. Links are never followed.
type folder struct {
	root      string
	names     map[string]bool
	strangers []string
}

func (f *folder) has(name string) bool { return f.names[name] }

func openFolder(root string) (*folder, error) {
	found := &folder{root: root, names: map[string]bool{}}
	return found, found.scan("")
}

func (f *folder) scan(prefix string) error {
	entries, err := os.ReadDir(filepath.Join(f.root, prefix))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := prefix + entry.Name()
		switch {
		case entry.IsDir() && folders.MatchString(name):
			if err := f.scan(name + "/"); err != nil {
				return err
			}
		case entry.Type().IsRegular() && layout.MatchString(name):
			f.names[name] = true
		default:
			f.strangers = append(f.strangers, name)
		}
	}
	return nil
}

func (f *folder) under(prefix string) []string {
	found := []string{}
	for name := range f.names {
		if strings.HasPrefix(name, prefix) {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// unreadable is what the operating system says of a file: no verdict, but misuse.
type unreadable struct{ err error }

func (f *folder) read(name string) []byte {
	file, err := os.Open(filepath.Join(f.root, name))
	if err != nil {
		panic(unreadable{err})
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxEnvelope+1))
	if err != nil {
		panic(unreadable{err})
	}
	if len(data) > maxEnvelope {
		refuse("bytes", name+" is larger than evidence can be")
	}
	return data
}

const longestLine = 16384

// lines reads artifacts.jsonl one line at a time, each with its line end.
type lines struct {
	file *os.File
	in   *bufio.Reader
}

func (f *folder) lines(name string) *lines {
	if !f.names[name] {
		return &lines{}
	}
	file, err := os.Open(filepath.Join(f.root, name))
	if err != nil {
		panic(unreadable{err})
	}
	return &lines{file, bufio.NewReaderSize(file, longestLine)}
}

// next is empty after the last one. A line longer than any artifact comes in pieces, which equal none.
func (l *lines) next() string {
	if l.in == nil {
		return ""
	}
	line, err := l.in.ReadSlice('\n')
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		panic(unreadable{err})
	}
	return string(line)
}

func (l *lines) close() {
	if l.file != nil {
		l.file.Close()
	}
}
