package database_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestWriteKeepsAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(cancel context.CancelFunc) error
		want int // rows
	}{
		"success":               {func(context.CancelFunc) error { return nil }, 1},
		"error":                 {func(context.CancelFunc) error { return errors.New("no") }, 0},
		"panic":                 {func(context.CancelFunc) error { panic("no") }, 0},
		"the client goes away":  {func(cancel context.CancelFunc) error { cancel(); return nil }, 0},
		"it goes, and an error": {func(cancel context.CancelFunc) error { cancel(); return errors.New("no") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				ctx, cancel := context.WithCancel(access.System(t.Context()))
				defer cancel()
				err := recovered(func() error {
					return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
						if err := tx.Workspace.Create().SetName("w").Exec(ctx); err != nil {
							return err
						}
						return tt.end(cancel)
					})
				})
				if (err == nil) != (tt.want == 1) {
					t.Errorf("error %v", err)
				}
				ctx = access.System(t.Context())
				if n := db.Workspace.Query().CountX(ctx); n != tt.want {
					t.Errorf("%d rows, want %d", n, tt.want)
				}
				if err := db.Workspace.Create().SetName("next").Exec(ctx); err != nil {
					t.Errorf("the next to write: %v", err)
				}
			})
		})
	}
}

// recovered makes a panic an error.
func recovered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}

func TestWriteAgain(t *testing.T) {
	t.Parallel()
	deadlock, serialization := &pq.Error{Code: "40P01"}, &pq.Error{Code: "40001"}
	for name, tt := range map[string]struct {
		fail  []error // of each attempt; then there is success
		calls int
		code  string
	}{
		"success":                 {nil, 1, ""},
		"deadlock":                {[]error{deadlock}, 2, ""},
		"serialization failure":   {[]error{serialization}, 2, ""},
		"wrapped":                 {[]error{fmt.Errorf("save: %w", deadlock)}, 2, ""},
		"four times":              {[]error{deadlock, serialization, deadlock, deadlock}, 5, ""},
		"five times":              {[]error{deadlock, deadlock, deadlock, deadlock, deadlock}, 5, "UNAVAILABLE"},
		"duplicate":               {[]error{&pq.Error{Code: "23505"}}, 1, "INTERNAL"}, // without its words
		"overtaken":               {[]error{fmt.Errorf("save: %w", database.Overtaken(&pq.Error{Code: "23505"}))}, 2, ""},
		"conflict":                {[]error{fault.Conflict}, 1, "CONFLICT"},
		"a conflict on the third": {[]error{deadlock, deadlock, fault.Conflict}, 3, "CONFLICT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.SQLite(t)
			ctx, calls := access.System(t.Context()), 0
			err := db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
				calls++
				tx.Workspace.Create().SetName("w").SaveX(ctx)
				if calls <= len(tt.fail) {
					return tt.fail[calls-1]
				}
				return nil
			})
			rows := 1
			if tt.code != "" {
				rows = 0
			}
			if calls != tt.calls || (err != nil) != (tt.code != "") || err != nil && fault.Describe(err).Code != tt.code {
				t.Errorf("%d calls, %v; want %d, %q", calls, err, tt.calls, tt.code)
			}
			if n := db.Workspace.Query().CountX(ctx); n != rows {
				t.Errorf("%d rows, want %d", n, rows)
			}
		})
	}
}

func TestWriteGivesUpWithItsCaller(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	ctx, cancel := context.WithCancel(access.System(t.Context()))
	err := db.Write(ctx, func(context.Context, *ent.Tx) error {
		cancel()
		return &pq.Error{Code: "40P01"}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestDeadlocksPass has two transactions lock two rows in opposite orders, which PostgreSQL ends by failing one.
func TestDeadlocksPass(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := testkit.NewWorld(t, db)
		ctx := access.System(t.Context())
		var (
			attempts atomic.Int64
			wg       sync.WaitGroup
		)
		for _, ids := range [][2]gid.LabelID{{w.Labels[0].ID, w.Labels[1].ID}, {w.Labels[1].ID, w.Labels[0].ID}} {
			wg.Go(func() {
				err := db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
					attempts.Add(1)
					for _, id := range ids {
						if err := tx.Label.UpdateOneID(id).AddOrder(1).Exec(ctx); err != nil {
							return err
						}
						time.Sleep(200 * time.Millisecond) // until the other one has its first
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, l := range db.Label.Query().Where(label.DatasetID(w.Dataset.ID)).Order(label.ByID()).AllX(ctx) {
			if l.Order != i+2 || l.Version != 3 {
				t.Errorf("label %d: order %d, version %d", i, l.Order, l.Version)
			}
		}
		if n := attempts.Load(); db.Dialect() == "postgres" && n < 3 {
			t.Errorf("%d attempts: there was no deadlock", n)
		}
	})
}

// TestRowsOutliveTheirTransaction: what is loaded along their edges afterwards comes from the database.
func TestRowsOutliveTheirTransaction(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := testkit.NewWorld(t, db)
		ctx := w.As(t.Context(), "viewer")
		img := testkit.Must(database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Image, error) {
			return tx.Image.Get(ctx, w.Images[0].ID)
		}))(t)
		if d, err := img.QueryDataset().Only(ctx); err != nil || d.ID != w.Dataset.ID {
			t.Errorf("the dataset of an image: %v, %v", d, err)
		}
		if n, err := img.QueryAnnotations().Count(ctx); err != nil || n != 2 {
			t.Errorf("%d annotations, %v; want 2", n, err)
		}
		if err := img.Update().SetDone(true).Exec(access.System(ctx)); err == nil {
			t.Error("a row wrote after its transaction")
		}
	})
}

// TestRowsOfNoTransaction: one that was undone has no afterlife.
func TestRowsOfNoTransaction(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := access.System(t.Context())
		var w *ent.Workspace
		_ = db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
			w = tx.Workspace.Create().SetName("w").SaveX(ctx)
			return errors.New("no")
		})
		if n, err := w.QueryUsers().Count(ctx); err == nil {
			t.Errorf("%d users of a workspace that never was", n)
		}
	})
}

func TestFresh(t *testing.T) {
	t.Parallel()
	two, three := 2, 3
	for name, tt := range map[string]struct {
		expected *int
		stale    bool
	}{
		"any":   {nil, false},
		"same":  {&two, false},
		"other": {&three, true},
	} {
		err := database.Fresh(2, tt.expected, "row")
		var stale *fault.StaleError
		if errors.As(err, &stale) != tt.stale || stale != nil && stale.Current != "row" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
