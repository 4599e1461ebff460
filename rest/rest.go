// Package rest is the legacy REST API, for clients that were written for the Django service. Each of its routes
// names a GraphQL operation, which says what is done and what is answered; the package knows how the old wire
// format spells it, and no rule beyond that.
package rest

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
)

// Base is the path that all routes are under.
const Base = "/api/v1"

//go:embed operations/*.graphql
var operations embed.FS

// API answers REST requests.
type API struct {
	run          runner
	authenticate Authenticator
	paths        []*resource
	docs         *docs
	log          *slog.Logger
}

// An Authenticator tells who sends a request with this Authorization header. Its errors are those of
// auth.Authority.Authenticate.
type Authenticator func(ctx context.Context, header string) (access.Viewer, error)

// runner runs prepared operations.
type runner interface {
	Run(ctx context.Context, operation string, header http.Header, variables map[string]any) *graphql.Response
}

// New readies the routes over a gateway. Its error says which operation or route does not fit the schema.
func New(g *graph.Gateway, who Authenticator, log *slog.Logger) (*API, error) {
	document, err := theDocument()
	if err != nil {
		return nil, err
	}
	prepared, err := g.Prepare(document)
	if err != nil {
		return nil, fmt.Errorf("operations of REST: %w", err)
	}
	api := &API{run: prepared, authenticate: who, log: log}
	var compiled []*compiledRoute
	for _, row := range routes() {
		c, err := compile(prepared, row)
		if err != nil {
			return nil, fmt.Errorf("route %s %s: %w", row.method, row.path, err)
		}
		api.resource(row.path).methods[row.method] = c
		compiled = append(compiled, c)
	}
	if api.docs, err = newDocs(describe(prepared, compiled)); err != nil {
		return nil, fmt.Errorf("documentation of REST: %w", err)
	}
	return api, nil
}

// theDocument is all operations in one document, so that they share fragments.
func theDocument() (string, error) {
	files, err := operations.ReadDir("operations")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, f := range files {
		content, err := operations.ReadFile("operations/" + f.Name())
		if err != nil {
			return "", err
		}
		text.Write(content)
	}
	return text.String(), nil
}

// resource is the one of a path, made when it is new.
func (api *API) resource(path string) *resource {
	for _, res := range api.paths {
		if res.path == path {
			return res
		}
	}
	res := newResource(path)
	api.paths = append(api.paths, res)
	return res
}
