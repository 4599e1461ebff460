// Package rawjson keeps JSON objects as the bytes that they came in, from the
// request to the column and back, so that no number loses a digit and no time
// goes into maps that nobody looks at.
package rawjson

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Object is a JSON object in its compact form. The zero Object is {}.
type Object []byte

// A FormatError says what is wrong with a value that a client sent.
type FormatError string

// Error satisfies error.
func (e FormatError) Error() string { return string(e) }

// BadInput marks the error as one that the client made.
func (FormatError) BadInput() {}

// ErrNotObject says that a JSON value is an array, a string, a number, a boolean or null.
const ErrNotObject = FormatError("must be a JSON object")

// Parse returns the compact form of the JSON object in b.
func Parse(b []byte) (Object, error) {
	if !utf8.Valid(b) { // PostgreSQL would refuse it, and so would clients that read it
		return nil, FormatError("must be UTF-8")
	}
	var out bytes.Buffer
	out.Grow(len(b))
	if err := json.Compact(&out, b); err != nil {
		return nil, FormatError("must be valid JSON: " + err.Error())
	}
	if out.Len() == 0 || out.Bytes()[0] != '{' {
		return nil, ErrNotObject
	}
	return out.Bytes(), nil
}

// String returns the JSON text.
func (o Object) String() string {
	if len(o) == 0 {
		return "{}"
	}
	return string(o)
}

// MarshalJSON returns the bytes as they are.
func (o Object) MarshalJSON() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalJSON takes the bytes of a JSON object.
func (o *Object) UnmarshalJSON(b []byte) (err error) {
	*o, err = Parse(b)
	return err
}

// MarshalGQL writes the bytes as they are.
func (o Object) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, o.String()) }

// UnmarshalGQL takes the bytes of a variable, or the value that a literal in the document stands for.
func (o *Object) UnmarshalGQL(v any) (err error) {
	switch v := v.(type) {
	case json.RawMessage:
		*o, err = Parse(v)
	case map[string]any:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err = enc.Encode(v); err == nil {
			*o, err = Parse(b.Bytes())
		}
	default:
		err = ErrNotObject
	}
	return err
}

// Value makes the object a value of a database: text, which both of ours take for JSON.
func (o Object) Value() (driver.Value, error) { return o.String(), nil }

// Scan reads the object from a database.
func (o *Object) Scan(v any) error {
	switch v := v.(type) {
	case []byte:
		*o = bytes.Clone(v)
	case string:
		*o = Object(v)
	case nil:
		*o = nil
	default:
		return fmt.Errorf("JSON column holds a %T", v)
	}
	return nil
}
