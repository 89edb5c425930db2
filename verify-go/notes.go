package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	bigEndian "encoding/binary"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Signed notes, checkpoints and cosignatures of a transparency log, and its policy, in the forms of
// C2SP that docs/evidence/log.md allows.

const (
	ofLog      = 1
	ofWitness  = 4
	mostNote   = 1 << 16
	mostSize   = 1 << 53
	lastSecond = 253402300799 // of the year 9999
	mostLines  = 200
)

const noteName = `[!-*,-~]{1,200}`

var (
	nameOnly      = regexp.MustCompile(`^` + noteName + `$`)
	vkeyForm      = regexp.MustCompile(`^(` + noteName + `)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$`)
	signatureForm = regexp.MustCompile(`^— (` + noteName + `) ([A-Za-z0-9+/]+={0,2})$`)
	sizeForm      = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,15})$`)
	policyText    = regexp.MustCompile(`^[\t\n -~]*$`)
	countForm     = regexp.MustCompile(`^[1-9][0-9]{0,3}$`)
)

// A noteKey is a verifier key: a name, and how and with what it signs.
type noteKey struct {
	name, ident string // ident: four bytes
	kind        byte
	public      ed25519.PublicKey
}

func newNoteKey(name string, kind byte, public []byte) noteKey {
	sum := sha256.Sum256([]byte(name + "\n" + string(kind) + string(public)))
	return noteKey{name, string(sum[:4]), kind, public}
}

func (k noteKey) keyid() string { return plainHash(k.public) }

// strict64 is base64 in its one form.
func strict64(text string) (string, bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	return string(data), err == nil && base64.StdEncoding.EncodeToString(data) == text
}

func readVkey(text string, kind byte) noteKey {
	parts := vkeyForm.FindStringSubmatch(text)
	if parts == nil {
		distrust("log", "no vkey: "+short(text))
	}
	data, ok := strict64(parts[3])
	if !ok || len(data) != 33 || data[0] != kind {
		distrust("log", "a vkey of another kind: "+short(text))
	}
	public, wrong := publicKey(hexOf(data[1:]))
	want(wrong == "", "log", wrong)
	found := newNoteKey(parts[1], kind, public)
	want(hexOf(found.ident) == parts[2], "log", "the vkey of "+short(parts[1])+" has another key's id")
	return found
}

// A checkpoint is a log's tree at one size, as its note says. Its signatures are not judged yet.
type checkpoint struct {
	origin, root, body string
	size               int64
	signatures         []noteSignature
}

type noteSignature struct{ name, ident, said string }

func readCheckpoint(data []byte) *checkpoint {
	text := string(data)
	cut := strings.LastIndex(text, "\n\n")
	if len(data) > mostNote || !utf8.Valid(data) || cut < 0 || !strings.HasSuffix(text[cut+2:], "\n") {
		refuse("checkpoint", "it is no signed note")
	}
	lines := strings.Split(text[:cut], "\n")
	if len(lines) != 3 || !nameOnly.MatchString(lines[0]) || !sizeForm.MatchString(lines[1]) {
		refuse("checkpoint", "its text is not origin, size and root")
	}
	root, ok := strict64(lines[2])
	size, _ := strconv.ParseInt(lines[1], 10, 64)
	if !ok || len(root) != sha256.Size || size > mostSize {
		refuse("checkpoint", "its size or root is of another form")
	}
	found := &checkpoint{origin: lines[0], root: root, body: text[:cut+1], size: size}
	for _, line := range strings.Split(strings.TrimSuffix(text[cut+2:], "\n"), "\n") {
		parts := signatureForm.FindStringSubmatch(line)
		if parts == nil {
			refuse("checkpoint", "a line of its signatures is none")
		}
		said, ok := strict64(parts[2])
		if !ok || len(said) < 5 {
			refuse("checkpoint", "a line of its signatures is none")
		}
		found.signatures = append(found.signatures, noteSignature{parts[1], said[:4], said[4:]})
	}
	return found
}

func (c *checkpoint) by(key noteKey) (found []string) {
	for _, one := range c.signatures {
		if one.name == key.name && one.ident == key.ident {
			found = append(found, one.said)
		}
	}
	return
}

// vouches demands a signature of a known key: one that does not hold spoils the note.
func vouches(key noteKey, message, signature string) {
	if len(signature) != ed25519.SignatureSize || !ed25519.Verify(key.public, []byte(message), []byte(signature)) {
		refuse("checkpoint_signature", "the signature of "+key.name+" on a checkpoint does not hold")
	}
}

func (c *checkpoint) signed(key noteKey) bool {
	for _, said := range c.by(key) {
		vouches(key, c.body, said)
		return true
	}
	return false
}

// cosigned is the second at which the witness cosigned it, its earliest.
func (c *checkpoint) cosigned(key noteKey) (second uint64, there bool) {
	for _, said := range c.by(key) {
		if len(said) < 8 {
			vouches(key, "", "")
		}
		at := bigEndian.BigEndian.Uint64([]byte(said[:8]))
		vouches(key, "cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"+c.body, said[8:])
		if !there || at < second {
			second, there = at, true
		}
	}
	return
}

// A policy says which checkpoints of a log count.
type policy struct {
	logs      []noteKey
	names     []string // of the witnesses, in their order
	witnesses map[string]noteKey
	groups    map[string]group
	quorum    string
}

type group struct {
	wanted  int
	members []string
}

func (p *policy) taken(name string) bool {
	_, witness := p.witnesses[name]
	_, group := p.groups[name]
	return witness || group
}

func readPolicy(text string) *policy {
	lines := strings.Split(text, "\n")
	want(policyText.MatchString(text) && len(lines) <= mostLines, "log", "must be none or a policy in ASCII")
	found := &policy{witnesses: map[string]noteKey{}, groups: map[string]group{}}
	member := map[string]bool{}
	for _, line := range lines {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "log" && (len(words) == 2 || len(words) == 3):
			found.logs = append(found.logs, readVkey(words[1], ofLog))
		case words[0] == "witness" && (len(words) == 3 || len(words) == 4):
			name := words[1]
			want(name != "none" && !found.taken(name), "log", short(name)+" is taken")
			found.witnesses[name] = readVkey(words[2], ofWitness)
			found.names = append(found.names, name)
		case words[0] == "group" && len(words) > 3:
			name, members := words[1], words[3:]
			want(name != "none" && !found.taken(name), "log", short(name)+" is taken")
			for _, one := range members {
				want(found.taken(one) && !member[one], "log", short(one)+" is not defined above, or a member already")
				member[one] = true
			}
			found.groups[name] = group{readCount(words[2], len(members)), members}
		case words[0] == "quorum" && len(words) == 2 && found.quorum == "":
			want(words[1] == "none" || found.taken(words[1]), "log", short(words[1])+" is not defined above")
			found.quorum = words[1]
		default:
			distrust("log", "not understood: "+short(line))
		}
	}
	want(found.quorum != "", "log", "there is no quorum line")
	want(len(found.logs) > 0, "log", "it must name one log")
	known := map[string]bool{}
	for _, key := range found.keys() {
		want(!known[string(key.public)], "log", "one key stands twice")
		known[string(key.public)] = true
	}
	for _, key := range found.logs {
		want(key.name == found.logs[0].name, "log", "it must name one log, by its origin")
	}
	return found
}

func readCount(word string, members int) int {
	switch word {
	case "any":
		return 1
	case "all":
		return members
	}
	count, _ := strconv.Atoi(word)
	want(countForm.MatchString(word) && count <= members, "log", short(word)+" of "+itoa(members))
	return count
}

func (p *policy) keys() []noteKey {
	found := append([]noteKey{}, p.logs...)
	for _, name := range p.names {
		found = append(found, p.witnesses[name])
	}
	return found
}

// reached is the earliest second by which enough witnesses had cosigned.
func (p *policy) reached(cosigned map[string]uint64) (uint64, bool) {
	seconds := []uint64{}
	for _, at := range cosigned {
		seconds = append(seconds, at)
	}
	sort.Slice(seconds, func(i, j int) bool { return seconds[i] < seconds[j] })
	for _, second := range seconds {
		if p.met(p.quorum, cosigned, second) {
			return second, true
		}
	}
	return 0, false
}

func (p *policy) met(name string, cosigned map[string]uint64, by uint64) bool {
	one, ok := p.groups[name]
	if !ok {
		at, there := cosigned[name]
		return there && at <= by
	}
	count := 0
	for _, member := range one.members {
		if p.met(member, cosigned, by) {
			count++
		}
	}
	return count >= one.wanted
}
