package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"github.com/datasetgen/datagen/internal/gid"
)

// Workspace is a tenant: the people who work together, and their datasets.
type Workspace struct{ ent.Schema }

// Mixin of the Workspace.
func (Workspace) Mixin() []ent.Mixin { return []ent.Mixin{Times{}} }

// Fields of the Workspace.
func (Workspace) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.WorkspaceID(0)),
		field.String("name").NotEmpty().MaxRuneLen(100).Unique().
			Comment("What it is called; no two workspaces share a name.").
			Annotations(entgql.OrderField("NAME")),
		field.Int("max_images").Optional().Nillable().NonNegative().
			Comment("How many images its datasets may have together; null is as many as the server allows each workspace."),
		field.Int64("max_bytes").Optional().Nillable().NonNegative().
			Comment("How many bytes their files may take; null is as many as the server allows each workspace."),
	}
}

// Edges of the Workspace.
func (Workspace) Edges() []ent.Edge {
	return []ent.Edge{
		has("users", User.Type, "The people of the workspace."),
		has("datasets", Dataset.Type, "The datasets of the workspace that you may see."),
	}
}

// Annotations of the Workspace.
func (Workspace) Annotations() []schema.Annotation {
	return resource("A tenant: the people who work together, and their datasets.")
}
