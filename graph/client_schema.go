package graph

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph/generated"
)

func wholeSchema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// ClientSchema is the schema without the fields that only prepared documents may select, and without the types
// that only those lead to.
func ClientSchema() *ast.Schema {
	full := wholeSchema()
	schema := *full
	schema.Directives = maps.Clone(full.Directives)
	for _, own := range []string{"prepared", "length", "slow"} {
		delete(schema.Directives, own)
	}
	schema.Types = make(map[string]*ast.Definition, len(full.Types))
	for name, def := range full.Types {
		schema.Types[name] = withoutPrepared(def)
	}
	schema.Query, schema.Mutation = schema.Types[full.Query.Name], schema.Types[full.Mutation.Name]
	seen := map[string]bool{}
	for name, def := range schema.Types {
		if def.BuiltIn || def == schema.Query || def == schema.Mutation {
			reach(&schema, name, seen)
		}
	}
	for name := range schema.Types {
		if !seen[name] {
			delete(schema.Types, name)
		}
	}
	return &schema
}

func withoutPrepared(def *ast.Definition) *ast.Definition {
	shown := *def
	shown.Fields = nil
	for _, f := range def.Fields {
		if f.Directives.ForName("prepared") == nil {
			shown.Fields = append(shown.Fields, f)
		}
	}
	return &shown
}

// reach marks a type and those that it leads to.
func reach(schema *ast.Schema, name string, seen map[string]bool) {
	if seen[name] || schema.Types[name] == nil {
		return
	}
	seen[name] = true
	def := schema.Types[name]
	for _, f := range def.Fields {
		reach(schema, f.Type.Name(), seen)
		for _, arg := range f.Arguments {
			reach(schema, arg.Type.Name(), seen)
		}
	}
	for _, other := range slices.Concat(def.Interfaces, def.Types) {
		reach(schema, other, seen)
	}
	for _, possible := range schema.PossibleTypes[name] {
		reach(schema, possible.Name, seen)
	}
}
