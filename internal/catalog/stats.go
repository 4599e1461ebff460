package catalog

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/ent/statsdelta"
	"github.com/datasetgen/datagen/internal/counter"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// DatasetStats are counts and sums over a dataset.
type DatasetStats struct {
	Images               int
	SyntheticImages      int
	AnnotatedImages      int
	DoneImages           int
	ReviewedImages       int
	Annotations          int
	SyntheticAnnotations int
	Labels               int
	Size                 int // of all image files, in bytes
}

// Stats returns what there is in each of the datasets: what is kept of them as they change or, at a moment that is past, a
// count of what wanted, by the names of GraphQL's fields, asks for.
func Stats(ctx context.Context, db *ent.Client, ids []gid.DatasetID, wanted map[string]bool) (_ map[gid.DatasetID]*DatasetStats, err error) {
	defer fault.Wrap(&err, "count what is in datasets")
	stats := make(map[gid.DatasetID]*DatasetStats, len(ids))
	for _, id := range ids {
		stats[id] = &DatasetStats{}
	}
	if history.MomentOf(ctx) == nil {
		return stats, readStats(ctx, db, ids, stats)
	}
	return stats, countStats(ctx, db, ids, stats, wanted)
}

// readStats adds up the changes of datasets.
func readStats(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []struct {
		DatasetID            gid.DatasetID `sql:"dataset_id"`
		Images               int           `sql:"images"`
		SyntheticImages      int           `sql:"synthetic_images"`
		AnnotatedImages      int           `sql:"annotated_images"`
		DoneImages           int           `sql:"done_images"`
		ReviewedImages       int           `sql:"reviewed_images"`
		Annotations          int           `sql:"annotations"`
		SyntheticAnnotations int           `sql:"synthetic_annotations"`
		Labels               int           `sql:"labels"`
		Size                 int           `sql:"size"`
	}
	err := db.StatsDelta.Query().Where(statsdelta.DatasetIDIn(ids...), statsdelta.LabelID(0)).
		Modify(totals(statsdelta.FieldDatasetID, counter.Columns()...)).Scan(ctx, &rows)
	for _, r := range rows {
		*stats[r.DatasetID] = DatasetStats{
			r.Images, r.SyntheticImages, r.AnnotatedImages, r.DoneImages, r.ReviewedImages, r.Annotations, r.SyntheticAnnotations, r.Labels, r.Size,
		}
	}
	return err
}

// totals adds up counters of the rows that have the same in a column.
func totals(column string, counters ...string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Select(s.C(column)).GroupBy(s.C(column))
		for _, c := range counters {
			s.AppendSelectAs("CAST(SUM("+s.C(c)+") AS bigint)", c)
		}
	}
}

// countStats counts what is wanted of datasets. What one statement cannot count in one go takes several.
func countStats(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats, wanted map[string]bool) error {
	for _, count := range []struct {
		fields []string
		run    func(context.Context, *ent.Client, []gid.DatasetID, map[gid.DatasetID]*DatasetStats) error
	}{
		{[]string{"images", "syntheticImages", "doneImages", "reviewedImages", "size"}, countImages},
		{[]string{"annotations"}, countAnnotations},
		{[]string{"syntheticAnnotations"}, countSyntheticAnnotations},
		{[]string{"annotatedImages"}, countAnnotatedImages},
		{[]string{"labels"}, countLabels},
	} {
		if !asks(wanted, count.fields...) {
			continue
		}
		if err := count.run(ctx, db, ids, stats); err != nil {
			return err
		}
	}
	return nil
}

// asks tells whether any of the fields is wanted.
func asks(wanted map[string]bool, fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return wanted[f] })
}

// tally is a count of the rows of a dataset.
type tally struct {
	DatasetID gid.DatasetID `sql:"dataset_id"`
	Count     int           `sql:"count"`
}

func countImages(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []struct {
		DatasetID gid.DatasetID `sql:"dataset_id"`
		Count     int           `sql:"count"`
		Synthetic int           `sql:"synthetic"`
		Done      int           `sql:"done_images"`
		Reviewed  int           `sql:"reviewed_images"`
		Size      int           `sql:"sum"`
	}
	err := db.Image.Query().Where(image.DatasetIDIn(ids...)).GroupBy(image.FieldDatasetID).Aggregate(
		ent.Count(),
		CountIf(image.FieldIsSynthetic, "synthetic"),
		CountIf(image.FieldDone, "done_images"),
		CountIf(image.FieldReviewed, "reviewed_images"),
		ent.Sum(image.FieldSize),
	).Scan(ctx, &rows)
	for _, r := range rows {
		s := stats[r.DatasetID]
		s.Images, s.SyntheticImages, s.DoneImages, s.ReviewedImages, s.Size = r.Count, r.Synthetic, r.Done, r.Reviewed, r.Size
	}
	return err
}

// CountIf counts the rows in which a boolean column is true.
func CountIf(column, as string) ent.AggregateFunc {
	return func(s *sql.Selector) string {
		return sql.As("COUNT(*) FILTER (WHERE "+s.C(column)+")", as)
	}
}

func countAnnotations(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []tally
	err := db.Annotation.Query().Where(annotation.DatasetIDIn(ids...)).
		GroupBy(annotation.FieldDatasetID).Aggregate(ent.Count()).Scan(ctx, &rows)
	for _, r := range rows {
		stats[r.DatasetID].Annotations = r.Count
	}
	return err
}

// countSyntheticAnnotations takes a statement of its own: an index alone answers how many annotations there are.
func countSyntheticAnnotations(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []tally
	err := db.Annotation.Query().Where(annotation.DatasetIDIn(ids...), annotation.IsSynthetic(true)).
		GroupBy(annotation.FieldDatasetID).Aggregate(ent.Count()).Scan(ctx, &rows)
	for _, r := range rows {
		stats[r.DatasetID].SyntheticAnnotations = r.Count
	}
	return err
}

func countAnnotatedImages(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []tally
	err := db.Image.Query().Where(image.DatasetIDIn(ids...), IsAnnotated()).
		GroupBy(image.FieldDatasetID).Aggregate(ent.Count()).Scan(ctx, &rows)
	for _, r := range rows {
		stats[r.DatasetID].AnnotatedImages = r.Count
	}
	return err
}

func countLabels(ctx context.Context, db *ent.Client, ids []gid.DatasetID, stats map[gid.DatasetID]*DatasetStats) error {
	var rows []tally
	err := db.Label.Query().Where(label.DatasetIDIn(ids...)).
		GroupBy(label.FieldDatasetID).Aggregate(ent.Count()).Scan(ctx, &rows)
	for _, r := range rows {
		stats[r.DatasetID].Labels = r.Count
	}
	return err
}

// IsAnnotated finds images that have an annotation.
func IsAnnotated() predicate.Image { return drawn(nil) }

// HasLabel finds images that have an annotation with one of the labels.
func HasLabel(labels []gid.LabelID) predicate.Image {
	return drawn(func(s *sql.Selector) { s.Where(sql.In(s.C(annotation.FieldLabelID), values(labels)...)) })
}

// drawn finds images that have an annotation of those that which leaves.
func drawn(which func(*sql.Selector)) predicate.Image {
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		t := d.Table(annotation.Table).As("drawn")
		drawn := d.Select(t.C(annotation.FieldID)).From(t).
			Where(sql.ColumnsEQ(t.C(annotation.FieldImageID), s.C(image.FieldID)))
		if which != nil {
			which(drawn)
		}
		s.Where(sql.Exists(drawn))
	}
}

func values[T ~int](ids []T) []any {
	vs := make([]any, len(ids))
	for i, id := range ids {
		vs[i] = id
	}
	return vs
}

// NewestOf finds the newest image of each of the datasets.
func NewestOf(ids []gid.DatasetID) predicate.Image {
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		t, newest := d.Table(dataset.Table).As("holders"), d.Table(image.Table).As("newest")
		one := d.Select(newest.C(image.FieldID)).From(newest).
			Where(sql.ColumnsEQ(newest.C(image.FieldDatasetID), t.C(dataset.FieldID))).
			OrderBy(sql.Desc(newest.C(image.FieldID))).Limit(1)
		inParentheses := sql.ExprFunc(func(b *sql.Builder) { b.Wrap(func(b *sql.Builder) { b.Join(one) }) })
		s.Where(sql.In(s.C(image.FieldID), d.SelectExpr(inParentheses).From(t).Where(sql.In(t.C(dataset.FieldID), values(ids)...))))
	}
}
