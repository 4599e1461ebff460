package fault

import (
	sqldriver "database/sql/driver"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"

	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/lib/pq"

	"github.com/lib/pq/pqerror"

	"github.com/datasetgen/datagen/ent"
)

// PostgreSQL's classes of errors are the first two letters of their codes
// (https://www.postgresql.org/docs/15/errcodes-appendix.html).

// isDataException tells a value that its column's type refuses, such as a cursor that a client forged.
func isDataException(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code.Class() == "22"
}

// isConstraint tells a row that clashes with others, or refers to nothing: what was checked has changed since.
// Statements by hand return the driver's own errors.
func isConstraint(err error) bool {
	return ent.IsConstraintError(err) || sqlgraph.IsConstraintError(err)
}

// isTooLong tells a statement with more parameters, deeper, or with a longer text to look for than may be: a filter without end.
func isTooLong(err error) bool {
	return says(err, "too many SQL variables", "only supports 65535 parameters", "Expression tree is too large", "pattern too complex")
}

// isEmptyFilter tells a filter without a condition where one must be, such as {not: {}}.
func isEmptyFilter(err error) bool { return says(err, "ent: empty predicate") }

// says tells an error by its words, where neither the drivers nor ent have a type for it.
func says(err error, words ...string) bool {
	text := err.Error()
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// outages are the classes and codes of PostgreSQL's errors that go by: the connection, transactions that
// got in each other's way, a lack of resources, an end of patience, a shutdown.
var outages = map[pqerror.Code]bool{
	"08": true, "40": true, "53": true, "55P03": true, "57014": true, "57P01": true, "57P02": true, "57P03": true,
}

// The codes of SQLite's that go by (https://sqlite.org/rescode.html), in the low byte of what the driver returns.
const (
	sqliteBusy   = 5
	sqliteLocked = 6
	sqliteFull   = 13
)

// isOutage tells that the database cannot, for now.
func isOutage(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return outages[e.Code] || outages[pqerror.Code(e.Code.Class())]
	}
	if lite, ok := errors.AsType[interface {
		Code() int
		error
	}](err); ok {
		code := lite.Code() & 0xff
		return code == sqliteBusy || code == sqliteLocked || code == sqliteFull
	}
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, sqldriver.ErrBadConn) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
