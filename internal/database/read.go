package database

import (
	"context"
	stdsql "database/sql"

	"github.com/datasetgen/datagen/ent"
)

// Read runs fn in one transaction that only reads: all its statements see what was stored at the first of them, whatever
// others commit meanwhile. It holds nobody up, and may take long.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	tx, err := db.BeginTx(ctx, &stdsql.TxOptions{Isolation: stdsql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to undo
	return fn(ctx, tx)
}

// Cell is what a column of a row holds, as the driver hands it over. Bytes are good until the next row is read.
type Cell struct{ Value any }

// Scan satisfies sql.Scanner.
func (c *Cell) Scan(v any) error {
	c.Value = v
	return nil
}

// Scan runs a query and calls each with each of its rows: the first column as text, and the others, of which there are n.
func (db *DB) Scan(ctx context.Context, query string, args []any, n int, each func(first []byte, rest []Cell) error) (err error) {
	found, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if e := found.Close(); err == nil {
			err = e
		}
	}()
	// While one column is scanned as RawBytes, the row stays what it is even if the context ends meanwhile.
	var first stdsql.RawBytes
	rest := make([]Cell, n)
	into := make([]any, n+1)
	into[0] = &first
	for i := range rest {
		into[i+1] = &rest[i]
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return err
		}
		if err := each(first, rest); err != nil {
			return err
		}
	}
	return found.Err()
}
