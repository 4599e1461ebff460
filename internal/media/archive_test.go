package media_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

const zipped = "PK and so on"

// archived makes a snapshot with an archive.
func (w *world) archived(t *testing.T) (snap *ent.Snapshot) {
	t.Helper()
	img := w.add(t, "archive", "PNG", []byte(zipped)) // for its bytes
	w.write(t, func(ctx context.Context, tx *ent.Tx) (err error) {
		snap, err = tx.Snapshot.Create().SetDataset(w.dataset).SetArchiveSha256(img.Sha256).SetArchiveSize(img.Size).Save(ctx)
		return err
	})
	return snap
}

func TestArchiveHeaders(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		snap := w.archived(t)
		address := *w.ArchiveURL(w.as(t, "viewer"), snap)
		name := fmt.Sprintf("dataset_%d__snapshot_%d.zip", w.dataset.ID, snap.ID)
		if !strings.HasPrefix(address, "/media/snapshots/"+name+"?viewer=") || "/"+*w.ArchivePath(w.as(t, "viewer"), snap) != address {
			t.Errorf("URL %s, path %s", address, *w.ArchivePath(w.as(t, "viewer"), snap))
		}
		answer := w.get(t, address)
		if answer.Code != http.StatusOK || answer.Body.String() != zipped {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		want := http.Header{
			"Content-Type":                 {"application/zip"},
			"Content-Length":               {strconv.Itoa(len(zipped))},
			"Content-Disposition":          {"attachment; filename=" + name},
			"Content-Security-Policy":      {"default-src 'none'; style-src 'unsafe-inline'; sandbox"},
			"X-Content-Type-Options":       {"nosniff"},
			"Cross-Origin-Resource-Policy": {"cross-origin"},
			"Cache-Control":                {"private, immutable, max-age=135000"},
			"Etag":                         {`"` + *snap.ArchiveSha256 + `"`},
			"Accept-Ranges":                {"bytes"},
		}
		if diff := cmp.Diff(want, answer.Header()); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if part := w.get(t, address, "Range", "bytes=0-1"); part.Code != http.StatusPartialContent || part.Body.String() != "PK" {
			t.Errorf("range: %d %s", part.Code, part.Body)
		}
		if head := w.do(t, http.MethodHead, address); head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("head: %d %s", head.Code, head.Body)
		}
	})
}

func TestWhoGetsArchives(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		snap := w.archived(t)
		for name, want := range map[string]int{
			"owner": 200, "viewer": 200, "assignee": 200, "admin": 200, "superuser": 200, "colleague": 404, "stranger": 404,
		} {
			if got := w.get(t, *w.ArchiveURL(w.as(t, name), snap)).Code; got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
	})
}

// TestArchiveAltered: a URL is good to the letter or not at all.
func TestArchiveAltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	snap := w.archived(t)
	good := *w.ArchiveURL(w.as(t, "viewer"), snap)
	query := fmt.Sprintf("?viewer=%d&day=2026-11-23", w.users["viewer"].ID)
	for address, want := range map[string]int{
		good:       http.StatusOK,
		good + "x": http.StatusForbidden,
		strings.Replace(good, "snapshot_", "snapshot_1", 1):                                   http.StatusForbidden,
		strings.Replace(good, "viewer=", "viewer=1", 1):                                       http.StatusForbidden,
		"/media/snapshots/dataset_1__snapshot_1.zip" + query:                                  http.StatusForbidden,
		w.signed(fmt.Sprintf("/media/snapshots/dataset_1__snapshot_%d.zip", snap.ID) + query): http.StatusOK,
		w.signed("/media/snapshots/dataset_1__snapshot_99.zip" + query):                       http.StatusNotFound,
		w.signed(fmt.Sprintf("/media/snapshots/dataset_2__snapshot_%d.zip", snap.ID) + query): http.StatusNotFound,
		w.signed("/media/snapshots/dataset_1__snapshot_0.zip" + query):                        http.StatusNotFound,
		w.signed("/media/snapshots/dataset_1__snapshot_x.zip" + query):                        http.StatusForbidden,
		w.signed("/media/snapshots/" + query):                                                 http.StatusForbidden,
	} {
		if got := w.get(t, address).Code; got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	w.clock.set(w.clock.Now().AddDate(0, 0, 2))
	if got := w.get(t, good).Code; got != http.StatusForbidden {
		t.Errorf("two days later: %d", got)
	}
}

// TestArchiveIsGone: it goes at once with its snapshot.
func TestArchiveIsGone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		snap := w.archived(t)
		address := *w.ArchiveURL(w.as(t, "viewer"), snap)
		if got := w.get(t, address).Code; got != http.StatusOK {
			t.Errorf("before: %d", got)
		}
		w.write(t, func(ctx context.Context, tx *ent.Tx) error { return tx.Snapshot.DeleteOne(snap).Exec(ctx) })
		if got := w.get(t, address).Code; got != http.StatusNotFound {
			t.Errorf("after: %d, want %d", got, http.StatusNotFound)
		}
	})
}

func TestNoArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	if snap := w.archived(t); w.ArchiveURL(access.System(t.Context()), snap) != nil || w.ArchivePath(t.Context(), snap) != nil {
		t.Error("nobody has a URL")
	}
	without := &ent.Snapshot{ID: 1, DatasetID: w.dataset.ID}
	if ctx := w.as(t, "viewer"); w.ArchiveURL(ctx, without) != nil || w.ArchivePath(ctx, without) != nil {
		t.Error("a snapshot without an archive has a URL")
	}
}
