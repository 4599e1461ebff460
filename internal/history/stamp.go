// Package history keeps what snapshots see. The content of a historic table's row is born in an epoch of its dataset,
// which each snapshot ends. Before a row that a snapshot sees is changed or deleted, triggers copy it to the history
// of its table, with the epoch in which it died: a snapshot of epoch s sees the rows that were born by s, and of the
// history those that died later.
package history

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/internal/gid"
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

// Changed tells whether anything that a snapshot of the epoch before sees has changed in the present one.
func Changed(ctx context.Context, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
}, dataset gid.DatasetID, epoch int,
) (changed bool, err error) {
	var any []string
	for _, t := range Historic() {
		any = append(any,
			fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE dataset_id = %d AND born = %d)", t.Name, dataset, epoch),
			fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE dataset_id = %d AND died = %d)", Of(t.Name), dataset, epoch))
	}
	rows, err := db.QueryContext(ctx, "SELECT CASE WHEN "+strings.Join(any, " OR ")+" THEN 1 ELSE 0 END")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return false, err
		}
		changed = n == 1
	}
	return changed, rows.Err()
}
