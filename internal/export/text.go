package export

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"math"
	"strconv"
)

// fraction rounds to a billionth, which no picture is wide enough to show.
func fraction(v float64) float64 { return math.Round(v*1e9) / 1e9 }

// pixels rounds to a millionth of a pixel.
func pixels(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// appendNumber appends a number as short as it can be read back from, and never with an exponent.
func appendNumber(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'f', -1, 64) }

// appendNumbers appends numbers with commas between them.
func appendNumbers(b []byte, values ...float64) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return b
}

// appendJSON appends a text as JSON has it.
func appendJSON(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendAnyJSON(b, text)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// appendAnyJSON appends a value that has a form in JSON. Texts keep their <, > and &.
func appendAnyJSON(b []byte, v any) []byte {
	var buffer bytes.Buffer
	e := json.NewEncoder(&buffer)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts, numbers and lists of them cannot fail
	return append(b, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...)
}

// appendXML appends a text as XML has it, in content and in attributes. What no XML may hold becomes U+FFFD.
func appendXML(b []byte, text string) []byte {
	var buffer bytes.Buffer
	_ = xml.EscapeText(&buffer, []byte(text)) // a buffer takes everything
	return append(b, buffer.Bytes()...)
}
