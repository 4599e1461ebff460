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

// Label is a class that annotations of a dataset are drawn for.
type Label struct{ ent.Schema }

// Mixin of the Label.
func (Label) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}, Historic{}} }

// Fields of the Label.
func (Label) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.LabelID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the label belongs to."),
		field.String("name").NotEmpty().MaxRuneLen(100).Comment("What it is called.").
			Annotations(entgql.OrderField("NAME")),
		field.String("color").NotEmpty().MaxRuneLen(100).Comment("The colour that it is drawn in, as CSS writes it."),
		field.Int("order").Default(0).Comment("Its place among the labels of the dataset; equal places go by id.").
			Annotations(entgql.OrderField("ORDER")),
		field.Text("prompt").Default("").Comment("What to ask an image generator for."),
		field.Text("negative_prompt").Default("").Comment("What to ask an image generator to avoid."),
	}
}

// Edges of the Label.
func (Label) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("labels").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that the label belongs to."),
		owns("annotations", Annotation.Type, "The annotations that carry the label; they are deleted with it."),
	}
}

// Indexes of the Label.
func (Label) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("dataset_id", "id"),
		index.Fields("dataset_id", "order", "id"),
		index.Fields("dataset_id", "name", "id"),
	}
}

// Annotations of the Label.
func (Label) Annotations() []schema.Annotation {
	return resource("A class that annotations of a dataset are drawn for.")
}
