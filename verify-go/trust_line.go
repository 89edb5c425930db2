package main

import "sort"

// readTrustLine is the last of a whole line of trust files (docs/evidence/keys.md), given in any order:
// serials 1, 2, … without gap, each naming the exact bytes of the one before.
func readTrustLine(files [][]byte) *trust {
	var line []*trust
	seen := map[string]bool{}
	for _, data := range files {
		one := readTrust(data)
		if !seen[one.digest] { // The same bytes twice are one file.
			line = append(line, one)
		}
		seen[one.digest] = true
	}
	if len(line) == 0 {
		refuse("trust", "there is no trust file")
	}
	number := func(i int) int { return len(line[i].serial) }
	sort.Slice(line, func(i, j int) bool {
		return number(i) < number(j) || (number(i) == number(j) && line[i].serial < line[j].serial)
	})
	for i, one := range line {
		at := "serial " + one.serial
		before := &trust{digest: "none", id: one.id, environment: one.environment}
		if i > 0 {
			before = line[i-1]
		}
		want(one.serial != before.serial, at, "the line forks")
		want(one.serial == itoa(i+1), at, "the line has a gap before it")
		want(one.previous == before.digest, at, "does not name the file before it as its previous")
		want(one.id == before.id && one.environment == before.environment, at, "is of another line")
		want(one.issued >= before.issued, at, "was issued before the one that it follows")
	}
	return line[len(line)-1]
}
