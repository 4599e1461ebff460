package media_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestInSnapshots: a picture that a snapshot sees is served after it was deleted, until the snapshot is.
func TestInSnapshots(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := w.as(t, "owner")
		s := testkit.Must(snapshot.Create(ctx, w.db, w.dataset.ID, snapshot.CreateInput{}))(t)
		then := testkit.Must(snapshot.At(ctx, w.db, s.ID))(t)
		img := testkit.Must(w.db.Image.Get(then, w.image.ID))(t)
		live, address, small := w.URL(ctx, w.image), w.URL(ctx, img), w.ThumbnailURL(ctx, img, 64)
		if err := catalog.DeleteImages(ctx, w.db, catalog.One(w.image.ID, nil)); err != nil {
			t.Fatal(err)
		}
		check := func(when, address string, want int) {
			t.Helper()
			if got := w.get(t, address).Code; got != want {
				t.Errorf("%s: %d, want %d", when, got, want)
			}
		}
		check("now", live, http.StatusNotFound)
		check("then", address, http.StatusOK)
		check("a thumbnail", small, http.StatusOK)
		check("of another snapshot", strings.Replace(address, "snapshot=", "snapshot=9", 1), http.StatusForbidden)
		theirs := w.URL(w.as(t, "stranger"), img)
		check("by a stranger", theirs, http.StatusNotFound)
		if err := snapshot.Delete(ctx, w.db, catalog.One(s.ID, nil)); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(5 * time.Second) // what is remembered of a sight
		check("once the snapshot is deleted", address, http.StatusNotFound)
	})
}
