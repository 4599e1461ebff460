package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/web"
)

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })

// stack returns handler behind the whole middleware.
func stack(t *testing.T, o web.Options, handler http.Handler) http.Handler {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1000
	}
	layers, err := web.Middleware(o)
	if err != nil {
		t.Fatal(err)
	}
	return layers.Handler(handler)
}

// request makes one for http://api.example.com with headers as "Name: value".
func request(t *testing.T, method, path string, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://api.example.com"+path, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return r
}

func answer(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	for sent, keep := range map[string]bool{
		"":                      false,
		"0af7651916cd43dd":      true,
		"Root=1-67891233-ab:c/": true,
		strings.Repeat("x", 64): true,
		strings.Repeat("x", 65): false,
		"two words":             false,
		"a\"quote":              false,
		"line\nbreak":           false,
	} {
		var inside string
		handler := stack(t, web.Options{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inside = web.RequestID(r.Context())
		}))
		r := request(t, "GET", "/")
		r.Header.Set("X-Request-ID", sent)
		got := answer(handler, r).Header().Get("X-Request-ID")
		if got == "" || got != inside || (got == sent) != keep {
			t.Errorf("sent %q: answered %q, in the context %q, want it kept: %v", sent, got, inside, keep)
		}
	}
}

func TestLogHandlerAddsTheRequestID(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(web.LogHandler(slog.NewTextHandler(&out, nil)))
	handler := stack(t, web.Options{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.With("a", 1).InfoContext(r.Context(), "inside")
		log.WithGroup("g").InfoContext(r.Context(), "group", "b", 2)
	}))
	answer(handler, request(t, "GET", "/", "X-Request-ID: abc"))
	log.Info("outside")

	for _, want := range []string{"msg=inside a=1 request_id=abc\n", "msg=group g.b=2 g.request_id=abc\n", "msg=outside\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &out)
		}
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(web.LogHandler(slog.NewJSONHandler(&out, nil)))
	handler := stack(t, web.Options{Log: log}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/changed by a router"
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "tea")
	}))

	answer(handler, request(t, "GET", "/media/1?sig=hunter2", "Authorization: Bearer hunter2", "X-Request-ID: abc"))

	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the log holds a secret: %s", &out)
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	delete(line, "time")
	delete(line, "took")
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "GET", "path": "/media/1", "status": 418.0, "bytes": 3.0,
		"ip": "192.0.2.1", "cut_off": false, "request_id": "abc",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestErrorBodies(t *testing.T) {
	t.Parallel()
	handler := stack(t, web.Options{AllowedHosts: []string{"other.example.com"}}, ok)
	graph := `{"errors":[{"extensions":{"code":"INVALID","requestId":"abc"},"message":"the server does not answer to this host name (ALLOWED_HOSTS)"}]}`
	legacy := `{"detail":"the server does not answer to this host name (ALLOWED_HOSTS)"}`
	for path, want := range map[string]string{
		"/graphql":          graph,
		"/":                 graph,
		"/api/v10/":         graph,
		"/api/v1/datasets/": legacy,
		"/api/v1":           legacy,
		"//api//v1/":        legacy,
	} {
		got := answer(handler, request(t, "GET", path, "X-Request-ID: abc"))
		if got.Code != http.StatusBadRequest || strings.TrimSpace(got.Body.String()) != want || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(web.LogHandler(slog.NewTextHandler(&out, nil)))
	handler := stack(t, web.Options{Log: log}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("oh no: hunter2")
	}))

	got := answer(handler, request(t, "GET", "/graphql", "X-Request-ID: abc"))

	want := `{"errors":[{"extensions":{"code":"INTERNAL","requestId":"abc"},"message":"internal error"}]}` + "\n"
	if got.Code != http.StatusInternalServerError || got.Body.String() != want {
		t.Errorf("answer: %d %s", got.Code, got.Body)
	}
	for _, part := range []string{"oh no: hunter2", "web_test.go", "request_id=abc", "status=500"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the log lacks %q:\n%s", part, &out)
		}
	}
}

// TestCutOff: nobody may take half an answer for a whole one.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]any{"a late panic": "oh no", "a handler's wish": http.ErrAbortHandler} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		server := httptest.NewServer(stack(t, web.Options{Log: log}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"half":`)
			http.NewResponseController(w).Flush()
			panic(reason)
		})))
		response, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(response.Body); err == nil {
			t.Errorf("%s: the answer ended as if it were whole", name)
		}
		response.Body.Close()
		server.Close()
		if !strings.Contains(out.String(), "cut_off=true") {
			t.Errorf("%s: the log does not say so:\n%s", name, &out)
		}
	}
}

func TestAllowedHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		allowed, host string
		want          int
	}{
		{"", "anything.example.com:8000", 200},
		{"", "", 400},
		{"", "bad host", 400},
		{"", "example.com/path", 400},
		{"", "user@example.com", 400},
		{"*", "anything.example.com", 200},
		{"example.com", "example.com", 200},
		{"example.com", "EXAMPLE.com.:8000", 200},
		{"example.com", "www.example.com", 400},
		{"example.com", "example.com.evil.org", 400},
		{"example.com", "notexample.com", 400},
		{".example.com", "example.com", 200},
		{".example.com", "a.b.example.com", 200},
		{".example.com", "notexample.com", 400},
		{"[::1]", "[::1]:8000", 200},
		{"[::1]", "[::2]", 400},
		{"a.example.com,b.example.com", "b.example.com", 200},
	} {
		var allowed []string
		if tt.allowed != "" {
			allowed = strings.Split(tt.allowed, ",")
		}
		if got := answer(stack(t, web.Options{AllowedHosts: allowed}, ok), request(t, "GET", "/", "Host: "+tt.host)).Code; got != tt.want {
			t.Errorf("allowed %q, host %q: %d, want %d", tt.allowed, tt.host, got, tt.want)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler http.Handler
		headers []string
		want    map[string]string
	}{
		"data": {handler: ok, want: map[string]string{
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Strict-Transport-Security": "",
		}},
		"over https": {handler: ok, headers: []string{"X-Forwarded-Proto: https"}, want: map[string]string{
			"Strict-Transport-Security": "max-age=31536000",
		}},
		"a refusal": {handler: ok, headers: []string{"Host: bad host"}, want: map[string]string{"X-Content-Type-Options": "nosniff"}},
		"a page of its own": {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		}), want: map[string]string{"Content-Security-Policy": "default-src 'self'"}},
	} {
		got := answer(stack(t, web.Options{TrustedProxies: trusted}, tt.handler), request(t, "GET", "/", tt.headers...)).Header()
		for header, want := range tt.want {
			if got.Get(header) != want {
				t.Errorf("%s: %s = %q, want %q", name, header, got.Get(header), want)
			}
		}
	}
}

var trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fd00::/8")}
