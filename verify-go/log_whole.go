package main

import (
	bigEndian "encoding/binary"
	"sort"
	"strconv"
	"strings"
)

// Several views of one log, and all of its entries against what is given (docs/evidence/log.md).

// A leafTree has all of a log's leaves: it gives the root of any size up to its own.
type leafTree struct{ leaves []string }

func (t *leafTree) roots(sizes []int64) map[int64]string {
	found, at := map[int64]string{}, &growing{}
	sort.Slice(sizes, func(i, k int) bool { return sizes[i] < sizes[k] })
	for _, size := range sizes {
		if size > int64(len(t.leaves)) {
			break
		}
		for int64(at.size) < size {
			at.add(t.leaves[at.size])
		}
		found[size] = at.root()
	}
	return found
}

// findSplit finds what is wrong with checkpoints that are all the log's: two that no one tree has; or
// nothing shows that they are of one, neither witnesses nor all entries.
func findSplit(found map[seen]bool, trees []*leafTree) *finding {
	split := &finding{"log_split", "INVALID", "", "the log signed two views of itself"}
	told, sizes, witnessed := map[int64]string{}, []int64{}, true
	for one := range found {
		if root, there := told[one.size]; there && root != one.root {
			return split
		} else if !there {
			told[one.size] = one.root
			sizes = append(sizes, one.size)
		}
		witnessed = witnessed && one.at != ""
	}
	covered := int64(-1)
	for _, one := range trees {
		for size, root := range one.roots(append([]int64{}, sizes...)) {
			if told[size] != root {
				return split
			}
		}
		covered = max(covered, int64(len(one.leaves)))
	}
	loose := 0
	for _, size := range sizes {
		if size > covered {
			loose++
		}
	}
	if len(trees) > 0 {
		loose++
	}
	if loose < 2 || witnessed {
		return nil
	}
	return &finding{"log_unlinked", "INCONCLUSIVE", "", "nothing shows that two checkpoints are of one log: " +
		"no witness is asked for, and not all entries are here"}
}

// oneLog notes on each report that stands under another view of the log than the rest of the run.
func oneLog(reports []*report) {
	found, trees := map[seen]bool{}, []*leafTree{}
	for _, one := range reports {
		for each := range one.seen {
			found[each] = true
		}
		if one.tree != nil {
			trees = append(trees, one.tree)
		}
	}
	split := findSplit(found, trees)
	for _, one := range reports {
		if split != nil && len(one.seen) > 0 && !one.has(split.Code) {
			one.add(*split)
		}
	}
}

// completed is what all entries of a log show: every instance of the team ("none": of all) is here.
type completed struct {
	Path      string `json:"path"`
	Origin    string `json:"origin"`
	Size      string `json:"size"`
	Root      string `json:"root"`
	Cosigned  string `json:"cosigned"`
	Team      string `json:"team"`
	Instances string `json:"instances"`
}

func (w *completed) String() string {
	of, by := "team "+w.Team, "cosigned by "+w.Cosigned
	if w.Team == "none" {
		of = "all teams"
	}
	if w.Cosigned == "none" {
		by = "which no witness is asked to cosign"
	}
	return "complete: every instance of " + of + " that the log " + w.Origin + " has, as of its checkpoint " + w.Size +
		", " + by + ", is among the " + w.Instances + " here, to its last commit"
}

type place struct{ team, instance string }

// A comparison holds instances that were given against all entries of the log.
type comparison struct {
	team                 string
	tree                 *leafTree
	given                map[place][]string
	broken               map[string]bool // instances that are INVALID: they say nothing, and are not absent
	headed               map[place]bool
	absent, tails, forks map[place]int
	unread               int
}

func newComparison(team string) *comparison {
	return &comparison{team, &leafTree{}, map[place][]string{}, map[string]bool{}, map[place]bool{},
		map[place]int{}, map[place]int{}, map[place]int{}, 0}
}

func (c *comparison) entry(data []byte) {
	c.tree.leaves = append(c.tree.leaves, leafHash(data))
	parts := entryForm.FindSubmatch(data)
	if parts == nil || len(data) > mostEntry {
		c.unread++
		return
	}
	at := place{string(parts[1]), string(parts[2])}
	number, _ := strconv.Atoi(string(parts[3]))
	commits, there := c.given[at]
	switch {
	case c.broken[at.instance]:
	case !there:
		if c.team == "none" || c.team == at.team {
			c.absent[at] = max(c.absent[at], number)
		}
	case number >= len(commits):
		c.tails[at] = max(c.tails[at], number)
	case commits[number] != string(parts[4]):
		if _, known := c.forks[at]; !known {
			c.forks[at] = number
		}
	case number == len(commits)-1:
		c.headed[at] = true
	}
}

func (c *comparison) findings(own seen) []finding {
	if c.tree.roots([]int64{own.size})[own.size] != own.root {
		refuse("log_root", "the log's entries here are not those of its checkpoint")
	}
	found := []finding{}
	say := func(code, severity, commit string, at place, message string) {
		if len(found) < mostMissing {
			found = append(found, finding{code, severity, commit, at.instance + " of team " + at.team + ": " + message})
		}
	}
	for _, at := range placed(c.forks) {
		say("log_fork", "INVALID", itoa(c.forks[at]), at, "the log has another commit "+itoa(c.forks[at]))
	}
	for _, at := range placed(c.tails) {
		say("log_tail", "INCONCLUSIVE", itoa(c.tails[at]), at, "the log has commit "+itoa(c.tails[at])+", which is not here")
	}
	for _, at := range placed(c.absent) {
		say("log_absent", "INCONCLUSIVE", "", at, "the log has it, up to commit "+itoa(c.absent[at])+"; it is not here")
	}
	for _, at := range placed(c.given) {
		if _, forked := c.forks[at]; !c.headed[at] && !forked {
			last := itoa(len(c.given[at]) - 1)
			say("log_lag", "INCONCLUSIVE", last, at, "the log does not have its last commit, "+last)
		}
	}
	if c.unread > 0 {
		found = append(found, finding{"log_entry", "INCONCLUSIVE", "", itoa(c.unread) + " entries of the log are of no known form"})
	}
	return found
}

func placed[T any](of map[place]T) []place {
	found := []place{}
	for one := range of {
		found = append(found, one)
	}
	sort.Slice(found, func(i, k int) bool {
		return found[i].team < found[k].team || (found[i].team == found[k].team && found[i].instance < found[k].instance)
	})
	return found
}

// tilePath is a file of entries: three digits an element, all but the last begin with x.
func tilePath(number int64, width int64) string {
	digits := strconv.FormatInt(number, 10)
	digits = strings.Repeat("0", (3-len(digits)%3)%3) + digits
	path := "tile/entries/"
	for ; len(digits) > 3; digits = digits[3:] {
		path += "x" + digits[:3] + "/"
	}
	path += digits
	if width < tileWidth {
		path += ".p/" + strconv.FormatInt(width, 10)
	}
	return path
}

// log hands on the log that travels in the bundle: its checkpoint, then its entries.
func (b *bundle) log(note, entry func([]byte)) {
	if b.contents["completeness"] != "logged" {
		return
	}
	if b.contents["asked_instances"] != "all" || b.contents["asked_since"] != "none" {
		refuse("contents", "a log is held to all instances, or to none")
	}
	data := b.taken("log/checkpoint", mostNote)
	note(data)
	size := readCheckpoint(data).size
	for number := int64(0); number*tileWidth < size; number++ {
		width := min(tileWidth, size-number*tileWidth)
		data := b.taken("log/"+tilePath(number, width), mostTile)
		count := int64(0)
		for ; len(data) >= 2; count++ {
			long := 2 + int(bigEndian.BigEndian.Uint16(data))
			if long > len(data) || count == width {
				break
			}
			entry(data[2:long])
			data = data[long:]
		}
		if len(data) > 0 || count != width {
			refuse("log_entries", "a file of the log's entries does not hold "+strconv.FormatInt(width, 10))
		}
	}
}

func (b *bundle) taken(path string, most int64) []byte {
	one := b.now
	if one == nil || one.folder+"/"+one.name != path {
		unknown("missing", path+" is missing")
	}
	if one.size > most {
		misplaced(one)
	}
	data := b.in.take(one)
	b.now = b.in.next()
	return data
}

// shown is what the log that travels in a bundle shows of its instances.
type shown struct {
	by        *trust
	findings  []finding
	seen      map[seen]bool
	compared  *comparison
	whole     *completed
	instances int
}

func (s *shown) instance(b *bundle, one *report) {
	s.instances++
	for each := range one.seen {
		s.seen[each] = true
	}
	if b.contents["completeness"] != "logged" {
		return
	}
	s.begin(b)
	if one.Verdict == "INVALID" {
		s.compared.broken[one.listed] = true
	} else if one.team != "" {
		s.compared.given[place{one.team, one.listed}] = one.commits
	}
}

func (s *shown) begin(b *bundle) {
	if s.compared == nil {
		s.compared = newComparison(text(b.contents, "asked_team"))
	}
}

func (s *shown) log(b *bundle, path string) {
	var own *seen
	b.log(func(data []byte) {
		found := judgeCheckpoint(data, s.by)
		own = &found
		s.begin(b)
	}, func(data []byte) { s.compared.entry(data) })
	if own == nil {
		return
	}
	s.seen[*own] = true
	s.findings = append(s.findings, s.compared.findings(*own)...)
	// Of an instance that is INVALID nobody knows how far it went.
	if len(s.findings) == 0 && len(s.compared.broken) == 0 {
		cosigned := own.at
		if cosigned == "" {
			cosigned = "none"
		}
		s.whole = &completed{path, own.origin, strconv.FormatInt(own.size, 10), hexOf(own.root), cosigned,
			s.compared.team, itoa(s.instances)}
	}
}

func (s *shown) report(path string) *report {
	about := newReport(path)
	about.ofFile, about.seen = true, s.seen
	for _, one := range s.findings {
		about.add(one)
	}
	trees := []*leafTree{}
	if s.whole != nil {
		about.tree = s.compared.tree
		trees = append(trees, about.tree)
	}
	if split := findSplit(s.seen, trees); split != nil {
		about.add(*split)
	}
	if len(about.Findings) == 0 {
		about.Whole = s.whole
	}
	return about
}
