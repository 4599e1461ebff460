// Package moment is how times are written and read: RFC 3339 in UTC, always to the microsecond, so that texts
// of moments have one length and sort as the moments do.
package moment

import (
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// layout is RFC 3339 with microseconds, of a time in UTC.
const layout = "2006-01-02T15:04:05.000000Z"

// Format writes a time.
func Format(t time.Time) string { return t.UTC().Format(layout) }

// Append appends a time.
func Append(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, layout) }

// MarshalTime writes a time as a value of GraphQL; the zero time is null.
func MarshalTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+Format(t)+`"`) })
}

// errNoTime says what is expected instead.
var errNoTime = errors.New("must be a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z")

// UnmarshalTime reads a time of any zone.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, errNoTime
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errNoTime
	}
	return t, nil
}
