package schema

import (
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
)

// Times records when a row was made and last changed. Clients read both and set neither.
type Times struct{ mixin.Schema }

// Fields of the mixin.
func (Times) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Default(now).Immutable().
			Comment("When it was made, in UTC.").
			Annotations(entgql.OrderField("CREATED_AT")),
		field.Time("updated_at").Default(now).UpdateDefault(now).
			Comment("When it was last changed, in UTC.").
			Annotations(entgql.OrderField("UPDATED_AT")),
	}
}

// now is the present in the precision that both databases keep.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Historic knows in which epoch of its dataset the present content of a row was born, so that it is copied before it is
// changed or deleted if a snapshot sees it: see package history. Its entities have a dataset_id that never changes.
type Historic struct{ mixin.Schema }

// Fields of the mixin.
func (Historic) Fields() []ent.Field {
	return []ent.Field{
		field.Int("born").Immutable().Comment("The epoch of the dataset in which this content was written.").Annotations(hidden()),
	}
}

// Indexes of the mixin: what was written since a snapshot.
func (Historic) Indexes() []ent.Index { return []ent.Index{index.Fields("dataset_id", "born")} }

// Versioned counts the changes of a row, so that a writer can tell that what
// it read is still what is stored.
type Versioned struct{ mixin.Schema }

// Fields of the mixin.
func (Versioned) Fields() []ent.Field {
	return []ent.Field{
		field.Int("version").Default(1).
			Comment("Rises by one with each change; send it back as expectedVersion to write only over what you have read."),
	}
}
