package database

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/history"
)

// attempts is how often a transaction is tried that PostgreSQL aborts
// because of others (https://www.postgresql.org/docs/15/mvcc-serialization-failure-handling.html).
const attempts = 5

// Write runs fn in one transaction: all that it does through tx is kept, or, when it returns
// an error or panics, nothing is. It may run fn more than once, each time on what is then
// stored, when transactions deadlock or overtake it; fn must not change anything but the database.
//
// SQLite runs one transaction at a time, so fn does nothing slow: no file, no network, no decoding.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	if m := history.MomentOf(ctx); m != nil {
		return fmt.Errorf("snapshot %d is to be written", m.Snapshot)
	}
	for attempt := 1; ; attempt++ {
		err := db.try(ctx, fn)
		if err == nil || attempt == attempts || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * rand.N(20*time.Millisecond)):
		}
	}
}

func (db *DB) try(ctx context.Context, fn func(context.Context, *ent.Tx) error) error {
	tx, err := db.Tx(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback() // one that fails ends with its connection, undone as well
		}
	}()
	if err := fn(db.writing(ctx), tx); err != nil {
		return causeOf(ctx, err)
	}
	done = true
	return causeOf(ctx, tx.Commit())
}

// causeOf names the cause of a transaction that ended because its context did.
func causeOf(ctx context.Context, err error) error {
	if errors.Is(err, stdsql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// again tells a serialization failure, a deadlock, and what is marked as Overtaken.
func again(err error) bool {
	if _, ok := errors.AsType[overtaken](err); ok {
		return true
	}
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// Overtaken marks an error that another transaction has caused, by a row that was not there when this one looked, so
// that Write runs it again: it then looks at that row too.
func Overtaken(err error) error { return overtaken{err} }

type overtaken struct{ error }

// Unwrap returns the error that was marked.
func (o overtaken) Unwrap() error { return o.error }
