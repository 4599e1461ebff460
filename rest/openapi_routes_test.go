package rest

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/openapi"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestEveryRouteIsDocumented compares the table with the document, both ways.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	gateway := testkit.Must(graph.New(&graph.Resolver{}, graph.Options{}))(t)
	api := testkit.Must(New(gateway, nil, slog.Default()))(t)
	prepared := testkit.Must(gateway.Prepare(testkit.Must(theDocument())(t)))(t)
	var compiled []*compiledRoute
	for _, res := range api.paths {
		for _, c := range res.methods {
			compiled = append(compiled, c)
		}
	}
	documented := map[string]*openapi.Operation{}
	for _, path := range describe(prepared, compiled).Paths {
		for _, method := range path.Value {
			documented[strings.ToUpper(method.Name)+" "+path.Name] = method.Value
		}
	}
	for _, row := range routes() {
		name := row.method + " " + Base + row.path + "/"
		op := documented[name]
		delete(documented, name)
		switch {
		case op == nil:
			t.Errorf("%s is not documented", name)
		case op.Summary == "" || op.Description == "" || len(op.Tags) != 1:
			t.Errorf("%s: summary %q, description %q, tags %v", name, op.Summary, op.Description, op.Tags)
		}
	}
	delete(documented, "GET "+download.Path+"/")
	for name := range documented {
		t.Errorf("%s is documented and no route", name)
	}
}
