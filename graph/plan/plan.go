// Package plan is the compiled read path: it answers what a client selects below a field of Query with one SQL statement a
// level, whose rows become JSON as they are read. Resolvers, which answer the same at a multiple of the time, answer what it
// has no plan for.
//
// Where types lie in the database is generated from ent/schema, see ent.Shapes; which fields follow from others is said by
// the caller, see Fields. Who may see what is package access's to say, for both ways.
package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/database"
)

// Reader answers fields of Query. Make it with New. It is safe for concurrent use.
type Reader struct {
	db       *database.DB
	shapes   map[string]*ent.Shape
	schema   *ast.Schema
	fields   Fields
	counters Counters
	slots    chan struct{} // one for each answer that is being made
}

// atOnce is how many answers are made at a time for each processor. It bounds the memory they take: those that wait for one of the
// database's connections would else hold what they have read.
const atOnce = 4

// New returns a Reader of a database for clients of a schema. Fields are those beside columns and edges that it understands.
// What there is no counter for is counted.
func New(db *database.DB, schema *ast.Schema, fields Fields, counters Counters) *Reader {
	return &Reader{db: db, shapes: ent.Shapes(), schema: schema, fields: fields, counters: counters, slots: make(chan struct{}, atOnce*runtime.GOMAXPROCS(0))}
}

// ErrUnplanned is why a field is for the resolvers to answer: part of what is selected below it has no plan, or an argument is
// not as it should be, which resolvers have the words for. Errors that wrap it say more.
var ErrUnplanned = errors.New("there is no plan")

func unplanned(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnplanned, fmt.Sprintf(format, args...))
}

// Page answers a connection of all rows of an entity that the viewer sees.
func (r *Reader) Page(ctx context.Context, entity string) (graphql.Marshaler, error) {
	return r.answer(ctx, func(c *compiler, field graphql.CollectedField) (member, error) {
		return c.page(c.reader.shapes[entity], field, "")
	})
}

// Find answers the one row of an entity that all conditions hold for, or null.
func (r *Reader) Find(ctx context.Context, entity string, where ...Condition) (graphql.Marshaler, error) {
	return r.answer(ctx, func(c *compiler, field graphql.CollectedField) (member, error) {
		l, err := c.node(c.reader.shapes[entity], field)
		return &list{level: l, where: where, limit: 1, as: asFirst}, err
	})
}

// List answers all rows of an entity that the conditions hold for, of which there are few.
func (r *Reader) List(ctx context.Context, entity string, order []ent.PageOrder, where ...Condition) (graphql.Marshaler, error) {
	return r.answer(ctx, func(c *compiler, field graphql.CollectedField) (member, error) {
		l, err := c.node(c.reader.shapes[entity], field)
		return &list{level: l, where: where, order: order}, err
	})
}

// answer compiles the present field and runs the plan.
func (r *Reader) answer(ctx context.Context, compile func(*compiler, graphql.CollectedField) (member, error)) (graphql.Marshaler, error) {
	field := graphql.GetFieldContext(ctx).Field
	if len(field.Deferrables) > 0 {
		return nil, unplanned("the field is deferred")
	}
	plan, err := compile(&compiler{reader: r, ctx: ctx, operation: graphql.GetOperationContext(ctx)}, field)
	if err != nil {
		return nil, err
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	x := newReading(ctx, r.db)
	found, err := plan.read(x, nil)
	if err != nil {
		return nil, err
	}
	b, err := found.append(takeBuffer(), 0)
	if err != nil {
		giveBuffer(b)
		return nil, err
	}
	return answered(b), nil
}
