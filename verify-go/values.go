package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"sort"
	"strings"
)

type obj = map[string]any

// Of what has been held to its schema: these never meet another type.
func text(from obj, name string) string { return from[name].(string) }
func list(from obj, name string) []any  { return from[name].([]any) }
func object(from obj, name string) obj  { return from[name].(obj) }

func texts(values []any) []string {
	found := make([]string, len(values))
	for i, one := range values {
		found[i] = one.(string)
	}
	return found
}

func allTexts(value any) ([]string, bool) {
	items, ok := value.([]any)
	if !ok {
		return nil, false
	}
	found := make([]string, len(items))
	for i, one := range items {
		if found[i], ok = one.(string); !ok {
			return nil, false
		}
	}
	return found, true
}

// single is the one member of an object that has exactly one.
func single(value any) (string, any, bool) {
	if one, ok := value.(obj); ok && len(one) == 1 {
		for name, inner := range one {
			return name, inner, true
		}
	}
	return "", nil, false
}

func sortedKeys[T any](from map[string]T) []string {
	names := make([]string, 0, len(from))
	for name := range from {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func contains(names []string, wanted string) bool {
	for _, name := range names {
		if name == wanted {
			return true
		}
	}
	return false
}

// rising says whether a list is sorted by code point with nothing twice.
func rising(names []string) bool {
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			return false
		}
	}
	return true
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// H is the tagged hash of docs/evidence.
func H(kind string, data []byte) string {
	return plainHash(append([]byte("gantral.dev/"+kind+"/v1\n"), data...))
}

func hexOf(data string) string { return hex.EncodeToString([]byte(data)) }

func plainHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// uuid5 is UUIDv5 (RFC 9562) of a name in the space of an instance.
func uuid5(space, name string) string {
	bare, err := hex.DecodeString(strings.ReplaceAll(space, "-", ""))
	if err != nil {
		refuse("form", "no UUID: "+short(space))
	}
	sum := sha1.Sum(append(bare, name...))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	all := hex.EncodeToString(sum[:16])
	return all[:8] + "-" + all[8:12] + "-" + all[12:16] + "-" + all[16:20] + "-" + all[20:]
}

var (
	hex64Form  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	hex32Form  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	numberForm = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,15})$`)
	actorForm  = regexp.MustCompile(`^actor:[0-9a-f]{32}$`)
	policyForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)
