package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// DatasetCount is by how much a change moved what is counted of a dataset. The rows of a dataset
// add up to what there is: those who write never wait for each other, and a sweep makes one row of many.
type DatasetCount struct{ ent.Schema }

// Fields of the DatasetCount.
func (DatasetCount) Fields() []ent.Field {
	return []ent.Field{
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable(),
		field.Int("images").Immutable().Comment("How many images came, less those that went."),
		field.Int64("bytes").Immutable().Comment("How many bytes of image files came, less those that went."),
	}
}

// Edges of the DatasetCount.
func (DatasetCount) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("counts").Field("dataset_id").Unique().Required().Immutable(),
	}
}

// Indexes of the DatasetCount.
func (DatasetCount) Indexes() []ent.Index { return []ent.Index{index.Fields("dataset_id")} }

// Annotations of the DatasetCount.
func (DatasetCount) Annotations() []schema.Annotation {
	return internal("By how much a change moved what is counted of a dataset.")
}
