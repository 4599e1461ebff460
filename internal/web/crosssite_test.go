package web_test

import (
	"net/http"
	"testing"

	"github.com/datasetgen/datagen/internal/web"
)

var spa = web.Options{AllowedOrigins: []string{"https://app.example.com"}}

func TestPreflight(t *testing.T) {
	t.Parallel()
	const asked = "authorization,content-type,tus-resumable,upload-length,upload-metadata,upload-offset"
	for name, tt := range map[string]struct {
		options web.Options
		origin  string
		want    string // Access-Control-Allow-Origin
	}{
		"the app":        {spa, "https://app.example.com", "https://app.example.com"},
		"another page":   {spa, "https://evil.example.org", ""},
		"none allowed":   {web.Options{}, "https://app.example.com", ""},
		"every page":     {web.Options{AllowedOrigins: []string{"*"}}, "https://evil.example.org", "*"},
		"another scheme": {spa, "http://app.example.com", ""},
	} {
		got := answer(stack(t, tt.options, ok), request(t, "OPTIONS", "/api/v1/datasets/",
			"Origin: "+tt.origin, "Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: "+asked)).Header()
		if got.Get("Access-Control-Allow-Origin") != tt.want {
			t.Errorf("%s: allows the origin %q, want %q", name, got.Get("Access-Control-Allow-Origin"), tt.want)
		}
		if tt.want == "" {
			continue
		}
		for header, want := range map[string]string{
			"Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Headers": asked,
			"Access-Control-Max-Age": "7200", "Access-Control-Allow-Credentials": "",
		} {
			if got.Get(header) != want {
				t.Errorf("%s: %s = %q, want %q", name, header, got.Get(header), want)
			}
		}
	}
}

func TestExposedHeaders(t *testing.T) {
	t.Parallel()
	got := answer(stack(t, spa, ok), request(t, "GET", "/graphql", "Origin: https://app.example.com")).Header().Get("Access-Control-Expose-Headers")
	if want := "Accept-Ranges, Content-Disposition, Content-Range, Etag, Location, Retry-After, X-Request-Id, " +
		"Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRefusedPagesCanReadWhy(t *testing.T) {
	t.Parallel()
	o := web.Options{AllowedOrigins: spa.AllowedOrigins, MaxBody: 3}
	r := request(t, "POST", "/graphql", "Origin: https://app.example.com")
	r.ContentLength = 4
	got := answer(stack(t, o, ok), r)
	if got.Code != http.StatusRequestEntityTooLarge || got.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%d %v", got.Code, got.Header())
	}
}

func TestCrossSite(t *testing.T) {
	t.Parallel()
	all := web.Options{AllowedOrigins: []string{"*"}}
	public := web.Options{PublicURL: "https://data.example.com/path/"}
	for name, tt := range map[string]struct {
		options web.Options
		method  string
		headers []string
		want    int
	}{
		"a script":               {method: "POST", want: 200},
		"a page of ours":         {method: "POST", headers: []string{"Sec-Fetch-Site: same-origin"}, want: 200},
		"a foreign form":         {method: "POST", headers: []string{"Sec-Fetch-Site: cross-site"}, want: 403},
		"a sibling's form":       {method: "POST", headers: []string{"Sec-Fetch-Site: same-site"}, want: 403},
		"an old browser":         {method: "POST", headers: []string{"Origin: https://evil.example.org"}, want: 403},
		"an old browser at home": {method: "POST", headers: []string{"Origin: http://api.example.com"}, want: 200},
		"a sandboxed frame":      {method: "POST", headers: []string{"Origin: null"}, want: 403},
		"a foreign link":         {method: "GET", headers: []string{"Sec-Fetch-Site: cross-site"}, want: 200},
		"who asked first":        {method: "POST", headers: []string{"Sec-Fetch-Site: cross-site", "Authorization: Bearer x"}, want: 200},
		"the app":                {spa, "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://app.example.com"}, 200},
		"not the app":            {spa, "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example.org"}, 403},
		"a proxy that hides us":  {public, "POST", []string{"Origin: https://data.example.com"}, 200},
		"when all are allowed":   {all, "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example.org"}, 200},
	} {
		if got := answer(stack(t, tt.options, ok), request(t, tt.method, "/graphql", tt.headers...)).Code; got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestMiddlewareRefusesAnOriginThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := web.Middleware(web.Options{AllowedOrigins: []string{"app.example.com/x"}}); err == nil {
		t.Error("no error")
	}
}
