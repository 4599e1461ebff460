package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Job is a set of images handed to one assignee.
type Job struct{ ent.Schema }

// Mixin of the Job.
func (Job) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Job.
func (Job) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.JobID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that the job belongs to."),
		field.Int("batch_id").GoType(gid.BatchID(0)).Optional().Nillable().Comment("The batch that the job was cut from."),
		field.Int("owner_id").GoType(gid.UserID(0)).Optional().Nillable().Comment("The user who made the job."),
		field.Int("assignee_id").GoType(gid.UserID(0)).Optional().Nillable().Comment("The user who does the job."),
		field.Bool("done").Default(false).Comment("Whether the assignee has finished."),
		field.Bool("reviewed").Default(false).Comment("Whether the work was checked."),
	}
}

// Edges of the Job.
func (Job) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("jobs").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that the job belongs to."),
		edge.From("batch", Batch.Type).Ref("jobs").Field("batch_id").Unique().
			Comment("The batch that the job was cut from."),
		edge.From("owner", User.Type).Ref("owned_jobs").Field("owner_id").Unique().
			Comment("The user who made the job."),
		edge.From("assignee", User.Type).Ref("jobs").Field("assignee_id").Unique().
			Comment("The user who does the job."),
		has("images", Image.Type, "The images of the job."),
	}
}

// Indexes of the Job.
func (Job) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("dataset_id", "id"),
		index.Fields("dataset_id", "done", "id"),
		index.Fields("dataset_id", "reviewed", "id"),
		index.Fields("batch_id", "id"),
		index.Fields("assignee_id", "dataset_id", "id"),
		index.Fields("owner_id"),
	}
}

// Annotations of the Job.
func (Job) Annotations() []schema.Annotation {
	return resource("A set of images handed to one assignee.")
}
