package rest_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/datasetgen/datagen/internal/testkit"
)

// described is the document as clients read it.
type described struct {
	whole    any
	compiler *jsonschema.Compiler
	paths    []describedPath
}

type describedPath struct {
	name    string
	pattern *regexp.Regexp
	methods map[string]any
}

func documentOf(tb testing.TB, s *server) *described {
	tb.Helper()
	got := s.send(tb, "", "GET", "/api/v1/schema/", "", http.NoBody)
	if got.status != http.StatusOK {
		tb.Fatalf("status %d: %s", got.status, got.body)
	}
	return parseDocument(tb, got.body)
}

func parseDocument(tb testing.TB, text string) *described {
	tb.Helper()
	d := &described{whole: testkit.Must(jsonschema.UnmarshalJSON(strings.NewReader(text)))(tb), compiler: jsonschema.NewCompiler()}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("mem:///openapi.json", d.whole); err != nil {
		tb.Fatal(err)
	}
	for name, methods := range at(d.whole, "paths").(map[string]any) {
		pattern := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(name), `[^/]+`)
		d.paths = append(d.paths, describedPath{name, regexp.MustCompile("^" + pattern + "?$"), methods.(map[string]any)})
	}
	return d
}

// at follows names into JSON.
func at(value any, names ...string) any {
	for _, name := range names {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}

// schema compiles what is at a pointer into the document.
func (d *described) schema(tb testing.TB, names ...string) *jsonschema.Schema {
	tb.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	var pointer strings.Builder
	pointer.WriteString("mem:///openapi.json#")
	for _, name := range names {
		pointer.WriteString("/" + escape.Replace(name))
	}
	return testkit.Must(d.compiler.Compile(pointer.String()))(tb)
}

// answer is where the document says what a request is answered with; nil when it says nothing of the route.
func (d *described) answer(method, path string, status int) []string {
	path, _, _ = strings.Cut(path, "?")
	path = regexp.MustCompile(`/+`).ReplaceAllString(path, "/")
	name := ""
	for _, p := range d.paths {
		if p.pattern.MatchString(path) && (name == "" || strings.Count(p.name, "{") < strings.Count(name, "{")) {
			name = p.name
		}
	}
	method = strings.ToLower(method)
	if at(d.whole, "paths", name, method) == nil {
		return nil
	}
	where := []string{"paths", name, method, "responses", strconv.Itoa(status)}
	if ref, ok := at(d.whole, append(where, "$ref")...).(string); ok {
		return strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	}
	return where
}

// check complains when an answer is not as the document says.
func (d *described) check(t *testing.T, method, path string, status int, body string) {
	t.Helper()
	where := d.answer(method, path, status)
	if where == nil {
		return
	}
	said := at(d.whole, where...)
	if said == nil {
		t.Errorf("%s %s: no word of status %d, which is answered: %s", method, path, status, body)
		return
	}
	if at(said, "content") == nil {
		if body != "" {
			t.Errorf("%s %s: a body, where the document has none: %s", method, path, body)
		}
		return
	}
	value := testkit.Must(jsonschema.UnmarshalJSON(strings.NewReader(body)))(t)
	if err := d.schema(t, append(where, "content", "application/json", "schema")...).Validate(value); err != nil {
		t.Errorf("%s %s: %v\n%s", method, path, err, body)
	}
}

// TestDocumentIsValid holds the document to the schema of OpenAPI 3.1, and its schemas to their dialect.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	d := documentOf(t, newServer(t, databases["sqlite"]))
	c := jsonschema.NewCompiler()
	for _, name := range testkit.Must(filepath.Glob("testdata/openapi/*.json"))(t) {
		value := testkit.Must(jsonschema.UnmarshalJSON(bytes.NewReader(testkit.Must(os.ReadFile(name))(t))))(t)
		if err := c.AddResource(at(value, "$id").(string), value); err != nil {
			t.Fatal(err)
		}
	}
	meta := testkit.Must(c.Compile("https://spec.openapis.org/oas/3.1/schema-base/2021-04-15"))(t)
	if err := meta.Validate(d.whole); err != nil {
		t.Error(err)
	}
}

// TestOperationIDs are what generated clients call their functions.
func TestOperationIDs(t *testing.T) {
	t.Parallel()
	d := documentOf(t, newServer(t, databases["sqlite"]))
	seen := map[string]string{}
	for _, p := range d.paths {
		for method, op := range p.methods {
			id, _ := at(op, "operationId").(string)
			if other := seen[id]; other != "" || !regexp.MustCompile(`^[A-Z][A-Za-z]+$`).MatchString(id) {
				t.Errorf("%s %s: operationId %q, which %q has", method, p.name, id, other)
			}
			seen[id] = method + " " + p.name
		}
	}
}

// TestExamplesFit validates each example with the schema beside it.
func TestExamplesFit(t *testing.T) {
	t.Parallel()
	d := documentOf(t, newServer(t, databases["sqlite"]))
	count := 0
	walk(d.whole, nil, func(value any, names []string) {
		media, _ := value.(map[string]any)
		if media["example"] == nil || media["schema"] == nil {
			return
		}
		count++
		if err := d.schema(t, append(names, "schema")...).Validate(media["example"]); err != nil {
			t.Errorf("%v: %v", names, err)
		}
	})
	if count < 50 {
		t.Errorf("%d examples", count)
	}
}

func walk(value any, names []string, visit func(value any, names []string)) {
	visit(value, names)
	members, _ := value.(map[string]any)
	for name, below := range members {
		walk(below, append(slices.Clip(names), name), visit)
	}
}

// TestRecordedAnswersFit validates what the old service answered, which knew fewer fields.
func TestRecordedAnswersFit(t *testing.T) {
	t.Parallel()
	got := newServer(t, databases["sqlite"]).send(t, "", "GET", "/api/v1/schema/", "", http.NoBody)
	d := parseDocument(t, regexp.MustCompile(`,"required":\[[^]]*\]`).ReplaceAllString(got.body, ""))
	var exchanges []exchange
	if err := json.Unmarshal(testkit.Must(os.ReadFile("testdata/recorded.json"))(t), &exchanges); err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		if e.Status >= 300 || e.Note != "" {
			continue
		}
		body := ""
		if e.Response != nil {
			text := string(testkit.Must(json.Marshal(e.Response))(t))
			body = regexp.MustCompile(`"\\u003cstring: the URL[^"]*"`).ReplaceAllString(text, `"https://legacy.example/media/1.png"`)
		}
		t.Run(e.Name, func(t *testing.T) { d.check(t, e.Method, e.Path, e.Status, body) })
	}
}

// TestOurAnswersFit validates what is answered to the requests of the recording, refusals too.
func TestOurAnswersFit(t *testing.T) {
	t.Parallel()
	var exchanges []exchange
	if err := json.Unmarshal(testkit.Must(os.ReadFile("testdata/recorded.json"))(t), &exchanges); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, databases["sqlite"])
	d := documentOf(t, s)
	r := &replay{server: s, ids: map[string]string{}}
	r.people(t)
	handler := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		d.check(t, req.Method, req.URL.Path, recorder.Code, recorder.Body.String())
		maps.Copy(w.Header(), recorder.Header())
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
	for _, e := range exchanges {
		r.check(t, e)
	}
}
