package fault_test

import (
	"bytes"
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	tooLarge := func() error {
		_, err := http.MaxBytesReader(nil, readCloser{bytes.NewReader(make([]byte, 9))}, 1).Read(make([]byte, 9))
		return err
	}
	for name, tt := range map[string]struct {
		err    error
		code   string
		status int
		says   string
	}{
		"signed out":          {fault.Unauthenticated, "UNAUTHENTICATED", 401, "not signed in"},
		"forbidden":           {fmt.Errorf("%w to annotate", fault.Forbidden), "FORBIDDEN", 403, "not allowed to annotate"},
		"not found":           {fmt.Errorf("dataset %w", fault.NotFound), "NOT_FOUND", 404, "dataset not found"},
		"conflict":            {fault.Conflict, "CONFLICT", 409, "changed since it was read"},
		"stale":               {&fault.StaleError{Current: 1}, "CONFLICT", 409, "changed since it was read"},
		"invalid":             {fmt.Errorf("%w: no", fault.Invalid), "INVALID", 400, "invalid: no"},
		"field":               {fault.InvalidAt("is blank", "input", "name"), "INVALID", 400, "input.name: is blank"},
		"too large":           {fault.TooLarge, "TOO_LARGE", 413, "too large"},
		"quota exceeded":      {fault.QuotaExceeded, "QUOTA_EXCEEDED", 403, "quota exceeded"},
		"rate limited":        {fault.RateLimited, "RATE_LIMITED", 429, "too many attempts"},
		"unavailable":         {fault.Unavailable, "UNAVAILABLE", 503, "busy, try again"},
		"body":                {tooLarge(), "TOO_LARGE", 413, "the request is too large"},
		"id":                  {gid.FormatError(`"x" is not an id`), "INVALID", 400, `"x" is not an id`},
		"JSON":                {rawjson.ErrNotObject, "INVALID", 400, "must be a JSON object"},
		"row":                 {fmt.Errorf("read: %w", &ent.NotFoundError{}), "NOT_FOUND", 404, "not found"},
		"out of time":         {fmt.Errorf("read: %w", context.DeadlineExceeded), "UNAVAILABLE", 503, "took too long"},
		"gone":                {context.Canceled, "CANCELED", 499, "the client went away"},
		"gone, by PostgreSQL": {fmt.Errorf("%w: %w", context.Canceled, &pq.Error{Code: "57014"}), "CANCELED", 499, "the client went away"},
		"statement timeout":   {&pq.Error{Code: "57014"}, "UNAVAILABLE", 503, "busy, try again"},
		"deadlock":            {fmt.Errorf("write: %w", &pq.Error{Code: "40P01"}), "UNAVAILABLE", 503, "busy, try again"},
		"lock timeout":        {&pq.Error{Code: "55P03"}, "UNAVAILABLE", 503, "busy, try again"},
		"too many clients":    {&pq.Error{Code: "53300"}, "UNAVAILABLE", 503, "busy, try again"},
		"shutting down":       {&pq.Error{Code: "57P01"}, "UNAVAILABLE", 503, "busy, try again"},
		"database dropped":    {&pq.Error{Code: "57P04"}, "INTERNAL", 500, "internal error"},
		"syntax":              {&pq.Error{Code: "42601"}, "INTERNAL", 500, "internal error"},
		"forged cursor":       {&pq.Error{Code: "22P02"}, "INVALID", 400, "a value is out of range or malformed"},
		"duplicate":           {&pq.Error{Code: "23505", Message: "duplicate key value violates unique constraint"}, "CONFLICT", 409, "conflicts with what is stored"},
		"SQLite is busy":      {liteError(5 | 2<<8), "UNAVAILABLE", 503, "busy, try again"}, // SQLITE_BUSY_SNAPSHOT
		"SQLite is full":      {liteError(13), "UNAVAILABLE", 503, "busy, try again"},
		"SQLite is corrupt":   {liteError(11), "INTERNAL", 500, "internal error"},
		"cannot connect":      {&net.OpError{Op: "dial", Err: errors.New("refused")}, "UNAVAILABLE", 503, "busy, try again"},
		"connection lost":     {sqldriver.ErrBadConn, "UNAVAILABLE", 503, "busy, try again"},
		"no room for pixels":  {fmt.Errorf("write: %w", &fs.PathError{Op: "write", Err: syscall.ENOSPC}), "UNAVAILABLE", 503, "busy, try again"},
		"an outage":           {fmt.Errorf("keep: %w", fault.Outage("it is down", errors.New("10.0.0.7"))), "UNAVAILABLE", 503, "it is down"},
		"an outage of two":    {fault.Outage("so are we", fault.Outage("it is down", errors.New("10.0.0.7"))), "UNAVAILABLE", 503, "it is down"},
		"an outage for long":  {fault.Outage("it is down", context.DeadlineExceeded), "UNAVAILABLE", 503, "it is down"},
		"no outage: gone":     {fault.Outage("it is down", context.Canceled), "CANCELED", 499, "the client went away"},
		"no outage: absent":   {fault.Outage("it is down", fault.NotFound), "NOT_FOUND", 404, "not found"},
		"unknown":             {errors.New("SELECT secret"), "INTERNAL", 500, "internal error"},
		"our word first":      {fmt.Errorf("%w: %w", fault.NotFound, errors.New("x")), "NOT_FOUND", 404, "not found: x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fault.Describe(tt.err)
			if got.Code != tt.code || got.Status != tt.status || got.Message != tt.says {
				t.Errorf("%d %s %q; want %d %s %q", got.Status, got.Code, got.Message, tt.status, tt.code, tt.says)
			}
		})
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// liteError is an error of SQLite's.
type liteError int

func (e liteError) Error() string { return "SQLite" }
func (e liteError) Code() int     { return int(e) }

// TestDescribeMany: of complaints without end a client gets the first.
func TestDescribeMany(t *testing.T) {
	t.Parallel()
	var c fault.Check
	for i := range 10_000 {
		c.That(false, "is blank", "items", i)
	}
	got := fault.Describe(c.Err())
	if len(got.Fields) != 100 || !strings.HasSuffix(got.Message, "items[99]: is blank; and 9900 more") {
		t.Errorf("%d fields, %s", len(got.Fields), got.Message)
	}
}

func TestDescribeStale(t *testing.T) {
	t.Parallel()
	row := &ent.Label{Name: "sail"}
	got := fault.Describe(fmt.Errorf("save: %w", &fault.StaleError{Current: row, Path: []any{"changes", 3}}))
	want := fault.Fields{{Path: []any{"changes", 3}, Message: "changed since it was read"}}
	if got.Current != row {
		t.Errorf("the current row is %v", got.Current)
	}
	if diff := cmp.Diff([]fault.Field(want), got.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"nothing":          {nil, "<nil>"},
		"internal":         {errors.New("disk on fire"), "save 7: disk on fire"},
		"for clients":      {fault.InvalidAt("is blank", "name"), "name: is blank"},
		"the client's own": {context.Canceled, "context canceled"},
	} {
		err := tt.err
		fault.Wrap(&err, "save %d", 7)
		if fmt.Sprint(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for want, path := range map[string][]any{
		"":                         nil,
		"name":                     {"name"},
		"changes[3].data.point":    {"changes", 3, "data", "point"},
		"[0][1]":                   {0, 1},
		"input.points[2].x":        {"input", "points", 2, "x"},
		"changes[0].create.fields": {"changes", 0, "create", "fields"},
	} {
		if got := fault.Path(path...); got != want {
			t.Errorf("%v is %s, want %s", path, got, want)
		}
	}
}
