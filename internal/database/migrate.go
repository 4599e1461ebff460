package database

import (
	"context"
	stdsql "database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent/migrate/migrations"
	"github.com/datasetgen/datagen/internal/fault"
)

// Migration is one step of the schema.
type Migration struct {
	Version   string    `json:"version"`            // when it was made
	Name      string    `json:"name"`               // what it does
	AppliedAt time.Time `json:"appliedAt,omitzero"` // zero when it has not been applied
	sql       string
}

// migrationLock is the key of the lock that one of many starters holds.
const migrationLock = 0x64617461

const revisions = `CREATE TABLE IF NOT EXISTS schema_revisions (version text PRIMARY KEY, applied_at text NOT NULL)`

// Migrations lists the steps of the schema, oldest first, with when each was applied.
func (db *DB) Migrations(ctx context.Context) (all []Migration, err error) {
	defer fault.Wrap(&err, "list migrations")
	err = db.alone(ctx, func(conn *stdsql.Conn) error {
		all, err = db.migrations(ctx, conn)
		return err
	})
	return all, err
}

// Migrate brings the schema up to date and returns the steps it took. Any number of
// processes may call it at once: one takes the steps, the others wait for it. A step that
// fails is undone, and so ends the way.
func (db *DB) Migrate(ctx context.Context) (taken []Migration, err error) {
	defer fault.Wrap(&err, "migrate")
	err = db.alone(ctx, func(conn *stdsql.Conn) error {
		all, err := db.migrations(ctx, conn)
		if err != nil {
			return err
		}
		for i, m := range all {
			applied, err := db.apply(ctx, conn, m, i == len(all)-1)
			if err != nil {
				return fmt.Errorf("%s_%s: %w", m.Version, m.Name, err)
			}
			if applied {
				taken = append(taken, m)
			}
		}
		return db.completeTriggers(ctx, conn)
	})
	return taken, err
}

// alone runs fn on a connection that is fit to migrate on, while nobody else does so.
func (db *DB) alone(ctx context.Context, fn func(*stdsql.Conn) error) error {
	conn, err := db.writer.Conn(ctx) // locks and pragmas are the connection's
	if err != nil {
		return err
	}
	defer conn.Close()
	restore, err := db.prepare(ctx, conn)
	if err != nil {
		return err
	}
	defer restore()
	return fn(conn)
}

// prepare makes conn fit to migrate on, and returns what undoes that.
func (db *DB) prepare(ctx context.Context, conn *stdsql.Conn) (restore func(), err error) {
	before, after := fmt.Sprintf("SELECT pg_advisory_lock(%d)", migrationLock), fmt.Sprintf("SELECT pg_advisory_unlock(%d)", migrationLock)
	if db.dialect == dialect.SQLite {
		// A table that is rebuilt must not take what refers to it along,
		// and inside a transaction the pragma does nothing.
		before, after = "PRAGMA foreign_keys = off", "PRAGMA foreign_keys = on"
	}
	// Waiting for the other starters may take longer than a statement may.
	if db.dialect == dialect.Postgres {
		before = "SET lock_timeout = 0; SET statement_timeout = 0; " + before
		after += "; RESET lock_timeout; RESET statement_timeout"
	}
	if _, err := conn.ExecContext(ctx, before); err != nil {
		return nil, err
	}
	return func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), after); err != nil {
			// Nobody may go on with a connection that keeps the lock, or no foreign keys.
			_ = conn.Raw(func(any) error { return sqldriver.ErrBadConn })
		}
	}, nil
}

// apply takes a step in a transaction of its own, unless somebody has taken it. The last one brings the triggers back.
func (db *DB) apply(ctx context.Context, conn *stdsql.Conn, m Migration, last bool) (applied bool, err error) {
	tx, err := conn.BeginTx(ctx, nil) // on SQLite it takes the write lock, and so waits for other starters
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil || !applied {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, revisions); err != nil {
		return false, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM schema_revisions WHERE version = '"+m.Version+"'").Scan(&n); err != nil || n > 0 {
		return false, err
	}
	if err := db.dropTriggers(ctx, tx); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return false, err
	}
	if err := db.checkForeignKeys(ctx, tx); err != nil {
		return false, err
	}
	if last {
		if err := db.makeTriggers(ctx, tx); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO schema_revisions (version, applied_at) VALUES ('%s', '%s')",
		m.Version, time.Now().UTC().Format(time.RFC3339)))
	if err != nil {
		return false, err
	}
	return true, tx.Commit()
}

func (db *DB) checkForeignKeys(ctx context.Context, tx *stdsql.Tx) error {
	if db.dialect != dialect.SQLite {
		return nil
	}
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return errors.New("leaves rows that refer to nothing")
	}
	return rows.Err()
}

func (db *DB) migrations(ctx context.Context, conn *stdsql.Conn) ([]Migration, error) {
	folder := map[string]string{dialect.SQLite: "sqlite", dialect.Postgres: "postgres"}[db.dialect]
	paths, err := fs.Glob(migrations.Files, folder+"/*.sql") // sorted, and so by time
	if err != nil {
		return nil, err
	}
	applied, err := appliedMigrations(ctx, conn)
	if err != nil {
		return nil, err
	}
	all := make([]Migration, len(paths))
	for i, path := range paths {
		text, err := migrations.Files.ReadFile(path)
		if err != nil {
			return nil, err
		}
		version, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, folder+"/"), ".sql"), "_")
		all[i] = Migration{Version: version, Name: name, AppliedAt: applied[version], sql: string(text)}
	}
	return all, nil
}

func appliedMigrations(ctx context.Context, conn *stdsql.Conn) (map[string]time.Time, error) {
	if _, err := conn.ExecContext(ctx, revisions); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, "SELECT version, applied_at FROM schema_revisions")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	applied := map[string]time.Time{}
	for rows.Next() {
		var version, at string
		if err := rows.Scan(&version, &at); err != nil {
			return nil, err
		}
		if applied[version], err = time.Parse(time.RFC3339, at); err != nil {
			return nil, err
		}
	}
	return applied, rows.Err()
}
