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

// Member is a user's role in a dataset.
type Member struct{ ent.Schema }

// Mixin of the Member.
func (Member) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Member.
func (Member) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.MemberID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset."),
		field.Int("user_id").GoType(gid.UserID(0)).Immutable().Comment("The user."),
		field.Enum("role").
			NamedValues("Viewer", "VIEWER", "Annotator", "ANNOTATOR", "Reviewer", "REVIEWER", "Manager", "MANAGER", "Owner", "OWNER").
			Comment("What the user may do; each role includes those before it: VIEWER reads, ANNOTATOR draws, REVIEWER accepts, MANAGER manages all but the dataset's existence, OWNER everything."),
	}
}

// Edges of the Member.
func (Member) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("members").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset."),
		edge.From("user", User.Type).Ref("memberships").Field("user_id").Unique().Required().Immutable().
			Comment("The user."),
	}
}

// Indexes of the Member.
func (Member) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("dataset_id", "user_id").Unique(),
		index.Fields("dataset_id", "id"),
		index.Fields("user_id", "dataset_id"),
	}
}

// Annotations of the Member.
func (Member) Annotations() []schema.Annotation {
	return append(resource("A user's role in a dataset."), entgql.Type("Member"))
}
