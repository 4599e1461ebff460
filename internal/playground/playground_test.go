package playground_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/playground"
)

const path = "/graphql"

func open(t *testing.T) http.Handler {
	t.Helper()
	h, err := playground.New(playground.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks for target with headers given as name, value, name, value.
func get(t *testing.T, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// addresses returns what the page loads.
func addresses(t *testing.T, h http.Handler) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile(`(?:href|src|data-setup)="([^"]*)"`).FindAllStringSubmatch(get(t, h, path).Body.String(), -1) {
		found = append(found, match[1])
	}
	return found
}

func TestWants(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for name, tt := range map[string]struct {
		method, target, accept string
		want                   bool
	}{
		"a browser's navigation":      {"GET", "/graphql", browser, true},
		"its link with a bookmark":    {"GET", "/graphql?from=readme", browser, true},
		"HEAD":                        {"HEAD", "/graphql", browser, true},
		"spelt oddly":                 {"GET", "/graphql", "*/* , Text/HTML ; level=1", true},
		"a query in a browser":        {"GET", "/graphql?query={viewer{email}}", browser, false},
		"an empty query":              {"GET", "/graphql?query=", browser, false},
		"a persisted query":           {"GET", "/graphql?extensions={}", browser, false},
		"curl":                        {"GET", "/graphql", "*/*", false},
		"no Accept":                   {"GET", "/graphql", "", false},
		"fetch of JSON":               {"GET", "/graphql", "application/json", false},
		"HTML refused":                {"GET", "/graphql", "application/json, text/html;q=0.0", false},
		"HTML liked less":             {"GET", "/graphql", "application/json, text/html;q=0.1", true},
		"a weight that is no number":  {"GET", "/graphql", "text/html;q=x", true},
		"another type of like name":   {"GET", "/graphql", "text/html-sandboxed", false},
		"a POST":                      {"POST", "/graphql", browser, false},
		"a browser's preflight":       {"OPTIONS", "/graphql", browser, false},
		"a list of types in one word": {"GET", "/graphql", "application/xhtml+xml,text/html", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, nil)
			if tt.accept != "" {
				r.Header.Set("Accept", tt.accept)
			}
			if got := playground.Wants(r); got != tt.want {
				t.Errorf("Wants = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPathIsChecked(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "graphql", "/", "/graphql/"} {
		if _, err := playground.New(playground.Options{Path: path}); err == nil {
			t.Errorf("path %q: no error", path)
		}
	}
}

// TestHeaders holds the policy of the page and of every asset: an SVG or a text
// opened by itself is a document as well.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := open(t)
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
			"img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	for _, address := range append(addresses(t, h), path) {
		got := map[string]string{}
		for name := range want {
			got[name] = get(t, h, address).Header().Get(name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	w := get(t, open(t), path)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %s, want 200 and HTML", w.Code, w.Header().Get("Content-Type"))
	}
	if got := w.Header().Get("Vary"); got != "Accept, Accept-Encoding" {
		t.Errorf("Vary = %q: the API answers at the same address", got)
	}
	for name, refused := range map[string]string{
		"an address elsewhere": `(?i)(?:[a-z]+:)?//`,
		"an inline script":     `(?i)<script(?:[^>]*)>[^<]`,
		"an inline style":      `(?i)<style|\sstyle=`,
		"an event handler":     `(?i)\son\w+=`,
	} {
		if found := regexp.MustCompile(refused).FindString(w.Body.String()); found != "" {
			t.Errorf("the page holds %s: %s", name, found)
		}
	}
}

// TestAssetsLoadFromHereOnly reads the style sheet, where url() and @import
// would fetch; what a script would fetch, only a browser can tell.
func TestAssetsLoadFromHereOnly(t *testing.T) {
	t.Parallel()
	css := get(t, open(t), path+"/assets/playground.css").Body.String()
	for _, match := range regexp.MustCompile(`url\("?'?([^)]*)\)|@import|@font-face`).FindAllStringSubmatch(css, -1) {
		if !strings.HasPrefix(match[1], "data:image/") {
			t.Errorf("the style sheet loads %.80s", match[0])
		}
	}
}

func TestAssetsExist(t *testing.T) {
	t.Parallel()
	h := open(t)
	types := map[string]string{}
	for _, address := range addresses(t, h) {
		w := get(t, h, address)
		name, version, _ := strings.Cut(strings.TrimPrefix(address, path+"/assets/"), "?v=")
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d and %d bytes", address, w.Code, w.Body.Len())
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control = %q", address, got)
		}
		if got := w.Header().Get("ETag"); got != `"`+version+`"` {
			t.Errorf("%s: ETag = %s, want its version", address, got)
		}
		types[name] = w.Header().Get("Content-Type")
	}
	want := map[string]string{
		"icon.svg":       "image/svg+xml",
		"LICENSES.txt":   "text/plain; charset=utf-8",
		"playground.css": "text/css; charset=utf-8",
		"playground.js":  "text/javascript; charset=utf-8",
		"setup.json":     "application/json",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := open(t)
	const script = path + "/assets/playground.js"
	plain, packed := get(t, h, script).Header().Get("ETag"), get(t, h, script, "Accept-Encoding", "gzip").Header().Get("ETag")
	if plain == packed {
		t.Fatalf("both encodings have the ETag %s", plain)
	}
	for name, tt := range map[string]struct {
		target  string
		headers []string
		status  int
		cache   string
	}{
		"no version":       {script, nil, 200, "no-cache"},
		"another version":  {script + "?v=0000000000000000", nil, 200, "no-cache"},
		"unchanged":        {script, []string{"If-None-Match", plain}, 304, "no-cache"},
		"unchanged, gzip":  {script, []string{"If-None-Match", packed, "Accept-Encoding", "gzip"}, 304, "no-cache"},
		"another encoding": {script, []string{"If-None-Match", packed}, 200, "no-cache"},
		"changed":          {script, []string{"If-None-Match", `"0000000000000000"`}, 200, "no-cache"},
		"the page":         {path, nil, 200, "no-cache"},
		"unchanged page":   {path, []string{"If-None-Match", get(t, h, path).Header().Get("ETag")}, 304, "no-cache"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, h, tt.target, tt.headers...)
			if w.Code != tt.status || w.Header().Get("Cache-Control") != tt.cache {
				t.Errorf("%d %q, want %d %q", w.Code, w.Header().Get("Cache-Control"), tt.status, tt.cache)
			}
			if tt.status == http.StatusNotModified && w.Body.Len() > 0 {
				t.Errorf("304 with %d bytes", w.Body.Len())
			}
		})
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	h := open(t)
	const script = path + "/assets/playground.js"
	plain, packed := get(t, h, script), get(t, h, script, "Accept-Encoding", "br, gzip;q=0.8")

	unpacked, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, plain.Body.Bytes()) {
		t.Error("the encodings differ in content")
	}
	if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("Content-Encoding = %q", got)
	}
	if got := get(t, h, script, "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("Content-Encoding = %q for a client that refuses gzip", got)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	h := open(t)
	for target, want := range map[string]int{
		path + "/assets/":               http.StatusNotFound,
		path + "/assets/index.html":     http.StatusNotFound, // a template, not a page
		path + "/assets/SOURCES.sha256": http.StatusNotFound,
		path + "/":                      http.StatusNotFound,
		"/":                             http.StatusNotFound,
	} {
		if got := get(t, h, target).Code; got != want {
			t.Errorf("%s: %d, want %d", target, got, want)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	one, other := open(t), open(t)
	for _, address := range append(addresses(t, one), path) {
		if !bytes.Equal(get(t, one, address).Body.Bytes(), get(t, other, address).Body.Bytes()) {
			t.Errorf("%s differs from one handler to the next", address)
		}
	}
}

// TestSetup asserts what the script relies on: see web/src/main.jsx.
func TestSetup(t *testing.T) {
	t.Parallel()
	var got struct {
		Endpoint   string
		Examples   []playground.Document
		Operations map[string]string
	}
	if err := json.Unmarshal(get(t, open(t), path+"/assets/setup.json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	examples, err := playground.Examples()
	if err != nil {
		t.Fatal(err)
	}
	if got.Endpoint != path || len(examples) == 0 {
		t.Errorf("endpoint %q, %d examples", got.Endpoint, len(examples))
	}
	if diff := cmp.Diff(examples, got.Examples); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	for name, needs := range map[string]string{
		"sign-in":  `session: \w+\(.*\$email.*\$password`,
		"refresh":  `session: \w+\(.*\$refreshToken`,
		"sign-out": `mutation \w+`,
	} {
		if !regexp.MustCompile(needs).MatchString(got.Operations[name]) {
			t.Errorf("%s does not match %s:\n%s", name, needs, got.Operations[name])
		}
	}
}
