package testkit

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"testing"

	tables "github.com/datasetgen/datagen/ent/migrate"
)

// Dump is all that the database holds of the world and of the foreign one, a line a row.
func (w *World) Dump(tb testing.TB) (lines []string) {
	tb.Helper()
	for _, table := range tables.Tables {
		rows, err := w.dumpTable(tb, table.Name)
		if err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, rows...)
	}
	return lines
}

func (w *World) dumpTable(tb testing.TB, table string) (lines []string, err error) {
	tb.Helper()
	rows, err := w.DB.QueryContext(tb.Context(), fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY 1", table, w.within(tb, table)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	for rows.Next() {
		line, scanErr := scanLine(rows, len(columns))
		lines = append(lines, table+" "+line)
		err = errors.Join(err, scanErr)
	}
	return lines, errors.Join(err, rows.Err())
}

func scanLine(rows *stdsql.Rows, columns int) (string, error) {
	values := make([]any, columns)
	for i := range values {
		values[i] = &values[i]
	}
	err := rows.Scan(values...)
	return fmt.Sprintf("%q", values), err
}

// within is the condition for rows of a table that belong to the world or to the foreign one.
func (w *World) within(tb testing.TB, table string) string {
	tb.Helper()
	here := fmt.Sprintf("IN (%d, %d)", w.Workspace.ID, w.Foreign.Workspace.ID)
	switch table {
	case "workspaces":
		return "id " + here
	case "objects", "leases": // nobody's
		return "FALSE"
	}
	for _, link := range []struct{ column, condition string }{
		{"workspace_id", here},
		{"dataset_id", "IN (SELECT id FROM datasets WHERE workspace_id " + here + ")"},
		{"user_id", "IN (SELECT id FROM users WHERE workspace_id " + here + ")"},
	} {
		for _, t := range tables.Tables {
			if _, ok := t.Column(link.column); t.Name == table && ok {
				return link.column + " " + link.condition
			}
		}
	}
	tb.Fatalf("whose are the rows of %s?", table)
	return ""
}
