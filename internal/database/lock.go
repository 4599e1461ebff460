package database

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// Lock makes a query keep others from changing the rows that it reads until the transaction
// ends. On SQLite a transaction is alone anyway.
//
//	q := tx.Label.Query().Where(label.ID(id))
//	q.Modify(database.Lock)
func Lock(s *sql.Selector) {
	if s.Dialect() == dialect.Postgres {
		s.ForUpdate()
	}
}

// LockKey keeps others from deleting the rows that a query reads until the transaction
// ends, as a foreign key to them does. They may be changed.
func LockKey(s *sql.Selector) {
	if s.Dialect() == dialect.Postgres {
		s.For(sql.LockKeyShare)
	}
}

// ShareDataset makes the transaction one of those that write in a dataset, until it ends. Many may at once, unless one
// has the dataset for itself. It comes before all locks of rows, or else it may deadlock.
func (db *DB) ShareDataset(ctx context.Context, tx *ent.Tx, id gid.DatasetID) error {
	return advise(ctx, tx.Client(), db.dialect, "pg_advisory_xact_lock_shared", history.LockKey+int64(id))
}

// OwnDataset waits until no other transaction that shares the dataset is left, and lets none begin until this one
// ends. Locks of rows would do neither: whoever shares them comes before those who wait.
func (db *DB) OwnDataset(ctx context.Context, tx *ent.Tx, id gid.DatasetID) error {
	return advise(ctx, tx.Client(), db.dialect, "pg_advisory_xact_lock", history.LockKey+int64(id))
}

// OwnWorkspace lets transactions that own the same workspace run one after the other. It is taken after all locks of
// rows and of datasets.
func (db *DB) OwnWorkspace(ctx context.Context, tx *ent.Tx, id gid.WorkspaceID) error {
	return advise(ctx, tx.Client(), db.dialect, "pg_advisory_xact_lock", workspaceLocks+int64(id))
}

// workspaceLocks is the key of the lock of the workspace with id 0; those of others follow.
const workspaceLocks = 0x776f << 48

// advise takes one of PostgreSQL's advisory locks until the transaction ends.
func advise(ctx context.Context, tx *ent.Client, db, lock string, key int64) error {
	if db != dialect.Postgres {
		return nil // a transaction is alone anyway
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT %s(%d)", lock, key))
	return err
}

// TakeTime lets the statements of a transaction take an hour each, for what is as long as there are rows, such as a million images
// that go with their dataset.
func (db *DB) TakeTime(ctx context.Context, tx *ent.Tx) error {
	if db.dialect != dialect.Postgres {
		return nil // which has no limit
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = '1h'")
	return err
}

// Fresh returns a fault.StaleError with the current row when version is not the expected
// one; expected nil is any.
func Fresh(version int, expected *int, current any) error {
	if expected == nil || *expected == version {
		return nil
	}
	return &fault.StaleError{Current: current}
}

// Result runs fn in one transaction, see Write, and returns what it returns.
func Result[T any](ctx context.Context, db *DB, fn func(ctx context.Context, tx *ent.Tx) (T, error)) (result T, err error) {
	err = db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		result, err = fn(ctx, tx)
		return err
	})
	return result, err
}
