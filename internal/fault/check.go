package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Check collects what is wrong with an input. The zero Check has no complaints.
type Check struct{ fields Fields }

// That complains about the field at path unless ok.
func (c *Check) That(ok bool, message string, path ...any) {
	if !ok {
		c.fields = append(c.fields, Field{Path: path, Message: message})
	}
}

// Line checks a name or the like: a text that must say something and has at most most
// characters. A nil text passes: it is not to be changed.
func (c *Check) Line(s *string, most int, path ...any) {
	if s != nil && strings.TrimSpace(*s) == "" {
		c.That(false, "must not be blank", path...)
		return
	}
	c.Text(s, most, path...)
}

// Text checks a text of at most most characters; nil passes.
func (c *Check) Text(s *string, most int, path ...any) {
	if s == nil {
		return
	}
	if n := utf8.RuneCountInString(*s); n > most {
		c.That(false, fmt.Sprintf("has %d characters; at most %d are allowed", n, most), path...)
	}
	// PostgreSQL stores no NUL in a text.
	c.That(!strings.Contains(*s, "\x00"), "must not contain the character NUL", path...)
}

// Places says where in an operation's arguments the i-th item of a list stands.
type Places func(i int) []any

// Of returns the path of a field of the i-th item.
func (at Places) Of(i int, field ...any) []any { return slices.Concat(at(i), field) }

// Add takes over complaints, their paths put under path.
func (c *Check) Add(fields Fields, path ...any) {
	for _, f := range fields {
		c.fields = append(c.fields, Field{Path: slices.Concat(path, f.Path), Message: f.Message})
	}
}

// AddErr takes over the complaints in err, if any.
func (c *Check) AddErr(err error) {
	if fields, ok := errors.AsType[Fields](err); ok {
		c.Add(fields)
	}
}

// Fields returns the complaints.
func (c *Check) Fields() Fields { return c.fields }

// Err returns the complaints, or nil when there are none.
func (c *Check) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return c.fields
}
