package access

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/intercept"
	"github.com/datasetgen/datagen/internal/fault"
)

// Guard makes client answer each query with what its viewer may see and nothing else:
// the root of a query, what is loaded along its edges, counts. Changes and deletions
// reach only rows that the viewer may see. A context in which nobody asks is refused.
//
// What a role may do with rows that it sees is for Allow to say.
func Guard(client *ent.Client) {
	client.Intercept(ent.TraverseFunc(guardRead))
	client.Use(guardWrite)
}

func guardRead(ctx context.Context, q ent.Query) error {
	if isSystem(ctx) {
		return nil
	}
	query, err := intercept.NewQuery(q)
	if err != nil {
		return err
	}
	visible, err := Reading(ctx, query.Type())
	if err != nil {
		return err
	}
	query.WhereP(visible)
	return nil
}

// Reading returns the predicate that leaves, of the rows of an entity, those that who asks may see, for statements that do not go
// through a guarded client. Where nobody asks it returns fault.Unauthenticated.
func Reading(ctx context.Context, entity string) (Predicate, error) {
	if isSystem(ctx) {
		return func(*sql.Selector) {}, nil
	}
	v, err := Require(ctx)
	if err != nil {
		return nil, err
	}
	return Visible(v, entity), nil
}

func guardWrite(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if isSystem(ctx) {
			return next.Mutate(ctx, m)
		}
		v, err := Require(ctx)
		if err != nil {
			return nil, err
		}
		if v.ReadOnly {
			return nil, errReadOnly
		}
		if m.Op().Is(ent.OpUpdate | ent.OpUpdateOne | ent.OpDelete | ent.OpDeleteOne) {
			filtered, ok := m.(interface{ WhereP(...func(*sql.Selector)) })
			if !ok {
				return nil, fmt.Errorf("access: %T takes no predicate", m)
			}
			filtered.WhereP(Visible(v, m.Type()))
		}
		return next.Mutate(ctx, m)
	})
}

var errReadOnly = fmt.Errorf("%w: this API key only reads", fault.Forbidden)
