package main

import (
	"bytes"
	"sort"
	"unicode/utf16"
	"unicode/utf8"
)

// Evidence is RFC 8785 on text, lists and objects alone. A value is a string, a []any or a
// map[string]any; nothing else is ever made here.
const (
	maxBytes      = 1 << 20
	maxDepth      = 12
	manifestDepth = 64
	maxEnvelope   = maxBytes*4/3 + 4096
)

// A reader accepts the one canonical spelling of a value and no other, so nothing has to be
// written again to be compared.
type reader struct {
	data []byte
	at   int
}

func parse(data []byte, limit, depth int) any {
	if len(data) > limit {
		refuse("bytes", "more bytes than are allowed")
	}
	in := &reader{data: data}
	value := in.value(depth)
	if in.at != len(data) {
		refuse("bytes", "something follows the value")
	}
	return value
}

func parseObject(data []byte, limit, depth int) map[string]any {
	value, ok := parse(data, limit, depth).(map[string]any)
	if !ok {
		refuse("bytes", "an object is wanted")
	}
	return value
}

func (in *reader) peek() byte {
	if in.at >= len(in.data) {
		refuse("bytes", "the text ends too early")
	}
	return in.data[in.at]
}

func (in *reader) take(wanted byte) {
	if in.peek() != wanted {
		refuse("bytes", "not in canonical form (RFC 8785), or not of text, lists and objects alone")
	}
	in.at++
}

func (in *reader) value(room int) any {
	switch in.peek() {
	case '"':
		return in.text()
	case '[', '{':
		if room == 0 {
			refuse("bytes", "nested too deep")
		}
		if in.peek() == '[' {
			return in.list(room - 1)
		}
		return in.object(room - 1)
	}
	refuse("bytes", "something else than text, a list or an object")
	return nil
}

func (in *reader) list(room int) []any {
	found := []any{}
	in.take('[')
	for in.peek() != ']' {
		if len(found) > 0 {
			in.take(',')
		}
		found = append(found, in.value(room))
	}
	in.at++
	return found
}

func (in *reader) object(room int) map[string]any {
	found := map[string]any{}
	last := ""
	in.take('{')
	for in.peek() != '}' {
		if len(found) > 0 {
			in.take(',')
		}
		name := in.text()
		// Strictly rising keys: so none is there twice.
		if len(found) > 0 && !before(last, name) {
			refuse("bytes", "keys out of order, or one twice")
		}
		in.take(':')
		found[name] = in.value(room)
		last = name
	}
	in.at++
	return found
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', 'b': 8, 't': 9, 'n': 10, 'f': 12, 'r': 13}

// The other way round; most characters are themselves, and stand in no map.
var letters = func() (found [256]byte) {
	for letter, char := range escapes {
		found[char] = letter
	}
	return found
}()

func (in *reader) text() string {
	in.take('"')
	start := in.at
	for in.peek() != '"' && in.peek() != '\\' && in.peek() >= 0x20 {
		in.at++
	}
	found := append([]byte(nil), in.data[start:in.at]...)
	for in.peek() != '"' {
		char := in.peek()
		in.at++
		switch {
		case char < 0x20:
			refuse("bytes", "a control character in text")
		case char != '\\':
			found = append(found, char)
		default:
			found = append(found, in.escaped())
		}
	}
	in.at++
	if !utf8.Valid(found) {
		refuse("bytes", "not UTF-8")
	}
	return string(found)
}

func (in *reader) escaped() byte {
	char := in.peek()
	in.at++
	if plain, ok := escapes[char]; ok {
		return plain
	}
	if char != 'u' || in.at+4 > len(in.data) {
		refuse("bytes", "an escape that is not canonical")
	}
	four := string(in.data[in.at : in.at+4])
	in.at += 4
	for code := byte(0); code < 0x20; code++ {
		if letters[code] == 0 && four == hex4(code) {
			return code
		}
	}
	refuse("bytes", "an escape that is not canonical")
	return 0
}

func hex4(code byte) string {
	const digits = "0123456789abcdef"
	return "00" + string(digits[code>>4]) + string(digits[code&15])
}

// before sorts keys as RFC 8785 does, by UTF-16 code units.
func before(a, b string) bool {
	if isASCII(a) && isASCII(b) {
		return a < b
	}
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func canonical(value any) []byte {
	var out bytes.Buffer
	write(&out, value)
	return out.Bytes()
}

func write(out *bytes.Buffer, value any) {
	switch one := value.(type) {
	case string:
		out.WriteByte('"')
		plain := 0 // where what is written as it stands begins
		for i := 0; i < len(one); i++ {
			char := one[i]
			if char >= 0x20 && letters[char] == 0 {
				continue
			}
			out.WriteString(one[plain:i])
			plain = i + 1
			if letters[char] != 0 {
				out.Write([]byte{'\\', letters[char]})
			} else {
				out.WriteString("\\u" + hex4(char))
			}
		}
		out.WriteString(one[plain:])
		out.WriteByte('"')
	case []any:
		out.WriteByte('[')
		for i, item := range one {
			if i > 0 {
				out.WriteByte(',')
			}
			write(out, item)
		}
		out.WriteByte(']')
	case map[string]any:
		names := make([]string, 0, len(one))
		for name := range one {
			names = append(names, name)
		}
		sort.Slice(names, func(i, j int) bool { return before(names[i], names[j]) })
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			write(out, name)
			out.WriteByte(':')
			write(out, one[name])
		}
		out.WriteByte('}')
	default:
		panic("a value that is none of evidence")
	}
}
