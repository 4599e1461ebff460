package database

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
)

// watched calls trace with each statement before it is sent, and makes errors tell when it
// is the context that has ended: PostgreSQL says that the user asked for it.
type watched struct {
	driver
	trace func(statement string)
}

func (w watched) Query(ctx context.Context, query string, args, v any) error {
	w.trace(query)
	return ended(ctx, w.driver.Query(ctx, query, args, v))
}

func (w watched) Exec(ctx context.Context, query string, args, v any) error {
	w.trace(query)
	return ended(ctx, w.driver.Exec(ctx, query, args, v))
}

func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	w.trace(query)
	rows, err := w.driver.QueryContext(ctx, query, args...)
	return rows, ended(ctx, err)
}

func (w watched) ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error) {
	w.trace(query)
	result, err := w.driver.ExecContext(ctx, query, args...)
	return result, ended(ctx, err)
}

func (w watched) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := begun(w.driver.Tx(ctx))
	return watchedTx{tx, w.trace}, ended(ctx, err)
}

func (w watched) BeginTx(ctx context.Context, opts *stdsql.TxOptions) (dialect.Tx, error) {
	tx, err := begun(w.driver.BeginTx(ctx, opts))
	return watchedTx{tx, w.trace}, ended(ctx, err)
}

type watchedTx struct {
	transaction
	trace func(statement string)
}

func (w watchedTx) Query(ctx context.Context, query string, args, v any) error {
	w.trace(query)
	return ended(ctx, w.transaction.Query(ctx, query, args, v))
}

func (w watchedTx) Exec(ctx context.Context, query string, args, v any) error {
	w.trace(query)
	return ended(ctx, w.transaction.Exec(ctx, query, args, v))
}

func (w watchedTx) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	w.trace(query)
	rows, err := w.transaction.QueryContext(ctx, query, args...)
	return rows, ended(ctx, err)
}

func (w watchedTx) ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error) {
	w.trace(query)
	result, err := w.transaction.ExecContext(ctx, query, args...)
	return result, ended(ctx, err)
}

func ended(ctx context.Context, err error) error {
	if end := ctx.Err(); err != nil && end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}
