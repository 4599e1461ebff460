package database

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "modernc.org/sqlite" // the driver

	"github.com/datasetgen/datagen/internal/fault"
)

// leastSQLite is the first release whose write-ahead log loses no commit when
// a writer races a checkpoint (https://sqlite.org/releaselog/3_51_3.html).
const leastSQLite = "3.51.3"

// openSQLite opens one connection that writes, since SQLite has one writer at a time and
// queueing for it here is fairer than polling for its lock, and a pool that only reads.
func openSQLite(ctx context.Context, path string) (_ *DB, _ driver, err error) {
	defer fault.Wrap(&err, "open SQLite database %s", path)
	if err := makeFile(path); err != nil {
		return nil, nil, err
	}
	writer, err := stdsql.Open("sqlite", sqliteDSN(path, "synchronous(FULL)"))
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := checkSQLite(ctx, writer); err != nil {
		writer.Close()
		return nil, nil, err
	}
	readers, err := stdsql.Open("sqlite", sqliteDSN(path, "query_only(1)"))
	if err != nil {
		writer.Close()
		return nil, nil, err
	}
	n := max(4, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(n)
	readers.SetMaxIdleConns(n)
	db := &DB{dialect: dialect.SQLite, writer: writer, reader: readers, pools: []*stdsql.DB{writer, readers}}
	return db, &split{
		reader: entsql.OpenDB(dialect.SQLite, readers),
		writer: entsql.OpenDB(dialect.SQLite, writer),
	}, nil
}

// makeFile makes the file, and what is above it, unless it is there. It holds hashes of passwords, so
// that nobody else may read it; SQLite gives the files beside it the same permissions.
func makeFile(path string) error {
	if strings.HasPrefix(path, ":memory:") {
		return errors.New("a database in memory is each connection's own; name a file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteDSN gives each connection its settings: wait for a lock rather than fail, log ahead,
// keep foreign keys, and write times so that their text sorts as they do.
func sqliteDSN(path string, pragmas ...string) string {
	q := url.Values{
		"_pragma":      append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)"}, pragmas...),
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func checkSQLite(ctx context.Context, db *stdsql.DB) error {
	var version string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if olderThan(version, leastSQLite) {
		return fmt.Errorf("SQLite %s may lose commits; %s or newer is needed", version, leastSQLite)
	}
	return nil
}

// olderThan compares versions such as 3.51.3 by their numbers.
func olderThan(a, b string) bool {
	var x, y [3]int
	_, _ = fmt.Sscanf(a, "%d.%d.%d", &x[0], &x[1], &x[2])
	_, _ = fmt.Sscanf(b, "%d.%d.%d", &y[0], &y[1], &y[2])
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// split sends what only reads to the readers, and all else to the writer.
type split struct{ reader, writer *entsql.Driver }

func (d *split) Query(ctx context.Context, query string, args, v any) error {
	return d.of(query).Query(ctx, query, args, v)
}

func (d *split) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	return d.of(query).QueryContext(ctx, query, args...)
}

func (d *split) Exec(ctx context.Context, query string, args, v any) error {
	return d.writer.Exec(ctx, query, args, v)
}

func (d *split) ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error) {
	return d.writer.ExecContext(ctx, query, args...)
}

func (d *split) Tx(ctx context.Context) (dialect.Tx, error) { return d.writer.Tx(ctx) }

func (d *split) BeginTx(ctx context.Context, opts *stdsql.TxOptions) (dialect.Tx, error) {
	if opts != nil && opts.ReadOnly {
		return d.reader.BeginTx(ctx, opts) // which sees one state of the log throughout
	}
	return d.writer.BeginTx(ctx, opts)
}

func (d *split) Close() error    { return nil } // DB.Close closes the pools
func (d *split) Dialect() string { return dialect.SQLite }

// of tells queries by their first word. WITH begins those of ent that limit rows per parent;
// a statement that writes behind it would be refused by a reader.
func (d *split) of(query string) *entsql.Driver {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	if strings.EqualFold(word, "SELECT") || strings.EqualFold(word, "WITH") {
		return d.reader
	}
	return d.writer
}
