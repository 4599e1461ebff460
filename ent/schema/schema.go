// Package schema is the data model: one file per entity, mixins for what they share.
// Everything else under ent/, and graph/ent.graphql, is generated from it by `go generate ./...`.
package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/datasetgen/datagen/internal/rawjson"
)

// resource marks an entity as one that GraphQL serves in connections.
func resource(comment string) []schema.Annotation {
	return []schema.Annotation{schema.Comment(comment), entgql.RelayConnection()}
}

// internal marks an entity that no client sees.
func internal(comment string) []schema.Annotation {
	return []schema.Annotation{schema.Comment(comment), entgql.Skip(entgql.SkipAll)}
}

// hidden keeps a field out of everything that clients see.
func hidden() schema.Annotation { return entgql.Skip(entgql.SkipAll) }

// owns is an edge to children that are deleted together with their parent.
func owns(name string, typ any, comment string) ent.Edge {
	return edge.To(name, typ).Comment(comment).
		Annotations(entgql.RelayConnection(), entsql.OnDelete(entsql.Cascade))
}

// has is an edge to rows that outlive this one: whoever deletes it clears the link first.
// (A foreign key that cleared it by itself would change rows behind the back of the code.)
func has(name string, typ any, comment string) ent.Edge {
	return edge.To(name, typ).Comment(comment).
		Annotations(entgql.RelayConnection(), entsql.OnDelete(entsql.NoAction))
}

// unseen is the other side of an edge that clients follow from its far end alone.
func unseen(name string, typ any) ent.Edge {
	return edge.To(name, typ).Annotations(hidden(), entsql.OnDelete(entsql.NoAction))
}

// searchableObject is a column of a JSON object that rows are found by. On PostgreSQL it is jsonb.
func searchableObject(name, comment string) ent.Field {
	return field.Other(name, rawjson.Object{}).
		SchemaType(map[string]string{dialect.Postgres: "jsonb", dialect.SQLite: "json"}).
		Default(rawjson.Object("{}")).
		Comment(comment).
		Annotations(entgql.Type("JSONObject"), entgql.Skip(entgql.SkipWhereInput, entgql.SkipOrderField))
}

// jsonObject is a column of JSON text. On PostgreSQL it is json, not jsonb: what was
// sent comes back to the byte, and no time is spent on taking it apart.
func jsonObject(name, comment string) ent.Field {
	return field.Other(name, rawjson.Object{}).
		SchemaType(map[string]string{dialect.Postgres: "json", dialect.SQLite: "json"}).
		Default(rawjson.Object("{}")).
		Comment(comment).
		Annotations(entgql.Type("JSONObject"), entgql.Skip(entgql.SkipWhereInput, entgql.SkipOrderField))
}
