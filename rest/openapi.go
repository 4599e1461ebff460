package rest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/openapi"
)

// introduction is for those who read the document.
const introduction = `Labelled images for the training of detectors.

Sign in at /auth/token/ and send the token, or an API key, in the header Authorization.
Every path works with and without the slash at its end. Fields of a body that are read-only or unknown are ignored, and
so are unknown parameters of a query. Fields that are left out of a PUT or a PATCH keep their value.`

// tags group routes: a route is of the one that its path names last, and of the first when it names none.
var tags = []openapi.Tag{
	{Name: "api", Description: "The API itself."},
	{Name: "auth", Description: "Signing in, and who one is."},
	{Name: "datasets", Description: "Images, and the labels that are drawn on them."},
	{Name: "labels", Description: "Classes that annotations are drawn for."},
	{Name: "images", Description: "Pictures of a dataset."},
	{Name: "annotations", Description: "Labelled shapes on an image."},
	{Name: "batches", Description: "Images that are worked on together."},
	{Name: "jobs", Description: "Images that are handed out to somebody."},
	{Name: "snapshots", Description: "States of a dataset, to keep and to download."},
}

// old puts the words of old clients for those of GraphQL.
var old = strings.NewReplacer(
	"The databaseId of", "The id of",
	"createdAt", "created_at",
	"updatedAt", "updated_at",
	"What signIn gives as accessToken.", "A token that lives for a quarter of an hour.",
	"What signIn gives as refreshToken.", "Gets new tokens once, at /auth/token/refresh/.",
	"Gets new tokens once, by refresh.", "Gets new tokens once, at /auth/token/refresh/.",
	"The same from below the address of the server on;", "Where the zip is, below the address of the server;",
	", see Annotation.data", "",
	" Exactly one of file and data.", "",
)

// describer writes the OpenAPI document of the routes.
type describer struct {
	prepared *graph.Prepared
	doc      *openapi.Document
	shared   map[string]bool // names of more than one route
}

// describe returns the document of routes, in their order.
func describe(prepared *graph.Prepared, compiled []*compiledRoute) *openapi.Document {
	d := describer{prepared: prepared, shared: map[string]bool{}, doc: &openapi.Document{
		OpenAPI:  openapi.Version,
		Info:     openapi.Info{Title: "Datagen", Description: introduction, Version: "1"},
		Servers:  []openapi.Server{{URL: "/"}},
		Security: byToken,
		Tags:     tags,
	}}
	d.doc.Components.SecuritySchemes = securitySchemes
	d.addRefusals()
	seen := map[string]bool{}
	for _, c := range compiled {
		d.shared[c.name()] = seen[c.name()]
		seen[c.name()] = true
	}
	for _, c := range compiled {
		d.add(c)
	}
	d.addExports()
	return d.doc
}

func (d describer) add(c *compiledRoute) {
	op := d.prepared.Operation(c.operation)
	path := Base + c.path + "/"
	methods, _ := d.doc.Paths.Get(path)
	methods.Set(strings.ToLower(c.method), &openapi.Operation{
		Tags:        []string{tagOf(c.path)},
		Summary:     summary(c.name()),
		Description: cmp.Or(c.about, old.Replace(aboutOperation(op, c.answer.path))),
		ID:          d.idOf(c),
		Parameters:  d.parameters(c, op),
		Body:        d.body(c, op),
		Responses:   d.responses(c, op),
		Security:    c.security(),
	})
	d.doc.Paths.Set(path, methods)
}

// name is what a route does, in one word.
func (row route) name() string {
	if row.operation != "" {
		return row.operation
	}
	last := row.path[strings.LastIndexByte(row.path, '/')+1:]
	return cmp.Or(title(last), "Root")
}

func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// idOf is the name of a route that no other has.
func (d describer) idOf(c *compiledRoute) string {
	if d.shared[c.name()] {
		return c.name() + title(strings.ToLower(c.method))
	}
	return c.name()
}

// summary turns ListDatasets into List datasets.
func summary(name string) string {
	var out strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			out.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		out.WriteRune(r)
	}
	return out.String()
}

func tagOf(path string) string {
	for _, part := range slices.Backward(split(path)) {
		if slices.ContainsFunc(tags, func(t openapi.Tag) bool { return t.Name == part }) {
			return part
		}
	}
	return tags[0].Name
}

// aboutOperation is what the schema says of what an operation writes, or reads. What it says of null and of ids is
// not so here: these routes answer 404, and nothing.
func aboutOperation(op *ast.OperationDefinition, path []string) string {
	if op == nil {
		return ""
	}
	if op.Operation == ast.Mutation {
		return strings.TrimSuffix(fieldAt(op.SelectionSet, nil).Definition.Description, " Answers its id.")
	}
	says, null, _ := strings.Cut(fieldAt(op.SelectionSet, path).Definition.Description, "; null ")
	if null != "" {
		says += "."
	}
	return says
}

// fieldAt is the field that a path of names leads to; the first one when there is no path.
func fieldAt(set ast.SelectionSet, path []string) (found *ast.Field) {
	if len(path) == 0 {
		found, _ = set[0].(*ast.Field) // operations begin with a field
		return found
	}
	for _, name := range path {
		for _, selection := range set {
			if field, ok := selection.(*ast.Field); ok && field.Alias == name {
				found = field
			}
		}
		set = found.SelectionSet
	}
	return found
}

var (
	byToken         = []openapi.Requirement{{"bearer": {}}, {"token": {}}}
	securitySchemes = openapi.Map[openapi.SecurityScheme]{
		{Name: "bearer", Value: openapi.SecurityScheme{
			Type: "http", Scheme: "bearer", Description: "A token of /auth/token/, or an API key.",
		}},
		{Name: "token", Value: openapi.SecurityScheme{
			Type: "apiKey", In: "header", Name: "Authorization", Description: "The same after the word Token: Token eyJ…",
		}},
	}
)

// security is who may call a route; nil is who has signed in.
func (row route) security() []openapi.Requirement {
	switch {
	case !row.open:
		return nil
	case row.method == http.MethodGet && row.operation != "":
		return slices.Concat([]openapi.Requirement{{}}, byToken)
	}
	return []openapi.Requirement{}
}
