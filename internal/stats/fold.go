// Package stats looks after the stats that are kept of datasets and labels, see package counter. Package catalog reads them.
package stats

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/statsdelta"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/counter"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// page is how many datasets one statement finds.
const page = 1000

// Folder makes one row of the many that a dataset, or a label, has in stats_deltas. Any number of processes may fold at once,
// while others write and read. On SQLite there is nothing to fold.
type Folder struct {
	db   *database.DB
	seen int // the last row that was looked at
}

// NewFolder returns a Folder that has not seen any row.
func NewFolder(db *database.DB) *Folder { return &Folder{db: db} }

// Fold folds what has come since it was called last, or everything the first time. A row that a transaction was long about
// may come too late to be seen, until others come.
func (f *Folder) Fold(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "fold stats")
	if f.db.Dialect() != dialect.Postgres {
		return nil
	}
	ctx = access.System(ctx)
	last, err := f.last(ctx)
	if err != nil {
		return err
	}
	var errs []error // one dataset in trouble keeps no others waiting
	for after := gid.DatasetID(0); ; {
		ids, err := f.unfolded(ctx, after)
		if err != nil || len(ids) == 0 {
			f.seen = last
			return errors.Join(append(errs, err)...)
		}
		for _, id := range ids {
			errs = append(errs, f.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error { return fold(ctx, tx, id) }))
			after = id
		}
	}
}

func (f *Folder) last(ctx context.Context) (int, error) {
	var last []int
	err := f.db.StatsDelta.Query().Modify(func(s *sql.Selector) {
		s.Select("COALESCE(MAX(" + s.C(statsdelta.FieldID) + "), 0)")
	}).Scan(ctx, &last)
	return append(last, 0)[0], err
}

// unfolded returns the next datasets that have, or have a label with, more than one row, of those with rows that were not seen.
func (f *Folder) unfolded(ctx context.Context, after gid.DatasetID) (ids []gid.DatasetID, err error) {
	err = f.db.StatsDelta.Query().Modify(func(s *sql.Selector) {
		id, fresh := s.C(statsdelta.FieldDatasetID), sql.Dialect(s.Dialect()).Table(statsdelta.Table).As("fresh")
		s.Select(id).Distinct().Where(sql.And(
			sql.GT(id, after),
			sql.In(id, sql.Dialect(s.Dialect()).Select(fresh.C(statsdelta.FieldDatasetID)).From(fresh).Where(sql.GT(fresh.C(statsdelta.FieldID), f.seen))),
		)).GroupBy(id, s.C(statsdelta.FieldLabelID)).Having(sql.GT(sql.Count("*"), 1)).OrderBy(id).Limit(page)
	}).Scan(ctx, &ids)
	return ids, err
}

// fold folds the rows of a dataset and its labels. Who deletes one of these waits, so that no row comes after it is gone.
func fold(ctx context.Context, tx *ent.Tx, id gid.DatasetID) error {
	d := tx.Dataset.Query().Where(dataset.ID(id))
	d.Modify(database.LockKey)
	if found, err := d.IDs(ctx); err != nil || len(found) == 0 {
		return err
	}
	many := tx.Label.Query().Where(label.DatasetID(id), func(s *sql.Selector) {
		r := sql.Dialect(s.Dialect()).Table(statsdelta.Table).As("rows_of_labels")
		s.Where(sql.In(s.C(label.FieldID), sql.Dialect(s.Dialect()).Select(r.C(statsdelta.FieldLabelID)).From(r).
			Where(sql.EQ(r.C(statsdelta.FieldDatasetID), id)).GroupBy(r.C(statsdelta.FieldLabelID)).Having(sql.GT(sql.Count("*"), 1))))
	}).Order(label.ByID())
	many.Modify(database.LockKey)
	labels, err := many.IDs(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, folding(), id, pq.Array(append(labels, 0)))
	return err
}

// folding is the statement that folds the rows of the dataset $1 that have one of the labels $2.
func folding() string {
	columns := counter.Columns()
	sums := make([]string, len(columns))
	for i, c := range columns {
		sums[i] = "sum(" + c + ")"
	}
	return fmt.Sprintf(`WITH gone AS (DELETE FROM stats_deltas WHERE dataset_id = $1 AND label_id = ANY($2::bigint[]) RETURNING *)
		INSERT INTO stats_deltas (dataset_id, label_id, %s) SELECT dataset_id, label_id, %s FROM gone GROUP BY dataset_id, label_id`,
		strings.Join(columns, ", "), strings.Join(sums, ", "))
}
