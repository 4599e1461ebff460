package catalog_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestDeletingWhileOthersDraw deletes labels, and images, that eight people draw with and on. Those learn, item by item,
// what has gone; nobody fails, and nothing is left that refers to what has gone.
func TestDeletingWhileOthersDraw(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(t *testing.T, w *testkit.World) error{
		"labels": func(t *testing.T, w *testkit.World) error {
			t.Helper()
			return catalog.DeleteLabels(w.As(t.Context(), "manager"), w.DB, catalog.One(w.Labels[0].ID, nil))
		},
		"images": func(t *testing.T, w *testkit.World) error {
			t.Helper()
			return catalog.DeleteImages(w.As(t.Context(), "manager"), w.DB, catalog.One(w.Images[0].ID, nil))
		},
		"the dataset": func(t *testing.T, w *testkit.World) error {
			t.Helper()
			return catalog.DeleteDatasets(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Dataset.ID, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						for range 10 {
							drawOnAll(t, w)
						}
					})
				}
				wg.Go(func() {
					if err := remove(t, w); err != nil {
						t.Error(err)
					}
				})
				wg.Wait()
				orphans := w.DB.Annotation.Query().
					Where(annotation.DatasetID(w.Dataset.ID), annotation.Or(annotation.Not(annotation.HasLabel()), annotation.Not(annotation.HasImage()))).
					CountX(system(t))
				if orphans > 0 {
					t.Errorf("%d annotations refer to nothing", orphans)
				}
			})
		})
	}
}

// drawOnAll draws with each label on each image.
func drawOnAll(t *testing.T, w *testkit.World) {
	t.Helper()
	var changes []annotate.Change
	for i, img := range w.Images {
		for _, l := range w.Labels {
			in := annotate.CreateInput{ImageID: img.ID, LabelID: l.ID, Type: annotate.BoundingBox, Data: testkit.Box(i)}
			changes = append(changes, annotate.Change{Create: &in})
		}
	}
	results, err := annotate.Annotate(w.As(t.Context(), "annotator"), w.DB, w.Dataset.ID, changes, false)
	if err != nil && !errors.Is(err, fault.NotFound) { // the dataset
		t.Error(err)
	}
	for _, r := range results {
		if r.Status != annotate.Created && r.Status != annotate.Invalid {
			t.Errorf("%s", r.Status)
		}
	}
}

// TestManyWritersOfALabel has 16 people add one to the order of a label, as long as it is the one that they read.
func TestManyWritersOfALabel(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "manager")
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for {
					l := w.DB.Label.Query().Where(label.ID(w.Labels[0].ID)).OnlyX(ctx)
					change := catalog.LabelChange{ID: l.ID, ExpectedVersion: &l.Version, Input: catalog.UpdateLabelInput{Order: new(l.Order + 1)}}
					_, err := catalog.UpdateLabels(ctx, w.DB, []catalog.LabelChange{change}, inputAt)
					if err == nil {
						return
					}
					if !errors.Is(err, fault.Conflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if l := w.DB.Label.GetX(system(t), w.Labels[0].ID); l.Order != 16 || l.Version != 17 {
			t.Errorf("order %d, version %d", l.Order, l.Version)
		}
	})
}
