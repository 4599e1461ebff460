package database

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"sync/atomic"

	"entgo.io/ent/dialect"
)

// raw is what takes SQL by hand, beside the statements that ent makes.
type raw interface {
	ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
}

// driver and transaction are what ent talks to.
type (
	driver interface {
		dialect.Driver
		raw
		BeginTx(ctx context.Context, opts *stdsql.TxOptions) (dialect.Tx, error)
	}
	transaction interface {
		dialect.Tx
		raw
	}
)

// begun is a transaction that a driver has begun, or failed to.
func begun(tx dialect.Tx, err error) (transaction, error) {
	if err != nil {
		return nil, err
	}
	t, ok := tx.(transaction)
	if !ok {
		return nil, fmt.Errorf("%T takes no SQL by hand", tx)
	}
	return t, nil
}

// lasting lets rows outlive the transaction that they were read in: once it is committed,
// what is loaded along their edges comes from the database. Nothing can be written
// through it any more.
type lasting struct{ driver }

func (d lasting) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := begun(d.driver.Tx(ctx))
	if err != nil {
		return nil, err
	}
	return &lastingTx{transaction: tx, after: d.driver}, nil
}

type lastingTx struct {
	transaction
	after     driver
	committed atomic.Bool
}

func (tx *lastingTx) Commit() error {
	err := tx.transaction.Commit()
	tx.committed.Store(err == nil)
	return err
}

func (tx *lastingTx) Query(ctx context.Context, query string, args, v any) error {
	if tx.committed.Load() {
		return tx.after.Query(ctx, query, args, v)
	}
	return tx.transaction.Query(ctx, query, args, v)
}

func (tx *lastingTx) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	if tx.committed.Load() {
		return tx.after.QueryContext(ctx, query, args...)
	}
	return tx.transaction.QueryContext(ctx, query, args...)
}
