package playground

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"

	"github.com/datasetgen/datagen/internal/asset"
)

//go:embed assets/index.html assets/playground.js assets/playground.css assets/icon.svg assets/LICENSES.txt
var built embed.FS

// load returns the page and its assets by their URL paths.
func load(endpoint string) (map[string]*asset.Asset, error) {
	prefix := endpoint + "/assets/"
	assets := map[string]*asset.Asset{}
	for _, name := range []string{"playground.js", "playground.css", "icon.svg", "LICENSES.txt"} {
		body, err := built.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		assets[prefix+name] = asset.New(name, body)
	}
	setup, err := setup(endpoint)
	if err != nil {
		return nil, err
	}
	assets[prefix+"setup.json"] = asset.New("setup.json", setup)

	page, err := render(urls{prefix, assets})
	if err != nil {
		return nil, err
	}
	assets[endpoint] = asset.New("index.html", page)
	assets[endpoint].Vary = "Accept, Accept-Encoding" // the API answers at the same address
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
	assets map[string]*asset.Asset
}

// URL returns the address of the named asset.
func (u urls) URL(name string) (string, error) {
	found, ok := u.assets[u.prefix+name]
	if !ok {
		return "", fmt.Errorf("the page refers to %s, which there is not", name)
	}
	return found.URL(u.prefix + name), nil
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
