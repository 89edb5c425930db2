package main

import (
	"strconv"
	"strings"
)

// isJSON says whether a text is the canonical text of a json value: RFC 8785, whole numbers up to
// 2^53-1 and no others, at most 32 levels and 100,000 characters. Texts in it are NFC, which the
// standard library can't tell: beyond ASCII that is left open.
func isJSON(value string) bool {
	if len([]rune(value)) > 100_000 {
		return false
	}
	fine := true
	if wrong := try(func() {
		in := &jsonReader{reader{data: []byte(value)}}
		in.value(32)
		fine = in.at == len(in.data)
	}); wrong != nil || !fine {
		return false
	}
	for i := 0; i < len(value); i++ {
		if value[i] >= 0x80 {
			unknown("json", "whether text beyond ASCII is in its normal form (NFC) is not judged here")
		}
	}
	return true
}

type jsonReader struct{ reader }

func (in *jsonReader) value(room int) {
	if room < 0 {
		refuse("json", "nested too deep")
	}
	switch char := in.peek(); {
	case char == '"':
		in.text()
	case char == '[' || char == '{':
		in.inner(char, room-1)
	default:
		start := in.at
		for in.at < len(in.data) && !strings.ContainsRune(",]}", rune(in.data[in.at])) {
			in.at++
		}
		word := string(in.data[start:in.at])
		if word == "true" || word == "false" || word == "null" {
			return
		}
		number, err := strconv.ParseInt(word, 10, 64)
		if err != nil || strconv.FormatInt(number, 10) != word || number > 1<<53-1 || number < -(1<<53-1) {
			refuse("json", "no whole number that every reader holds exactly")
		}
	}
}

func (in *jsonReader) inner(opens byte, room int) {
	closes := opens + 2 // ] and } in ASCII
	last := ""
	in.at++
	for count := 0; in.peek() != closes; count++ {
		if count > 0 {
			in.take(',')
		}
		if opens == '{' {
			name := in.text()
			if count > 0 && !before(last, name) {
				refuse("json", "keys out of order, or one twice")
			}
			last = name
			in.take(':')
		}
		in.value(room)
	}
	in.at++
}
