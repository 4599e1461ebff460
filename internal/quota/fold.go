package quota

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/datasetcount"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// foldPage is how many counts of a dataset one transaction makes one of, and foldDatasets how many datasets one statement finds.
const (
	foldPage     = 1000
	foldDatasets = 1000
)

// Fold makes one count of the many that each dataset has. Any number of processes may fold at once, while others write.
func Fold(ctx context.Context, db *database.DB) (err error) {
	defer fault.Wrap(&err, "fold counts")

	ctx = access.System(ctx)
	for after := gid.DatasetID(0); ; {
		ids, err := unfolded(ctx, db.Client, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := foldDataset(ctx, db, id); err != nil {
				return err
			}
			after = id
		}
	}
}

// unfolded returns the next datasets that have more than one count.
func unfolded(ctx context.Context, db *ent.Client, after gid.DatasetID) (ids []gid.DatasetID, err error) {
	err = db.DatasetCount.Query().Modify(func(s *sql.Selector) {
		id := s.C(datasetcount.FieldDatasetID)
		s.Select(id).Where(sql.GT(id, after)).GroupBy(id).Having(sql.GT(sql.Count("*"), 1)).OrderBy(id).Limit(foldDatasets)
	}).Scan(ctx, &ids)
	return ids, err
}

// foldDataset folds the counts of a dataset, a page after the other.
func foldDataset(ctx context.Context, db *database.DB, id gid.DatasetID) error {
	for {
		n, err := database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (int, error) {
			return foldSome(ctx, tx, id)
		})
		if err != nil || n < foldPage {
			return err
		}
	}
}

// foldSome folds a page of the counts of a dataset, and returns how many there were.
func foldSome(ctx context.Context, tx *ent.Tx, id gid.DatasetID) (int, error) {
	// Who deletes the dataset locks it before its counts, and so does this.
	d := tx.Dataset.Query().Where(dataset.ID(id))
	d.Modify(database.LockKey)
	if found, err := d.IDs(ctx); err != nil || len(found) == 0 {
		return 0, err
	}
	q := tx.DatasetCount.Query().Where(datasetcount.DatasetID(id)).Order(datasetcount.ByID()).Limit(foldPage)
	q.Modify(database.Lock)
	rows, err := q.All(ctx)
	if err != nil || len(rows) < 2 {
		return len(rows), err
	}
	ids := make([]int, len(rows))
	all := Size{}
	for i, r := range rows {
		ids[i] = r.ID
		all = all.Plus(Size{r.Images, r.Bytes})
	}
	if _, err := tx.DatasetCount.Delete().Where(datasetcount.IDIn(ids...)).Exec(ctx); err != nil {
		return 0, err
	}
	return len(rows), Count(ctx, tx, id, all)
}
