// Package fault names the kinds of failure there are, and says once what
// clients may know of each, for every transport.
package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent"
)

// The kinds of failure a caller can tell apart. Wrap one with %w to say more.
var (
	Invalid         = errors.New("invalid")
	Unauthenticated = errors.New("not signed in")
	Forbidden       = errors.New("not allowed")
	NotFound        = errors.New("not found")
	Conflict        = errors.New("changed since it was read")
	TooLarge        = errors.New("too large")
	QuotaExceeded   = errors.New("quota exceeded")
	RateLimited     = errors.New("too many attempts")
	Unavailable     = errors.New("busy, try again")
)

// kinds maps each kind to what clients see of it; the first match wins.
var kinds = []struct {
	is     func(error) bool
	code   string
	status int
	says   string // instead of the error's own words
}{
	{is(Unauthenticated), "UNAUTHENTICATED", http.StatusUnauthorized, ""},
	{is(Forbidden), "FORBIDDEN", http.StatusForbidden, ""},
	{is(NotFound), "NOT_FOUND", http.StatusNotFound, ""},
	{is(Conflict), "CONFLICT", http.StatusConflict, ""},
	{is(Invalid), "INVALID", http.StatusBadRequest, ""},
	{is(TooLarge), "TOO_LARGE", http.StatusRequestEntityTooLarge, ""},
	// 403, since clients send again what is answered by 429 or 507, and make smaller what is answered by 413.
	{is(QuotaExceeded), "QUOTA_EXCEEDED", http.StatusForbidden, ""},
	{is(RateLimited), "RATE_LIMITED", http.StatusTooManyRequests, ""},
	{is(Unavailable), "UNAVAILABLE", http.StatusServiceUnavailable, ""},
	{isMaxBytes, "TOO_LARGE", http.StatusRequestEntityTooLarge, "the request is too large"},
	{is(context.DeadlineExceeded), "UNAVAILABLE", http.StatusServiceUnavailable, "took too long"},
	{is(context.Canceled), "CANCELED", 499, "the client went away"},
	{ent.IsNotFound, "NOT_FOUND", http.StatusNotFound, "not found"},
	{isBadInput, "INVALID", http.StatusBadRequest, ""},
	{ent.IsValidationError, "INVALID", http.StatusBadRequest, ""},
	{isDataException, "INVALID", http.StatusBadRequest, "a value is out of range or malformed"},
	{isTooLong, "INVALID", http.StatusBadRequest, "a filter has too many values, or one that is too long"},
	{isEmptyFilter, "INVALID", http.StatusBadRequest, "a filter is empty where it must have a condition"},
	{isConstraint, "CONFLICT", http.StatusConflict, "conflicts with what is stored"},
	{isOutage, "UNAVAILABLE", http.StatusServiceUnavailable, Unavailable.Error()},
}

func is(kind error) func(error) bool {
	return func(err error) bool { return errors.Is(err, kind) }
}

// isBadInput tells errors of packages below this one, which cannot wrap Invalid.
func isBadInput(err error) bool {
	var bad interface {
		error
		BadInput()
	}
	return errors.As(err, &bad)
}

func isMaxBytes(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}

// Public is what a client may know of an error.
type Public struct {
	Code    string
	Message string
	Status  int     // of HTTP
	Fields  []Field // what is wrong with the input, if that is the trouble
	Current any     // the present state of what a stale write wanted to change
}

// Describe returns the public face of err. Errors of no known kind are internal:
// their text is for the log and never reaches the client.
func Describe(err error) Public {
	for _, k := range kinds {
		if !k.is(err) {
			continue
		}
		p := Public{Code: k.code, Message: cmp.Or(k.says, err.Error()), Status: k.status}
		if fields, ok := errors.AsType[Fields](err); ok {
			p.Fields = fields[:min(len(fields), maxShown)]
			p.Message = p.message(len(fields))
		}
		if stale, ok := errors.AsType[*StaleError](err); ok {
			p.Current = stale.Current
			p.Message = stale.Error()
			if len(stale.Path) > 0 {
				p.Fields = Fields{{Path: stale.Path, Message: Conflict.Error()}}
			}
		}
		if outage, ok := errors.AsType[*OutageError](err); ok {
			p.Message = outage.Says
		}
		return p
	}
	return Public{Code: "INTERNAL", Message: "internal error", Status: http.StatusInternalServerError}
}

// maxShown is how many complaints about an input a client is told: thousands of items may all be wrong.
const maxShown = 100

// message is the words of complaints, of which there are so many in all.
func (p Public) message(all int) string {
	text := Fields(p.Fields).Error()
	if more := all - len(p.Fields); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// Wrap adds context to *errp unless it is nil. It is meant to be deferred:
//
//	defer fault.Wrap(&err, "assign batch %d", id)
//
// Errors that a client may read keep their own words.
func Wrap(errp *error, format string, args ...any) {
	if *errp == nil || Describe(*errp).Status < http.StatusInternalServerError {
		return
	}
	*errp = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *errp)
}

// StaleError says that a write expected a version that is no longer the present one.
type StaleError struct {
	Current any   // the row as it is
	Path    []any // of the change among many; empty for a single one
}

// Error satisfies error.
func (*StaleError) Error() string { return Conflict.Error() }

// Unwrap makes a StaleError a Conflict.
func (*StaleError) Unwrap() error { return Conflict }

// OutageError is the Unavailable of something that the server relies on.
type OutageError struct {
	Says  string // to clients
	Cause error  // for the log
}

// Outage returns an OutageError of that cause. A nil cause, one that is an
// OutageError already and one that a client has brought about, such as by
// leaving, are returned as they are.
func Outage(says string, cause error) error {
	if _, ok := errors.AsType[*OutageError](cause); ok || cause == nil || Describe(cause).Status < http.StatusInternalServerError {
		return cause
	}
	return &OutageError{says, cause}
}

// Error satisfies error. Clients are told what Describe says.
func (e *OutageError) Error() string { return e.Says + ": " + e.Cause.Error() }

// Unwrap makes an OutageError an Unavailable, and what its cause is.
func (e *OutageError) Unwrap() []error { return []error{Unavailable, e.Cause} }

// Field is one complaint about an input: where, and what is wrong.
type Field struct {
	Path    []any  `json:"path"` // names and list indices, from the operation's arguments down
	Message string `json:"message"`
}

// Fields are all complaints about an input. They are of the kind Invalid.
type Fields []Field

// Error lists the complaints, each with its path.
func (f Fields) Error() string {
	lines := make([]string, len(f))
	for i, c := range f {
		lines[i] = c.Message
		if len(c.Path) > 0 {
			lines[i] = Path(c.Path...) + ": " + c.Message
		}
	}
	return strings.Join(lines, "; ")
}

// Unwrap makes Fields an Invalid.
func (Fields) Unwrap() error { return Invalid }

// Path writes a path as changes[3].data.point.
func Path(path ...any) string {
	var b strings.Builder
	for _, p := range path {
		switch p := p.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(p) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, p)
		}
	}
	return b.String()
}

// InvalidAt is a complaint about one field, path being names and list indices.
func InvalidAt(message string, path ...any) error {
	return Fields{{Path: path, Message: message}}
}
