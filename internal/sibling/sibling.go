// Package sibling lets a field that needs a query of its own ask it once for
// all the rows that one statement read, instead of once for each row.
package sibling

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/history"
)

// Group is the rows that one statement read. Its zero value is empty.
type Group struct {
	members []any
	at      *history.Moment
	mu      sync.Mutex
	loads   map[string]*load
}

type load struct {
	once  sync.Once
	value any
	err   error
}

// NewGroup makes a group of the rows, which were read with the context.
func NewGroup(ctx context.Context, members []any) *Group {
	return &Group{members: members, at: history.MomentOf(ctx)}
}

// ReadAt is the moment that the rows were read at, nil when that is the present.
func (g *Group) ReadAt() *history.Moment {
	if g == nil {
		return nil
	}
	return g.at
}

// Load returns what fetch finds for row, fetching it for all of row's siblings the
// first time that any of them asks under the same name. A nil group is the row alone.
// Where fetch finds nothing for a row, its value is the zero V.
func Load[R any, K comparable, V any](
	ctx context.Context, g *Group, name string, row R, key func(R) K,
	fetch func(context.Context, []K) (map[K]V, error),
) (V, error) {
	if g == nil {
		g = NewGroup(ctx, []any{row})
	}
	l := g.load(name)
	l.once.Do(func() {
		keys := make([]K, 0, len(g.members))
		for _, m := range g.members {
			keys = append(keys, key(m.(R)))
		}
		l.value, l.err = fetch(ctx, keys)
	})
	if l.err != nil {
		var none V
		return none, l.err
	}
	return l.value.(map[K]V)[key(row)], nil
}

func (g *Group) load(name string) *load {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.loads == nil {
		g.loads = map[string]*load{}
	}
	if g.loads[name] == nil {
		g.loads[name] = &load{}
	}
	return g.loads[name]
}

// Place names the place in a response that the present field is at, or the one that below leads
// to from there: the names that the client gave, without the indices of lists. What is loaded for a
// place is kept under its name, since a client may select the same row in several
// places, in each its own way.
func Place(ctx context.Context, below ...string) string {
	var names []string
	for fc := graphql.GetFieldContext(ctx); fc != nil; fc = fc.Parent {
		if fc.Index == nil && fc.Field.Field != nil {
			names = append(names, fc.Field.Alias)
		}
	}
	slices.Reverse(names)
	return strings.Join(append(names, below...), ".")
}
