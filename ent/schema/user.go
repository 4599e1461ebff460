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

// User is a person who can sign in.
type User struct{ ent.Schema }

// Mixin of the User.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.UserID(0)),
		field.Int("workspace_id").GoType(gid.WorkspaceID(0)).Immutable().Comment("The workspace that the user belongs to."),
		field.String("email").NotEmpty().MaxRuneLen(254).Unique().
			Comment("The address that the user signs in with, in lower case.").
			Annotations(entgql.OrderField("EMAIL")),
		field.String("first_name").MaxRuneLen(150).Default("").Comment("Given name."),
		field.String("last_name").MaxRuneLen(150).Default("").Comment("Family name."),
		field.String("avatar").MaxRuneLen(500).Optional().Nillable().
			Comment("URL of a portrait.").
			Annotations(entgql.Skip(entgql.SkipWhereInput)),
		field.Bool("is_active").Default(true).Comment("Whether the user may sign in."),
		field.Bool("is_admin").Default(false).Comment("Whether the user sees and manages all of their own workspace."),
		field.Bool("is_superuser").Default(false).Comment("Whether the user sees and manages all workspaces."),
		field.String("password_hash").Sensitive().Default("").Annotations(hidden()),
		field.Int("session_version").Default(1).
			Comment("Sessions of an earlier version are over.").
			Annotations(hidden()),
		field.Time("last_login").Optional().Nillable().Annotations(hidden()),
	}
}

// Edges of the User.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("workspace", Workspace.Type).Ref("users").Field("workspace_id").Unique().Required().Immutable().
			Comment("The workspace that the user belongs to."),
		unseen("owned_datasets", Dataset.Type),
		unseen("memberships", Member.Type),
		unseen("owned_jobs", Job.Type),
		has("jobs", Job.Type, "The jobs that are assigned to the user, as far as you may see them."),
		unseen("annotations", Annotation.Type),
		owns("api_keys", APIKey.Type, "The user's API keys; only the user sees them."),
		unseen("sessions", Session.Type),
		edge.To("uploads", Upload.Type).Annotations(hidden(), entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the User.
func (User) Indexes() []ent.Index { return []ent.Index{index.Fields("workspace_id", "id")} }

// Annotations of the User.
func (User) Annotations() []schema.Annotation { return resource("A person who can sign in.") }
