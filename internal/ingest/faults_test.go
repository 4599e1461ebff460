package ingest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

// TestFaults breaks the store at each step while pictures come: whatever fails, each row has its object, what was
// acknowledged is there, and a sweep leaves exactly the objects that rows name. Once the store is whole again, the
// same import adds what is missing.
func TestFaults(t *testing.T) {
	down := errors.New("the store is down")
	slow := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return nil
		}
	}
	faults := map[string]storagetest.Fault{
		"refused at once":      {Err: down},
		"cut off midway":       {Err: down, At: 20},
		"its answer is lost":   {Err: down, Done: true},
		"the bytes end early":  {Short: true, At: 20},
		"the bytes are others": {Wrong: true, At: 20},
		"too slow":             {Wait: slow},
	}
	onBoth(t, func(t *testing.T, w *world) {
		faulty := storagetest.Faulty(w.store.Store)
		w.store.Store = faulty
		acknowledged := 0
		for name, fault := range faults {
			faulty.Break(storagetest.Put, fault)
			before, shade := w.rows(t), uint8(acknowledged) // pictures of which nothing is there yet
			short, cancel := context.WithTimeout(w.as(t, member.RoleManager), 500*time.Millisecond)
			if images, err := w.Create(short, w.dataset, []ingest.ImageInput{file("a.png", pngOf(5, 3, shade)), file("b.png", pngOf(6, 3, shade))}, inList); err == nil {
				t.Errorf("%s: %d images were added", name, len(images))
			}
			if _, err := w.ImportZip(short, w.dataset, zipFile(zipOf(packed{name: "d.png", content: pngOf(7, 3, shade)})), ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inInput); err == nil {
				t.Errorf("%s: a zip was imported", name)
			}
			cancel()
			if n := w.rows(t); n != before {
				t.Errorf("%s: %d rows became %d", name, before, n)
			}
			faulty.Heal()
			if _, err := w.create(t, file("c.png", pngOf(4, 4, uint8(acknowledged)))); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
			acknowledged++
			w.everyImageHasItsBytes(t)
		}
		results, err := w.importZip(t, zipFile(zipOf(several(5)...)))
		if err != nil || statuses(results) != "CCCCC" {
			t.Errorf("once the store is whole: %s, %v", statuses(results), err)
		}
		if n := w.rows(t); n != acknowledged+5 {
			t.Errorf("%d rows, want %d", n, acknowledged+5)
		}
		w.sweepLeavesWhatIsNamed(t)
	})
}

// sweepLeavesWhatIsNamed compares the store with the rows, once a sweep that keeps nothing has passed.
func (w *world) sweepLeavesWhatIsNamed(t *testing.T) {
	t.Helper()
	if _, err := object.NewSweeper(w.db, w.store, 0).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, sum := range w.db.Image.Query().Unique(true).Select(image.FieldObjectSha256).StringsX(access.System(t.Context())) {
		want = append(want, "objects/"+sum[:2]+"/"+sum[2:4]+"/"+sum)
	}
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), w.objects(t)); diff != "" {
		t.Errorf("objects after a sweep (-want +got):\n%s", diff)
	}
}
