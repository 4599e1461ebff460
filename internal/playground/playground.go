// Package playground serves GraphiQL to browsers, whole from the binary: no
// CDN, no inline script and no eval, so that it works offline and under a
// policy that lets nothing else in.
//
// The page is built from web by "npm ci && npm run build" there; what comes out
// is committed under assets, and Go alone builds the server.
//
// GraphiQL 4, with CodeMirror, is used on purpose. GraphiQL 5 brings Monaco:
// three times the bytes, web workers, and style elements made at run time, for
// which the policy would need style-src 'unsafe-inline'.
package playground

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/datasetgen/datagen/internal/asset"
)

// Options says where the playground is found.
type Options struct {
	Path string // of the page and of the GraphQL endpoint it talks to, such as /graphql
}

// New returns the handler of the page at o.Path and of its assets under
// o.Path + "/assets/". It answers anything else with 404.
func New(o Options) (http.Handler, error) {
	if !strings.HasPrefix(o.Path, "/") || strings.HasSuffix(o.Path, "/") {
		return nil, fmt.Errorf("playground: path %q: want one that starts with a slash and ends without", o.Path)
	}
	assets, err := load(o.Path)
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	return handler(assets), nil
}

// Wants tells the navigation of a browser, which is to see the playground, from
// a request to the API, which may be a GET as well. Where both share an address,
// their answers differ by Accept and must say so in Vary.
func Wants(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	params := r.URL.Query()
	asks := params.Has("query") || params.Has("extensions") // extensions alone name a persisted query
	return !asks && asset.Accepts(r.Header.Values("Accept"), "text/html")
}

// handler serves assets by their URL paths.
type handler map[string]*asset.Asset

// ServeHTTP satisfies http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := h[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	found.ServeHTTP(w, r)
}
