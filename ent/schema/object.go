package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Object is bytes in the store that images or snapshots may name, by their hash. Its row is
// there before the bytes are, and goes after they have: package object keeps it so.
type Object struct{ ent.Schema }

// Fields of the Object.
func (Object) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("sha256").MaxLen(sha256Length).Immutable().Comment("SHA-256 of the bytes, in hex."),
		field.Int64("size").NonNegative().Immutable().Comment("How many bytes there are."),
		field.Int64("crc32").Optional().Nillable().Comment("CRC-32 of the bytes, which zips have; NULL while nobody has needed it."),
		field.Int64("crc32c").Optional().Nillable().Comment("CRC-32C of the bytes, which TFRecords have; NULL while nobody has needed it."),
		field.Time("created_at").Default(now).Immutable(),
		field.Time("wanted_at").Default(now).Comment("When somebody last said that they are about to name it."),
		field.Time("unnamed_since").Optional().Nillable().
			Comment("When a sweep first found it named by nothing; NULL while something names it, so far as is known."),
		field.Time("removing_until").Optional().Nillable().
			Comment("Until when whoever removes it from the store has for that; NULL when nobody does."),
	}
}

// Indexes of the Object: what is to be removed.
func (Object) Indexes() []ent.Index { return []ent.Index{index.Fields("unnamed_since")} }

// Annotations of the Object.
func (Object) Annotations() []schema.Annotation {
	return internal("Bytes in the store, by their hash.")
}

// sha256Length is that of a SHA-256 in hex.
const sha256Length = 64
