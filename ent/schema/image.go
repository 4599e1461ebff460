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
func (Image) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}, Historic{}} }

// Fields of the Image.
func (Image) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.ImageID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the image belongs to."),
		field.Int("batch_id").GoType(gid.BatchID(0)).Optional().Nillable().Comment("The batch that the image came or is worked on with."),
		field.Int("job_id").GoType(gid.JobID(0)).Optional().Nillable().Comment("The job that the image is handed out in."),
		field.Int("base_image_id").GoType(gid.ImageID(0)).Optional().Nillable().Comment("The image that this one was made from."),
		field.String("name").MaxRuneLen(100).Comment("The file name that the server gave the image: a UUID and an extension.").
			Annotations(entgql.OrderField("NAME")),
		field.String("original_name").Default("").MaxRuneLen(500).Comment("The file name that the image was uploaded under.").
			Annotations(entgql.OrderField("ORIGINAL_NAME")),
		field.String("source").Default("").MaxRuneLen(2000).
			Comment("Where the image was imported from: a URL, or the path of a file in a zip, a folder or a bucket."),
		field.String("sha256").MaxRuneLen(sha256Length).Comment("SHA-256 of the file as it was uploaded, in hex."),
		field.String("object_sha256").MaxRuneLen(sha256Length).
			Comment("SHA-256 of the file as it is kept, in hex: upright, and rid of what tells of the photographer.").
			Annotations(entgql.Skip(entgql.SkipWhereInput)),
		field.Int64("size").NonNegative().Comment("Length of the file as it is kept, in bytes.").
			Annotations(entgql.OrderField("SIZE")),
		field.Int("width").Positive().Comment("Width of the picture, in pixels."),
		field.Int("height").Positive().Comment("Height of the picture, in pixels."),
		field.Enum("format").NamedValues("PNG", "PNG", "JPEG", "JPEG", "WebP", "WEBP", "GIF", "GIF").
			Comment("The format of the file as it is kept."),
		field.Int64("perceptual_hash").Optional().Nillable().
			Comment("What the picture looks like, in 64 bits; NULL when it was never hashed.").Annotations(hidden()),
		field.Text("prompt").Default("").Comment("What an image generator was asked for."),
		field.Text("negative_prompt").Default("").Comment("What an image generator was asked to avoid."),
		field.String("generation_type").MaxRuneLen(100).Default("text2image").Comment("How the image was generated, such as text2image or inpainting."),
		jsonObject("extra_information", "Whatever else is known of the image, as a JSON object."),
		field.Strings("tags").Default([]string{}).Comment("Words to find the image by, in the order of the alphabet.").
			Annotations(entgql.Type("[String!]"), entgql.Skip(entgql.SkipWhereInput, entgql.SkipOrderField)),
		searchableObject("metadata", "What is known of the image by name: texts, numbers and booleans that images can be found by."),
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
		index.Fields("object_sha256"),
		index.Fields("dataset_id", "source", "id"),
		index.Fields("dataset_id", "perceptual_hash", "id"),
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
