// Package database opens either of the two databases, brings its schema up to date,
// and runs transactions. The rest of the program does not know which one it is on.
package database

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"reflect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/sibling"
)

// DB is the database. Its client reads; what writes goes through Write.
// Every use needs a context that says who asks, see package access.
type DB struct {
	*ent.Client
	dialect string
	writer  *stdsql.DB   // what migrations and transactions run on
	reader  *stdsql.DB   // what else is asked
	pools   []*stdsql.DB // all there are
}

// Option changes how a database is opened.
type Option func(*options)

type options struct{ trace func(statement string) }

// WithTrace calls trace with each SQL statement that the client sends.
func WithTrace(trace func(statement string)) Option {
	return func(o *options) { o.trace = trace }
}

// Open opens the database at url and answers once it is reachable. It does not migrate.
func Open(ctx context.Context, url config.DatabaseURL, opts ...Option) (*DB, error) {
	o := options{trace: func(string) {}}
	for _, opt := range opts {
		opt(&o)
	}
	db, d, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach database %v: %w", url, err), db.Close())
	}
	db.Client = ent.NewClient(ent.Driver(lasting{timed{watched{d, o.trace}}}))
	access.Guard(db.Client)
	db.Intercept(ent.InterceptFunc(gatherSiblings))
	db.Use(raiseVersion, stampCreated)
	return db, nil
}

func connect(ctx context.Context, url config.DatabaseURL) (*DB, driver, error) {
	if path, ok := url.SQLitePath(); ok {
		return openSQLite(ctx, path)
	}
	return openPostgres(url)
}

// Dialect is dialect.SQLite or dialect.Postgres.
func (db *DB) Dialect() string { return db.dialect }

// Ping tells whether the database answers. It does not queue behind what writes.
func (db *DB) Ping(ctx context.Context) error { return db.reader.PingContext(ctx) }

// Close ends all connections.
func (db *DB) Close() error {
	errs := make([]error, len(db.pools))
	for i, p := range db.pools {
		errs[i] = p.Close()
	}
	return errors.Join(errs...)
}

// gatherSiblings tells the rows of a statement of each other, see package sibling.
func gatherSiblings(next ent.Querier) ent.Querier {
	return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
		v, err := next.Query(ctx, q)
		if rows := reflect.ValueOf(v); err == nil && rows.Kind() == reflect.Slice {
			join(ctx, rows)
		}
		return v, err
	})
}

func join(ctx context.Context, rows reflect.Value) {
	type joiner interface{ JoinSiblings(*sibling.Group) }
	if !rows.Type().Elem().Implements(reflect.TypeFor[joiner]()) {
		return
	}
	members := make([]any, rows.Len())
	group := sibling.NewGroup(ctx, members)
	for i := range members {
		members[i] = rows.Index(i).Interface()
		members[i].(joiner).JoinSiblings(group)
	}
}

// raiseVersion adds one to the version of each row that is updated.
func raiseVersion(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if v, ok := m.(interface{ AddVersion(int) }); ok && m.Op().Is(ent.OpUpdate|ent.OpUpdateOne) {
			v.AddVersion(1)
		}
		return next.Mutate(ctx, m)
	})
}
