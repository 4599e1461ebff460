package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Upload is a file that comes in parts, over as many requests as it takes. The parts are in the store.
type Upload struct{ ent.Schema }

// Mixin of the Upload.
func (Upload) Mixin() []ent.Mixin { return []ent.Mixin{Times{}} }

// Fields of the Upload.
func (Upload) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(sha256Length).Immutable().Comment("Random, in hex."),
		field.Int("user_id").GoType(gid.UserID(0)).Immutable().Comment("Who sends it."),
		field.String("name").MaxRuneLen(500).Default("").Comment("What the file is called."),
		field.Int64("length").NonNegative().Comment("How many bytes it has in all."),
		field.Int64("received").NonNegative().Default(0).Comment("How many of them are in the store."),
		field.JSON("parts", []int64{}).Default([]int64{}).Comment("The lengths of the parts in the store by their numbers, in bytes; 0 is one under way, or given up."),
		field.Time("expires_at").Comment("When what is there is given up."),
	}
}

// Edges of the Upload.
func (Upload) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("uploads").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Upload.
func (Upload) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}

// Annotations of the Upload.
func (Upload) Annotations() []schema.Annotation { return internal("A file that comes in parts.") }
