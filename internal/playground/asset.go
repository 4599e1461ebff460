package playground

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"
)

//go:embed assets/index.html assets/playground.js assets/playground.css assets/icon.svg assets/LICENSES.txt
var built embed.FS

// contentTypes are spelt out since the system's own table differs from machine to machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// asset is a file of the page, ready to be served.
type asset struct {
	contentType string
	vary        string
	version     string // of the content, for its URL and its ETag
	body        []byte
	gzipped     func() []byte
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	return &asset{
		contentType: contentTypes[path.Ext(name)],
		vary:        "Accept-Encoding",
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

// load returns the page and its assets by their URL paths.
func load(endpoint string) (map[string]*asset, error) {
	prefix := endpoint + "/assets/"
	assets := map[string]*asset{}
	for _, name := range []string{"playground.js", "playground.css", "icon.svg", "LICENSES.txt"} {
		body, err := built.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		assets[prefix+name] = newAsset(name, body)
	}
	setup, err := setup(endpoint)
	if err != nil {
		return nil, err
	}
	assets[prefix+"setup.json"] = newAsset("setup.json", setup)

	page, err := render(urls{prefix, assets})
	if err != nil {
		return nil, err
	}
	assets[endpoint] = newAsset("index.html", page)
	assets[endpoint].vary = "Accept, Accept-Encoding" // the API answers at the same address
	return assets, nil
}

// setup is what the page has to know: JSON, as its policy allows no inline script.
func setup(endpoint string) ([]byte, error) {
	examples, err := Examples()
	if err != nil {
		return nil, err
	}
	session, err := Operations()
	if err != nil {
		return nil, err
	}
	operations := map[string]string{}
	for _, o := range session {
		operations[o.Name] = o.Text
	}
	return json.Marshal(map[string]any{"endpoint": endpoint, "examples": examples, "operations": operations})
}

// urls is the data of the page's template.
type urls struct {
	prefix string
	assets map[string]*asset
}

// URL returns the address of the named asset. It changes with the content, so
// that browsers may keep what they got for good.
func (u urls) URL(name string) (string, error) {
	found, ok := u.assets[u.prefix+name]
	if !ok {
		return "", fmt.Errorf("the page refers to %s, which there is not", name)
	}
	return u.prefix + name + "?v=" + found.version, nil
}

func render(data urls) ([]byte, error) {
	page, err := template.ParseFS(built, "assets/index.html")
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := page.Execute(&buf, data); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Type", a.contentType)
	header.Set("Vary", a.vary)
	header.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}

	body, tag := a.body, a.version
	if accepts(r.Header.Values("Accept-Encoding"), "gzip") {
		body, tag = a.gzipped(), a.version+"-gzip"
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(body))) // ServeContent leaves it out of encoded content
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
