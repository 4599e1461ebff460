package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Batch is a set of images that came or are worked on together.
type Batch struct{ ent.Schema }

// Mixin of the Batch.
func (Batch) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Batch.
func (Batch) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.BatchID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the batch belongs to."),
		field.String("name").NotEmpty().MaxRuneLen(100).Comment("What it is called.").
			Annotations(entgql.OrderField("NAME")),
		field.Bool("workbench").Default(true).Comment("Whether the batch shows on the workbench."),
	}
}

// Edges of the Batch.
func (Batch) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("batches").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that the batch belongs to."),
		has("images", Image.Type, "The images of the batch; they are deleted with it."),
		has("jobs", Job.Type, "The jobs that the batch was cut into; they are deleted with it."),
	}
}

// Indexes of the Batch.
func (Batch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("dataset_id", "id"),
		index.Fields("dataset_id", "workbench", "id"),
		index.Fields("dataset_id", "name", "id"),
	}
}

// Annotations of the Batch.
func (Batch) Annotations() []schema.Annotation {
	return resource("A set of images that came or are worked on together.")
}
