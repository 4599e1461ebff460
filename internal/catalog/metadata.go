package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

const (
	maxMetadata  = 100  // keys of an image
	keyLength    = 100  // in characters
	valueLength  = 1000 // of a text, in characters
	numberLength = 100  // in digits and signs
)

// members are what metadata holds: texts, numbers (json.Number) and booleans, by their keys.
func members(o rawjson.Object) map[string]any {
	d := json.NewDecoder(strings.NewReader(o.String()))
	d.UseNumber()
	var m map[string]any
	_ = d.Decode(&m) // an Object is valid
	return m
}

// checkMetadata complains about metadata that rows could not be found by.
func checkMetadata(c *fault.Check, o rawjson.Object) {
	if len(o) > extraLength {
		c.That(false, fmt.Sprintf("is longer than %d bytes", extraLength), "metadata")
		return
	}
	m := members(o)
	if len(m) > maxMetadata {
		c.That(false, fmt.Sprintf("has %d keys; at most %d are allowed", len(m), maxMetadata), "metadata")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if wrong := wrongKey(key); wrong != "" {
			c.That(false, fmt.Sprintf("has the key %.100q, which %s", key, wrong), "metadata")
			continue
		}
		wrong := wrongValue(m[key])
		c.That(wrong == "", wrong, "metadata", key)
	}
}

// wrongKey says what is wrong with a key, if anything is. What paths of SQLite's JSON functions have no escape for is in none.
func wrongKey(key string) string {
	switch n := utf8.RuneCountInString(key); {
	case n == 0:
		return "is empty"
	case n > keyLength:
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, keyLength)
	case strings.ContainsAny(key, `"\`) || strings.ContainsFunc(key, unicode.IsControl):
		return `must not contain ", \ and control characters`
	}
	return ""
}

func wrongValue(value any) string {
	switch v := value.(type) {
	case bool:
		return ""
	case string:
		return wrongText(v)
	case json.Number:
		return wrongNumber(v)
	}
	return "must be a text, a number or a boolean"
}

func wrongText(text string) string {
	if n := utf8.RuneCountInString(text); n > valueLength {
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, valueLength)
	}
	if strings.Contains(text, "\x00") {
		return "must not contain the character NUL"
	}
	return ""
}

// wrongNumber refuses what PostgreSQL keeps and SQLite does not, or the other way around.
func wrongNumber(n json.Number) string {
	if len(n) > numberLength {
		return fmt.Sprintf("has %d digits; at most %d are allowed", len(n), numberLength)
	}
	f, err := n.Float64()
	if err != nil || f != 0 && math.Abs(f) < minNumber {
		return "must be a number of double precision"
	}
	if mantissa, _, _ := strings.Cut(strings.ToLower(n.String()), "e"); f == 0 && strings.ContainsAny(mantissa, "123456789") {
		return "must be a number of double precision"
	}
	return ""
}

// minNumber is the smallest number above zero that keeps its precision.
const minNumber = 0x1p-1022

// Metadata returns metadata as images have it: each key once, as it was said last, in the order of their bytes. It
// returns nil for nil.
func Metadata(o rawjson.Object) rawjson.Object {
	if o == nil {
		return nil
	}
	m := members(o)
	for key, value := range m {
		if n, ok := value.(json.Number); ok && isZero(n) {
			m[key] = json.Number("0") // of 0e-99999 PostgreSQL would keep all digits
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(m) // what was decoded can be encoded
	return bytes.TrimSpace(b.Bytes())
}

func isZero(n json.Number) bool {
	f, err := strconv.ParseFloat(n.String(), 64)
	return err == nil && f == 0
}

// sameMetadata tells whether two objects say the same, whichever way it is written.
func sameMetadata(a, b rawjson.Object) bool { return reflect.DeepEqual(members(a), members(b)) }
