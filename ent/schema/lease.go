package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Lease is work that one process of many does at a time.
type Lease struct{ ent.Schema }

// Fields of the Lease.
func (Lease) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("name").MaxLen(100).Immutable().Comment("What the work is called."),
		field.String("holder").Comment("Random; tells the process that has it."),
		field.Time("expires_at").Comment("Until when it is that process's alone."),
		field.Time("done_at").Optional().Nillable().Comment("When the work was last done to its end."),
	}
}

// Annotations of the Lease.
func (Lease) Annotations() []schema.Annotation {
	return internal("Work that one process of many does at a time.")
}
