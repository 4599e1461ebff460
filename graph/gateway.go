package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/datasetgen/datagen/graph/generated"
	"github.com/datasetgen/datagen/graph/plan"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
)

// Gateway runs operations: the one executor that all ways in share, behind limits on what a
// document may ask for.
type Gateway struct {
	schema       *ast.Schema // whole
	clientSchema *ast.Schema // what clients see of it
	exec         *executor.Executor
	documents    *lru.Cache[string, *ast.QueryDocument] // of clients: parsed, checked against the limits, and valid
	prepared     sync.Map                               // key of a Prepared → *ast.QueryDocument
	limits       Limits
	log          *slog.Logger
	reads        reads
}

// Options of a Gateway; the zero value is for production.
type Options struct {
	// Introspection lets anybody read the schema, not just those who have signed in.
	Introspection bool
	Log           *slog.Logger // slog.Default() when nil
}

// cachedDocuments bounds the memory of the cache: a document is 32 KB at most, and
// its tree takes some ten times as much.
const cachedDocuments = 200

// New returns a Gateway to the resolvers.
func New(r *Resolver, o Options) (*Gateway, error) {
	clientSchema := ClientSchema()
	documents, err := lru.New[string, *ast.QueryDocument](cachedDocuments)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		schema:       wholeSchema(),
		clientSchema: clientSchema,
		exec:         executor.New(generated.NewExecutableSchema(generated.Config{Schema: clientSchema, Resolvers: r})),
		documents:    documents,
		limits:       clientLimits,
		log:          o.Log,
	}
	if g.log == nil {
		g.log = slog.Default()
	}
	g.exec.SetQueryCache(checked{g})
	g.exec.SetErrorPresenter(g.present)
	g.exec.SetRecoverFunc(g.recover)
	g.exec.Use(policy{g.limits, o.Introspection})
	g.exec.AroundFields(readThen)
	g.reads.roots = r.roots(plan.New(r.DB, g.schema, r.planned(), r.counters()))
	g.exec.AroundFields(g.readByPlan)
	return g, nil
}

// checked hands documents to the executor, which never parses one itself.
type checked struct{ gateway *Gateway }

func (c checked) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	if !isPrepared(text) {
		return c.gateway.documents.Get(text)
	}
	prepared, ok := c.gateway.prepared.Load(text)
	if !ok {
		return nil, false
	}
	return prepared.(*ast.QueryDocument), true //nolint:forcetypeassert // Prepare stores nothing else
}

func (c checked) Add(context.Context, string, *ast.QueryDocument) {}

// document returns the document of a text that a client sent. Limits come first, since
// validation itself takes more than linear time.
func (g *Gateway) document(text string) (*ast.QueryDocument, gqlerror.List) {
	if d, ok := g.documents.Get(text); ok {
		return d, nil
	}
	if len(text) > g.limits.Bytes {
		return nil, gqlerror.List{tooLarge("the document has %d bytes, of %d allowed", len(text), g.limits.Bytes)}
	}
	d, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, g.limits.Tokens)
	if err != nil {
		return nil, coded(err, errcode.ParseFailed)
	}
	if len(d.Operations) == 0 {
		return nil, coded(gqlerror.Errorf("the document has no operation"), errcode.ValidationFailed)
	}
	if err := g.limits.check(d); err != nil {
		return nil, gqlerror.List{err}
	}
	if errs := validator.ValidateWithRules(g.clientSchema, d, validationRules()); len(errs) > 0 {
		for _, err := range errs {
			errcode.Set(err, errcode.ValidationFailed)
		}
		return nil, errs[:min(len(errs), g.limits.Errors)]
	}
	g.documents.Add(text, d)
	return d, nil
}

// validationRules suggest no names: who may not read the schema shall not guess it.
func validationRules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.RemoveRule(rules.FieldsOnCorrectTypeRule.Name)
	r.AddRule(rules.FieldsOnCorrectTypeRuleWithoutSuggestions.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.RemoveRule(rules.KnownTypeNamesRule.Name)
	r.AddRule(rules.KnownTypeNamesRuleWithoutSuggestions.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.RemoveRule(rules.KnownArgumentNamesRule.Name)
	r.AddRule(rules.KnownArgumentNamesRuleWithoutSuggestions.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.RemoveRule(rules.ValuesOfCorrectTypeRule.Name)
	r.AddRule(rules.ValuesOfCorrectTypeRuleWithoutSuggestions.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}

func coded(err error, code string) gqlerror.List {
	e := gqlerror.Wrap(err)
	if known, ok := err.(*gqlerror.Error); ok { //nolint:errorlint // the parser returns nothing else
		e = known
	}
	errcode.Set(e, code)
	return gqlerror.List{e}
}

// request is an operation to run.
type request struct {
	document  string
	operation string         // its name; may be empty when the document has one
	variables variableSource // read once their types are known
	readOnly  bool           // refuse mutations
}

// run runs an operation and returns what it answers.
func (g *Gateway) run(ctx context.Context, params graphql.RawParams, r request) *graphql.Response {
	doc, errs := g.document(r.document)
	if errs != nil {
		return &graphql.Response{Errors: errs}
	}
	op := doc.Operations.ForName(r.operation)
	if op == nil {
		return &graphql.Response{Errors: coded(gqlerror.Errorf("the document has no operation of that name"), errcode.ValidationFailed)}
	}
	if r.readOnly && op.Operation != ast.Query {
		return &graphql.Response{Errors: gqlerror.List{g.present(ctx, errMutationByGET)}}
	}
	variables, err := r.variables(g.clientSchema, op)
	if err != nil {
		return &graphql.Response{Errors: gqlerror.List{g.present(ctx, err)}}
	}
	params.Query, params.OperationName, params.Variables = r.document, r.operation, variables
	ctx, cancel := context.WithTimeout(ctx, timeFor(op.SelectionSet))
	defer cancel()
	return g.dispatch(ctx, &params)
}

// timeFor is how long an operation with these selections may run.
func timeFor(selections ast.SelectionSet) time.Duration {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition.Directives.ForName("slow") != nil {
				return slowTime
			}
		case *ast.InlineFragment:
			if timeFor(s.SelectionSet) == slowTime {
				return slowTime
			}
		case *ast.FragmentSpread:
			if timeFor(s.Definition.SelectionSet) == slowTime {
				return slowTime
			}
		}
	}
	return usualTime
}

// dispatch runs an operation whose document is known to be good.
func (g *Gateway) dispatch(ctx context.Context, params *graphql.RawParams) *graphql.Response {
	oc, errs := g.exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return g.exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs)
	}
	handler, ctx := g.exec.DispatchOperation(ctx, oc)
	return handler(ctx)
}

var errMutationByGET = fmt.Errorf("%w: only queries go by GET", fault.Invalid)

// policy holds what is decided once an operation and its variables are known.
type policy struct {
	limits        Limits
	introspection bool
}

// ExtensionName satisfies graphql.HandlerExtension.
func (policy) ExtensionName() string { return "Policy" }

// Validate satisfies graphql.HandlerExtension.
func (policy) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what costs too much, and mutations by keys that only read, and
// lets those who have signed in read the schema.
func (p policy) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	v, signedIn := access.ViewerFrom(ctx)
	if !signedIn && !p.introspection && readsSchema(oc) {
		return gqlerror.Wrap(fmt.Errorf("%w: the schema is for who has signed in", fault.Unauthenticated))
	}
	oc.DisableIntrospection = false // gqlgen's own switch, whose refusal has no code
	if v.ReadOnly && oc.Operation.Operation != ast.Query {
		return gqlerror.Wrap(fmt.Errorf("%w: this API key only reads", fault.Forbidden))
	}
	if n := p.nodes(oc); n > p.limits.Nodes && !isPrepared(oc.RawQuery) {
		return tooLarge("the operation may return more than %d nodes; ask for fewer with first", p.limits.Nodes)
	}
	return nil
}

// readsSchema tells an operation that asks about the schema itself.
func readsSchema(oc *graphql.OperationContext) bool {
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"}) {
		if f.Name == "__schema" || f.Name == "__type" {
			return true
		}
	}
	return false
}

// recover makes a panic an error that is logged with its stack.
func (g *Gateway) recover(ctx context.Context, panicked any) error {
	g.log.ErrorContext(ctx, "panic", "panic", panicked, "stack", string(debug.Stack()))
	return errPanic
}

var errPanic = errors.New("a resolver panicked")
