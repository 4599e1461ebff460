package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/graph/plan"
	"github.com/datasetgen/datagen/internal/fault"
)

// reads knows how fields of Query are answered.
type reads struct {
	roots    map[string]root
	planned  atomic.Int64
	resolved atomic.Int64
	failed   atomic.Int64
}

// Reads counts fields of Query since the start.
type Reads struct {
	Planned  int64 // that plans answered
	Resolved int64 // that resolvers answered
	Failed   int64 // that plans failed to answer, of those that resolvers answered
}

// Reads counts how fields of Query were answered.
func (g *Gateway) Reads() Reads {
	return Reads{g.reads.planned.Load(), g.reads.resolved.Load(), g.reads.failed.Load()}
}

// readBy is the header of answers that says what read them. A request has it to be read by resolvers, for who would compare.
const readBy = "Datagen-Read-By"

// readByPlan answers a field of Query by a plan if there is one. Whatever goes wrong on the way, the resolvers then tell it, with
// the path where it did.
func (g *Gateway) readByPlan(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if fc.Object != "Query" || strings.HasPrefix(fc.Field.Name, "__") {
		return next(ctx)
	}
	how := howRead(ctx)
	if how.resolving {
		return next(ctx)
	}
	answer, err := g.plan(ctx, fc)
	if err == nil {
		g.reads.planned.Add(1)
		how.add(fc.Field.Alias, "plan")
		return answer, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	g.reads.resolved.Add(1)
	reason := "there is no plan for all of it"
	if !errors.Is(err, plan.ErrUnplanned) && fault.Describe(err).Status >= http.StatusInternalServerError {
		g.reads.failed.Add(1)
		g.log.WarnContext(ctx, "a plan failed", "field", fc.Field.Name, "error", err)
		reason = "the plan failed"
	}
	g.log.DebugContext(ctx, "read by resolvers", "field", fc.Field.Name, "reason", err)
	how.add(fc.Field.Alias, "resolvers, since "+reason)
	return next(ctx)
}

func (g *Gateway) plan(ctx context.Context, fc *graphql.FieldContext) (graphql.Marshaler, error) {
	read, ok := g.reads.roots[fc.Field.Name]
	if !ok {
		return nil, plan.ErrUnplanned
	}
	return read(ctx, fc.Args)
}

// how tells of one operation how its fields were read.
type how struct {
	resolving bool // by resolvers, always

	mu   sync.Mutex
	said []string
}

func (h *how) add(field, by string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, field+": "+by)
}

// String says it for people who look into the headers of an answer.
func (h *how) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(h.said)
	return strings.Join(h.said, "; ")
}

type howKey struct{}

// withHow returns a context in which it is kept how an operation is read, and in which resolvers read it if that is wanted.
func withHow(ctx context.Context, resolving bool) (context.Context, *how) {
	if h, ok := ctx.Value(howKey{}).(*how); ok {
		return ctx, h
	}
	h := &how{resolving: resolving}
	return context.WithValue(ctx, howKey{}, h), h
}

// howRead is how an operation is read; of one that nobody asks about, nothing is kept.
func howRead(ctx context.Context) *how {
	if h, ok := ctx.Value(howKey{}).(*how); ok {
		return h
	}
	return &how{}
}
