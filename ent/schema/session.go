package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Session is a sign-in: one family of refresh tokens, of which one at a time is good.
type Session struct{ ent.Schema }

// Mixin of the Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Times{}} }

// Fields of the Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.SessionID(0)),
		field.Int("user_id").GoType(gid.UserID(0)).Immutable(),
		field.String("family").Unique().Immutable().Comment("Random; stands in refresh tokens and nowhere else."),
		field.String("token_hash").Comment("SHA-256 of the present refresh token, in hex."),
		field.String("previous_hash").Default("").Comment("SHA-256 of the refresh token before it."),
		field.Time("rotated_at").Optional().Nillable(),
		field.Time("expires_at"),
		field.Time("revoked_at").Optional().Nillable(),
		field.Time("last_used_at").Default(now),
		field.String("user_agent").MaxRuneLen(300).Default(""),
		field.Bool("legacy").Default(false).Comment("A REST token that lives long and is never refreshed."),
	}
}

// Edges of the Session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "id"), index.Fields("expires_at")}
}

// Annotations of the Session.
func (Session) Annotations() []schema.Annotation {
	return internal("A sign-in: one family of refresh tokens.")
}
