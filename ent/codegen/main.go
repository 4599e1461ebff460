// Command codegen generates ent/ and graph/ent.graphql from ent/schema.
package main

import (
	"fmt"
	"log"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	templates, err := entgqlTemplates()
	if err != nil {
		return err
	}
	gql, err := entgql.NewExtension(
		entgql.WithSchemaGenerator(),
		entgql.WithSchemaPath("graph/ent.graphql"),
		entgql.WithConfigPath("gqlgen.yml"),
		entgql.WithWhereInputs(true),
		entgql.WithTemplates(templates...), // after it, or it adds the template that is patched
		entgql.WithSchemaHook(shapeSchema),
	)
	if err != nil {
		return fmt.Errorf("entgql: %w", err)
	}
	cfg := &gen.Config{
		Features: []gen.Feature{
			gen.FeatureVersionedMigration,
			gen.FeatureNamedEdges,
			gen.FeatureIntercept,
			gen.FeatureModifier,
			gen.FeatureExecQuery,
			gen.FeatureLock,
		},
		Templates: []*gen.Template{modelTemplate, stampTemplate},
	}
	return entc.Generate("./ent/schema", cfg, entc.Extensions(gql))
}

// stampTemplate makes updates stamp historic rows with the epoch of their dataset.
var stampTemplate = gen.MustParse(gen.NewTemplate("stamp").Parse(`
{{ define "dialect/sql/update/spec/stamp" }}
	{{- range $.Fields }}{{ if eq .Name "born" }}
		_spec.AddModifiers(history.Stamp({{ $.Package }}.Table))
	{{- end }}{{ end }}
{{- end }}

{{ define "import/additional/history" }}
	"github.com/datasetgen/datagen/internal/history"
{{ end }}
`))

// modelTemplate gives every model the integer (or UUID) that REST knows it by,
// and the rows that one statement read together with it.
var modelTemplate = gen.MustParse(gen.NewTemplate("model").Parse(`
{{ define "model/fields/additional" }}
	// Siblings are the rows that the same statement read, this one among them.
	Siblings *sibling.Group ` + "`json:\"-\"`" + `
{{ end }}

{{ define "model/additional/database_id" }}
	{{- if not $.ID.IsString }}
	// DatabaseID is the id as REST and the database know it.
	func ({{ $.Receiver }} *{{ $.Name }}) DatabaseID() {{ if $.ID.IsInt }}int{{ else }}string{{ end }} {
		return {{ if $.ID.IsInt }}int({{ $.Receiver }}.ID){{ else }}{{ $.Receiver }}.ID.String(){{ end }}
	}
	{{- end }}

	// Bind makes c read what is followed from a row that was put together rather than read.
	func ({{ $.Receiver }} *{{ $.Name }}) Bind(c *Client) { {{ $.Receiver }}.config = c.config }

	// JoinSiblings makes g the rows that the same statement read.
	func ({{ $.Receiver }} *{{ $.Name }}) JoinSiblings(g *sibling.Group) { {{ $.Receiver }}.Siblings = g }

	// ReadAt is the moment that the row was read at, nil when that is the present.
	func ({{ $.Receiver }} *{{ $.Name }}) ReadAt() *history.Moment { return {{ $.Receiver }}.Siblings.ReadAt() }

	// InSnapshot is the id of the snapshot that the row was read from, 0 when it was none.
	func ({{ $.Receiver }} *{{ $.Name }}) InSnapshot() int { return {{ $.Receiver }}.Siblings.ReadAt().InSnapshot() }
{{ end }}

{{ define "import/additional/sibling" }}
	"github.com/datasetgen/datagen/internal/sibling"
{{ end }}
`))
