package graph_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
)

// doubling is a document of n fragments, each of which spreads the next one twice. Whoever follows it
// without a memory of where it has been does not come back.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{ viewer { ...F0 } }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on User { ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on User { id }", n)
	return b.String()
}

// bombs are documents that would cost far more than to send them does.
var bombs = map[string]struct{ query, code string }{
	"fragments, 12 doublings": {doubling(12), "QUERY_TOO_LARGE"},
	"fragments, 26 doublings": {doubling(26), "QUERY_TOO_LARGE"},
	"fragments, 90 doublings": {doubling(90), "QUERY_TOO_LARGE"},
	"a fragment in itself":    {"{ viewer { ...F } } fragment F on User { id ...F }", "GRAPHQL_VALIDATION_FAILED"},
	"fragments in a circle":   {"{ viewer { ...F } } fragment F on User { ...G } fragment G on User { ...F }", "GRAPHQL_VALIDATION_FAILED"},
	"aliases":                 {"{" + numbered(31, "a%d: viewer { id }") + "}", "QUERY_TOO_LARGE"},
	"aliases below":           {"{ viewer {" + numbered(31, "a%d: id") + "} }", "QUERY_TOO_LARGE"},
	"aliases in fragments":    {"{ viewer { ...F x: workspace { id } ...G } } fragment F on User {" + numbered(16, "a%d: id") + "} fragment G on User {" + numbered(16, "b%d: id") + "}", "QUERY_TOO_LARGE"},
	"one field again":         {"{ viewer {" + numbered(900, " id") + "} }", "QUERY_TOO_LARGE"},
	"one fragment again":      {"{ viewer {" + numbered(21, " ...F") + "} } fragment F on User { id }", "QUERY_TOO_LARGE"},
	"directives":              {"{ viewer { id " + numbered(51, " @include(if: true)") + "} }", "QUERY_TOO_LARGE"},
	"unknown directives":      {"{ viewer { id " + numbered(990, " @a%d") + "} }", "QUERY_TOO_LARGE"},
	"depth":                   {"{ viewer " + strings.Repeat("{ workspace { users { edges { node ", 4) + "{ id }" + strings.Repeat("} } } }", 4) + "}", "QUERY_TOO_LARGE"},
	"roots":                   {"{" + numbered(26, " viewer { id }") + "}", "QUERY_TOO_LARGE"},
	"fields":                  {"{ viewer {" + strings.Repeat("... on User { ...F } ", 17) + "} } fragment F on User {" + strings.Repeat(" id email firstName", 20) + " }", "QUERY_TOO_LARGE"},
	"tokens":                  {"{" + numbered(2001, " a") + "}", "GRAPHQL_PARSE_FAILED"},
	"bytes":                   {"#" + strings.Repeat("x", 32<<10) + "\n{ __typename }", "QUERY_TOO_LARGE"},
	"rows":                    {"{ datasets(first: 500) { edges { node { images(first: 500) { edges { node { id } } } } } } }", "QUERY_TOO_LARGE"},
	"rows by default":         {"{ datasets { edges { node { images { edges { node { annotations { edges { node { id } } } } } } } } } }", "QUERY_TOO_LARGE"},
	"rows, twice":             {"{ datasets(first: 300) { edges { node { a: images(first: 200) { edges { node { id } } } b: images(first: 200) { edges { node { id } } } } } } }", "QUERY_TOO_LARGE"},
	"rows, near":              {"{ datasets(first: 50) { edges { node { images(first: 30) { edges { node { nearDuplicates(first: 100) { distance } } } } } } } }", "QUERY_TOO_LARGE"},
	"rows, in groups":         {"{ datasets(first: 10) { edges { node { nearDuplicateGroups(first: 100) { groups { images(first: 100) { id } } } } } } }", "QUERY_TOO_LARGE"},
	"searches":                {"{ datasets(first: 1) { edges { node { nearDuplicateGroups { totalCount }" + numbered(4, "a%d: nearDuplicateGroups(offset: %[1]d) { totalCount }") + "} } } }", "QUERY_TOO_LARGE"},
	"passwords":               {`mutation {` + numbered(2, `a%d: signIn(email: "a", password: "b") { accessToken }`) + `}`, "QUERY_TOO_LARGE"},
	"errors":                  {"{ viewer {" + numbered(300, " a%d") + "} }", "GRAPHQL_VALIDATION_FAILED"},
	"introspection in depth":  {"{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", "GRAPHQL_VALIDATION_FAILED"},
}

// numbered writes n texts, the number of each in its place if it has one.
func numbered(n int, text string) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(text, "%d") {
			fmt.Fprintf(&b, text, i)
		} else {
			b.WriteString(text)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// TestBombs: documents that are too large are refused before anything is asked of the database, with few words.
func TestBombs(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for name, bomb := range bombs {
		for range 2 { // the second time a cache might have it
			got := a.ask(t, "viewer", bomb.query, nil)
			if first, _, _ := strings.Cut(got.codes(), " "); first != bomb.code || got.statements > 0 || got.Data != nil {
				t.Errorf("%s: %s, %d statements, %s", name, got.codes(), got.statements, got.body[:min(300, len(got.body))])
			}
			if len(got.body) > 8<<10 {
				t.Errorf("%s is answered with %d bytes", name, len(got.body))
			}
		}
	}
}

// TestNoBombs: what a frontend asks for passes, just below the limits too.
func TestNoBombs(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for name, query := range map[string]string{
		"aliases":          "{ viewer {" + numbered(30, "a%d: id") + "} }",
		"fragments":        doubling(4),
		"roots":            "{" + numbered(20, " viewer { id }") + "}",
		"no rows, counts":  "{ datasets(first: 500) { edges { node { images(first: 0) { totalCount } annotations(first: 0) { totalCount } } } } }",
		"comment":          "#" + strings.Repeat("x", 30<<10) + "\n{ __typename }",
		"introspection":    introspectionQuery,
		"included, or not": "query($yes: Boolean = true) { viewer { id @include(if: $yes) email @skip(if: $yes) } }",
	} {
		if got := a.ask(t, "viewer", query, nil); len(got.Errors) > 0 {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	const rows = "query($n: Int!) { datasets(first: $n) { edges { node { images(first: 99) { edges { node { annotations(first: 9) { edges { node { id } } } } } } } } } }"
	for n, want := range map[int]string{100: "", 101: "QUERY_TOO_LARGE"} {
		if got := a.ask(t, "viewer", rows, map[string]any{"n": n}).codes(); got != want {
			t.Errorf("%d datasets: %q, want %q", n, got, want)
		}
	}
}

// introspectionQuery is what tools such as GraphiQL send.
const introspectionQuery = `query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
	types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
	isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`

// TestIntrospection: who has not signed in reads no schema, and is told no names by mistakes.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	if got := a.ask(t, "anonymous", introspectionQuery, nil); got.codes() != "UNAUTHENTICATED" || got.Data != nil {
		t.Errorf("to anybody: %.300s", got.body)
	}
	if got := a.ask(t, "viewer", introspectionQuery, nil); len(got.Errors) > 0 || !strings.Contains(got.body, "signIn") {
		t.Errorf("to a viewer: %.300s", got.body)
	}
	for name, query := range map[string]string{
		"field":    "{ viewe { id } }",
		"below":    "{ viewer { emai } }",
		"argument": "{ datasets(firs: 1) { totalCount } }",
		"type":     "query($x: DatasetWhereInpu) { viewer { id } }",
		"value":    "{ datasets(orderBy: {field: NAM}) { totalCount } }",
		"key":      "{ datasets(where: {nam: 1}) { totalCount } }",
	} {
		got := a.ask(t, "anonymous", query, nil)
		if !strings.HasPrefix(got.codes(), "GRAPHQL_VALIDATION_FAILED") || strings.Contains(got.body, "Did you mean") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

// TestFilters: a filter may hold others, but neither below nor beside one another without end.
func TestFilters(t *testing.T) {
	t.Parallel()
	const query = `query($w: DatasetWhereInput) { datasets(where: $w) { totalCount } }`
	eachDatabase(t, func(t *testing.T, a api) {
		for n, want := range map[int]string{190: "", 2000: "INVALID"} {
			deep, wide := map[string]any{"nameNEQ": "x"}, make([]any, n)
			for i := range n {
				deep = map[string]any{"not": deep}
				wide[i] = map[string]any{"nameNEQ": strconv.Itoa(i)}
			}
			for _, where := range []any{deep, map[string]any{"and": wide}, map[string]any{"or": wide}} {
				got := a.ask(t, "viewer", query, map[string]any{"w": where})
				if got.codes() != want || len(got.body) > 1000 {
					t.Errorf("%d filters: %q, want %q: %.500s", n, got.codes(), want, got.body)
				}
			}
		}
		for _, where := range []any{map[string]any{"not": map[string]any{}}, map[string]any{"and": []any{map[string]any{}}}} {
			if got := a.ask(t, "viewer", query, map[string]any{"w": where}); got.codes() != "INVALID" || !strings.Contains(got.body, "a filter is empty") {
				t.Errorf("%v: %s", where, got.body)
			}
		}
		long := map[string]any{"nameContains": strings.Repeat("a", 1_000_000)}
		want := map[string]string{dialect.SQLite: "INVALID", dialect.Postgres: ""}[a.db.Dialect()]
		if got := a.ask(t, "viewer", query, map[string]any{"w": long}); got.codes() != want {
			t.Errorf("a long text: %.300s", got.body)
		}
		literal := "{ datasets(where: " + strings.Repeat("{not: ", 480) + `{nameNEQ: "x"}` + strings.Repeat("}", 480) + ") { totalCount } }"
		if got := a.ask(t, "viewer", literal, nil); got.codes() != "" {
			t.Errorf("in the document: %s", got.body)
		}
	})
}

// TestListsWithoutEnd: a list that is too long is refused before its items are looked at, whoever sends it.
func TestListsWithoutEnd(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	many := make([]any, 20_000)
	for operation, item := range map[string]any{
		`mutation($l: [ID!]!) { deleteLabels(ids: $l) }`:                                                               "x",
		`mutation($l: [ID!]!) { updateImages(ids: $l, input: {done: true}) { id } }`:                                   "x",
		`mutation($l: [LabelChange!]!) { updateLabels(changes: $l) { id } }`:                                           map[string]any{"id": gidOf("Label", 1), "input": map[string]any{"name": ""}},
		`mutation($l: [CreateDatasetInput!]!) { createDatasets(datasets: $l) { id } }`:                                 map[string]any{"name": ""},
		`mutation($l: [CreateLabelInput!]!) { createLabels(datasetId: "RGF0YXNldDox", labels: $l) { id } }`:            map[string]any{"name": "", "color": ""},
		`mutation($l: [CreateBatchInput!]!) { createBatches(batches: $l) { id } }`:                                     map[string]any{"datasetId": gidOf("Dataset", 1), "name": ""},
		`mutation($l: [CreateJobInput!]!) { createJobs(jobs: $l) { id } }`:                                             map[string]any{"datasetId": gidOf("Dataset", 1)},
		`mutation($l: [AnnotationChange!]!) { annotate(datasetId: "RGF0YXNldDox", changes: $l) { results { id } } }`:   map[string]any{},
		`mutation($l: [AnnotationInput!]!) { replaceAnnotations(imageId: "SW1hZ2U6MQ", annotations: $l) { created } }`: map[string]any{"labelId": gidOf("Label", 1), "type": "", "data": map[string]any{}},
	} {
		for i := range many {
			many[i] = item
		}
		for _, actor := range []string{"anonymous", "viewer"} {
			got := a.ask(t, actor, operation, map[string]any{"l": many})
			if len(got.Errors) != 1 || got.Data["x"] != nil || len(got.body) > 1000 || got.statements > 0 {
				t.Errorf("%s, %s: %.300s (%d bytes, %d statements)", operation, actor, got.body, len(got.body), got.statements)
			}
		}
	}
}

// TestEmptyLists: a filter by an empty list finds nothing.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		for where, want := range map[string]any{`idIn: []`: 0.0, `nameIn: []`: 0.0, `hasLabelIn: []`: 0.0, `splitIn: []`: 0.0, `batchIdIn: []`: 0.0, `hasTagIn: []`: 0.0, `hasTags: []`: 3.0, `metadata: []`: 3.0, `not: {hasTags: []}`: 0.0, `idNotIn: []`: 3.0, `idIn: null`: 3.0} {
			got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images(where: {`+where+`}) { totalCount } } }`, map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)})
			if n := at(t, got.Data, "dataset.images.totalCount"); n != want {
				t.Errorf("%s finds %v, want %v", where, n, want)
			}
		}
	})
}
