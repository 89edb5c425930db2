package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const vectors = "../docs/evidence/vectors"

func TestVectorsAreValid(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(vectors, "*", "instance"))
	if err != nil || len(folders) < 6 {
		t.Fatal("the vectors are not there", err)
	}
	for _, root := range folders {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(root), "trust.json"))
		if err != nil {
			t.Fatal(err)
		}
		if found := verifyFolder(root, readTrust(data)); found.Verdict != "VALID" {
			t.Error(root, found.Findings)
		}
	}
}

func TestBytesAreCanonical(t *testing.T) {
	good := []string{`""`, `{"a":[],"b":{}}`, `"\u0000\u001f\b\t\n\f\r\"\\/` + "\x7f" + `ä😀"`,
		"{\"\U0001F600\":\"\",\"\ufb33\":\"\"}", strings.Repeat("[", 12) + strings.Repeat("]", 12)}
	for _, one := range good {
		var value any
		if wrong := try(func() { value = parse([]byte(one), maxBytes, maxDepth) }); wrong != nil {
			t.Errorf("%q: %v", one, wrong)
		} else if string(canonical(value)) != one {
			t.Errorf("%q is written as %q", one, canonical(value))
		}
	}
	bad := []string{``, ` ""`, `"" `, `1`, `null`, `true`, `{"b":"","a":""}`, `{"a":"","a":""}`, `["",]`, `[`,
		`"\u0041"`, `"\/"`, `"\u000a"`, `"\u001F"`, "\"\n\"", "\"\xff\"", `"\ud83d\ude00"`, `"`, `{"a"}`, `{"":1}`,
		"{\"\ufb33\":\"\",\"\U0001F600\":\"\"}", strings.Repeat("[", 13) + strings.Repeat("]", 13), "\ufeff\"\""}
	for _, one := range bad {
		if wrong := try(func() { parse([]byte(one), maxBytes, maxDepth) }); wrong == nil || wrong.code != "bytes" {
			t.Errorf("%q is read", one)
		}
	}
}

func TestDurationsHaveOneText(t *testing.T) {
	for text, ms := range map[string]int64{"PT0S": 0, "PT72H": 259200000, "PT1M30S": 90000, "PT0.004S": 4} {
		if found, ok := readDuration(text); !ok || found != ms {
			t.Error(text, found, ok)
		}
	}
	for _, text := range []string{"PT", "PT60M", "PT60S", "PT1D", "P1D", "PT0H", "PT01H", "PT1.5S", "PT1.000S", "PT1H0S"} {
		if _, ok := readDuration(text); ok {
			t.Error(text, "is read")
		}
	}
}

func TestTimesAreOfTheCalendar(t *testing.T) {
	for text, good := range map[string]bool{
		"2026-02-28T23:59:59.999Z": true, "2024-02-29T00:00:00.000Z": true, "2026-02-29T00:00:00.000Z": false,
		"2026-01-01T24:00:00.000Z": false, "2026-01-01T00:00:60.000Z": false, "0000-01-01T00:00:00.000Z": false,
		"2026-01-01T00:00:00Z": false, "2026-01-01T00:00:00.0000Z": false, "2026-01-01T00:00:00,000Z": false,
	} {
		if _, ok := readInstant(text); ok != good {
			t.Error(text, ok)
		}
	}
	if instantText(instant("1969-12-31T23:59:59.999Z")) != "1969-12-31T23:59:59.999Z" {
		t.Error("a time before 1970 is another one")
	}
}

func TestKeysUnderWhichAnythingCanBeSigned(t *testing.T) {
	for _, digits := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // not canonical
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0200000000000000000000000000000000000000000000000000000000000000", // no point
	} {
		if _, wrong := publicKey(digits); wrong == "" {
			t.Error(digits, "is a key")
		}
	}
	// RFC 8032, test 1.
	const known = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	if key, wrong := publicKey(known); wrong != "" || hex.EncodeToString(key) != known {
		t.Error(wrong)
	}
}

func TestFormulas(t *testing.T) {
	quorum := func(n string, who ...any) any { return obj{"quorum": []any{n, who}} }
	points := func(n string, rows ...any) any { return obj{"points": []any{n, rows}} }
	row := func(who, weight string) any { return []any{who, weight} }
	all := func(parts ...any) any { return obj{"all": parts} }
	a, b := voter{"1", []string{"a"}}, voter{"2", []string{"b"}}
	both := voter{"3", []string{"a", "b"}}
	owner := &electorate{named: map[string][]string{"/owner": {"1"}}}
	for i, one := range []struct {
		formula any
		voters  []voter
		met     bool
	}{
		{all(quorum("1", "a"), quorum("1", "b")), []voter{both}, false},
		{all(quorum("1", "a"), quorum("1", "b")), []voter{both, a}, true},
		{obj{"any": []any{quorum("1", "a"), quorum("1", "b")}}, []voter{both}, true},
		{quorum("2", "a", obj{"actor": "/owner"}), []voter{a}, false},
		{quorum("2", "a", obj{"actor": "/owner"}), []voter{a, both}, true},
		{points("3", row("a", "2"), row("b", "1")), []voter{both}, false},
		// Who brings most has to be left where less would do.
		{all(points("3", row("a", "2"), row("b", "1")), quorum("1", "a", "b")), []voter{a, b, both}, true},
		{all(points("3", row("a", "2"), row("b", "1")), quorum("2", "a", "b")), []voter{a, b, both}, false},
	} {
		if owner.satisfied(one.formula, one.voters) != one.met {
			t.Error(i, one.formula)
		}
	}
	for _, one := range []any{points("201", row("a", "1")), quorum("201", "a"), quorum("02", "a"),
		all(points("512", row("a", "9")), quorum("1", "b")), obj{"some": []any{"a"}}, quorum("1", obj{"actor": []any{"/x"}})} {
		if wrong := try(func() { alternatives(one) }); wrong == nil || wrong.code != "manifest" {
			t.Error(one, "is a formula")
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	constant := func(kind, text string) any { return obj{"const": []any{kind, text}} }
	for text, good := range map[string]bool{
		"0.10": true, "0.1": true, "0.100000000000000000000000000000001": false, "0.09": false,
	} {
		sum := obj{"+": []any{constant("decimal", "0.04"), constant("decimal", "0.06")}}
		if holds(obj{"==": []any{sum, constant("decimal", text)}}, nil) != good {
			t.Error(text)
		}
	}
	for _, text := range []string{"1_0", " 1", "١", "NaN", "-Infinity", "1E2", "", ".5", "5."} {
		if _, ok := readDecimal(text); ok {
			t.Error(text, "is a number")
		}
	}
}

func TestJSONTexts(t *testing.T) {
	for text, good := range map[string]bool{
		`{"a":[1,-2,null,true,"x"]}`: true, `9007199254740991`: true, `9007199254740992`: false, `1.0`: false,
		`1e3`: false, `-0`: false, `01`: false, `{"b":1,"a":2}`: false, `[1, 2]`: false, ``: false, `[1,]`: false,
	} {
		if isJSON(text) != good {
			t.Error(text)
		}
	}
	if wrong := try(func() { isJSON(`"ä"`) }); wrong == nil || !wrong.inconclusive {
		t.Error("whether text is NFC is not known here")
	}
}

func TestMisuseAndCrash(t *testing.T) {
	var out, log strings.Builder
	for _, args := range [][]string{{}, {"--nothing"}, {"x"}, {"x", "--trust"}, {"x", "--trust", "/nowhere"}} {
		if status := run(args, strings.NewReader(""), &out, &log); status != misuse || out.Len() > 0 {
			t.Error(args, status, out.String())
		}
	}
}
