package graph_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestOperationsOfREST asks what REST asks, by plans and by resolvers, whose answers are the same. Each has a plan.
func TestOperationsOfREST(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, file := range testkit.Must(filepath.Glob("../rest/operations/*.graphql"))(t) {
		text.Write(testkit.Must(os.ReadFile(file))(t))
	}
	eachDatabase(t, func(t *testing.T, a api) {
		ids := aWorldToRead(t, a)
		p := testkit.Must(a.Prepare(text.String()))(t)
		for _, op := range queriesIn(text.String(), p) {
			before := a.Reads()
			for _, actor := range []string{"owner", "viewer", "assignee", "superuser", "no member"} {
				ctx := a.world.As(t.Context(), actor)
				for _, variables := range variablesOf(a, op, ids) {
					compareRuns(ctx, t, p, op, variables)
				}
			}
			after := a.Reads()
			if withoutPlan := []string{"FindNodes", "Verify", "IsAuthenticated"}; slices.Contains(withoutPlan, op.Name) {
				continue
			}
			if after.Planned == before.Planned || after.Failed > 0 {
				t.Errorf("%s: %+v, and then %+v", op.Name, before, after)
			}
		}
	})
}

// TestReadBy: an answer says what it was read by, and the gateway counts it.
func TestReadBy(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for query, want := range map[string]string{
		`{ datasets { totalCount } v: viewer { id } }`:                           "datasets: plan; v: plan",
		`{ datasets { edges { node { nearDuplicateGroups { totalCount } } } } }`: "datasets: resolvers, since there is no plan for all of it",
		`mutation { signOut }`: "",
	} {
		before := a.Reads()
		body := string(testkit.Must(json.Marshal(map[string]string{"query": query}))(t))
		r := httptest.NewRequestWithContext(a.world.As(t.Context(), "owner"), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if got := w.Header().Get("Datagen-Read-By"); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		after := a.Reads()
		planned, resolved := strings.Count(want, ": plan"), strings.Count(want, ": resolvers")
		if after.Planned != before.Planned+int64(planned) || after.Resolved != before.Resolved+int64(resolved) {
			t.Errorf("%s: %+v, and then %+v", query, before, after)
		}
		r.Body = io.NopCloser(strings.NewReader(body))
		r.Header.Set("Datagen-Read-By", "resolvers")
		if a.ServeHTTP(httptest.NewRecorder(), r); a.Reads() != after {
			t.Errorf("%s: a plan answers who wants resolvers to", query)
		}
	}
}

// queriesIn are the operations of a document that read.
func queriesIn(text string, p *graph.Prepared) (queries []*ast.OperationDefinition) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "query ")
		if !ok {
			continue
		}
		name := rest[:strings.IndexAny(rest, " (")]
		queries = append(queries, p.Operation(name))
	}
	return queries
}

// variablesOf are several values for the variables of an operation.
func variablesOf(a api, op *ast.OperationDefinition, ids map[string][]string) (all []map[string]any) {
	image := ids["Image"][len(ids["Image"])-1]
	for i := range 4 {
		v := map[string]any{}
		for _, def := range op.VariableDefinitions {
			switch name := def.Variable; {
			case name == "dataset":
				v[name] = gidOf("Dataset", a.world.Dataset.ID)
			case name == "image":
				v[name] = []string{ids["Image"][1], image, ids["Image"][0], ids["Label"][0]}[i]
			case name == "first":
				v[name] = []int{40, 2, 1, 500}[i]
			case name == "offset" && i > 0:
				v[name] = i
			case name == "ids":
				v[name] = []any{ids["Image"][i], ids["Label"][i]}
			case name == "token":
				v[name] = "none"
			case def.Type.Name() == "ID":
				v[name] = ids[strings.ToUpper(name[:1])+name[1:]][i]
			}
		}
		all = append(all, v)
	}
	return all
}

// compareRuns runs an operation by plans and by resolvers.
func compareRuns(ctx context.Context, t *testing.T, p *graph.Prepared, op *ast.OperationDefinition, variables map[string]any) {
	t.Helper()
	run := func(ctx context.Context) any {
		response := p.Run(ctx, op.Name, http.Header{}, variables)
		var data any
		if err := json.Unmarshal(response.Data, &data); err != nil {
			t.Fatalf("%s: %v: %s", op.Name, err, response.Data)
		}
		return []any{data, response.Errors.Error()}
	}
	if diff := cmp.Diff(run(graph.ByResolvers(ctx)), run(ctx)); diff != "" {
		t.Errorf("%s %v (-by resolvers +by a plan)\n%s", op.Name, variables, diff)
	}
}
