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

// APIKey is a long-lived token of a user's, for scripts.
type APIKey struct{ ent.Schema }

// Mixin of the APIKey.
func (APIKey) Mixin() []ent.Mixin { return []ent.Mixin{Times{}} }

// Fields of the APIKey.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.APIKeyID(0)),
		field.Int("user_id").GoType(gid.UserID(0)).Immutable().Comment("Whose key it is.").
			Annotations(entgql.Skip(entgql.SkipWhereInput)),
		field.String("name").NotEmpty().MaxRuneLen(100).Comment("What the key is for.").
			Annotations(entgql.OrderField("NAME")),
		field.String("prefix").MaxRuneLen(20).Immutable().Comment("The start of the key, to tell it by; the rest is not kept."),
		field.String("hash").Unique().Immutable().Sensitive().Annotations(hidden()),
		field.Enum("scope").NamedValues("Read", "READ", "Write", "WRITE").Default("WRITE").
			Comment("READ allows queries only, WRITE all that the user may do."),
		field.Time("expires_at").Optional().Nillable().Comment("When the key ends; null is never."),
		field.Time("last_used_at").Optional().Nillable().Comment("When the key was last used, to the minute."),
		field.Time("revoked_at").Optional().Nillable().Comment("When the key was revoked; null while it is good."),
	}
}

// Edges of the APIKey.
func (APIKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("api_keys").Field("user_id").Unique().Required().Immutable().
			Comment("Whose key it is."),
	}
}

// Indexes of the APIKey.
func (APIKey) Indexes() []ent.Index { return []ent.Index{index.Fields("user_id", "id")} }

// Annotations of the APIKey.
func (APIKey) Annotations() []schema.Annotation {
	return append(resource("A long-lived token of a user's, for scripts."), entgql.Type("ApiKey"))
}
