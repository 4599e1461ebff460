package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Edges below a list in a mutation's answer are loaded with it, as those of queries are: the rows
// are read again by their ids, which follows the selection at a statement a level.

// within returns contexts in which CollectFields of a query sees what is selected of the field that names
// lead to from the present one: a context for each alias under which the client selects it.
func within(ctx context.Context, name string, below ...string) []context.Context {
	var places []context.Context
	selections := graphql.GetFieldContext(ctx).Field.Selections
	for _, f := range graphql.CollectFields(graphql.GetOperationContext(ctx), selections, nil) {
		if f.Name != name {
			continue
		}
		place := []context.Context{graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: f})}
		if len(below) > 0 {
			place = within(place[0], below[0], below[1:]...)
		}
		places = append(places, place...)
	}
	return places
}

// query is what ent's queries have in common.
type query[Q, R any] interface {
	CollectFields(ctx context.Context, satisfies ...string) (Q, error)
	All(ctx context.Context) ([]*R, error)
}

// collect reads rows with what is selected below the present field.
func collect[Q query[Q, R], R any](ctx context.Context, q Q, typ string) ([]*R, error) {
	return collectAt([]context.Context{ctx}, q, typ)
}

// collectAt reads rows with what is selected below any of the places, of which there is at least one.
func collectAt[Q query[Q, R], R any](places []context.Context, q Q, typ string) ([]*R, error) {
	for _, place := range places {
		var err error
		if q, err = q.CollectFields(place, typ, "Node"); err != nil {
			return nil, err
		}
	}
	return q.All(places[0])
}

// ordered puts rows into the order of the ids; rows that have gone meanwhile are left out.
func ordered[ID comparable, R any](rows []*R, err error, ids []ID, id func(*R) ID) ([]*R, error) {
	if err != nil {
		return nil, err
	}
	byID := make(map[ID]*R, len(rows))
	for _, r := range rows {
		byID[id(r)] = r
	}
	out := make([]*R, 0, len(ids))
	for _, id := range ids {
		if r, ok := byID[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// idsOf lists the ids of rows.
func idsOf[ID, R any](rows []*R, id func(*R) ID) []ID {
	ids := make([]ID, len(rows))
	for i, r := range rows {
		ids[i] = id(r)
	}
	return ids
}

// selected lists the names of the fields that a client selects below the present one.
func selected(ctx context.Context) map[string]bool {
	names := map[string]bool{}
	for _, f := range graphql.CollectFieldsCtx(ctx, nil) {
		names[f.Name] = true
	}
	return names
}
