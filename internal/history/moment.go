package history

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/migrate"
	"github.com/datasetgen/datagen/internal/gid"
)

// Moment is when a snapshot was taken of a dataset.
type Moment struct {
	Snapshot gid.SnapshotID
	Dataset  gid.DatasetID
	Epoch    int // the last that the snapshot sees
}

// InSnapshot is the id of the snapshot; that of no moment is 0.
func (m *Moment) InSnapshot() int {
	if m == nil {
		return 0
	}
	return int(m.Snapshot)
}

type momentKey struct{}

// At makes whatever is read from the database with the context that which a snapshot sees. The tables hold nothing
// but its dataset then. A nil Moment is the present.
func At(ctx context.Context, m *Moment) context.Context {
	if MomentOf(ctx) == m {
		return ctx
	}
	return context.WithValue(ctx, momentKey{}, m)
}

// MomentOf returns the Moment that a context reads at, nil when it is the present.
func MomentOf(ctx context.Context) *Moment {
	m, _ := ctx.Value(momentKey{}).(*Moment)
	return m
}

// Query makes a query read what was there at the moment. It puts a query of the same name before each historic table
// that it names, behind which the table is hidden; both databases read it as if it were written in the place of the table.
func (m *Moment) Query(db, query string) (string, error) {
	var with []string
	for _, t := range append(Historic(), migrate.DatasetsTable) {
		switch {
		case !strings.Contains(query, `"`+t.Name+`"`) && !strings.Contains(query, "`"+t.Name+"`"):
		case t == migrate.DatasetsTable:
			with = append(with, m.dataset(db))
		default:
			with = append(with, m.table(db, t))
		}
	}
	if len(with) == 0 {
		return query, nil
	}
	prefix := "WITH " + strings.Join(with, ", ")
	rest, already := strings.CutPrefix(query, "WITH ")
	switch {
	case strings.HasPrefix(rest, "RECURSIVE "):
		return "", fmt.Errorf("no snapshot can be read by a recursive query: %s", query)
	case already:
		return prefix + ", " + rest, nil
	}
	return prefix + " " + query, nil
}

// table is the query that stands for a historic table.
func (m *Moment) table(db string, t *schema.Table) string {
	return fmt.Sprintf(`%q AS NOT MATERIALIZED (SELECT %[2]s FROM %[3]s WHERE %[4]s AND born <= %[5]d`+
		` UNION ALL SELECT %[2]s FROM %[6]s WHERE %[4]s AND born <= %[5]d AND died > %[5]d)`,
		t.Name, columns(t, ""), live(db, t), m.within(db), m.Epoch, Of(t.Name))
}

// within is the condition for rows of the dataset. SQLite is told that it leaves most rows, or else it would rather look at
// all of the dataset than find the few rows that a query asks for.
func (m *Moment) within(db string) string {
	if db == dialect.SQLite {
		return fmt.Sprintf("likelihood(dataset_id = %d, 0.99)", m.Dataset)
	}
	return fmt.Sprintf("dataset_id = %d", m.Dataset)
}

// dataset is the query that stands for the table of datasets. The snapshot has what its dataset was called.
func (m *Moment) dataset(db string) string {
	names := columns(migrate.DatasetsTable, "")
	for _, was := range []string{dataset.FieldName, dataset.FieldDescription} {
		names = strings.Replace(names, strconv.Quote(was), fmt.Sprintf(`(SELECT "dataset_%s" FROM "snapshots" WHERE id = %d) AS %[1]q`, was, m.Snapshot), 1)
	}
	return fmt.Sprintf(`%q AS NOT MATERIALIZED (SELECT %s FROM %s WHERE id = %d)`, dataset.Table, names, live(db, migrate.DatasetsTable), m.Dataset)
}

// live is a table, and not the query that stands for it.
func live(db string, t *schema.Table) string {
	if db == dialect.SQLite {
		return "main." + strconv.Quote(t.Name) // or it would be the query itself, which would be recursive
	}
	return strconv.Quote(t.Name)
}
