package graph

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Prepared is a document of the program's own, parsed and validated once. The limits on what clients send do
// not bind it, and it may select fields that are marked @prepared in the schema.
type Prepared struct {
	gateway  *Gateway
	key      string
	document *ast.QueryDocument
}

// preparedKey begins the names under which the executor finds prepared documents. No client reaches them: what
// clients send is looked for among their own documents, and no document begins like that.
const preparedKey = "\x00prepared "

func isPrepared(query string) bool { return strings.HasPrefix(query, preparedKey) }

// Prepare readies a document to be run. Its error says what is wrong with the document.
func (g *Gateway) Prepare(document string) (*Prepared, error) {
	doc, errs := gqlparser.LoadQueryWithRules(g.schema, document, nil)
	if errs != nil {
		return nil, errs
	}
	p := &Prepared{gateway: g, key: preparedKey + document, document: doc}
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if g.clientSchema.Types[v.Type.Name()] == nil {
				return nil, fmt.Errorf("operation %s: no client sees the type of $%s", op.Name, v.Variable)
			}
		}
	}
	g.prepared.Store(p.key, doc)
	return p, nil
}

// Operation returns the operation of that name, or nil.
func (p *Prepared) Operation(name string) *ast.OperationDefinition {
	return p.document.Operations.ForName(name)
}

// Schema is the schema of the document, with all that clients do not see.
func (p *Prepared) Schema() *ast.Schema { return p.gateway.schema }

// Run runs an operation of the document, for who is in ctx. Values of JSONObject are json.RawMessage, numbers
// are of any type of Go, and what is absent from variables is absent for the operation. It answers nil when
// the client has gone.
func (p *Prepared) Run(ctx context.Context, operation string, header http.Header, variables map[string]any) *graphql.Response {
	now := graphql.Now()
	params := graphql.RawParams{
		Query: p.key, OperationName: operation, Variables: variables, Headers: header,
		ReadTime: graphql.TraceTiming{Start: now, End: now},
	}
	return p.gateway.dispatch(graphql.StartOperationTrace(ctx), &params)
}
