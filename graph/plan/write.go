package plan

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"entgo.io/ent/schema/field"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/moment"
)

var encoding = base64.RawURLEncoding

// writerOf returns what appends what a column has that is not null.
func writerOf(c *ent.Column) func(b []byte, x *reading, v any) ([]byte, error) {
	switch {
	case c.Of != "":
		return writeID(c.Of)
	case c.Type == field.TypeTime:
		return writeTime
	case c.Type == field.TypeBool:
		return writeBool
	case c.Type.Numeric():
		return writeNumber
	case c.Type == field.TypeJSON, c.Type == field.TypeOther:
		return writeJSON
	}
	return writeText
}

func writeText(b []byte, _ *reading, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendText(b, v), nil
	case []byte:
		return appendText(b, v), nil
	}
	return b, fmt.Errorf("%T is no text", v)
}

func writeNumber(b []byte, _ *reading, v any) ([]byte, error) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64), nil
	case []byte:
		return append(b, v...), nil
	}
	return b, fmt.Errorf("%T is no number", v)
}

func writeBool(b []byte, _ *reading, v any) ([]byte, error) {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendBool(b, v != 0), nil
	}
	return b, fmt.Errorf("%T is no truth value", v)
}

func writeTime(b []byte, _ *reading, v any) ([]byte, error) {
	t, ok := v.(time.Time)
	if !ok {
		return b, fmt.Errorf("%T is no time", v)
	}
	return appendTime(b, t), nil
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = moment.Append(b, t)
	return append(b, '"')
}

func writeJSON(b []byte, _ *reading, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return append(b, v...), nil
	case []byte:
		return append(b, v...), nil
	}
	return b, fmt.Errorf("%T is no JSON", v)
}

// writeID writes ids of an entity as the graph has them.
func writeID(entity string) func(b []byte, x *reading, v any) ([]byte, error) {
	prefix := entity + ":"
	return func(b []byte, x *reading, v any) ([]byte, error) {
		var space [64]byte
		id := appendKey(append(space[:0], prefix...), v)
		id = append(id, x.suffix...)
		b = append(b, '"')
		b = encoding.AppendEncode(b, id)
		return append(b, '"'), nil
	}
}

// appendKey appends an id as the database has it.
func appendKey(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case []byte:
		return append(b, v...)
	case string:
		return append(b, v...)
	}
	return fmt.Append(b, v)
}

// appendText appends a text as JSON.
func appendText[T string | []byte](b []byte, text T) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendQuoted(b, string(text))
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// appendQuoted appends a text that may need escapes, as JSON.
func appendQuoted(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			b = utf8.AppendRune(b, r) // U+FFFD for what is no UTF-8
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// buffers are used again, since answers are large and many.
var buffers = sync.Pool{New: func() any { return new([]byte) }} //nolint:gochecknoglobals // memory, and no state

// maxKept is the largest buffer that is kept for another answer.
const maxKept = 4 << 20

func takeBuffer() []byte { return (*buffers.Get().(*[]byte))[:0] } //nolint:forcetypeassert // there is nothing else in it

func giveBuffer(b []byte) {
	if cap(b) <= maxKept {
		buffers.Put(&b)
	}
}

// answered is an answer, which is written once.
type answered []byte

// MarshalGQL satisfies graphql.Marshaler.
func (a answered) MarshalGQL(w io.Writer) {
	_, _ = w.Write(a) // to memory
	giveBuffer(a)
}
