package rest

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"

	"github.com/goccy/go-yaml"

	"github.com/datasetgen/datagen/internal/asset"
	"github.com/datasetgen/datagen/internal/openapi"
)

// What the page consists of. The files of docs/assets are Swagger UI's: "npm ci && npm run build" in docs/web renews them.
//
//go:embed docs/index.html docs/docs.js docs/assets
var docsFiles embed.FS

// docs are the document of the API and the page that shows it.
type docs struct {
	documents []*asset.Asset // as in documentForms
	page      *asset.Asset
	assets    map[string]*asset.Asset // by path
}

var (
	theSchema = answer{serve: (*API).serveSchema, like: "{}", media: []string{"application/json", "application/yaml"}}
	theDocs   = answer{serve: (*API).serveDocs, like: `""`, media: []string{"text/html"}}
)

// documentForms are what the document can be had as; the first one when nobody says.
var documentForms = []struct{ media, format string }{
	{"application/json", "json"},
	{"application/vnd.oai.openapi+json", "json"},
	{"application/yaml", "yaml"},
	{"application/x-yaml", "yaml"},
	{"application/vnd.oai.openapi", "yaml"},
	{"text/yaml", "yaml"},
	{"text/x-yaml", "yaml"},
}

func newDocs(doc *openapi.Document) (*docs, error) {
	d := &docs{assets: map[string]*asset.Asset{}}
	for _, name := range []string{"assets/swagger-ui-bundle.js", "assets/swagger-ui.css", "assets/LICENSES.txt", "docs.js"} {
		body, err := docsFiles.ReadFile("docs/" + name)
		if err != nil {
			return nil, err
		}
		d.assets[Base+"/docs/assets/"+path.Base(name)] = asset.New(name, body)
	}
	if err := d.addPage(); err != nil {
		return nil, err
	}
	if err := d.addDocuments(doc); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *docs) addPage() error {
	page, err := template.ParseFS(docsFiles, "docs/index.html")
	if err != nil {
		return err
	}
	urls := map[string]string{"schema": Base + "/schema/"}
	for at, a := range d.assets {
		urls[path.Base(at)] = a.URL(at)
	}
	var body bytes.Buffer
	if err := page.Execute(&body, urls); err != nil {
		return err
	}
	d.page = asset.New("index.html", body.Bytes())
	return nil
}

func (d *docs) addDocuments(doc *openapi.Document) error {
	inJSON, err := openapi.Marshal(doc)
	if err != nil {
		return err
	}
	inYAML, err := yaml.JSONToYAML(inJSON)
	if err != nil {
		return err
	}
	bodies := map[string][]byte{"json": inJSON, "yaml": inYAML}
	for _, form := range documentForms {
		a := asset.New("openapi."+form.format, bodies[form.format])
		a.ContentType = form.media
		d.documents = append(d.documents, a)
	}
	return nil
}

// serveSchema answers with the document, in the form that is asked for most.
func (api *API) serveSchema(w http.ResponseWriter, r *http.Request) {
	api.docs.documents[formFor(r)].ServeHTTP(w, r)
}

func formFor(r *http.Request) (best int) {
	asked := r.URL.Query().Get("format")
	most := 0.0
	for i, form := range documentForms {
		if form.format == asked {
			return i
		}
		if weight := asset.Weight(r.Header.Values("Accept"), form.media); weight > most {
			best, most = i, weight
		}
	}
	return best
}

// serveDocs answers with the page.
func (api *API) serveDocs(w http.ResponseWriter, r *http.Request) { api.docs.page.ServeHTTP(w, r) }
