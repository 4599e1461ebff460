package lease_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/lease"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestOneAtATime: of many processes that come at once one does the work, and the others not for as long as it is done.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		var times, at atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				done, err := lease.Do(t.Context(), db, "work", time.Hour, func(context.Context) error {
					if at.Add(1) > 1 {
						t.Error("two at once")
					}
					time.Sleep(50 * time.Millisecond)
					at.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if done {
					times.Add(1)
				}
			})
		}
		all.Wait()
		if n := times.Load(); n != 1 {
			t.Errorf("the work was done %d times", n)
		}
	})
}

func TestWhenWorkIsDue(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		failure := errors.New("no")
		for i, step := range []struct {
			name  string
			every time.Duration
			err   error
			want  bool // whether the work is begun
		}{
			{"a", time.Hour, failure, true},
			{"a", time.Hour, nil, true}, // what failed is due at once
			{"a", time.Hour, nil, false},
			{"b", time.Hour, nil, true},
			{"a", 0, nil, true},
		} {
			begun := false
			done, err := lease.Do(t.Context(), db, step.name, step.every, func(context.Context) error {
				begun = true
				return step.err
			})
			if begun != step.want || done != (begun && step.err == nil) || !errors.Is(err, step.err) {
				t.Errorf("step %d: begun %v, done %v, %v", i, begun, done, err)
			}
		}
	})
}

// TestHolderThatDied: what a process did not give back is free once its time is over.
func TestHolderThatDied(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := access.System(t.Context())
		held := db.Lease.Create().SetID("work").SetHolder("somebody").SetExpiresAt(database.Now().Add(time.Hour)).SaveX(ctx)
		work := func(context.Context) error { return nil }
		if done, err := lease.Do(t.Context(), db, "work", 0, work); done || err != nil {
			t.Errorf("while it is held: done %v, %v", done, err)
		}
		held.Update().SetExpiresAt(database.Now().Add(-time.Second)).ExecX(ctx)
		if done, err := lease.Do(t.Context(), db, "work", 0, work); !done || err != nil {
			t.Errorf("once it is over: done %v, %v", done, err)
		}
	})
}
