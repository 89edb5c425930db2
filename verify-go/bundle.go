package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"regexp"
	"sort"
	"strings"
)

// What one instance may hold in a bundle, and of it in a stream: memory is bounded whatever a
// stranger wrote.
const (
	mostFiles    = 1 << 18
	mostStreamed = 1 << 26
	mostText     = 4 * maxBytes
)

var (
	instanceFolder = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	textFolder     = regexp.MustCompile(`^(?:policies|roles|specs/` + hash64 + `)$`)
	textName       = regexp.MustCompile(`^` + hash64 + `\.json$`)
	fileOrder      = map[string]int{"manifest.json": 0, "commits": 1, "artifacts.jsonl": 2, "votes": 3,
		"uses": 4, "erasures": 5, "log": 6, "texts": 7}
)

// A section is the files of one instance in a bundle: in the file, or kept when that is a stream.
type section struct {
	instanceID string
	file       *os.File
	names      []string // as they came: sorted in each folder
	places     map[string]span
	kept       map[string][]byte
	room       int64
}

type span struct{ offset, size int64 }

func (s *section) enter(one *member, in *tarReader) {
	if len(s.names) >= mostFiles {
		unknown("too_large", s.instanceID+" has more than 262144 files: unpack it")
	}
	s.names = append(s.names, one.name)
	s.places[one.name] = span{one.offset, one.size}
	if s.file != nil {
		in.skip(one)
		return
	}
	if s.room -= one.size; s.room < 0 {
		unknown("too_large", s.instanceID+" has more than 67108864 bytes, too many for a stream: "+
			"give the file itself")
	}
	s.kept[one.name] = in.take(one)
}

func (s *section) has(name string) bool { _, there := s.places[name]; return there }

func (s *section) under(prefix string) []string {
	from := sort.Search(len(s.names), func(i int) bool { return rank(s.names[i]) >= rank(prefix) })
	to := from
	for to < len(s.names) && strings.HasPrefix(s.names[to], prefix) {
		to++
	}
	return s.names[from:to]
}

func (s *section) open(name string) io.Reader {
	if s.file == nil {
		return bytes.NewReader(s.kept[name])
	}
	return io.NewSectionReader(s.file, s.places[name].offset, s.places[name].size)
}

func (s *section) read(name string) []byte {
	data := make([]byte, s.places[name].size)
	if _, err := io.ReadFull(s.open(name), data); err != nil {
		panic(unreadable{err})
	}
	return data
}

func (s *section) lines(name string) *lines {
	if !s.has(name) {
		return &lines{}
	}
	return &lines{in: bufio.NewReaderSize(s.open(name), longestLine)}
}

func rank(name string) int {
	top, _, _ := strings.Cut(name, "/")
	return fileOrder[top]
}

func misplaced(one *member) {
	refuse("bundle", short(strings.TrimPrefix(one.folder+"/"+one.name, "/"))+" has no place here, or is too large")
}

// A bundle is read once, from its beginning to its end.
type bundle struct {
	in       *tarReader
	now      *member
	contents obj
}

// sections hands on each instance's files when they are all there.
func (b *bundle) sections(each func(*section)) {
	b.begin()
	listed, count, last := sha256.New(), 0, ""
	for b.now != nil && !textFolder.MatchString(b.now.folder) && !logFolder.MatchString(b.now.folder) {
		if !instanceFolder.MatchString(b.now.folder) || b.now.folder <= last {
			misplaced(b.now)
		}
		last = b.now.folder
		found := &section{instanceID: last, file: b.in.file, places: map[string]span{},
			kept: map[string][]byte{}, room: mostStreamed}
		before := ""
		for ; b.now != nil && b.now.folder == last; b.now = b.in.next() {
			name, most := b.now.name, int64(maxEnvelope)
			if name == "artifacts.jsonl" {
				most = maxSize
			}
			if !layout.MatchString(name) || b.now.size > most || (before != "" &&
				(rank(name) < rank(before) || (rank(name) == rank(before) && name <= before))) {
				misplaced(b.now)
			}
			found.enter(b.now, b.in)
			before = name
		}
		io.WriteString(listed, last+"\n")
		count++
		each(found)
	}
	if b.contents["instances"] != itoa(count) || b.contents["instances_hash"] != hex.EncodeToString(listed.Sum(nil)) {
		refuse("contents", "contents.json tells of other instances than lie here")
	}
}

func (b *bundle) begin() {
	one := b.in.next()
	if one == nil || one.folder != "" || one.name != "contents.json" {
		refuse("bundle", "a bundle begins with contents.json")
	}
	if one.size > maxBytes {
		misplaced(one)
	}
	b.contents = parseObject(b.in.take(one), maxBytes, maxDepth)
	if b.contents["type"] != "gantral.dev/bundle/v1" {
		unknown("version", "contents.json is not gantral.dev/bundle/v1")
	}
	require("bundle", b.contents)
	b.now = b.in.next()
}

// texts hands on what each text that follows the instances is named by in evidence.
func (b *bundle) texts(each func(named string)) {
	folder, name := "", ""
	for b.now != nil {
		one := b.now
		if !textFolder.MatchString(one.folder) || !textName.MatchString(one.name) || one.size > mostText ||
			one.folder < folder || (one.folder == folder && one.name <= name) {
			misplaced(one)
		}
		folder, name = one.folder, one.name
		data := b.in.take(one)
		b.now = b.in.next()
		each(boundText(folder, name, data))
	}
}

// boundText demands that a text is the one that its name binds. That a spec compiles to the program of
// its folder no reader of bytes can tell.
func boundText(folder, name string, data []byte) string {
	named, wanted := folder, H("spec", data)
	switch folder {
	case "roles":
		parse(data, maxBytes, maxDepth)
		wanted = H("role-map", data)
		named = "roles/" + wanted
	case "policies":
		listed := []any{}
		for _, one := range filesOf(data) {
			listed = append(listed, []any{one[0], plainHash([]byte(one[1]))})
		}
		wanted = plainHash(canonical(listed))
		named = "policies/" + wanted
	default:
		filesOf(data)
	}
	if name != wanted+".json" {
		refuse("text_bound", folder+"/"+name+" is not the text that its name binds")
	}
	return named
}

// filesOf is [[path, text], …] of a policy or a spec.
func filesOf(data []byte) [][2]string {
	rows, ok := parse(data, mostText, maxDepth).([]any)
	found, paths := [][2]string{}, []string{}
	for _, one := range rows {
		row, fine := allTexts(one)
		if ok = ok && fine && len(row) == 2; !ok {
			break
		}
		found = append(found, [2]string{row[0], row[1]})
		paths = append(paths, row[0])
	}
	if !ok || len(paths) == 0 || !rising(paths) {
		refuse("text_bound", "a policy or a spec is a sorted list of [path, text]")
	}
	return found
}

func partOf(contents obj) string {
	if since := text(contents, "asked_since"); since != "none" {
		return "only instances started since " + since + " were asked for"
	}
	if text(contents, "asked_instances") != "all" {
		return "only instances by name were asked for"
	}
	return ""
}

// verifyBundle judges a bundle, an instance at a time, and hands on each report; then one on the file
// itself, if anything is wrong with that.
func verifyBundle(path string, in *bufio.Reader, file *os.File, by *trust, each func(*report)) {
	b := &bundle{in: &tarReader{in: in, file: file}}
	named, vouched, empty := map[string]bool{}, true, true
	log := &shown{by: by, seen: map[seen]bool{}}
	wrong := try(func() {
		inOrder(b.sections, func(files *section) *report {
			return verifyFiles(path, files, nil, by)
		}, func(files *section, found *report) {
			if found.InstanceID != "" && found.InstanceID != files.instanceID {
				found.add(finding{"bundle", "INVALID", "", files.instanceID + " holds the evidence of another instance"})
			}
			found.listed, found.inBundle, found.part = files.instanceID, true, partOf(b.contents)
			// What an instance names counts when keys that are listed vouch for it. Where one is not
			// vouched for, nobody can say that a text belongs to none.
			if found.only("no_end", "parent") {
				for one := range found.named {
					named[one] = true
				}
			} else {
				vouched = false
			}
			found.named, empty = nil, false
			log.instance(b, found)
			each(found)
		})
		log.log(b, path)
		b.texts(func(one string) {
			if !named[one] && vouched {
				refuse("text_unnamed", "no evidence names "+short(one))
			}
		})
		if empty {
			unknown("missing", "the bundle holds no instance")
		}
	})
	if wrong != nil {
		log.findings = append(log.findings, wrong.finding(""))
	}
	if about := log.report(path); len(about.Findings) > 0 || about.Whole != nil {
		each(about)
	}
}
