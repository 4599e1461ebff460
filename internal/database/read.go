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
