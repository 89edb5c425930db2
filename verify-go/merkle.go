package main

import "crypto/sha256"

// Trees of RFC 6962, of hashes alone.

func leafHash(entry []byte) string {
	sum := sha256.Sum256(append([]byte{0}, entry...))
	return string(sum[:])
}

func nodeHash(left, right string) string {
	sum := sha256.Sum256([]byte("\x01" + left + right))
	return string(sum[:])
}

// A growing tree keeps the root of each perfect subtree, the largest first.
type growing struct {
	size  int
	peaks []string
}

func (g *growing) add(leaf string) {
	for left := g.size; left&1 == 1; left >>= 1 {
		last := len(g.peaks) - 1
		leaf, g.peaks = nodeHash(g.peaks[last], leaf), g.peaks[:last]
	}
	g.peaks = append(g.peaks, leaf)
	g.size++
}

func (g *growing) root() string {
	if len(g.peaks) == 0 {
		sum := sha256.Sum256(nil)
		return string(sum[:])
	}
	found := g.peaks[len(g.peaks)-1]
	for i := len(g.peaks) - 2; i >= 0; i-- {
		found = nodeHash(g.peaks[i], found)
	}
	return found
}

// includes says whether the tree has the leaf there: the hashes beside its way up, split from the root
// down as RFC 6962 section 2.1.1 makes them.
func includes(root string, size, index int64, leaf string, proof []string) bool {
	if index < 0 || index >= size {
		return false
	}
	found, ok := climb(index, size, leaf, proof)
	return ok && found == root
}

func climb(index, size int64, leaf string, proof []string) (string, bool) {
	if size == 1 {
		return leaf, len(proof) == 0
	}
	if len(proof) == 0 {
		return "", false
	}
	split := int64(1)
	for split*2 < size {
		split *= 2
	}
	beside, rest := proof[len(proof)-1], proof[:len(proof)-1]
	if index < split {
		found, ok := climb(index, split, leaf, rest)
		return nodeHash(found, beside), ok
	}
	found, ok := climb(index-split, size-split, leaf, rest)
	return nodeHash(beside, found), ok
}
