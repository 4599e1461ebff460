package split_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/split"
	"github.com/datasetgen/datagen/internal/testkit"
)

// grow adds images in pairs: one, and one that was made from it or, every other time, looks like it. It returns the pairs.
func grow(t *testing.T, w *testkit.World, n int) (pairs [][2]gid.ImageID) {
	t.Helper()
	err := w.DB.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		pairs = nil
		for i := range n {
			hash := int64(uint64(i+1) * 0x9e3779b97f4a7c15)
			first, err := testkit.NewImage(tx.Client(), w.Dataset).SetPerceptualHash(hash).Save(ctx)
			if err != nil {
				return err
			}
			second := testkit.NewImage(tx.Client(), w.Dataset).SetIsSynthetic(i%3 == 0)
			if i%2 == 0 {
				second.SetBaseImage(first).SetPerceptualHash(^hash)
			} else {
				second.SetPerceptualHash(hash ^ 5)
			}
			made, err := second.Save(ctx)
			if err != nil {
				return err
			}
			pairs = append(pairs, [2]gid.ImageID{first.ID, made.ID})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

func splitsOf(t *testing.T, w *testkit.World) map[gid.ImageID]image.Split {
	t.Helper()
	of := map[gid.ImageID]image.Split{}
	for _, img := range w.DB.Image.Query().Where(image.DatasetID(w.Dataset.ID)).AllX(access.System(t.Context())) {
		of[img.ID] = img.Split
	}
	return of
}

func TestDataset(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		pairs := grow(t, w, 60)
		ctx := w.As(t.Context(), "manager")
		in := split.Input{Seed: new(3), SyntheticsOnlyInTrain: new(true), DryRun: new(true)}
		dry := testkit.Must(split.Dataset(ctx, w.DB, w.Dataset.ID, in))(t)
		for id, s := range splitsOf(t, w) {
			if s != image.SplitNone {
				t.Fatalf("image %d is in %s, though nothing was to change", id, s)
			}
		}
		in.DryRun = nil
		done := testkit.Must(split.Dataset(ctx, w.DB, w.Dataset.ID, in))(t)
		if diff := cmp.Diff(dry, done); diff != "" {
			t.Errorf("(-foretold +done):\n%s", diff)
		}
		first := splitsOf(t, w)
		counts := map[image.Split]int{}
		for _, s := range first {
			counts[s]++
		}
		for _, n := range done.Splits {
			if n.Images != counts[n.Split] || n.Images == 0 {
				t.Errorf("%s: %d told, %d there", n.Split, n.Images, counts[n.Split])
			}
		}
		checkPairs(t, pairs, first)
		if again := testkit.Must(split.Dataset(ctx, w.DB, w.Dataset.ID, split.Input{Seed: new(9)}))(t); again.Changed != 0 {
			t.Errorf("%d images were moved", again.Changed)
		}
		checkPairs(t, grow(t, w, 20), nil)
		if more := testkit.Must(split.Dataset(ctx, w.DB, w.Dataset.ID, in))(t); more.Changed != 40 {
			t.Errorf("%d images changed, of 40 that came", more.Changed)
		}
		for id, s := range splitsOf(t, w) {
			if was, ok := first[id]; ok && was != s {
				t.Errorf("image %d went from %s to %s", id, was, s)
			}
		}
	})
}

func checkPairs(t *testing.T, pairs [][2]gid.ImageID, of map[gid.ImageID]image.Split) {
	t.Helper()
	for _, p := range pairs {
		if of[p[0]] != of[p[1]] {
			t.Errorf("images %v belong together, and are in %s and %s", p, of[p[0]], of[p[1]])
		}
	}
}

func TestDatasetRefused(t *testing.T) {
	t.Parallel()
	type try struct {
		actor string
		in    split.Input
		want  string
	}
	testkit.EachWorld(t, map[string]try{
		"as a viewer":       {"viewer", split.Input{}, "FORBIDDEN not allowed to edit images"},
		"as a stranger":     {"no member", split.Input{}, "NOT_FOUND dataset not found"},
		"too much":          {"manager", split.Input{Train: new(0.9), Val: new(0.2)}, "INVALID input.train: train, val and test add up to 1.1, not to 1"},
		"less than nothing": {"manager", split.Input{Train: new(1.0), Val: new(-0.1), Test: new(0.1)}, "INVALID input.val: must be between 0 and 1"},
		"nothing to train":  {"manager", split.Input{Test: new(1.0), SyntheticsOnlyInTrain: new(true)}, "INVALID input.syntheticsOnlyInTrain: nothing is trained with"},
	}, func(t *testing.T, w *testkit.World, tt try) {
		if _, err := split.Dataset(w.As(t.Context(), tt.actor), w.DB, w.Dataset.ID, tt.in); testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
	})
}
