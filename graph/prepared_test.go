package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph/generated"
)

// preparedFields are those that only prepared documents may select, as Type.field.
func preparedFields() (fields []string) {
	for _, def := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		for _, f := range def.Fields {
			if f.Directives.ForName("prepared") != nil {
				fields = append(fields, def.Name+"."+f.Name)
			}
		}
	}
	return fields
}

// TestClientsSeeNoPreparedFields: introspection does not tell of them.
func TestClientsSeeNoPreparedFields(t *testing.T) {
	t.Parallel()
	fields := preparedFields()
	if len(fields) == 0 {
		t.Fatal("the schema has no prepared fields")
	}
	a := onSQLite(t)
	for _, field := range fields {
		typ, name, _ := strings.Cut(field, ".")
		got := a.mustAsk(t, "superuser", fmt.Sprintf(`{ __type(name: %q) { fields { name } } __schema { directives { name } } }`, typ), nil)
		if strings.Contains(got.body, `"`+name+`"`) || strings.Contains(got.body, `"prepared"`) {
			t.Errorf("introspection tells of %s", field)
		}
	}
}

// TestClientsSelectNoPreparedFields: what a document of the program may select, one of a client's may not.
func TestClientsSelectNoPreparedFields(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	const query = `query Labels($dataset: ID!) { dataset(id: $dataset) { allLabels { databaseId } } }`
	variables := map[string]any{"dataset": gidOf("Dataset", a.world.Dataset.ID)}
	p, err := a.Prepare(query)
	if err != nil {
		t.Fatal(err)
	}
	ctx := a.world.As(t.Context(), "viewer")
	if got := p.Run(ctx, "Labels", nil, variables); len(got.Errors) > 0 || !strings.Contains(string(got.Data), "databaseId") {
		t.Errorf("prepared: %s %v", got.Data, got.Errors)
	}
	for name, sent := range map[string]string{"its text": query, "its key": "\x00prepared " + query} {
		if got := a.ask(t, "viewer", sent, variables); len(got.Errors) == 0 {
			t.Errorf("a client that sends %s gets %s", name, got.body)
		}
	}
}

// TestPreparedDocumentsHaveNoLimits: one may ask for more than any client.
func TestPreparedDocumentsHaveNoLimits(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	const many = `{ datasets(first: 500) { edges { node { images(first: 500) { edges { node { annotations(first: 500) { edges { node { id } } } } } } } } } }`
	p, err := a.Prepare("query Many " + many)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Run(a.world.As(t.Context(), "viewer"), "Many", nil, nil); len(got.Errors) > 0 {
		t.Error(got.Errors)
	}
	if got := a.ask(t, "viewer", many, nil); got.codes() != "QUERY_TOO_LARGE" {
		t.Errorf("a client gets %s", got.body)
	}
}

// TestPrepareRefuses documents that make no sense when the program starts.
func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for name, document := range map[string]string{
		"no GraphQL":       `query {`,
		"an unknown field": `query A { nothing }`,
		"no variable":      `query A { dataset(id: $id) { id } }`,
	} {
		if _, err := a.Prepare(document); err == nil {
			t.Errorf("%s was prepared", name)
		}
	}
	if p, err := a.Prepare(`query A { viewer { id } }`); err != nil || p.Operation("A").Operation != ast.Query {
		t.Errorf("%v", err)
	}
}
