package quota_test

import (
	"context"
	"errors"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestTally has two calls add to a workspace that may hold ten images and holds four.
func TestTally(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, w *world, a, b *quota.Tally){
		"all that fits": func(t *testing.T, _ *world, a, _ *quota.Tally) {
			reserve(t, a, 6, true)
			reserve(t, a, 1, false)
		},
		"what does not fit takes nothing": func(t *testing.T, _ *world, a, _ *quota.Tally) {
			reserve(t, a, 7, false)
			reserve(t, a, 6, true)
		},
		"two calls share": func(t *testing.T, _ *world, a, b *quota.Tally) {
			reserve(t, a, 4, true)
			reserve(t, b, 3, false)
			reserve(t, b, 2, true)
		},
		"what is added is counted once": func(t *testing.T, w *world, a, b *quota.Tally) {
			reserve(t, a, 4, true)
			w.addBy(t, a, 4, 4)
			reserve(t, b, 3, false)
			reserve(t, b, 2, true)
		},
		"what turned out to be there is given back": func(t *testing.T, w *world, a, b *quota.Tally) {
			reserve(t, a, 4, true)
			w.addBy(t, a, 1, 4)
			reserve(t, b, 5, true)
		},
		"a transaction sees what others freed": func(t *testing.T, w *world, a, _ *quota.Tally) {
			reserve(t, a, 7, false)
			w.free(t, 2)
			w.addBy(t, a, 7, 0)
			reserve(t, a, 2, false)
			reserve(t, a, 1, true)
		},
		"a group insists on what its own call holds": func(t *testing.T, _ *world, a, b *quota.Tally) {
			reserve(t, a, 6, true) // of which three are of a later group
			if err := a.Insist(of(4), of(1)); err != nil {
				t.Error(err)
			}
			reserve(t, b, 1, false)
		},
		"but not on what another one does": func(t *testing.T, _ *world, a, b *quota.Tally) {
			reserve(t, b, 5, true)
			got := testkit.Said(a.Insist(of(2), of(2)))
			if want := said("the workspace may hold 10 images; it holds 4, and 7 more were to be added"); got != want {
				t.Errorf("insisting said %q, want %q", got, want)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				w := newWorld(t, db)
				w.limit(t, 10, -1)
				w.free(t, -4)
				all := quota.NewTallies(db, quota.Limits{})
				a := testkit.Must(all.Open(t.Context(), w.datasets[0].ID))(t)
				b := testkit.Must(all.Open(t.Context(), w.datasets[1].ID))(t)
				test(t, w, a, b)
				a.Close()
				b.Close()
			})
		})
	}
}

// TestTallyInVain: what calls that have failed stored counts, unless there is room for more for certain.
func TestTallyInVain(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w, all := newWorld(t, db), quota.NewTallies(db, quota.Limits{Images: 10})
		open := func() *quota.Tally { return testkit.Must(all.Open(t.Context(), w.datasets[0].ID))(t) }
		a, b := open(), open()
		reserve(t, b, 4, true)
		b.Close()
		reserve(t, a, 7, false)
		reserve(t, a, 6, true)
		a.Close()

		c := open()
		defer c.Close()
		reserve(t, c, 1, false)
		if err := c.Insist(of(10), of(10)); err != nil {
			t.Error(err)
		}
	})
}

func TestTallyNowhere(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		if _, err := quota.NewTallies(db, quota.Limits{}).Open(t.Context(), 99); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func of(images int) quota.Size { return quota.Size{Images: images, Bytes: int64(images) * imageSize} }

func reserve(t *testing.T, tally *quota.Tally, images int, want bool) {
	t.Helper()
	if got := tally.Reserve(of(images)); got != want {
		t.Errorf("reserving %d images: %t, want %t", images, got, want)
	}
}

// addBy counts images in a transaction as a call does that has reserved so many.
func (w *world) addBy(t *testing.T, tally *quota.Tally, images, reserved int) {
	t.Helper()
	err := w.DB.Write(system(t), func(ctx context.Context, tx *ent.Tx) error {
		if err := tally.Check(ctx, tx, of(images)); err != nil {
			return err
		}
		if err := quota.Count(ctx, tx, w.datasets[0].ID, of(images)); err != nil {
			return err
		}
		tally.Settle(of(images), of(reserved))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// free counts so many images less.
func (w *world) free(t *testing.T, images int) {
	t.Helper()
	err := w.DB.Write(system(t), func(ctx context.Context, tx *ent.Tx) error {
		return quota.Count(ctx, tx, w.datasets[0].ID, of(-images))
	})
	if err != nil {
		t.Error(err)
	}
}
