package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// readOnly returns a context in which the manager asks with a key that only reads.
func readOnly(t *testing.T, w *testkit.World) context.Context {
	t.Helper()
	v, _ := access.ViewerFrom(w.As(t.Context(), "manager"))
	v.ReadOnly = true
	return access.WithViewer(t.Context(), v)
}

// form is a multipart form: pairs of a name and a value; names that start with @ are those of files.
func form(t *testing.T, parts ...string) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i < len(parts); i += 2 {
		name, value := parts[i], parts[i+1]
		write := testkit.Must(w.CreateFormField(name))
		if file, ok := strings.CutPrefix(name, "@"); ok {
			write = testkit.Must(w.CreateFormFile(file, "boat.png"))
		}
		testkit.Must(write(t).Write([]byte(value)))(t)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

func aPNG(t *testing.T, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 6))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sendForm sends a form as the manager, with Authorization unless told otherwise.
func (a api) sendForm(t *testing.T, without string, parts ...string) *httptest.ResponseRecorder {
	t.Helper()
	body, contentType := form(t, parts...)
	r := httptest.NewRequestWithContext(a.world.As(t.Context(), "manager"), http.MethodPost, "/graphql", body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer x") // who asks is in the context already
	r.Header.Del(without)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// TestMultipart uploads two files, in the places that the map names.
func TestMultipart(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		operations := fmt.Sprintf(`{"query": "mutation($d: ID!, $f: [ImageInput!]!) { createImages(datasetId: $d, images: $f) { originalName width prompt } }",
			"variables": {"d": %q, "f": [{"prompt": "one", "file": null}, {"file": null, "originalName": "two.png"}]}}`, gidOf("Dataset", a.world.Dataset.ID))
		w := a.sendForm(t, "", "operations", operations, "map", `{"x": ["variables.f.1.file"], "0": ["variables.f.0.file"]}`, "@0", aPNG(t, 7), "@x", aPNG(t, 9))
		want := `{"data":{"createImages":[{"originalName":"boat.png","width":7,"prompt":"one"},{"originalName":"two.png","width":9,"prompt":""}]}}`
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// TestMultipartRefused: forms that make no sense are the client's fault, whatever they say.
func TestMultipartRefused(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	operations := fmt.Sprintf(`{"query": "mutation($d: ID!, $f: [ImageInput!]!) { createImages(datasetId: $d, images: $f) { id } }",
		"variables": {"d": %q, "f": [{"file": null}, {"file": "text"}]}}`, gidOf("Dataset", a.world.Dataset.ID))
	file := aPNG(t, 8)
	mapped := func(path string) []string {
		return []string{"operations", operations, "map", fmt.Sprintf(`{"0": [%q]}`, path), "@0", file}
	}
	for name, parts := range map[string][]string{
		"no form":               nil,
		"no operations":         {"map", `{}`},
		"operations no JSON":    {"operations", `{`, "map", `{}`},
		"a batch of operations": {"operations", `[` + operations + `]`, "map", `{}`},
		"no query":              {"operations", `{}`, "map", `{}`},
		"no map":                {"operations", operations, "@0", file},
		"map no object":         {"operations", operations, "map", `["variables.f.0.file"]`, "@0", file},
		"map of texts":          {"operations", operations, "map", `{"0": "variables.f.0.file"}`, "@0", file},
		"map to nothing":        {"operations", operations, "map", `{"0": []}`, "@0", file},
		"map to two":            {"operations", operations, "map", `{"0": ["variables.f.0.file", "variables.f.1.file"]}`, "@0", file},
		"no file":               {"operations", operations, "map", `{"0": ["variables.f.0.file"]}`},
		"two files":             {"operations", operations, "map", `{"0": ["variables.f.0.file"]}`, "@0", file, "@0", file},
		"many files":            {"operations", operations, "map", `{` + strings.TrimSuffix(strings.Repeat(`"%":[],`, 101), ",") + `}`},
		"beside variables":      mapped("query"),
		"below the query":       mapped("query.0"),
		"the variables":         mapped("variables"),
		"an empty name":         mapped("variables."),
		"no such variable":      mapped("variables.list.5"),
		"past the list":         mapped("variables.f.9.file"),
		"before the list":       mapped("variables.f.-1.file"),
		"no index":              mapped("variables.f.x.file"),
		"no such field":         mapped("variables.f.0.files"),
		"below a null":          mapped("variables.f.0.file.x"),
		"below a text":          mapped("variables.d.x"),
		"what is not null":      mapped("variables.f.1.file"),
		"an index of an object": mapped("variables.f.0.0"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "many files" {
				for i := range 101 {
					parts[3] = strings.Replace(parts[3], "%", strconv.Itoa(i), 1)
				}
			}
			w := a.sendForm(t, "", slices.Clone(parts)...)
			if !strings.Contains(w.Body.String(), `"code":"INVALID"`) || w.Code != http.StatusBadRequest && w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// TestMultipartOfAnotherPage: a form without Authorization is what any page can make a browser send with its cookies.
func TestMultipartOfAnotherPage(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	parts := []string{"operations", `{"query": "mutation { createDataset(input: {name: \"forged\"}) { id } }"}`, "map", `{}`}
	if w := a.sendForm(t, "Authorization", parts...); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "FORBIDDEN") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := at(t, a.mustAsk(t, "superuser", `{ datasets(where: {name: "forged"}) { totalCount } }`, nil).Data, "datasets.totalCount"); n != 0.0 {
		t.Errorf("%v datasets were made", n)
	}
}
