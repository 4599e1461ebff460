package graph

import (
	"fmt"
	"math"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/datasetgen/datagen/ent"
)

// Limits bound what a document that a client sends may ask for, fragments followed.
type Limits struct {
	Bytes      int
	Tokens     int
	Depth      int // fields below one another, introspection apart
	Fields     int
	Aliases    int
	Directives int
	Roots      int // fields at the root
	SameKey    int // selections under one key, which validation compares with each other
	Searches   int // fields that go through all images of a dataset
	Nodes      int // objects in the answer, at most
	Errors     int // in the answer to an invalid document
}

// clientLimits let the largest page of the frontend pass several times over, and
// bring the worst document that they let pass to some 25 ms.
var clientLimits = Limits{
	Bytes: 32 << 10, Tokens: 2000, Depth: 12, Fields: 1000, Aliases: 30, Directives: 50,
	Roots: 25, SameKey: 20, Searches: 4, Nodes: 100_000, Errors: 20,
}

// onlyOnce are mutations that a document may hold once: each is a guess at a secret.
var onlyOnce = map[string]bool{"signIn": true, "refresh": true, "changePassword": true}

// goesThroughAll are fields that look at all images of a dataset, once for all rows of a list.
var goesThroughAll = map[string]bool{"nearDuplicates": true, "nearDuplicateGroups": true}

// measure is what a selection adds up to.
type measure struct{ fields, depth, aliases, directives, secrets, searches int }

func (m *measure) add(child measure, below int) {
	m.fields = sum(m.fields, child.fields)
	m.aliases = sum(m.aliases, child.aliases)
	m.directives = sum(m.directives, child.directives)
	m.secrets = sum(m.secrets, child.secrets)
	m.searches = sum(m.searches, child.searches)
	m.depth = max(m.depth, child.depth+below)
}

// sum adds without overflow: fragments double what they hold, again and again.
func sum(a, b int) int {
	if a > math.MaxInt32-b {
		return math.MaxInt32
	}
	return a + b
}

func product(a, b int) int {
	if b > 0 && a > math.MaxInt32/b {
		return math.MaxInt32
	}
	return a * b
}

// measurer measures each fragment once, however often it is spread.
type measurer struct {
	doc       *ast.QueryDocument
	fragments map[string]*measure
	sameKey   int
}

func (l Limits) check(doc *ast.QueryDocument) *gqlerror.Error {
	m := &measurer{doc: doc, fragments: map[string]*measure{}}
	for _, op := range doc.Operations {
		if n := len(op.SelectionSet); n > l.Roots {
			return tooLarge("the operation has %d fields at its root, of %d allowed", n, l.Roots)
		}
		got := m.selection(op.SelectionSet)
		got.directives += len(op.Directives)
		for _, limit := range []struct {
			what      string
			got, most int
		}{
			{"is %d fields deep", got.depth, l.Depth},
			{"selects %d fields", got.fields, l.Fields},
			{"has %d aliases", got.aliases, l.Aliases},
			{"has %d directives", got.directives, l.Directives},
			{"selects one field %d times", m.sameKey, l.SameKey},
			{"tries %d passwords or tokens", got.secrets, 1},
			{"searches for near duplicates %d times", got.searches, l.Searches},
		} {
			if limit.got > limit.most {
				return tooLarge("the operation "+limit.what+", of %d allowed", limit.got, limit.most)
			}
		}
	}
	return nil
}

func (m *measurer) selection(set ast.SelectionSet) (total measure) {
	keys := map[string]int{}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			total.add(m.field(s), 1)
			keys[s.Alias]++
			m.sameKey = max(m.sameKey, keys[s.Alias])
		case *ast.InlineFragment:
			child := m.selection(s.SelectionSet)
			child.directives = sum(child.directives, len(s.Directives))
			total.add(child, 0)
		case *ast.FragmentSpread:
			child := m.fragment(s.Name)
			child.directives = sum(child.directives, len(s.Directives))
			total.add(child, 0)
			keys["..."+s.Name]++
			m.sameKey = max(m.sameKey, keys["..."+s.Name])
		}
	}
	return total
}

func (m *measurer) field(f *ast.Field) measure {
	if strings.HasPrefix(f.Name, "__") {
		return measure{fields: 1} // validation bounds introspection
	}
	total := m.selection(f.SelectionSet)
	total.fields = sum(total.fields, 1)
	total.directives = sum(total.directives, len(f.Directives))
	if f.Alias != f.Name {
		total.aliases = sum(total.aliases, 1)
	}
	if onlyOnce[f.Name] {
		total.secrets = sum(total.secrets, 1)
	}
	if goesThroughAll[f.Name] {
		total.searches = sum(total.searches, 1)
	}
	return total
}

func (m *measurer) fragment(name string) measure {
	if known := m.fragments[name]; known != nil {
		return *known
	}
	m.fragments[name] = &measure{} // what spreads itself counts once; validation refuses it
	if f := m.doc.Fragments.ForName(name); f != nil {
		*m.fragments[name] = m.selection(f.SelectionSet)
	}
	return *m.fragments[name]
}

// nodes is how many objects an operation returns at most, given its variables.
func (p policy) nodes(oc *graphql.OperationContext) int {
	c := counter{oc: oc, fragments: map[string]int{}}
	return c.selection(oc.Operation.SelectionSet)
}

type counter struct {
	oc        *graphql.OperationContext
	fragments map[string]int
}

func (c counter) selection(set ast.SelectionSet) (n int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n = sum(n, product(c.times(s), c.object(s)))
		case *ast.InlineFragment:
			n = sum(n, c.selection(s.SelectionSet))
		case *ast.FragmentSpread:
			n = sum(n, c.fragment(s))
		}
	}
	return n
}

// object counts one value of a field: itself, if it is a row, and what is below it.
func (c counter) object(f *ast.Field) int {
	n := c.selection(f.SelectionSet)
	if len(f.SelectionSet) > 0 && !part(f) {
		n = sum(n, 1)
	}
	return n
}

// part tells a field that is but a part of a connection, or of groups.
func part(f *ast.Field) bool {
	return f.Name == "edges" || f.Name == "pageInfo" || f.Name == "nearDuplicateGroups" || isConnection(f)
}

func isConnection(f *ast.Field) bool {
	return f.Definition != nil && strings.HasSuffix(f.Definition.Type.Name(), "Connection")
}

// listed is how many rows are taken to be in a list that has no size of its own.
const listed = 10

// named are fields of as many rows as there are names of them in an argument.
var named = map[string]string{"nodes": "ids", "existingImages": "sha256"}

// countedAbove are lists whose items are counted above them.
var countedAbove = map[string]bool{"edges": true, "results": true, "groups": true}

// times is how many values a field has.
func (c counter) times(f *ast.Field) int {
	switch {
	case f.Definition == nil || len(f.SelectionSet) == 0 || strings.HasPrefix(f.Name, "__"):
		return 1
	case f.Definition.Arguments.ForName("first") != nil:
		args := f.ArgumentMap(c.oc.Variables)
		for _, name := range []string{"first", "last"} {
			if n, err := graphql.UnmarshalInt(args[name]); err == nil && args[name] != nil {
				return max(n, 1)
			}
		}
		return ent.DefaultPage
	case named[f.Name] != "":
		if names, ok := f.ArgumentMap(c.oc.Variables)[named[f.Name]].([]any); ok {
			return len(names)
		}
		return 1
	case f.Definition.Type.Elem != nil && !countedAbove[f.Name]:
		return listed
	}
	return 1
}

func (c counter) fragment(s *ast.FragmentSpread) int {
	if n, ok := c.fragments[s.Name]; ok {
		return n
	}
	c.fragments[s.Name] = 0
	if s.Definition != nil {
		c.fragments[s.Name] = c.selection(s.Definition.SelectionSet)
	}
	return c.fragments[s.Name]
}

func tooLarge(format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf("%s", "query too large: "+fmt.Sprintf(format, args...))
	errcode.Set(err, "QUERY_TOO_LARGE")
	return err
}
