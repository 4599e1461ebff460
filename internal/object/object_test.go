package object_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is a database with a dataset, and a store.
type world struct {
	*testkit.World

	db     *database.DB
	store  storage.Store
	folder string
	keeper *object.Keeper
}

func newWorld(t *testing.T, db *database.DB) world {
	t.Helper()
	folder := t.TempDir()
	store := testkit.Must(storage.Open(t.Context(), url.URL{Scheme: "file", Path: folder}))(t)
	t.Cleanup(func() { store.Close() })
	return world{testkit.NewWorld(t, db), db, store, folder, object.NewKeeper(db, store)}
}

func (w world) sweep(t *testing.T, keep time.Duration) object.Report {
	t.Helper()
	return testkit.Must(object.NewSweeper(w.db, w.store, keep).Sweep(t.Context()))(t)
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// put puts content, and returns its hash.
func (w world) put(t *testing.T, content string) string {
	t.Helper()
	return w.keep(t, content).SHA256
}

// keep puts content.
func (w world) keep(t *testing.T, content string) object.Kept {
	t.Helper()
	return testkit.Must(w.keeper.Put(t.Context(), sumOf(content), strings.NewReader(content), int64(len(content))))(t)
}

// name makes an image of an object, if no sweep has removed it.
func (w world) name(ctx context.Context, kept object.Kept) (*ent.Image, error) {
	return database.Result(access.System(ctx), w.db, func(ctx context.Context, tx *ent.Tx) (*ent.Image, error) {
		removed, err := object.Claim(ctx, tx, kept)
		if err != nil {
			return nil, err
		}
		if len(removed) > 0 {
			return nil, errRemoved
		}
		return tx.Image.Create().SetDatasetID(w.Dataset.ID).SetName("a.png").SetFormat(image.FormatPNG).
			SetSha256(kept.SHA256).SetObjectSha256(kept.SHA256).SetSize(1).SetWidth(1).SetHeight(1).Save(ctx)
	})
}

var errRemoved = errors.New("removed")

// stored tells whether the bytes of an object are in the store.
func (w world) stored(t *testing.T, sum string) bool {
	t.Helper()
	_, err := w.store.Stat(t.Context(), testkit.Must(storage.ObjectKey(sum))(t))
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestSweep(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		kept, archive, loose := w.keep(t, "named"), w.put(t, "archive"), w.put(t, "loose")
		img, named := testkit.Must(w.name(t.Context(), kept))(t), kept.SHA256
		ctx := access.System(t.Context())
		db.Snapshot.Create().SetDatasetID(w.Dataset.ID).SetArchiveSha256(archive).ExecX(ctx)
		thumbnail := testkit.Must(storage.ThumbnailKey(loose, 256))(t)
		if err := w.store.Put(t.Context(), thumbnail, strings.NewReader("small"), 5); err != nil {
			t.Fatal(err)
		}

		want := object.Report{Objects: 3, Bytes: 17, Unnamed: 1, UnnamedBytes: 5}
		if diff := cmp.Diff(want, w.sweep(t, time.Hour)); diff != "" {
			t.Errorf("before the keep time is over (-want +got):\n%s", diff)
		}
		preview := testkit.Must(object.NewSweeper(db, w.store, 0).Preview(t.Context()))(t)
		if diff := cmp.Diff(object.Report{Objects: 3, Bytes: 17, Removed: 1, RemovedBytes: 5}, preview); diff != "" {
			t.Errorf("preview (-want +got):\n%s", diff)
		}
		if !w.stored(t, loose) {
			t.Error("a preview removed something")
		}
		want = object.Report{Objects: 2, Bytes: 12, Removed: 1, RemovedBytes: 5}
		if diff := cmp.Diff(want, w.sweep(t, 0)); diff != "" {
			t.Errorf("after it (-want +got):\n%s", diff)
		}
		if w.stored(t, loose) || !w.stored(t, named) || !w.stored(t, archive) {
			t.Errorf("stored: loose %v, named %v, archive %v", w.stored(t, loose), w.stored(t, named), w.stored(t, archive))
		}
		if _, err := w.store.Stat(t.Context(), thumbnail); !errors.Is(err, fault.NotFound) {
			t.Errorf("the thumbnail of what was removed: %v", err)
		}

		db.Image.DeleteOne(img).ExecX(ctx)
		if got := w.sweep(t, 0); got.Removed != 1 || w.stored(t, named) {
			t.Errorf("after the image was deleted: %+v", got)
		}
	})
}

// TestKeepTimeBeginsAnew: what was named in between is kept for as long again.
func TestKeepTimeBeginsAnew(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		kept := w.keep(t, "a")
		w.sweep(t, time.Hour)
		ctx := access.System(t.Context())
		long := database.Now().Add(-2 * time.Hour)
		db.Object.Update().SetUnnamedSince(long).SetWantedAt(long).ExecX(ctx)
		img := testkit.Must(w.name(t.Context(), kept))(t)
		db.Image.DeleteOne(img).ExecX(ctx)
		if got := w.sweep(t, time.Hour); got.Removed != 0 || got.Unnamed != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestClaimTellsWhatWasRemoved: also what a process that died had begun to remove, and what somebody else is putting
// again since.
func TestClaimTellsWhatWasRemoved(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		ctx := access.System(t.Context())
		half, whole := w.keep(t, "half removed"), w.keep(t, "removed")
		db.Object.UpdateOneID(half.SHA256).SetRemovingUntil(database.Now().Add(-time.Minute)).ExecX(ctx)
		db.Object.DeleteOneID(whole.SHA256).ExecX(ctx)
		for range 2 {
			for _, kept := range []object.Kept{half, whole} {
				if _, err := w.name(t.Context(), kept); !errors.Is(err, errRemoved) {
					t.Errorf("%s: %v", kept.SHA256, err)
				}
			}
			w.put(t, "half removed")
			w.put(t, "removed")
		}
		if _, err := w.name(t.Context(), w.keep(t, "half removed")); err != nil {
			t.Errorf("after it was put again: %v", err)
		}
	})
}

// TestPutWaitsForRemoval: bytes that are being removed are put once they are gone, and not before.
func TestPutWaitsForRemoval(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.put(t, "a")
		ctx := access.System(t.Context())
		db.Object.Update().SetRemovingUntil(database.Now().Add(time.Hour)).ExecX(ctx)
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := w.keeper.Put(short, sumOf("a"), strings.NewReader("a"), 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it is removed: %v", err)
		}
		go func() {
			time.Sleep(50 * time.Millisecond)
			db.Object.Delete().ExecX(ctx)
		}()
		w.put(t, "a")
	})
}

// TestPutGivesUpOnRemoval: a sweep that died holds nobody up until its claim is over, and after a while not at all.
func TestPutGivesUpOnRemoval(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		until time.Duration // from now; a claim lasts five minutes
		most  time.Duration // that a Put takes
	}{
		"begun just now":     {5 * time.Minute, 10 * time.Second},
		"begun a minute ago": {4 * time.Minute, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				w := newWorld(t, db)
				w.put(t, "a")
				db.Object.Update().SetRemovingUntil(database.Now().Add(tt.until)).ExecX(access.System(t.Context()))
				began := time.Now()
				_, err := w.keeper.Put(t.Context(), sumOf("a"), strings.NewReader("a"), 1)
				if took := time.Since(began); !errors.Is(err, fault.Unavailable) || took > tt.most {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// TestSweepRacesUploads: sweeps that keep nothing run against uploads of the same few bytes, and against deletions of
// the images that name them. No image is ever without its bytes.
func TestSweepRacesUploads(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var sweeps, uploads sync.WaitGroup
		removed := 0
		sweeps.Go(func() {
			for ctx.Err() == nil {
				report, err := object.NewSweeper(db, w.store, 0).Sweep(ctx)
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				removed += report.Removed
			}
		})
		for worker := range 4 {
			uploads.Go(func() {
				for i := range 60 {
					if err := w.uploadAndDelete(t, fmt.Sprint("content ", (worker+i)%3)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		uploads.Wait()
		cancel()
		sweeps.Wait()
		if removed == 0 {
			t.Error("nothing was ever removed: no race")
		}
		t.Logf("%d removed", removed)
		w.sweep(t, 0)
		if left := files(t, filepath.Join(w.folder, "objects")); len(left) > 0 {
			t.Errorf("left in the store: %q", left)
		}
	})
}

// uploadAndDelete names content by an image, looks whether it is there, and deletes the image.
func (w world) uploadAndDelete(t *testing.T, content string) error {
	ctx := access.System(t.Context())
	sum := sumOf(content)
	for {
		kept, err := w.keeper.Put(ctx, sum, strings.NewReader(content), int64(len(content)))
		if err != nil {
			return err
		}
		img, err := w.name(ctx, kept)
		if errors.Is(err, errRemoved) {
			continue
		}
		if err != nil {
			return err
		}
		for range 3 {
			if !w.stored(t, sum) {
				return fmt.Errorf("the bytes of an image are gone: %s", sum)
			}
		}
		return w.db.Image.DeleteOne(img).Exec(ctx)
	}
}

func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// broken is a store whose deletions fail.
type broken struct {
	storage.Store

	err error
}

func (b broken) Delete(context.Context, storage.Key) error { return b.err }

// TestSweepOfABrokenStore: what cannot be removed stays in the account, and is removed another time.
func TestSweepOfABrokenStore(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		sum := w.put(t, "a")
		failure := errors.New("no")
		if _, err := object.NewSweeper(db, broken{w.store, failure}, 0).Sweep(t.Context()); !errors.Is(err, failure) {
			t.Errorf("error = %v, want %v", err, failure)
		}
		if got := w.sweep(t, 0); got.Removed != 0 {
			t.Errorf("while it may still be removed by another: %+v", got)
		}
		db.Object.Update().SetRemovingUntil(database.Now().Add(-time.Second)).ExecX(access.System(t.Context()))
		if got := w.sweep(t, 0); got.Removed != 1 || w.stored(t, sum) {
			t.Errorf("once that is over: %+v", got)
		}
	})
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		stray, kept := w.put(t, "stray"), w.keep(t, "named")
		testkit.Must(w.name(t.Context(), kept))(t)
		named := kept.SHA256
		db.Object.Delete().ExecX(access.System(t.Context()))
		thumbnail := testkit.Must(storage.ThumbnailKey(sumOf("gone"), 256))(t)
		if err := w.store.Put(t.Context(), thumbnail, strings.NewReader("small"), 5); err != nil {
			t.Fatal(err)
		}
		sweeper := object.NewSweeper(db, w.store, 0)
		want := object.Strays{Objects: 2, Bytes: 10, Thumbnails: 1}
		if diff := cmp.Diff(want, testkit.Must(sweeper.PreviewStrays(t.Context()))(t)); diff != "" {
			t.Errorf("preview (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, testkit.Must(sweeper.Adopt(t.Context()))(t)); diff != "" {
			t.Errorf("adopt (-want +got):\n%s", diff)
		}
		if got := w.sweep(t, 0); got.Removed != 1 || w.stored(t, stray) || !w.stored(t, named) {
			t.Errorf("then a sweep: %+v", got)
		}
		if diff := cmp.Diff(object.Strays{}, testkit.Must(sweeper.PreviewStrays(t.Context()))(t)); diff != "" {
			t.Errorf("and then (-want +got):\n%s", diff)
		}
	})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		ctx := access.System(t.Context())
		lost, damaged, cut, stray := sumOf("lost"), sumOf("damaged"), sumOf("cut"), w.put(t, "stray")
		images := map[string]*ent.Image{}
		for _, content := range []string{"good", "lost", "damaged", "cut"} {
			images[sumOf(content)] = testkit.Must(w.name(t.Context(), w.keep(t, content)))(t)
		}
		path := func(sum string) string {
			return filepath.Join(w.folder, testkit.Must(storage.ObjectKey(sum))(t).String())
		}
		err := errors.Join(os.Remove(path(lost)), os.WriteFile(path(damaged), []byte("demaged"), 0o600), os.Truncate(path(cut), 1))
		if err != nil {
			t.Fatal(err)
		}
		db.Object.DeleteOneID(stray).ExecX(ctx)
		w.put(t, "under way")
		os.Remove(path(sumOf("under way")))

		var got []string
		var state object.Verification
		err = object.NewSweeper(db, w.store, time.Hour).Verify(t.Context(), func(v object.Verification) { state = v }, func(p object.Problem) error {
			named := len(p.Images) == 1 && p.Images[0].ID == images[p.SHA256].ID && p.Images[0].DatasetID == w.Dataset.ID
			got = append(got, fmt.Sprintf("%s %t %d %s, named %t", p.Trouble, p.SHA256 == sumOf("damaged"), p.Size, p.Found, named))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		want := []string{
			"damaged false 3 1 bytes with SHA-256 " + sumOf("c") + ", named true",
			"damaged true 7 7 bytes with SHA-256 " + sumOf("demaged") + ", named true",
			"lost false 4 , named true",
			"stray false 5 , named false",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		if state.Total != 5 || state.Checked != 5 || state.Bytes != 12 {
			t.Errorf("%+v", state)
		}
	})
}

// TestVerifyOfUnreadableObjects: what cannot be read is not taken for lost, and does not end the verification.
func TestVerifyOfUnreadableObjects(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		for i := range 15 {
			testkit.Must(w.name(t.Context(), w.keep(t, strconv.Itoa(i))))(t)
		}
		testkit.Must(w.name(t.Context(), w.keep(t, "broken")))(t)
		store := unreadable{w.store, errors.New("no"), func(key storage.Key) bool { return key.SHA256() == sumOf("broken") }}
		got, err := w.verify(t, store)
		if diff := cmp.Diff([]string{"unreadable 6 no"}, got); err != nil || diff != "" {
			t.Errorf("problems (-want +got):\n%s%v", diff, err)
		}
	})
}

// TestVerifyOfAStoreThatIsDown: nothing is said of the objects.
func TestVerifyOfAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		for i := range 15 {
			testkit.Must(w.name(t.Context(), w.keep(t, strconv.Itoa(i))))(t)
		}
		store := unreadable{w.store, errors.New("no"), func(storage.Key) bool { return true }}
		got, err := w.verify(t, store)
		if !errors.Is(err, store.err) || len(got) > 0 {
			t.Errorf("error = %v, want %v; problems: %v", err, store.err, got)
		}
	})
}

// verify verifies what is in a store, and returns the problems.
func (w *world) verify(t *testing.T, store storage.Store) (problems []string, err error) {
	t.Helper()
	err = object.NewSweeper(w.DB, store, 0).Verify(t.Context(), func(object.Verification) {}, func(p object.Problem) error {
		problems = append(problems, fmt.Sprintf("%s %d %s", p.Trouble, p.Size, p.Found))
		return nil
	})
	return problems, err
}

// unreadable is a store that fails to open some objects.
type unreadable struct {
	storage.Store

	err   error
	fails func(storage.Key) bool
}

func (u unreadable) Open(ctx context.Context, key storage.Key) (io.ReadSeekCloser, int64, error) {
	if u.fails(key) {
		return nil, 0, u.err
	}
	return u.Store.Open(ctx, key)
}
