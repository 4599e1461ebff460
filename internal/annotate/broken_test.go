package annotate_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// breaker does something at one of the statements that are sent while it is armed.
type breaker struct {
	left atomic.Int64
	act  atomic.Pointer[func()]
}

func (b *breaker) trace(string) {
	if act := b.act.Load(); act != nil && b.left.Add(-1) == 0 {
		(*act)()
	}
}

// arm makes act happen at statement n from now on.
func (b *breaker) arm(n int, act func()) {
	b.left.Store(int64(n))
	b.act.Store(&act)
}

// disarm tells whether there were statements enough for it to happen.
func (b *breaker) disarm() bool {
	b.act.Store(nil)
	return b.left.Load() <= 0
}

// TestBrokenSaves breaks each kind of save at each of its statements in turn, until one comes through whole. A save that
// is broken changes nothing.
func TestBrokenSaves(t *testing.T) {
	t.Parallel()
	saves := map[string]func(context.Context, *testkit.World) error{
		"annotate": func(ctx context.Context, w *testkit.World) error {
			_, err := annotate.Annotate(ctx, w.DB, w.Dataset.ID, []annotate.Change{
				create(box(w, w.Images[0], 1)), create(box(w, w.Images[2], 2)),
				update(annotate.UpdateInput{ID: w.Drawn[0].ID, Data: testkit.Box(9)}), remove(annotate.DeleteInput{ID: w.Drawn[1].ID}),
			}, true)
			return err
		},
		"replace": func(ctx context.Context, w *testkit.World) error {
			list := listOf(w, nil, "+ + +")
			list[1].ID = &w.Drawn[2].ID
			_, err := annotate.Replace(ctx, w.DB, w.Images[0].ID, list, new(1))
			return err
		},
	}
	breaks := map[string]func(context.CancelFunc) func(){
		"a panic":              func(context.CancelFunc) func() { return func() { panic("broken") } },
		"the client goes away": func(cancel context.CancelFunc) func() { return cancel },
	}
	for save, run := range saves {
		for how, act := range breaks {
			for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
				t.Run(strings.Join([]string{save, how, name}, "/"), func(t *testing.T) {
					t.Parallel()
					var b breaker
					breakEverywhere(t, testkit.NewWorld(t, open(t, database.WithTrace(b.trace))), &b, act, run)
				})
			}
		}
	}
}

func breakEverywhere(
	t *testing.T, w *testkit.World, b *breaker, act func(context.CancelFunc) func(), save func(context.Context, *testkit.World) error,
) {
	t.Helper()
	before := tables(t, w.DB)
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(annotator(t, w))
		b.arm(n, act(cancel))
		err := recovered(func() error { return save(ctx, w) })
		happened := b.disarm()
		cancel()
		after := tables(t, w.DB)
		switch {
		case happened && err == nil:
			t.Fatalf("statement %d: a broken save succeeded", n)
		case happened:
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("statement %d: %v, and something changed (-before +after):\n%s", n, err, diff)
			}
		case err != nil || before == after:
			t.Fatalf("unbroken: %v", err)
		default:
			if n < 8 {
				t.Errorf("a save took %d statements: were they counted?", n-1)
			}
			return
		}
	}
}

func recovered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}
