package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// What a transparency log says of commits (docs/evidence/log.md).

const (
	entryType   = "gantral.dev/log-entry/v1"
	mostEntry   = 512
	tileWidth   = 256
	mostTile    = tileWidth * (2 + mostEntry)
	proofFirst  = "c2sp.org/tlog-proof@v1"
	mostMissing = 1000
)

var (
	indexForm = regexp.MustCompile(`^index (0|[1-9][0-9]{0,15})$`)
	entryForm = regexp.MustCompile(`^\["` + regexp.QuoteMeta(entryType) + `","([a-z][a-z0-9_]{0,62})",` +
		`"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","(0|[1-9][0-9]{0,7})","([0-9a-f]{64})"\]$`)
	logFolder = regexp.MustCompile(`^log(?:/tile/entries(?:/x[0-9]{3})*(?:/[0-9]{3}\.p)?)?$`)
)

// seen is a checkpoint that counts. at is the instant by which enough witnesses had cosigned it, ""
// where the policy asks for none.
type seen struct {
	origin, root, at string
	size             int64
}

func (k trustedKey) lives(at string) *fault {
	return try(func() {
		if at < k.notBefore || (k.notAfter != "none" && at > k.notAfter) {
			refuse("key_lifetime", "a key of the log is not valid at "+at)
		}
		if k.noLater != "none" && at >= k.noLater {
			refuse("key_compromised", "a key of the log is compromised from "+k.noLater+" on")
		}
	})
}

func judgeCheckpoint(data []byte, by *trust) seen {
	if by.log == nil {
		unknown("log_unknown", "the trust file names no log")
	}
	note := readCheckpoint(data)
	signers := []trustedKey{}
	for _, key := range by.log.logs {
		if note.origin == key.name && note.signed(key) {
			signers = append(signers, by.keys[key.keyid()])
		}
	}
	if len(signers) == 0 {
		unknown("log_unknown", "a checkpoint that the trust file's log did not sign")
	}
	cosigned := map[string]uint64{}
	for _, name := range by.log.names {
		key := by.log.witnesses[name]
		second, there := note.cosigned(key)
		// A witness's word outside its life is as none.
		if there && second <= lastSecond && by.keys[key.keyid()].lives(instantText(int64(second)*1000)) == nil {
			cosigned[name] = second
		}
	}
	at := ""
	if second, enough := by.log.reached(cosigned); enough {
		at = instantText(int64(second) * 1000)
	} else if by.log.quorum != "none" {
		unknown("log_quorum", "too few witnesses cosigned a checkpoint of the log")
	}
	for _, signer := range signers {
		if at == "" && (signer.notAfter != "none" || signer.noLater != "none") {
			unknown("log_time", "the log's key has an end, and no witness says when it signed a checkpoint")
		}
		if at != "" {
			if wrong := signer.lives(at); wrong != nil {
				panic(*wrong)
			}
		}
	}
	return seen{note.origin, note.root, at, note.size}
}

func entryOf(team, instance string, number int, commit string) []byte {
	return []byte(fmt.Sprintf(`["%s","%s","%s","%d","%s"]`, entryType, team, instance, number, commit))
}

func judgeProof(data []byte, team, instance string, number int, commit string, by *trust) seen {
	head, note, blank := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !blank || lines[0] != proofFirst || len(lines) < 2 || len(lines) > 66 || !indexForm.MatchString(lines[1]) {
		refuse("log_proof", "this is no tlog-proof")
	}
	hashes := []string{}
	for _, line := range lines[2:] {
		hash, ok := strict64(line)
		if !ok || len(hash) != 32 {
			refuse("log_proof", "a hash of a tlog-proof is none")
		}
		hashes = append(hashes, hash)
	}
	found := judgeCheckpoint(note, by)
	ours := false
	for _, key := range by.log.logs {
		ours = ours || contains(by.keys[key.keyid()].teams, team)
	}
	if !ours {
		refuse("key_team", "the log's key is not of team "+team)
	}
	index, _ := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if !includes(found.root, found.size, index, leafHash(entryOf(team, instance, number, commit)), hashes) {
		refuse("log_inclusion", "the log does not have commit "+itoa(number)+" where its proof says")
	}
	return found
}

// logged judges the proofs in an instance's folder. The last commit's must be there, if the trust file
// names a log.
func (j *judging) logged(w *walk) {
	names, commits := j.files.under("log/"), j.report.commits
	if len(names) == 0 && j.trust.log == nil {
		return
	}
	last := len(commits) - 1
	if !j.files.has(fmt.Sprintf("log/%08d.tlog-proof", last)) {
		code := "log_none"
		if len(names) > 0 {
			code = "log_lag"
		}
		j.note(fault{code, "no proof shows that commit " + itoa(last) + ", the last one here, is in the log", true})
	}
	found := map[seen]bool{}
	for _, name := range names {
		number, _ := strconv.Atoi(name[4:12])
		if number > last {
			j.note(fault{"log_tail", "the log is said to have a commit " + itoa(number) + ", which is not here", true})
			continue
		}
		wrong := try(func() {
			found[judgeProof(j.files.read(name), w.team, w.instanceID, number, commits[number], j.trust)] = true
		})
		if wrong != nil {
			if !wrong.inconclusive {
				panic(*wrong)
			}
			j.note(*wrong)
		}
	}
	j.report.seen = found
	if split := findSplit(found, nil); split != nil {
		j.report.add(*split)
	}
}
