package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// More of one folder say nothing new, and a stranger may have written a million.
const mostFindings = 1000

func itoa(n int) string { return strconv.Itoa(n) }

// A judging of one folder.
type judging struct {
	files  files
	trust  *trust
	report *report
	at     string
}

func (j *judging) note(found fault) {
	if found.inconclusive && len(j.report.Findings) >= mostFindings {
		return
	}
	j.report.add(found.finding(j.at))
}

func (j *judging) missing(what string) { j.note(fault{"missing", what + " is missing", true}) }

// verifyFolder judges the folder of one instance. An unreadable folder panics with what the operating
// system says; what lies in it never does.
func verifyFolder(root string, by *trust) *report {
	from, err := openFolder(root)
	if err != nil {
		panic(unreadable{err})
	}
	found := verifyFiles(root, from, from.strangers, by)
	found.listed = found.InstanceID
	return found
}

// verifyFiles judges the files of one instance, wherever they lie.
func verifyFiles(path string, from files, strangers []string, by *trust) *report {
	found := newReport(path)
	j := &judging{files: from, trust: by, report: found}
	var w *walk
	wrong := try(func() {
		if len(strangers) > 0 {
			refuse("layout", short(strangers[0])+" does not belong here")
		}
		w = j.walk()
	})
	if wrong != nil {
		j.note(*wrong)
		return found
	}
	if w != nil {
		found.InstanceID, found.Decisions = w.instanceID, w.decisions
		if w.state != "" {
			found.State = w.state
		}
		found.parent, found.submission, found.last = w.parent, w.submission, w.prevArtifact
		found.ended, found.running = contains(ends, w.state), w.running
		found.named, found.team = w.named, w.team
		found.named["specs/"+w.version] = true
		for _, call := range w.children.order {
			found.children = append(found.children, w.children.told[call])
		}
	}
	return found
}

func (j *judging) walk() *walk {
	commits := j.files.under("commits/")
	if len(commits) == 0 {
		j.missing("every commit")
		return nil
	}
	if !j.files.has("manifest.json") {
		j.missing("manifest.json")
		return nil
	}
	data := j.files.read("manifest.json")
	w := newWalk(readManifest(data), H("manifest", data), j.trust, j.note)
	if !j.commits(w, commits) {
		return w
	}
	j.at = ""
	if !contains(ends, w.state) {
		j.note(fault{"no_end", "the instance has no end yet", true})
	}
	if w.parent != "none" {
		j.note(fault{"parent", "another instance ran it as its child, and who started that is not told here: " +
			"give that one's folder too", true})
	}
	for _, call := range w.uses.unended() {
		j.note(fault{"no_outcome", call + " was begun, and nothing says how it ended", true})
	}
	j.lookForStore(w)
	j.logged(w)
	j.votes(w)
	j.usesBeside(w)
	j.texts(w, j.erased(w))
	return w
}

// commits walks the chain; false when it can't be walked to its last commit.
func (j *judging) commits(w *walk, names []string) bool {
	lines := j.files.lines("artifacts.jsonl")
	defer lines.close()
	lost := false
	for i, name := range names {
		j.at = itoa(i)
		if wanted := fmt.Sprintf("commits/%08d.json", i); name != wanted {
			j.missing(wanted)
			return false
		}
		var artifacts [][]byte
		wrong := try(func() {
			one := readEnvelope(j.files.read(name), "commit")
			artifacts = w.step(one)
			j.report.commits = append(j.report.commits, one.hash)
		})
		if wrong != nil {
			j.note(*wrong)
			return false
		}
		for _, artifact := range artifacts {
			wanted, found := string(artifact)+"\n", lines.next()
			if found != wanted {
				// A last line that is cut off is missing; another line is wrong.
				if !strings.HasPrefix(wanted, found) {
					refuse("jsonl", "artifacts.jsonl is not what was sealed")
				}
				lost = true
			}
		}
	}
	j.at = ""
	if lines.next() != "" {
		refuse("jsonl_more", "artifacts.jsonl holds more than what was sealed")
	}
	if lost {
		j.missing("a line of artifacts.jsonl")
	}
	return true
}

func (j *judging) erased(w *walk) map[string]bool {
	erased := map[string]bool{}
	for _, name := range j.files.under("erasures/") {
		one := readEnvelope(j.files.read(name), "erasure")
		require("erasure", one.statement)
		if name != "erasures/"+one.hash+".json" {
			refuse("erasure_name", name+" is not named by its hash")
		}
		j.sealed(one, w, "erasure")
		leaves := texts(list(one.statement, "leaves"))
		for _, leaf := range leaves {
			if _, bound := w.bound[leaf]; !bound {
				refuse("erasure", name+" erases what nothing binds")
			}
		}
		for _, leaf := range leaves {
			erased[leaf] = true
		}
	}
	return erased
}

// texts: every bound text is there, or erased; every text that is there is bound.
func (j *judging) texts(w *walk, erased map[string]bool) {
	found := map[string]bool{}
	for _, name := range j.files.under("texts/") {
		hash := name[len("texts/") : len(name)-len(".json")]
		data := j.files.read(name)
		row, ok := allTexts(parse(data, maxBytes, maxDepth))
		if !ok || len(row) != 4 || !hex32Form.MatchString(row[0]) {
			refuse("text_form", name+" is no [salt, instance, path, value]")
		}
		if H("leaf", data) != hash {
			refuse("text_hash", name+" is not the text of its leaf")
		}
		if row[1] != w.instanceID {
			refuse("text_instance", name+" is of another instance")
		}
		path, bound := w.bound[hash]
		if !bound {
			refuse("text_unbound", "nothing binds "+name)
		}
		if path != "" && path != row[2] {
			refuse("text_path", name+" is bound at "+short(path))
		}
		if erased[hash] {
			refuse("text_erased", name+" is there, and an erasure says it is gone")
		}
		found[hash] = true
	}
	gone := []string{}
	for hash := range w.bound {
		if !found[hash] && !erased[hash] {
			gone = append(gone, hash)
		}
	}
	sort.Strings(gone)
	for _, hash := range gone {
		j.missing("texts/" + hash + ".json")
	}
}
