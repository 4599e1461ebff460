package catalog

import (
	"cmp"
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// TagCount is a tag and how many images of a dataset have it.
type TagCount struct {
	Tag   string
	Count int
}

// MaxTagCounts is how many tags of a dataset are counted.
const MaxTagCounts = 1000

// TagCounts counts the tags of the images in each of the datasets, the most frequent MaxTagCounts, the most frequent
// first, then in the order of their bytes.
func TagCounts(ctx context.Context, db *database.DB, datasets []gid.DatasetID) (_ map[gid.DatasetID][]*TagCount, err error) {
	defer fault.Wrap(&err, "count tags")

	viewer, err := access.Require(ctx)
	if err != nil {
		return nil, err
	}
	t := sql.Table(image.Table)
	s := sql.Dialect(db.Dialect()).Select(t.C(image.FieldDatasetID), t.C(image.FieldTags)).From(t).
		Where(sql.In(t.C(image.FieldDatasetID), values(datasets)...))
	access.Visible(viewer, ent.TypeImage)(s)
	tagged, args := s.Query()
	rows, err := db.QueryContext(ctx, countTags(db.Dialect(), tagged), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(ctx.Err(), err, rows.Close()) }()
	counts := make(map[gid.DatasetID][]*TagCount, len(datasets))
	for rows.Next() {
		var dataset gid.DatasetID
		var c TagCount
		if err := rows.Scan(&dataset, &c.Tag, &c.Count); err != nil {
			return nil, err
		}
		counts[dataset] = append(counts[dataset], &c)
	}
	return counts, rows.Err()
}

// countTags counts what a query of datasets and tags finds.
func countTags(db, tagged string) string {
	each, order := "json_each(CAST(tagged.tags AS TEXT)) AS listed", "listed.value"
	if db == dialect.Postgres {
		each, order = "jsonb_array_elements_text(tagged.tags) AS listed (value)", `listed.value COLLATE "C"`
	}
	return fmt.Sprintf(`SELECT dataset_id, tag, images FROM (
		SELECT tagged.dataset_id, listed.value AS tag, COUNT(*) AS images,
			ROW_NUMBER() OVER (PARTITION BY tagged.dataset_id ORDER BY COUNT(*) DESC, %s) AS place
		FROM (%s) AS tagged, %s GROUP BY tagged.dataset_id, listed.value
	) AS counted WHERE place <= %d ORDER BY dataset_id, place`, order, tagged, each, MaxTagCounts)
}
