package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestQuotaBoundsTheStore: of pictures that are too many, no more is stored than there is room for, however often they come.
func TestQuotaBoundsTheStore(t *testing.T) {
	size := int64(len(pngOf(1, 1, 0)))
	onBoth(t, func(t *testing.T, w *world) {
		w.SetQuota(quota.Limits{Bytes: 3*size + 1})
		want := fmt.Sprintf("QUOTA_EXCEEDED quota exceeded: the workspace may hold %d bytes of image files; it holds 0, and %d more were to be added", 3*size+1, 8*size)
		for i := range 3 {
			_, err := w.create(t, shades(8*i, 8)...)
			if got := testkit.Said(err); got != want {
				t.Errorf("adding said %q, want %q", got, want)
			}
		}
		if _, err := w.create(t, append(shades(100, 3), file("none.png", nil))...); !errors.Is(err, fault.Invalid) {
			t.Errorf("adding what is no picture said %v", err)
		}
		if n := len(w.objects(t)); n != 3 {
			t.Errorf("%d objects are stored, want 3", n)
		}
		testkit.Must(w.create(t, shades(200, 3)...))(t)
		w.everyImageHasItsBytes(t)
	})
}

// TestQuotaBoundsCallsTogether: calls that go on at once store no more than one may.
func TestQuotaBoundsCallsTogether(t *testing.T) {
	const calls, room = 15, 5
	onBoth(t, func(t *testing.T, w *world) {
		w.SetQuota(quota.Limits{Images: room})
		stored, goOn := w.holdFirst()
		var slow, others sync.WaitGroup
		slow.Go(func() {
			if _, err := w.create(t, shade(0)); err != nil {
				t.Error(err)
			}
		})
		<-stored
		for i := range calls {
			others.Go(func() {
				if _, err := w.create(t, shades(1+8*i, 8)...); !errors.Is(err, fault.QuotaExceeded) {
					t.Errorf("error = %v", err)
				}
			})
		}
		others.Wait()
		close(goOn)
		slow.Wait()
		if n := len(w.objects(t)); n != room {
			t.Errorf("%d objects are stored, want %d", n, room)
		}
	})
}

// holdFirst has the store keep the first picture waiting, and says when it does.
func (w *world) holdFirst() (waits <-chan struct{}, goOn chan<- struct{}) {
	begun, end := make(chan struct{}), make(chan struct{})
	var first sync.Once
	w.store.put = func(context.Context) error {
		isFirst := false
		first.Do(func() { isFirst = true })
		if isFirst {
			close(begun)
			<-end
		}
		return nil
	}
	return begun, end
}

// TestQuotaOfImport: the groups before the picture that is too many are added.
func TestQuotaOfImport(t *testing.T) {
	const most = 250
	onBoth(t, func(t *testing.T, w *world) {
		w.SetQuota(quota.Limits{Images: most})
		_, err := w.importZip(t, zipFile(zipOf(several(350)...)))
		want := "QUOTA_EXCEEDED quota exceeded: the workspace may hold 250 images; it holds 200, and 100 more were to be added"
		if got := testkit.Said(err); !strings.HasSuffix(got, want) {
			t.Errorf("the import said %q, want %q", got, want)
		}
		if n := w.rows(t); n != 200 {
			t.Errorf("%d images were added, want 200", n)
		}
		if n := len(w.objects(t)); n > most {
			t.Errorf("%d objects are stored, want %d at most", n, most)
		}
	})
}

// TestQuotaOfDuplicates: a picture that comes many times takes the room of one.
func TestQuotaOfDuplicates(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.SetQuota(quota.Limits{Images: 2})
		images := make([]ingest.ImageInput, 50)
		for i := range images {
			images[i] = shade(i % 2)
		}
		results, err := w.ImportImages(w.as(t, member.RoleManager), w.dataset, images, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inList)
		if want := "CC" + strings.Repeat("D", 48); err != nil || statuses(results) != want {
			t.Errorf("results are %s, %v; want %s", statuses(results), err, want)
		}
	})
}

// TestQuotaSeesWhatIsDeleted: room that comes while others add is there for all.
func TestQuotaSeesWhatIsDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.SetQuota(quota.Limits{Images: 2})
		first := testkit.Must(w.create(t, shade(1)))(t)[0]
		stored, goOn := w.holdFirst()
		var slow sync.WaitGroup
		slow.Go(func() {
			if _, err := w.create(t, shade(2)); err != nil {
				t.Error(err)
			}
		})
		<-stored
		if err := catalog.DeleteImages(access.System(t.Context()), w.db, catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{first.ID}}); err != nil {
			t.Error(err)
		}
		if _, err := w.create(t, shade(3)); err != nil {
			t.Error(err)
		}
		close(goOn)
		slow.Wait()
	})
}

// shades are so many pictures of one size.
func shades(first, n int) []ingest.ImageInput {
	images := make([]ingest.ImageInput, n)
	for i := range images {
		images[i] = shade(first + i)
	}
	return images
}

func shade(i int) ingest.ImageInput { return file("a.png", pngOf(1, 1, uint8(i))) }
