package rawjson

import (
	"bytes"
	"encoding/json"
	"iter"
)

// Members goes through the members of the object in their order, each value as it is written. A name that
// comes twice is told twice. Names differ by case, which package encoding/json overlooks.
func (o Object) Members() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for rest := after(o, '{'); rest != nil; rest = after(rest, ',') {
			var name, value []byte
			name, rest = Cut(rest)
			value, rest = Cut(after(rest, ':'))
			if len(value) == 0 || !yield(unquote(name), value) {
				return
			}
		}
	}
}

// Elements goes through the elements of the JSON array in b, each as it is written.
func Elements(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := after(b, '['); rest != nil; rest = after(rest, ',') {
			var value []byte
			value, rest = Cut(rest)
			if len(value) == 0 || !yield(value) {
				return
			}
		}
	}
}

// after returns what comes after the byte c, or nil when b does not start with it.
func after(b []byte, c byte) []byte {
	b = trim(b)
	if len(b) == 0 || b[0] != c {
		return nil
	}
	return b[1:]
}

// trim leaves out the space that b starts with.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// Cut splits b after the value that it starts with, which is empty where an object or array ends.
func Cut(b []byte) (value, rest []byte) {
	b = trim(b)
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += textLength(b[i:])
		case '{', '[':
			depth++
		case ',', ':', '}', ']', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return b[:i], b[i:]
			}
			if b[i] == '}' || b[i] == ']' {
				depth--
			}
		}
	}
	return b, nil
}

// textLength is how far the closing quote is from the opening one, which b starts with.
func textLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++ // whatever follows does not end the text
		case '"':
			return i
		}
	}
	return len(b)
}

// unquote reads a text of JSON.
func unquote(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(bytes.Trim(b, `"`))
	}
	var s string
	_ = json.Unmarshal(b, &s) // it was valid when it was parsed
	return s
}
