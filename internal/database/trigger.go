package database

import (
	"context"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/counter"
	"github.com/datasetgen/datagen/internal/history"
)

// triggers has a row when all triggers are there: the hash of the statements that made them.
const triggers = `CREATE TABLE IF NOT EXISTS schema_triggers (sha256 text PRIMARY KEY)`

// Triggers are the statements that make all triggers, for a dialect.
func Triggers(dialect string) []string {
	return append(history.Triggers(dialect), counter.Triggers(dialect)...)
}

// makeTriggers makes the triggers anew, which keep histories and stats, unless they are there. What was changed without them is
// counted.
func (db *DB) makeTriggers(ctx context.Context, tx *stdsql.Tx) error {
	statements := slices.Concat(Triggers(db.dialect), counter.Recount(""))
	sum := sha256.Sum256([]byte(strings.Join(statements, ";")))
	version := hex.EncodeToString(sum[:])
	if _, err := tx.ExecContext(ctx, triggers); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM schema_triggers WHERE sha256 = '"+version+"'").Scan(&n); err != nil || n > 0 {
		return err
	}
	for _, s := range append(slices.Concat(DropTriggers(db.dialect), statements), "DELETE FROM schema_triggers", "INSERT INTO schema_triggers (sha256) VALUES ('"+version+"')") {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// completeTriggers makes triggers that a newer program has no migration for.
func (db *DB) completeTriggers(ctx context.Context, conn *stdsql.Conn) (err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := db.makeTriggers(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// dropTriggers lets a migration change what it likes: what it writes is no other content, and SQLite renames no table that
// triggers name.
func (db *DB) dropTriggers(ctx context.Context, tx *stdsql.Tx) error {
	for _, s := range append(DropTriggers(db.dialect), triggers, "DELETE FROM schema_triggers") {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// DropTriggers are the statements that drop all triggers, for a dialect. None of them need be there.
func DropTriggers(dialect string) []string {
	return append(history.DropTriggers(dialect), counter.DropTriggers(dialect)...)
}
