package foreign

import (
	"cmp"
	stdcsv "encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/datasetgen/datagen/internal/fault"
)

// readError is a failure to read a file. All other errors of those who read files are about what is in them.
type readError struct{ error }

// Unwrap gives the cause.
func (e readError) Unwrap() error { return e.error }

// broken tells what is wrong with the content of a file, for people, and is false for errors of another kind.
func broken(err error) (message string, ok bool) {
	if _, ours := errors.AsType[readError](err); ours || err == nil {
		return "", false
	}
	if syntax, is := errors.AsType[*json.SyntaxError](err); is {
		return fmt.Sprintf("is no JSON at byte %d: %v", syntax.Offset, syntax), true
	}
	if typ, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return fmt.Sprintf("has a %s for %s at byte %d", shown(typ.Value), shown(cmp.Or(typ.Field, "a value")), typ.Offset), true
	}
	if syntax, is := errors.AsType[*xml.SyntaxError](err); is {
		return fmt.Sprintf("is no XML at line %d: %s", syntax.Line, shown(syntax.Msg)), true
	}
	if number, is := errors.AsType[*strconv.NumError](err); is {
		return fmt.Sprintf("has %q where a number is expected", shown(number.Num)), true
	}
	if parse, is := errors.AsType[*stdcsv.ParseError](err); is {
		return fmt.Sprintf("is no table at line %d: %v", parse.Line, parse.Err), true
	}
	switch {
	case errors.Is(err, fault.Invalid):
		return err.Error(), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "ends too early", true
	}
	return "cannot be read: " + err.Error(), true
}
