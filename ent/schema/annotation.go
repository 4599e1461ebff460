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

// Annotation is a labelled shape on an image.
type Annotation struct{ ent.Schema }

// Mixin of the Annotation.
func (Annotation) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}, Historic{}} }

// Fields of the Annotation.
func (Annotation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", gid.AnnotationID{}).Default(gid.NewAnnotationID),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the image belongs to."),
		field.Int("image_id").GoType(gid.ImageID(0)).Immutable().Comment("The image that the shape is drawn on."),
		field.Int("label_id").GoType(gid.LabelID(0)).Comment("The class of what the shape shows."),
		field.Int("author_id").GoType(gid.UserID(0)).Optional().Nillable().Comment("The user who drew or imported the shape; null when nobody is known."),
		field.String("type").NotEmpty().MaxRuneLen(100).Comment("The kind of shape: bounding_box, polygon, or one of your own."),
		jsonObject("data", "The shape, in fractions of the upright image: a bounding_box is {point: [x, y], width, height}, a polygon {points: [[x, y], …]}."),
		field.Bool("is_synthetic").Default(false).Comment("Whether the shape comes with a generated image."),
		field.Float("confidence").Optional().Nillable().Comment("How sure a model is of the shape, from 0 to 1; null when people drew it."),
		field.Enum("source").NamedValues("Manual", "MANUAL", "Model", "MODEL", "Import", "IMPORT").Default("MANUAL").
			Comment("Where the shape comes from."),
		field.Int64("position").
			Comment("Rises along the annotations of an image in the order in which they were saved.").
			Annotations(entgql.OrderField("POSITION"), entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)),
	}
}

// Edges of the Annotation.
func (Annotation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("annotations").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that the image belongs to."),
		edge.From("image", Image.Type).Ref("annotations").Field("image_id").Unique().Required().Immutable().
			Comment("The image that the shape is drawn on."),
		edge.From("label", Label.Type).Ref("annotations").Field("label_id").Unique().Required().
			Comment("The class of what the shape shows."),
		edge.From("author", User.Type).Ref("annotations").Field("author_id").Unique().
			Comment("The user who drew or imported the shape."),
	}
}

// Indexes of the Annotation.
func (Annotation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("image_id", "position", "id"),
		index.Fields("image_id", "label_id"),
		index.Fields("dataset_id", "position", "id"),
		index.Fields("label_id", "position", "id"),
		index.Fields("author_id"),
	}
}

// Annotations of the Annotation.
func (Annotation) Annotations() []schema.Annotation { return resource("A labelled shape on an image.") }
