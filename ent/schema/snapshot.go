package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/datasetgen/datagen/internal/gid"
)

// Snapshot is a dataset frozen at a moment.
type Snapshot struct{ ent.Schema }

// Mixin of the Snapshot.
func (Snapshot) Mixin() []ent.Mixin { return []ent.Mixin{Times{}, Versioned{}} }

// Fields of the Snapshot.
func (Snapshot) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").GoType(gid.SnapshotID(0)),
		field.Int("dataset_id").GoType(gid.DatasetID(0)).Immutable().Comment("The dataset that was frozen."),
		field.String("name").MaxRuneLen(100).Default("").Comment("What it is called."),
		field.Text("note").Default("").Comment("What it was made for."),
		field.Int("epoch").Immutable().Optional().Nillable().
			Comment("The last epoch of the dataset that it sees; NULL when there is nothing of it but an archive.").Annotations(hidden()),
		field.String("dataset_name").Immutable().Default("").MaxRuneLen(100).Comment("What the dataset was called."),
		field.Text("dataset_description").Immutable().Default("").Comment("What the dataset was for."),
		field.Time("expires_at").Optional().Nillable().
			Comment("When one that is in no list goes: it was taken for an export alone, or deleted. NULL when it stays.").Annotations(hidden()),
		field.Bool("zipped").Immutable().Default(false).
			Comment("Whether clients are told where a YOLO zip of it is, which is made as it is loaded.").Annotations(hidden()),
		field.String("archive_sha256").Immutable().Optional().Nillable().MaxRuneLen(sha256Length).
			Comment("SHA-256, in hex, of the YOLO zip that was kept of the dataset; NULL when none was. Only snapshots without an epoch have one.").Annotations(hidden()),
		field.Int64("archive_size").Immutable().NonNegative().Default(0).
			Comment("Length of that zip, in bytes.").Annotations(hidden()),
	}
}

// Edges of the Snapshot.
func (Snapshot) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("dataset", Dataset.Type).Ref("snapshots").Field("dataset_id").Unique().Required().Immutable().
			Comment("The dataset that was frozen."),
	}
}

// Indexes of the Snapshot.
func (Snapshot) Indexes() []ent.Index {
	return []ent.Index{index.Fields("dataset_id", "id"), index.Fields("dataset_id", "epoch"), index.Fields("expires_at"), index.Fields("archive_sha256")}
}

// Annotations of the Snapshot.
func (Snapshot) Annotations() []schema.Annotation { return resource("A dataset frozen at a moment.") }
