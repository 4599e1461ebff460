package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
)

// getAs is a GET with an Accept header.
func (s *server) getAs(tb testing.TB, target, accept string) reply {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, target, http.NoBody)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

func TestSchemaForms(t *testing.T) {
	t.Parallel()
	s := newServer(t, databases["sqlite"])
	for name, tt := range map[string]struct{ path, accept, want string }{
		"nothing said":      {"/api/v1/schema/", "", "application/json"},
		"no slash":          {"/api/v1/schema", "*/*", "application/json"},
		"a browser":         {"/api/v1/schema/", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"},
		"JSON":              {"/api/v1/schema/", "application/json", "application/json"},
		"OpenAPI in JSON":   {"/api/v1/schema/", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"},
		"YAML":              {"/api/v1/schema/", "application/yaml", "application/yaml"},
		"YAML as text":      {"/api/v1/schema/", "text/yaml", "text/yaml"},
		"YAML of old":       {"/api/v1/schema/", "application/x-yaml", "application/x-yaml"},
		"OpenAPI":           {"/api/v1/schema/", "application/vnd.oai.openapi;version=3.1", "application/vnd.oai.openapi"},
		"JSON before YAML":  {"/api/v1/schema/", "application/yaml;q=0.5, application/json", "application/json"},
		"YAML before JSON":  {"/api/v1/schema/", "application/yaml, application/json;q=0.9", "application/yaml"},
		"no YAML":           {"/api/v1/schema/", "application/yaml;q=0", "application/json"},
		"YAML by query":     {"/api/v1/schema/?format=yaml", "application/json", "application/yaml"},
		"JSON by query":     {"/api/v1/schema/?format=json", "application/yaml", "application/json"},
		"unknown by query":  {"/api/v1/schema/?format=xml", "", "application/json"},
		"doubled slashes":   {"//api/v1//schema/", "", "application/json"},
		"something unknown": {"/api/v1/schema/", "image/png", "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.getAs(t, tt.path, tt.accept)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != tt.want {
				t.Fatalf("%d %s, want %s", got.status, got.header.Get("Content-Type"), tt.want)
			}
			if isJSON := strings.HasPrefix(got.body, `{"openapi":"3.1.0"`); isJSON != strings.HasSuffix(tt.want, "json") {
				t.Errorf("body %.40s", got.body)
			}
			if vary := strings.Join(got.header.Values("Vary"), ", "); !strings.Contains(vary, "Accept,") {
				t.Errorf("Vary: %s", vary)
			}
		})
	}
}

func TestSchemaSaysTheSameInYAML(t *testing.T) {
	t.Parallel()
	s := newServer(t, databases["sqlite"])
	var inYAML any
	if err := yaml.Unmarshal([]byte(s.getAs(t, "/api/v1/schema/", "application/yaml").body), &inYAML); err != nil {
		t.Fatal(err)
	}
	again := testkit.Must(json.Marshal(inYAML))(t)
	var got any
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.getAs(t, "/api/v1/schema/", "").json(t), got); diff != "" {
		t.Errorf("(-JSON +YAML):\n%s", diff)
	}
}

// TestDocsAreOpen lets anybody read, whatever token a client sends along.
func TestDocsAreOpen(t *testing.T) {
	t.Parallel()
	s := newServer(t, databases["sqlite"])
	for _, path := range []string{"/api/v1/schema/", "/api/v1/docs/"} {
		for method, want := range map[string]int{"GET": 200, "HEAD": 200, "OPTIONS": 200, "POST": 405} {
			got := s.send(t, "Token nobodys", method, path, "", http.NoBody)
			if got.status != want || got.header.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("%s %s: %d, Allow %s", method, path, got.status, got.header.Get("Allow"))
			}
			if method == "HEAD" && got.body != "" {
				t.Errorf("HEAD %s has a body", path)
			}
		}
	}
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// TestDocsPage loads all that the page refers to, which is here.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	s := newServer(t, databases["sqlite"])
	page := s.getAs(t, "/api/v1/docs/", "text/html")
	if page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("Content-Type: %s", page.header.Get("Content-Type"))
	}
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	found := reference.FindAllStringSubmatch(page.body, -1)
	if len(found) != 5 {
		t.Errorf("the page refers to %v", found)
	}
	for _, match := range found {
		if match[1] == "data:," {
			continue
		}
		got := s.getAs(t, match[1], "*/*")
		if got.status != http.StatusOK || got.header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: %d", match[1], got.status)
		}
		if strings.Contains(match[1], "?v=") && !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %s", match[1], got.header.Get("Cache-Control"))
		}
	}
	if got := s.getAs(t, "/api/v1/docs/assets/nothing.js", "*/*"); got.status != http.StatusNotFound {
		t.Errorf("an asset that there is not: %d", got.status)
	}
}

// TestViewerIsFresh fails when docs/web names another version than the one that was copied.
func TestViewerIsFresh(t *testing.T) {
	t.Parallel()
	var pkg struct{ Dependencies map[string]string }
	if err := json.Unmarshal(testkit.Must(os.ReadFile("docs/web/package.json"))(t), &pkg); err != nil {
		t.Fatal(err)
	}
	licences := string(testkit.Must(os.ReadFile("docs/assets/LICENSES.txt"))(t))
	for name, version := range pkg.Dependencies {
		if !strings.HasPrefix(licences, name+" "+version+" ") {
			t.Errorf(`%s %s is not in docs/assets: run "npm ci && npm run build" in docs/web`, name, version)
		}
	}
	viewer := string(testkit.Must(os.ReadFile("docs/assets/swagger-ui-bundle.js"))(t))
	if strings.Contains(viewer, "sourceMappingURL") {
		t.Error("the viewer refers to a source map that there is not")
	}
}
