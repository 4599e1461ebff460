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

// Dataset is a named collection of images and of what is drawn on them.
type Dataset struct{ ent.Schema }

// Mixin of the Dataset.
func (Dataset) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Dataset.
func (Dataset) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.DatasetID(0)),
		field.Int("workspace_id").GoType(gid.WorkspaceID(0)).Immutable().Comment("The workspace that the dataset belongs to."),
		field.Int("owner_id").GoType(gid.UserID(0)).Comment("The user who owns the dataset."),
		field.String("name").NotEmpty().MaxRuneLen(100).Comment("What it is called.").
			Annotations(entgql.OrderField("NAME")),
		field.Text("description").Default("").Comment("What it is for."),
		field.Int("epoch").Default(1).Comment("Rises by one with each snapshot; what is written has it as its born.").Annotations(hidden()),
	}
}

// Edges of the Dataset.
func (Dataset) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("workspace", Workspace.Type).Ref("datasets").Field("workspace_id").Unique().Required().Immutable().
			Comment("The workspace that the dataset belongs to."),
		edge.From("owner", User.Type).Ref("owned_datasets").Field("owner_id").Unique().Required().
			Comment("The user who owns the dataset."),
		owns("members", Member.Type, "Who may see the dataset, and do what; assignees of jobs are not among them."),
		owns("labels", Label.Type, "The classes that annotations are drawn for, by their order."),
		owns("images", Image.Type, "The pictures, newest first."),
		owns("annotations", Annotation.Type, "All annotations of all images."),
		owns("batches", Batch.Type, "The batches, newest first."),
		owns("jobs", Job.Type, "The jobs, newest first."),
		owns("snapshots", Snapshot.Type, "The snapshots, newest first."),
		edge.To("counts", DatasetCount.Type).Annotations(hidden(), entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the Dataset.
func (Dataset) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "id"),
		index.Fields("workspace_id", "name", "id"),
		index.Fields("owner_id", "id"),
	}
}

// Annotations of the Dataset.
func (Dataset) Annotations() []schema.Annotation {
	return append(resource("A named collection of images and of what is drawn on them."), entgql.QueryField())
}
