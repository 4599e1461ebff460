package database

import (
	"context"
	stdsql "database/sql"
)

// OlderThan, SQLiteDSN and PostgresDSN are for tests.
var (
	OlderThan   = olderThan
	SQLiteDSN   = sqliteDSN
	PostgresDSN = postgresDSN
)

// LeastSQLite is the oldest release that Open takes.
const LeastSQLite = leastSQLite

// TakeStep takes a step that is not among the migrations, as Migrate does.
func (db *DB) TakeStep(ctx context.Context, version, sql string) (taken bool, err error) {
	err = db.alone(ctx, func(conn *stdsql.Conn) error {
		taken, err = db.apply(ctx, conn, Migration{Version: version, Name: "test", sql: sql}, false)
		return err
	})
	return taken, err
}
