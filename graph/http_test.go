package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

const mediaGraphQL = "application/graphql-response+json"

// TestHTTP: what each request is answered (https://graphql.github.io/graphql-over-http/draft/).
func TestHTTP(t *testing.T) {
	t.Parallel()
	const (
		hello  = `{"query": "{ viewer { id } }"}`
		failed = `{"query": "mutation { deleteDataset(id: \"x\") }"}`
	)
	get := func(values ...string) string {
		q := url.Values{}
		for i := 0; i < len(values); i += 2 {
			q.Set(values[i], values[i+1])
		}
		return "/graphql?" + q.Encode()
	}
	a := onSQLite(t)
	for name, tt := range map[string]struct {
		method, target, body string
		header               map[string]string
		status               int
		want                 string // codes, or part of the answer
		media                string
	}{
		"post":                    {body: hello, status: 200, want: `"viewer":{"id"`},
		"post, charset":           {body: hello, header: h("Content-Type", "application/json; charset=UTF-8"), status: 200, want: `"viewer":{"id"`},
		"post, other charset":     {body: hello, header: h("Content-Type", "application/json; charset=latin1"), status: 415, want: `"INVALID"`},
		"post, no type":           {body: hello, header: h("Content-Type", ""), status: 415, want: `"INVALID"`},
		"post, text":              {body: hello, header: h("Content-Type", "text/plain"), status: 415, want: `"INVALID"`},
		"post, form":              {body: "query={viewer{id}}", header: h("Content-Type", "application/x-www-form-urlencoded"), status: 415, want: `"INVALID"`},
		"post, no JSON":           {body: `{"query": secret`, status: 400, want: `"INVALID"`},
		"post, no UTF-8":          {body: "{\"query\": \"{ viewer { id } } #\xff\"}", status: 400, want: `in UTF-8`},
		"post, batch":             {body: "[" + hello + "]", status: 400, want: `"INVALID"`},
		"post, no query":          {body: `{"variables": {}}`, status: 400, want: `query is missing`},
		"post, query no text":     {body: `{"query": 1}`, status: 400, want: `"INVALID"`},
		"post, extensions":        {body: `{"query": "{ viewer { id } }", "extensions": {"a": 1}}`, status: 200, want: `"viewer"`},
		"post, wrong extensions":  {body: `{"query": "{ viewer { id } }", "extensions": 1}`, status: 400, want: `"INVALID"`},
		"post, wrong variables":   {body: `{"query": "{ viewer { id } }", "variables": [1]}`, status: 400, want: `"path":["variables"]`},
		"get, wrong variables":    {method: "GET", target: get("query", "{ viewer { id } }", "variables", "1"), status: 400, want: `"path":["variables"]`},
		"post, NUL":               {body: `{"query": "query($n: String) { datasets(where: {name: $n}) { totalCount } }", "variables": {"n": "a\u0000b"}}`, status: 200, want: `the character NUL`},
		"post, huge number":       {body: `{"query": "query($n: Int) { datasets(first: $n) { totalCount } }", "variables": {"n": 1e999}}`, status: 200, want: `"path":["variable","n"]`},
		"post, operation":         {body: `{"query": "query A { viewer { id } } query B { me { id } }", "operationName": "B"}`, status: 200, want: `"me"`},
		"post, which operation":   {body: `{"query": "query A { viewer { id } } query B { me { id } }"}`, status: 200, want: `GRAPHQL_VALIDATION_FAILED`},
		"post, no such operation": {body: `{"query": "query A { viewer { id } }", "operationName": "C"}`, status: 200, want: `GRAPHQL_VALIDATION_FAILED`},
		"post, nothing":           {body: `{"query": ""}`, status: 200, want: `GRAPHQL_VALIDATION_FAILED`},
		"post, no syntax":         {body: `{"query": "{"}`, status: 200, want: `GRAPHQL_PARSE_FAILED`},
		"post, invalid":           {body: `{"query": "{ nothing }"}`, status: 200, want: `GRAPHQL_VALIDATION_FAILED`},
		"post, failed":            {body: failed, status: 200, want: `"INVALID"`},
		"new, failed":             {body: failed, header: h("Accept", mediaGraphQL), status: 200, want: `"data":null`, media: mediaGraphQL},
		"new, no syntax":          {body: `{"query": "{"}`, header: h("Accept", mediaGraphQL), status: 400, want: `GRAPHQL_PARSE_FAILED`, media: mediaGraphQL},
		"new, invalid":            {body: `{"query": "{ nothing }"}`, header: h("Accept", mediaGraphQL+", application/json;q=0.9"), status: 400, want: `GRAPHQL_VALIDATION_FAILED`, media: mediaGraphQL},
		"new, good":               {body: hello, header: h("Accept", mediaGraphQL), status: 200, want: `"viewer":{"id"`, media: mediaGraphQL},
		"old before new":          {body: hello, header: h("Accept", "application/json, "+mediaGraphQL), status: 200, want: `"viewer"`},
		"whatever":                {body: hello, header: h("Accept", "*/*"), status: 200, want: `"viewer"`},
		"get":                     {method: "GET", target: get("query", "{ viewer { id } }"), status: 200, want: `"viewer":{"id"`},
		"get, variables":          {method: "GET", target: get("query", "query($n: Int) { datasets(first: $n) { totalCount } }", "variables", `{"n": 1}`), status: 200, want: `"totalCount":1`},
		"get, operation":          {method: "GET", target: get("query", "query A { viewer { id } } query B { me { id } }", "operationName", "A"), status: 200, want: `"viewer"`},
		"get, no query":           {method: "GET", target: "/graphql", status: 400, want: `query is missing`},
		"get, mutation":           {method: "GET", target: get("query", `mutation { signOut }`), status: 200, want: `only queries go by GET`},
		"get, form's type":        {method: "GET", target: get("query", "{ viewer { id } }"), header: h("Content-Type", "text/plain"), status: 415, want: `"INVALID"`},
		"put":                     {method: "PUT", body: hello, status: 405, want: `GET and POST`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := a.request(t, tt.method, tt.target, tt.body, tt.header)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%d %s; want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
			media := "application/json"
			if tt.media != "" {
				media = tt.media
			}
			if got := w.Header().Get("Content-Type"); got != media+"; charset=utf-8" {
				t.Errorf("type is %s, want %s", got, media)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the body is quoted: %s", w.Body)
			}
		})
	}
}

func h(name, value string) map[string]string { return map[string]string{name: value} }

// request sends a request as the viewer, a POST of JSON unless told otherwise.
func (a api) request(t *testing.T, method, target, body string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	if method == "" {
		method = http.MethodPost
	}
	if target == "" {
		target = "/graphql"
	}
	r := httptest.NewRequestWithContext(a.world.As(t.Context(), "viewer"), method, target, strings.NewReader(body))
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// TestMutationByGETChangesNothing sends one that would work by POST.
func TestMutationByGETChangesNothing(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	query := url.Values{"query": {`mutation { createDataset(input: {name: "by GET"}) { id } }`}}.Encode()
	a.request(t, http.MethodGet, "/graphql?"+query, "", nil)
	if n := at(t, a.mustAsk(t, "superuser", `{ datasets(where: {name: "by GET"}) { totalCount } }`, nil).Data, "datasets.totalCount"); n != 0.0 {
		t.Errorf("%v datasets were made", n)
	}
}

// TestBodyTooLarge: a body that is cut off by the limit on bodies is answered 413.
func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for name, media := range map[string]string{"JSON": "application/json", "form": "multipart/form-data; boundary=x"} {
		body := `{"query": "` + strings.Repeat(" ", 5000)
		if name == "form" {
			body = "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + strings.Repeat(" ", 5000)
		}
		r := httptest.NewRequestWithContext(a.world.As(t.Context(), "viewer"), http.MethodPost, "/graphql", nil)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Authorization", "Bearer x")
		w := httptest.NewRecorder()
		r.Body = http.MaxBytesReader(w, io.NopCloser(strings.NewReader(body)), 1000)
		a.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "TOO_LARGE") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// TestReadOnlyKeys: a viewer who came with a key that only reads asks, and changes nothing.
func TestReadOnlyKeys(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for query, want := range map[string]string{
		`{ viewer { id } }`: "",
		`mutation { createDataset(input: {name: "x"}) { id } }`: "FORBIDDEN",
	} {
		body := testkit.Must(json.Marshal(map[string]any{"query": query}))(t)
		r := httptest.NewRequestWithContext(readOnly(t, a.world), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		var got answer
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.codes() != want {
			t.Errorf("%s: %v %s, want %q", query, err, w.Body, want)
		}
	}
}
