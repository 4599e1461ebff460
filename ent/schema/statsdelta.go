package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// StatsDelta is by how much a change moved the stats of a dataset, or of a label of it. Triggers write it as rows
// change. The rows of a dataset or a label add up to its stats: those who write never wait for each other, and a
// sweep makes one row of many. There is no foreign key, which each write would look up: triggers delete them too.
type StatsDelta struct{ ent.Schema }

// Fields of the StatsDelta.
func (StatsDelta) Fields() []ent.Field {
	fields := []ent.Field{
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable(),
		field.Int("label_id").GoType(gid.LabelID(0)).Immutable().Comment("The label; 0 where the row is of the dataset as a whole."),
	}
	for _, f := range []struct{ name, comment string }{
		{"images", "Images of the dataset, or that carry the label."},
		{"synthetic_images", "Those of them that were generated."},
		{"annotated_images", "Images of the dataset that have an annotation."},
		{"done_images", "Images of the dataset that are annotated in full."},
		{"reviewed_images", "Images of the dataset whose annotations were checked."},
		{"size", "Of the files of the images of the dataset, in bytes."},
		{"annotations", "Annotations of the dataset, or that carry the label."},
		{"synthetic_annotations", "Those of them that come with a generated image."},
		{"labels", "Labels of the dataset."},
	} {
		fields = append(fields, field.Int(f.name).Immutable().Comment(f.comment).Annotations(entsql.Default("0")))
	}
	return fields
}

// Indexes of the StatsDelta.
func (StatsDelta) Indexes() []ent.Index { return []ent.Index{index.Fields("dataset_id", "label_id")} }

// Annotations of the StatsDelta.
func (StatsDelta) Annotations() []schema.Annotation {
	return append(internal("By how much a change moved the stats of a dataset, or of a label of it."), entsql.Table("stats_deltas"))
}
