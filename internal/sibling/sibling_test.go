package sibling_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/sibling"
)

type row struct{ id int }

func id(r *row) int { return r.id }

// family is a group of rows with the ids 0, 1 and so on.
func family(n int) ([]*row, *sibling.Group) {
	rows, members := make([]*row, n), make([]any, n)
	for i := range rows {
		rows[i] = &row{i}
		members[i] = rows[i]
	}
	return rows, sibling.NewGroup(context.Background(), members)
}

// counted returns a fetch that finds the text of each odd id, and how often it ran.
func counted() (func(context.Context, []int) (map[int]string, error), *atomic.Int64) {
	var calls atomic.Int64
	return func(_ context.Context, ids []int) (map[int]string, error) {
		calls.Add(1)
		found := map[int]string{}
		for _, id := range ids {
			if id%2 == 1 {
				found[id] = strconv.Itoa(id)
			}
		}
		return found, nil
	}, &calls
}

func TestLoadFetchesOnceForAll(t *testing.T) {
	t.Parallel()
	rows, group := family(100)
	fetch, calls := counted()
	var wg sync.WaitGroup
	for i, r := range rows {
		wg.Go(func() {
			got, err := sibling.Load(t.Context(), group, "text", r, id, fetch)
			want := ""
			if i%2 == 1 {
				want = strconv.Itoa(i)
			}
			if got != want || err != nil {
				t.Errorf("row %d: %q, %v", i, got, err)
			}
		})
	}
	wg.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
}

func TestLoadByName(t *testing.T) {
	t.Parallel()
	rows, group := family(2)
	fetch, calls := counted()
	for _, name := range []string{"a", "b", "a"} {
		if _, err := sibling.Load(t.Context(), group, name, rows[1], id, fetch); err != nil {
			t.Error(err)
		}
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("fetched %d times, want once for each of two names", n)
	}
}

func TestLoadWithoutGroup(t *testing.T) {
	t.Parallel()
	fetch := func(_ context.Context, ids []int) (map[int]string, error) {
		if !slices.Equal(ids, []int{7}) {
			t.Errorf("asked for %v", ids)
		}
		return map[int]string{7: "seven"}, nil
	}
	got, err := sibling.Load(t.Context(), nil, "text", &row{7}, id, fetch)
	if got != "seven" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestLoadFailsForAll: none of the siblings asks again for what has failed.
func TestLoadFailsForAll(t *testing.T) {
	t.Parallel()
	rows, group := family(3)
	no, calls := errors.New("no"), 0
	for _, r := range rows {
		got, err := sibling.Load(t.Context(), group, "text", r, id, func(context.Context, []int) (map[int]string, error) {
			calls++
			return nil, no
		})
		if got != "" || !errors.Is(err, no) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if calls != 1 {
		t.Errorf("fetched %d times", calls)
	}
}

// TestPlace builds the contexts that gqlgen makes for {datasets {edges {image: node {labels}}}}.
func TestPlace(t *testing.T) {
	t.Parallel()
	ctx, second := t.Context(), 1
	for _, fc := range []*graphql.FieldContext{
		{Field: field("datasets")}, {Field: field("edges")}, {Index: &second}, {Field: field("image")}, {Field: field("labels")},
	} {
		ctx = graphql.WithFieldContext(ctx, fc) //nolint:fatcontext // each field lies in the one before
	}
	if got := sibling.Place(ctx); got != "datasets.edges.image.labels" {
		t.Errorf("the field is at %s", got)
	}
	if got := sibling.Place(ctx, "a", "b"); got != "datasets.edges.image.labels.a.b" {
		t.Errorf("what is below is at %s", got)
	}
	if got := sibling.Place(t.Context()); got != "" {
		t.Errorf("no field is at %s", got)
	}
}

func field(alias string) graphql.CollectedField {
	return graphql.CollectedField{Field: &ast.Field{Alias: alias}}
}
