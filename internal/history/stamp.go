// Package history keeps what snapshots see. The content of a historic table's row is born in an epoch of its dataset,
// which each snapshot ends. Before a row that a snapshot sees is changed or deleted, triggers copy it to the history
// of its table, with the epoch in which it died: a snapshot of epoch s sees the rows that were born by s, and of the
// history those that died later.
package history

import (
	"fmt"

	"entgo.io/ent/dialect/sql"
)

// Born is the column with the epoch in which the content of a row was written.
const Born = "born"

// Stamp makes an update stamp the rows of a historic table as written in the present epoch of their dataset. The
// transaction shares the dataset before, or else the epoch may end meanwhile, and the update fails.
func Stamp(table string) func(*sql.UpdateBuilder) {
	return func(u *sql.UpdateBuilder) { u.Set(Born, sql.Expr(Epoch(table+".dataset_id"))) }
}

// Epoch is an SQL expression: the present epoch of the dataset whose id is in a column.
func Epoch(column string) string {
	return fmt.Sprintf("(SELECT epoch FROM datasets WHERE datasets.id = %s)", column)
}

// Kept is an SQL condition on rows of a historic table, by the name that a statement has for it: when they go, a snapshot
// goes on seeing them, or something that they were.
func Kept(table, alias string) string {
	return fmt.Sprintf(`(EXISTS (SELECT 1 FROM %s past WHERE past.id = %s.id) OR %[2]s.born <= COALESCE((SELECT max(epoch) FROM snapshots seeing WHERE seeing.dataset_id = %[2]s.dataset_id), 0))`,
		Of(table), alias)
}
