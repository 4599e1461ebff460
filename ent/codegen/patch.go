package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
)

// A patch replaces a text of one of the templates of entgql or ent, of which there must be
// exactly count. When they are upgraded and a text no longer matches, generation fails.
type patch struct {
	template string
	count    int
	old, new string
}

// sources are the templates that are patched, each a file of a module.
var sources = []struct{ name, module, file string }{
	{"collection", "entgo.io/contrib", "entgql/template/collection.tmpl"},
	{"node", "entgo.io/contrib", "entgql/template/node.tmpl"},
	{"pagination", "entgo.io/contrib", "entgql/template/pagination.tmpl"},
	{"edge", "entgo.io/contrib", "entgql/template/edge.tmpl"},
	{"where_input", "entgo.io/contrib", "entgql/template/where_input.tmpl"},
	{"query", "entgo.io/ent", "entc/gen/template/dialect/sql/query.tmpl"},
}

//go:embed paging.tmpl
var pagingTemplate string

//go:embed shapes.tmpl
var shapesTemplate string

// entgqlTemplates are those of the pinned versions of entgql and ent, with the patches, and what the patches call.
func entgqlTemplates() ([]*gen.Template, error) {
	templates := []*gen.Template{entgql.EnumTemplate, entgql.TransactionTemplate}
	for _, s := range sources {
		text, err := patched(s.name, s.module, s.file)
		if err != nil {
			return nil, err
		}
		t, err := parse(s.name, text)
		if err != nil {
			return nil, err
		}
		templates = append(templates, t)
	}
	paging, err := parse("paging", pagingTemplate)
	if err != nil {
		return nil, err
	}
	shapes, err := parse("shapes", shapesTemplate)
	return append(templates, paging, shapes), err
}

func parse(name, text string) (*gen.Template, error) {
	t, err := gen.NewTemplate("template/" + name + ".tmpl").Funcs(entgql.TemplateFuncs).
		Funcs(template.FuncMap{"answers": answers, "idOf": idOf}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return t, nil
}

func patched(name, module, file string) (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", module, err)
	}
	b, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(dir)), filepath.FromSlash(file)))
	if err != nil {
		return "", err
	}
	text := string(b)
	for i, p := range patches {
		if p.template != name {
			continue
		}
		if n := strings.Count(text, p.old); n != p.count {
			return "", fmt.Errorf("patch %d of %s matches %d times, not %d: %q", i, file, n, p.count, p.old)
		}
		text = strings.ReplaceAll(text, p.old, p.new)
	}
	return text, nil
}

// answers names the GraphQL fields that a column answers. To entgql's list it adds
// our spelling of ids (datasetId for datasetID) and databaseId. It has a name of its own because
// all templates share the functions of the last one.
func answers(f *gen.Field) ([]string, error) {
	names, err := entgql.TemplateFuncs["fieldMapping"].(func(*gen.Field) ([]string, error))(f)
	if err != nil {
		return nil, err
	}
	for i := range names {
		names[i] = spelled(names[i])
	}
	if f.Name == "id" {
		names = append(names, "databaseId")
	}
	return names, nil
}

// idOf is the entity that a column holds an id of, empty when it holds something else.
func idOf(f *gen.Field) string {
	if !f.HasGoType() {
		return ""
	}
	name, ok := strings.CutPrefix(f.Type.Ident, "gid.")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, "ID")
}
