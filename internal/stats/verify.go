package stats

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/counter"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Difference is a counter that is not what a recount gives.
type Difference struct {
	Dataset gid.DatasetID `json:"dataset"`
	Label   gid.LabelID   `json:"label,omitempty"` // 0 when the counter is of the dataset as a whole
	Counter string        `json:"counter"`         // the name of a column of stats_deltas, or "row" where one is missing
	Kept    int           `json:"kept"`
	Counted int           `json:"counted"`
}

// key is what counters are of.
type key struct {
	dataset gid.DatasetID
	label   gid.LabelID
}

// Verify counts again what there is in a dataset, and returns which of its counters say something else. It is right while
// others write.
func Verify(ctx context.Context, db *database.DB, id gid.DatasetID) (found []Difference, err error) {
	defer fault.Wrap(&err, "verify the stats of dataset %d", id)
	ctx = access.System(ctx)
	if db.Dialect() == dialect.SQLite { // where a transaction would keep writers waiting
		return verify(ctx, db, id, true)
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]Difference, error) {
		if err := db.TakeTime(ctx, tx); err != nil {
			return nil, err
		}
		return verify(ctx, tx, id, false)
	})
}

// querier runs queries.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// verify reads both in one statement, as they are at one moment. Rows may be there for good.
func verify(ctx context.Context, db querier, id gid.DatasetID, forGood bool) (_ []Difference, err error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT 0 AS counted, k.* FROM (%s) k UNION ALL SELECT 1, c.* FROM (%s) c",
		counter.Kept(counter.Of(id)), counter.Counted(counter.Of(id))))
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(ctx.Err(), err, rows.Close()) }()
	var sides [2]map[key][]int
	for i := range sides {
		sides[i] = map[key][]int{}
	}
	for rows.Next() {
		var k key
		var counted int
		numbers := make([]int, len(counter.Columns()))
		into := []any{&counted, &k.dataset, &k.label}
		for i := range numbers {
			into = append(into, &numbers[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		sides[counted][k] = numbers
	}
	return differences(sides[0], sides[1], forGood), rows.Err()
}

// differences compares. Where a row is for good, as on SQLite, it must be there even if it counts nothing.
func differences(kept, counted map[key][]int, forGood bool) (found []Difference) {
	none := make([]int, len(counter.Columns()))
	keys := map[key]bool{}
	for _, side := range []map[key][]int{kept, counted} {
		for k := range side {
			keys[k] = true
		}
	}
	for k := range keys {
		has, want := none, none
		if numbers, ok := kept[k]; ok {
			has = numbers
		} else if forGood {
			found = append(found, Difference{k.dataset, k.label, "row", 0, 1})
		}
		if numbers, ok := counted[k]; ok {
			want = numbers
		}
		for i, column := range counter.Columns() {
			if has[i] != want[i] {
				found = append(found, Difference{k.dataset, k.label, column, has[i], want[i]})
			}
		}
	}
	slices.SortFunc(found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Label, b.Label), strings.Compare(a.Counter, b.Counter))
	})
	return found
}

// Repair counts a dataset anew, while nobody else writes in it, or folds its counters.
func Repair(ctx context.Context, db *database.DB, id gid.DatasetID) (err error) {
	defer fault.Wrap(&err, "count dataset %d anew", id)
	return db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		if err := db.OwnDataset(ctx, tx, id); err != nil {
			return err
		}
		d := tx.Dataset.Query().Where(dataset.ID(id))
		d.Modify(database.Lock)
		if _, err := d.IDs(ctx); err != nil {
			return err
		}
		if err := db.TakeTime(ctx, tx); err != nil {
			return err
		}
		for _, statement := range counter.Recount(counter.Of(id)) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// Datasets returns the next ids of datasets that are there, or that counters are of, in ascending order.
func Datasets(ctx context.Context, db *database.DB, after gid.DatasetID) (ids []gid.DatasetID, err error) {
	defer fault.Wrap(&err, "list datasets")
	rows, err := db.QueryContext(access.System(ctx), fmt.Sprintf(`SELECT id FROM datasets WHERE id > %d UNION
		SELECT dataset_id FROM stats_deltas WHERE dataset_id > %[1]d ORDER BY 1 LIMIT %d`, after, page))
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(ctx.Err(), err, rows.Close()) }()
	for rows.Next() {
		var id gid.DatasetID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
