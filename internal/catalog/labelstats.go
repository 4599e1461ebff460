package catalog

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// LabelStats are counts of the annotations that carry a label, and of the images that they are drawn on.
type LabelStats struct {
	Annotations          int
	SyntheticAnnotations int
	RealAnnotations      int
	Images               int // each once
	SyntheticImages      int
	RealImages           int
}

// labelTally is what a statement counts of a label.
type labelTally struct {
	LabelID   gid.LabelID `sql:"label_id"`
	Count     int         `sql:"count"`
	Synthetic int         `sql:"synthetic"`
}

// StatsOfLabels counts what carries each of the labels. It takes a statement for annotations and one for
// images, if wanted, by the names of GraphQL's fields, asks something of them.
func StatsOfLabels(ctx context.Context, db *ent.Client, ids []gid.LabelID, wanted map[string]bool) (_ map[gid.LabelID]*LabelStats, err error) {
	defer fault.Wrap(&err, "count what carries labels")
	stats := make(map[gid.LabelID]*LabelStats, len(ids))
	for _, id := range ids {
		stats[id] = &LabelStats{}
	}
	if asks(wanted, "annotations", "syntheticAnnotations", "realAnnotations") {
		rows, err := tallyAnnotations(ctx, db, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			s := stats[r.LabelID]
			s.Annotations, s.SyntheticAnnotations, s.RealAnnotations = r.Count, r.Synthetic, r.Count-r.Synthetic
		}
	}
	if asks(wanted, "images", "syntheticImages", "realImages") {
		rows, err := tallyImages(ctx, db, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			s := stats[r.LabelID]
			s.Images, s.SyntheticImages, s.RealImages = r.Count, r.Synthetic, r.Count-r.Synthetic
		}
	}
	return stats, nil
}

func tallyAnnotations(ctx context.Context, db *ent.Client, ids []gid.LabelID) (rows []labelTally, err error) {
	err = db.Annotation.Query().Where(annotation.LabelIDIn(ids...)).GroupBy(annotation.FieldLabelID).
		Aggregate(ent.Count(), CountIf(annotation.FieldIsSynthetic, "synthetic")).Scan(ctx, &rows)
	return rows, err
}

// tallyImages counts the images below the annotations, each once.
func tallyImages(ctx context.Context, db *ent.Client, ids []gid.LabelID) (rows []labelTally, err error) {
	below := sql.Table(image.Table)
	q := db.Annotation.Query().Where(annotation.LabelIDIn(ids...))
	q.Modify(func(s *sql.Selector) { s.Join(below).On(s.C(annotation.FieldImageID), below.C(image.FieldID)) })
	distinct := func(s *sql.Selector) string { return "COUNT(DISTINCT " + s.C(annotation.FieldImageID) + ")" }
	err = q.GroupBy(annotation.FieldLabelID).Aggregate(
		func(s *sql.Selector) string { return sql.As(distinct(s), "count") },
		func(s *sql.Selector) string {
			return sql.As(distinct(s)+" FILTER (WHERE "+below.C(image.FieldIsSynthetic)+")", "synthetic")
		},
	).Scan(ctx, &rows)
	return rows, err
}
