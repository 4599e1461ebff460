package snapshot_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	entsnapshot "github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// spyStore has pixels for all images, of which worlds have none, and calls before with each that is opened.
type spyStore struct {
	storage.Store
	before func() error
	put    error
}

func (s *spyStore) Open(context.Context, storage.Key) (io.ReadSeekCloser, int64, error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return nil, 0, err
		}
	}
	return pixels{strings.NewReader("pixels")}, 6, nil
}

func (s *spyStore) Put(ctx context.Context, key storage.Key, r io.Reader, size int64) error {
	if s.put != nil {
		return s.put
	}
	return s.Store.Put(ctx, key, r, size)
}

type pixels struct{ *strings.Reader }

func (pixels) Close() error { return nil }

func newStore(t *testing.T) *spyStore {
	t.Helper()
	store := testkit.Must(storage.Open(t.Context(), url.URL{Scheme: "file", Path: t.TempDir()}))(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &spyStore{Store: store}
}

// files are what is in the archive of a snapshot, whose hash and size must be those of the row.
func files(t *testing.T, store *spyStore, snap *ent.Snapshot) map[string]string {
	t.Helper()
	content, _, err := store.Store.Open(t.Context(), testkit.Must(storage.ObjectKey(*snap.ArchiveSha256))(t))
	archive := testkit.Must(io.ReadAll(testkit.Must(content, err)(t)))(t)
	if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != *snap.ArchiveSha256 || int64(len(archive)) != snap.ArchiveSize {
		t.Errorf("%d bytes with another hash; want %d", len(archive), snap.ArchiveSize)
	}
	found := map[string]string{}
	for _, f := range testkit.Must(zip.NewReader(bytes.NewReader(archive), int64(len(archive))))(t).File {
		found[f.Name] = string(testkit.Must(io.ReadAll(testkit.Must(f.Open())(t)))(t))
	}
	return found
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		store := newStore(t)
		maker := snapshot.NewMaker(w.DB, store)
		w.DB.Label.Create().SetDataset(w.Dataset).SetName("anchor").SetColor("red").SetOrder(-1).SaveX(system(t))
		w.DB.Annotation.Create().SetDataset(w.Dataset).SetImage(w.Images[0]).SetLabel(w.Labels[0]).SetType("dot").SetPosition(1).SaveX(system(t))
		store.before = func() error { // somebody else goes on meanwhile, unseen
			w.DB.Label.Create().SetDataset(w.Dataset).SetName("late").SetColor("red").SetOrder(-2).SaveX(system(t))
			testkit.NewImage(w.DB.Client, w.Dataset).SaveX(system(t))
			return nil
		}
		snap, err := maker.Generate(w.As(t.Context(), "manager"), w.Dataset.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"data.yaml": "train: train/images\nval: train/images\nnc: 3\nnames:\n  0: \"anchor\"\n  1: \"sail\"\n  2: \"cargo\"\n"}
		for i, rows := range []string{"1 0.1 0.25 0.2 0.3\n2 0.102 0.25 0.2 0.3\n", "1 0.101 0.25 0.2 0.3\n2 0.103 0.25 0.2 0.3\n", ""} {
			want["train/images/"+w.Images[i].Name] = "pixels"
			want["train/labels/"+strings.TrimSuffix(w.Images[i].Name, ".png")+".txt"] = rows
		}
		if diff := cmp.Diff(want, files(t, store, snap)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestGenerateManyImages has more than fit in a page.
func TestGenerateManyImages(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		drafts := make([]*ent.ImageCreate, 400-len(w.Images))
		for i := range drafts {
			drafts[i] = testkit.NewImage(w.DB.Client, w.Dataset)
		}
		w.DB.Image.CreateBulk(drafts...).SaveX(system(t))
		store := newStore(t)
		maker := snapshot.NewMaker(w.DB, store)
		first := testkit.Must(maker.Generate(w.As(t.Context(), "owner"), w.Dataset.ID))(t)
		second := testkit.Must(maker.Generate(w.As(t.Context(), "owner"), w.Dataset.ID))(t)
		if n := len(files(t, store, first)); n != 801 || *first.ArchiveSha256 != *second.ArchiveSha256 {
			t.Errorf("%d files, of hash %s and then %s; want 801 and the same", n, *first.ArchiveSha256, *second.ArchiveSha256)
		}
	})
}

// TestGenerateFails makes no snapshot and leaves no file behind.
func TestGenerateFails(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		actor string
		store func(w *testkit.World, s *spyStore)
		want  string
	}{
		"as assignee":          {"assignee", nil, "FORBIDDEN not allowed to edit snapshots"},
		"as a stranger":        {"no member", nil, "NOT_FOUND dataset not found"},
		"pixels can't be read": {"owner", func(_ *testkit.World, s *spyStore) { s.before = func() error { return broken } }, "INTERNAL internal error"},
		"pixels are lost": {"owner", func(_ *testkit.World, s *spyStore) {
			s.before = func() error { return fmt.Errorf("object %w", fault.NotFound) }
		}, "INTERNAL internal error"},
		"the store is full": {"owner", func(_ *testkit.World, s *spyStore) { s.put = broken }, "INTERNAL internal error"},
		"no manager any more": {"manager", func(w *testkit.World, s *spyStore) {
			s.before = func() error {
				_, err := w.DB.Member.Delete().Exec(system(t))
				return err
			}
		}, "NOT_FOUND dataset not found"},
	} {
		t.Run(name, func(t *testing.T) {
			w, store := testkit.NewWorld(t, testkit.SQLite(t)), newStore(t)
			if tt.store != nil {
				tt.store(w, store)
			}
			_, err := snapshot.NewMaker(w.DB, store).Generate(w.As(t.Context(), tt.actor), w.Dataset.ID)
			if testkit.Said(err) != tt.want {
				t.Errorf("%v; want %s", err, tt.want)
			}
			if n := w.DB.Snapshot.Query().Where(entsnapshot.DatasetID(w.Dataset.ID)).CountX(system(t)); n != 1 {
				t.Errorf("%d snapshots, want the one from before", n)
			}
			if left := testkit.Must(filepath.Glob(filepath.Join(temporary, "*.zip")))(t); len(left) > 0 {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

// TestGenerateInTurn: two at once, and others wait until they leave or the caller does.
func TestGenerateInTurn(t *testing.T) {
	t.Parallel()
	w, store := testkit.NewWorld(t, testkit.SQLite(t)), newStore(t)
	maker := snapshot.NewMaker(w.DB, store)
	busy, goOn := make(chan bool, 10), make(chan bool)
	store.before = func() error {
		busy <- true
		<-goOn
		return nil
	}
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := maker.Generate(w.As(t.Context(), "owner"), w.Dataset.ID)
			done <- err
		}()
	}
	<-busy
	<-busy
	ctx, cancel := context.WithTimeout(w.As(t.Context(), "owner"), 100*time.Millisecond)
	defer cancel()
	if _, err := maker.Generate(ctx, w.Dataset.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who waits and leaves gets %v", err)
	}
	if len(busy) > 0 {
		t.Error("a third was made at once")
	}
	close(goOn)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
