package catalog

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/ent/statsdelta"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
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

// StatsOfLabels returns what carries each of the labels: what is kept of it as it changes or, at a moment that is past, a
// count. That takes a statement for annotations and one for images, if wanted, by the names of GraphQL's fields, asks
// something of them.
func StatsOfLabels(ctx context.Context, db *ent.Client, ids []gid.LabelID, wanted map[string]bool) (_ map[gid.LabelID]*LabelStats, err error) {
	defer fault.Wrap(&err, "count what carries labels")
	stats := make(map[gid.LabelID]*LabelStats, len(ids))
	for _, id := range ids {
		stats[id] = &LabelStats{}
	}
	if history.MomentOf(ctx) == nil {
		return stats, readLabelStats(ctx, db, ids, stats)
	}
	if asks(wanted, "annotations", "syntheticAnnotations", "realAnnotations") {
		rows, err := tallyAnnotations(ctx, db, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			stats[r.LabelID].annotated(r.Count, r.Synthetic)
		}
	}
	if asks(wanted, "images", "syntheticImages", "realImages") {
		rows, err := tallyImages(ctx, db, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			stats[r.LabelID].carried(r.Count, r.Synthetic)
		}
	}
	return stats, nil
}

func (s *LabelStats) annotated(all, synthetic int) {
	s.Annotations, s.SyntheticAnnotations, s.RealAnnotations = all, synthetic, all-synthetic
}

func (s *LabelStats) carried(images, synthetic int) {
	s.Images, s.SyntheticImages, s.RealImages = images, synthetic, images-synthetic
}

// readLabelStats adds up the changes of labels.
func readLabelStats(ctx context.Context, db *ent.Client, ids []gid.LabelID, stats map[gid.LabelID]*LabelStats) error {
	var rows []struct {
		LabelID              gid.LabelID `sql:"label_id"`
		Images               int         `sql:"images"`
		SyntheticImages      int         `sql:"synthetic_images"`
		Annotations          int         `sql:"annotations"`
		SyntheticAnnotations int         `sql:"synthetic_annotations"`
	}
	err := db.StatsDelta.Query().Where(ofLabels(ids)).Modify(totals(statsdelta.FieldLabelID,
		statsdelta.FieldImages, statsdelta.FieldSyntheticImages, statsdelta.FieldAnnotations, statsdelta.FieldSyntheticAnnotations)).Scan(ctx, &rows)
	for _, r := range rows {
		s := stats[r.LabelID]
		s.annotated(r.Annotations, r.SyntheticAnnotations)
		s.carried(r.Images, r.SyntheticImages)
	}
	return err
}

// ofLabels finds the rows of labels by their datasets, which the index begins with.
func ofLabels(ids []gid.LabelID) predicate.StatsDelta {
	return func(s *sql.Selector) {
		l := sql.Dialect(s.Dialect()).Table(label.Table).As("counted")
		s.Join(l).On(l.C(label.FieldDatasetID), s.C(statsdelta.FieldDatasetID)).Where(sql.And(
			sql.In(l.C(label.FieldID), values(ids)...),
			sql.ColumnsEQ(l.C(label.FieldID), s.C(statsdelta.FieldLabelID)),
		))
	}
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
