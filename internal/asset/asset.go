// Package asset serves embedded files of web pages, under a policy that lets
// nothing in but what the server itself has: no CDN, no inline script and no eval.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"
)

// policy is the Content-Security-Policy of pages. The images of data: URLs are
// marks that style sheets of vendors draw.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

// contentTypes are spelt out since the system's own table differs from machine to machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
	".yaml": "application/yaml",
}

// Asset is a file, ready to be served.
type Asset struct {
	ContentType string
	Vary        string // what the answer depends on

	version string // of the content, for its URL and its ETag
	body    []byte
	gzipped func() []byte
}

// New returns the asset of that name and content. The name's ending says its type.
func New(name string, body []byte) *Asset {
	sum := sha256.Sum256(body)
	return &Asset{
		Vary:        "Accept-Encoding",
		ContentType: contentTypes[path.Ext(name)],
		version:     hex.EncodeToString(sum[:8]),
		body:        body,
		gzipped:     sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// compress runs when first needed and once, rather than at build time: the committed
// files stay comparable, and their bytes do not depend on Node's zlib.
func compress(body []byte) []byte {
	var buf bytes.Buffer
	// Neither the level nor a buffer can fail.
	z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	_, _ = z.Write(body)
	_ = z.Close()
	return buf.Bytes()
}

// URL returns the address of the asset that is served at a path. It changes with
// the content, so that browsers may keep what they got for good.
func (a *Asset) URL(at string) string { return at + "?v=" + a.version }

// ServeHTTP satisfies http.Handler.
func (a *Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Type", a.ContentType)
	header.Add("Vary", a.Vary)
	header.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}

	body, tag := a.body, a.version
	if Accepts(r.Header.Values("Accept-Encoding"), "gzip") {
		body, tag = a.gzipped(), a.version+"-gzip"
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(body))) // ServeContent leaves it out of encoded content
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
