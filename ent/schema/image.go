package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Image is a picture of a dataset. Its bytes lie in the object store under their hash.
type Image struct{ ent.Schema }

// Mixin of the Image.
func (Image) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Image.
func (Image) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.ImageID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the image belongs to."),
		field.Int("batch_id").GoType(gid.BatchID(0)).Optional().Nillable().Comment("The batch that the image came or is worked on with."),
		field.Int("job_id").GoType(gid.JobID(0)).Optional().Nillable().Comment("The job that the image is handed out in."),
		field.Int("base_image_id").GoType(gid.ImageID(0)).Optional().Nillable().Comment("The image that this one was made from."),
		field.String("name").Immutable().MaxRuneLen(100).Comment("The file name that the server gave the image: a UUID and an extension.").
			Annotations(entgql.OrderField("NAME")),
		field.String("original_name").Default("").MaxRuneLen(500).Comment("The file name that the image was uploaded under.").
			Annotations(entgql.OrderField("ORIGINAL_NAME")),
		field.String("sha256").Immutable().MaxRuneLen(64).Comment("SHA-256 of the file, in hex."),
		field.Int64("size").Immutable().NonNegative().Comment("Length of the file, in bytes.").
			Annotations(entgql.OrderField("SIZE")),
		field.Int("width").Immutable().Positive().Comment("Width of the upright picture, in pixels."),
		field.Int("height").Immutable().Positive().Comment("Height of the upright picture, in pixels."),
		field.Enum("format").NamedValues("PNG", "PNG", "JPEG", "JPEG", "WebP", "WEBP", "GIF", "GIF").Immutable().
			Comment("The format of the file, told by its bytes."),
		field.Text("prompt").Default("").Comment("What an image generator was asked for."),
		field.Text("negative_prompt").Default("").Comment("What an image generator was asked to avoid."),
		field.String("generation_type").MaxRuneLen(100).Default("text2image").Comment("How the image was generated, such as text2image or inpainting."),
		jsonObject("extra_information", "Whatever else is known of the image, as a JSON object."),
		field.Bool("is_synthetic").Default(false).Comment("Whether the image was generated."),
		field.Bool("done").Default(false).Comment("Whether the image is annotated in full."),
		field.Bool("reviewed").Default(false).Comment("Whether the annotations were checked."),
		field.Enum("split").NamedValues("None", "NONE", "Train", "TRAIN", "Val", "VAL", "Test", "TEST").Default("NONE").
			Comment("The part of the dataset that the image is for when a model is trained."),
	}
}

// Edges of the Image.
func (Image) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("images").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that the image belongs to."),
		edge.From("batch", Batch.Type).Ref("images").Field("batch_id").Unique().
			Comment("The batch that the image came or is worked on with."),
		edge.From("job", Job.Type).Ref("images").Field("job_id").Unique().
			Comment("The job that the image is handed out in."),
		edge.To("derivatives", Image.Type).Comment("The images that were made from this one.").
			Annotations(entgql.RelayConnection(), entsql.OnDelete(entsql.NoAction)).
			From("base_image").Field("base_image_id").Unique().
			Comment("The image that this one was made from."),
		owns("annotations", Annotation.Type, "The annotations, in the order in which they were saved."),
	}
}

// Indexes of the Image: lists newest first within each parent, one for each filter and order, and the foreign keys.
// There is none of updated_at, which every stroke on the image would have to move.
func (Image) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("dataset_id", "id"),
		index.Fields("dataset_id", "created_at", "id"),
		index.Fields("dataset_id", "sha256"),
		index.Fields("dataset_id", "name"),
		index.Fields("dataset_id", "original_name", "id"),
		index.Fields("dataset_id", "size", "id"),
		index.Fields("dataset_id", "format", "id"),
		index.Fields("dataset_id", "is_synthetic", "id"),
		index.Fields("dataset_id", "done", "id"),
		index.Fields("dataset_id", "reviewed", "id"),
		index.Fields("dataset_id", "split", "id"),
		index.Fields("batch_id", "id"),
		index.Fields("job_id", "id"),
		index.Fields("base_image_id", "id"),
	}
}

// Annotations of the Image.
func (Image) Annotations() []schema.Annotation { return resource("A picture of a dataset.") }
