package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/testkit"
)

// importImages imports pictures as the manager does.
func (w *world) importImages(tb testing.TB, o ingest.ImportOptions, images ...ingest.ImageInput) []*ingest.ImportResult {
	tb.Helper()
	return testkit.Must(w.ImportImages(w.as(tb, member.RoleManager), w.dataset, images, o, inList))(tb)
}

// statuses are what became of pictures: C for created, D for duplicate, I for invalid.
func statuses(results []*ingest.ImportResult) string {
	s := make([]byte, len(results))
	for i, r := range results {
		s[i] = r.Status[0]
	}
	return string(s)
}

func TestDuplicates(t *testing.T) {
	one, two, none := pngOf(2, 2, 1), pngOf(2, 2, 2), []byte("none")
	images := func() []ingest.ImageInput {
		return []ingest.ImageInput{file("a.png", one), file("b.png", none), file("c.png", one), file("d.png", two)}
	}
	onBoth(t, func(t *testing.T, w *world) {
		for _, tt := range []struct {
			policy       ingest.DuplicatePolicy
			first, again string
		}{
			{ingest.SkipDuplicates, "CIDC", "DIDD"},
			{ingest.LinkDuplicates, "DIDD", "DIDD"},
			{ingest.KeepDuplicates, "DIDD", "DIDD"}, // uploads have no source, so that equal ones are the same
		} {
			first := w.importImages(t, ingest.ImportOptions{OnDuplicate: tt.policy}, images()...)
			again := w.importImages(t, ingest.ImportOptions{OnDuplicate: tt.policy}, images()...)
			if statuses(first) != tt.first || statuses(again) != tt.again {
				t.Errorf("%s: %s, then %s; want %s, then %s", tt.policy, statuses(first), statuses(again), tt.first, tt.again)
			}
			if first[0].Image.ID != first[2].Image.ID || first[0].Image.ID != again[0].Image.ID || first[0].Image.ID == first[3].Image.ID {
				t.Errorf("%s: images %d, %d, %d, then %d", tt.policy, first[0].Image.ID, first[2].Image.ID, first[3].Image.ID, again[0].Image.ID)
			}
			if *first[1].Message == "" || first[1].Image != nil {
				t.Errorf("%s: %+v", tt.policy, first[1])
			}
		}
		if n := w.rows(t); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if n := int(w.decoder.calls.Load()); n > 3+6 { // what is there is not decoded; equal ones may be side by side
			t.Errorf("the decoder was reached %d times", n)
		}
	})
}

// TestKeepDuplicates: another image for each source, and none for the same source again.
func TestKeepDuplicates(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := pngOf(2, 2, 1)
		zip := func() ingest.ZipInput {
			return zipFile(zipOf(packed{name: "a/1.png", content: content}, packed{name: "b/1.png", content: content}, packed{name: "a/1.png", content: content}))
		}
		first, again := testkit.Must(w.importZip(t, zip()))(t), testkit.Must(w.importZip(t, zip()))(t)
		if statuses(first) != "CCD" || statuses(again) != "DDD" {
			t.Errorf("%s, then %s; want CCD, then DDD", statuses(first), statuses(again))
		}
		if again[1].Image.ID != first[1].Image.ID {
			t.Errorf("the second is found to be image %d, not %d", again[1].Image.ID, first[1].Image.ID)
		}
		img := testkit.Must(w.db.Image.Get(access.System(t.Context()), first[1].Image.ID))(t)
		if img.Source != "a.zip/b/1.png" || img.OriginalName != "1.png" {
			t.Errorf("source %q, original name %q", img.Source, img.OriginalName)
		}
	})
}

func TestLinkDuplicates(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := access.System(t.Context())
		old := w.importImages(t, ingest.ImportOptions{}, file("a.png", pngOf(2, 2, 1)), file("b.png", pngOf(2, 2, 2)))
		b := w.db.Batch.Create().SetDatasetID(w.dataset).SetName("b").SaveX(ctx)
		val := image.SplitVal
		results := w.importImages(t, ingest.ImportOptions{OnDuplicate: ingest.LinkDuplicates, BatchID: &b.ID, Split: &val},
			file("a.png", pngOf(2, 2, 1)), file("c.png", pngOf(2, 2, 3)))
		if statuses(results) != "DC" {
			t.Errorf("%s, want DC", statuses(results))
		}
		for i, r := range results {
			img := w.db.Image.GetX(ctx, r.Image.ID)
			if img.BatchID == nil || *img.BatchID != b.ID || img.Split != val {
				t.Errorf("image %d: batch %v, split %v", i, img.BatchID, img.Split)
			}
		}
		if img := w.db.Image.GetX(ctx, old[1].Image.ID); img.BatchID != nil || img.Version != 1 {
			t.Errorf("another image: %v", img)
		}
	})
}

// TestImportAtOnce: the same import by several clients at once adds each picture once.
func TestImportAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 2 {
					if _, err := w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(zipOf(several(120)...)), ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inInput); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := w.rows(t); n != 120 {
			t.Errorf("%d rows, want 120", n)
		}
	})
}

// TestImportWhileSwept: sweeps that keep nothing take bytes away before rows name them; imports put them again.
func TestImportWhileSwept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		removed := 0
		w.store.put = func(ctx context.Context) error {
			if n := w.store.puts.Load(); n != 60 && n != 130 && n != 170 {
				return nil
			}
			report, err := object.NewSweeper(w.db, w.store, 0).Sweep(ctx)
			removed += report.Removed
			return err
		}
		results, err := w.importZip(t, zipFile(zipOf(several(120)...)))
		if err != nil || len(results) != 120 || strings.Trim(statuses(results), "C") != "" {
			t.Errorf("%d results: %s, %v", len(results), statuses(results), err)
		}
		if n := len(w.objects(t)); n != 120 || removed < 60 {
			t.Errorf("%d objects, want 120; %d were removed", n, removed)
		}
		w.everyImageHasItsBytes(t)
	})
}

// TestImportIsDoneAgain: an import that fails at any picture is done again, and then all is there once.
func TestImportIsDoneAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		failure := errors.New("the store is down")
		for failing := range 3 {
			w.store.put = func(context.Context) error {
				if int(w.store.puts.Load())%60 == 20+failing*10 {
					return failure
				}
				return nil
			}
			if results, err := w.importZip(t, zipFile(zipOf(several(120)...))); !errors.Is(err, failure) || results != nil {
				t.Errorf("%d results, error = %v, want %v", len(results), err, failure)
			}
			w.everyImageHasItsBytes(t)
		}
		w.store.put = nil
		results := testkit.Must(w.importZip(t, zipFile(zipOf(several(120)...))))(t)
		if len(results) != 120 || strings.Contains(statuses(results), "I") || w.rows(t) != 120 {
			t.Errorf("%s; %d rows", statuses(results), w.rows(t))
		}
	})
}

func (w *world) everyImageHasItsBytes(tb testing.TB) {
	tb.Helper()
	problems := 0
	err := object.NewSweeper(w.db, w.store, time.Hour).Verify(tb.Context(), func(object.Verification) {}, func(p object.Problem) error {
		problems++
		tb.Errorf("%+v", p)
		return nil
	})
	if err != nil {
		tb.Error(err)
	}
}

func TestFolders(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		names := []string{"1.png", "cats/2.png", "cats/3.png", "deep/train/dogs/4.png", "../VALIDATION/5.png", strings.Repeat("é", 150) + "/6.png"}
		var files []packed
		for i, name := range names {
			files = append(files, packed{name: name, content: pngOf(3, 3, uint8(i))})
		}
		type place struct {
			Name, Batch string
			Split       image.Split
		}
		places := func() (places []place) {
			for _, img := range w.db.Image.Query().WithBatch().Order(image.ByID()).AllX(access.System(t.Context())) {
				p := place{Name: img.OriginalName, Split: img.Split}
				if b := img.Edges.Batch; b != nil {
					p.Batch = b.Name
				}
				places = append(places, p)
			}
			return places
		}
		for range 2 {
			testkit.Must(w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(zipOf(files...)),
				ingest.ImportOptions{OnDuplicate: ingest.LinkDuplicates, Folders: ingest.FoldersAsBatches}, inInput))(t)
		}
		want := []place{
			{"1.png", "", image.SplitNone},
			{"2.png", "cats", image.SplitNone},
			{"3.png", "cats", image.SplitNone},
			{"4.png", "deep/train/dogs", image.SplitNone},
			{"5.png", "VALIDATION", image.SplitNone},
			{"6.png", strings.Repeat("é", 100), image.SplitNone},
		}
		if diff := cmp.Diff(want, places()); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		// Duplicates that stay where they are need no batch.
		testkit.Must(w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(zipOf(packed{name: "new/1.png", content: pngOf(3, 3, 1)})),
			ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates, Folders: ingest.FoldersAsBatches}, inInput))(t)
		if n := w.db.Batch.Query().CountX(access.System(t.Context())); n != 4 {
			t.Errorf("%d batches, want 4", n)
		}
		test := image.SplitTest
		testkit.Must(w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(zipOf(files...)),
			ingest.ImportOptions{OnDuplicate: ingest.LinkDuplicates, Folders: ingest.FoldersAsSplits, Split: &test}, inInput))(t)
		for i, split := range []image.Split{test, test, test, image.SplitTrain, image.SplitVal, test} {
			want[i].Split = split
		}
		if diff := cmp.Diff(want, places()); diff != "" {
			t.Errorf("splits (-want +got):\n%s", diff)
		}
	})
}

// importFolder imports the files in a folder as a command does.
func (w *world) importFolder(tb testing.TB, folder string, checksum bool) (results []*ingest.ImportResult) {
	tb.Helper()
	err := w.ImportFiles(access.System(tb.Context()), w.dataset, ingest.FolderFiles(folder), ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, checksum,
		func(r *ingest.ImportResult) error {
			results = append(results, r)
			return nil
		})
	if err != nil {
		tb.Fatal(err)
	}
	return results
}

func TestImportFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		folder, long := t.TempDir(), time.Now().Add(-time.Hour)
		write := func(name string, content []byte, modified time.Time) {
			t.Helper()
			name = filepath.Join(folder, filepath.FromSlash(name))
			err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644), os.Chtimes(name, modified, modified))
			if err != nil {
				t.Fatal(err)
			}
		}
		write("b b/ü.png", pngOf(2, 2, 1), long)
		write("a.png", pngOf(2, 2, 2), long)
		write("b b/ž.png", pngOf(2, 2, 1), long)
		write("c.txt", []byte("c"), long)
		write("large.png", make([]byte, maxUpload+1), long)
		write(".hidden/d.png", pngOf(2, 2, 3), long)
		write(".e.png", pngOf(2, 2, 4), long)
		if err := os.Symlink(filepath.Join(folder, "a.png"), filepath.Join(folder, "link.png")); err != nil {
			t.Fatal(err)
		}
		lines := func(results []*ingest.ImportResult) (lines []string) {
			for _, r := range results {
				lines = append(lines, fmt.Sprintf("%c %s", r.Status[0], r.Name))
			}
			return lines
		}
		want := []string{"C a.png", "C b b/ü.png", "D b b/ž.png", "I c.txt", "I large.png"}
		if diff := cmp.Diff(want, lines(w.importFolder(t, folder, false))); diff != "" {
			t.Errorf("first (-want +got):\n%s", diff)
		}
		decoded := w.decoder.calls.Load()
		// A file that was written since is read again; of one that seems as old as before only --checksum sees that it is another.
		write("a.png", pngOf(2, 2, 5), time.Now().Add(time.Hour))
		write("b b/ü.png", pngOf(2, 2, 6), long)
		want = []string{"C a.png", "D b b/ü.png", "D b b/ž.png", "I c.txt", "I large.png"}
		if diff := cmp.Diff(want, lines(w.importFolder(t, folder, false))); diff != "" {
			t.Errorf("second (-want +got):\n%s", diff)
		}
		want = []string{"D a.png", "C b b/ü.png", "D b b/ž.png", "I c.txt", "I large.png"}
		if diff := cmp.Diff(want, lines(w.importFolder(t, folder, true))); diff != "" {
			t.Errorf("with checksums (-want +got):\n%s", diff)
		}
		if n := w.decoder.calls.Load() - decoded; n != 2+2 { // and twice what is no picture
			t.Errorf("the decoder was reached %d times, want 4", n)
		}
		sources := w.db.Image.Query().Order(image.ByID()).Select(image.FieldSource).StringsX(access.System(t.Context()))
		host, err := os.Hostname()
		if err != nil || !slices.Contains(sources, "file://"+host+filepath.ToSlash(folder)+"/b%20b/%C3%BC.png") {
			t.Errorf("sources: %q", sources)
		}
	})
}

// TestImportFilesWithLongPaths: files that differ at the end of their paths alone are different ones.
func TestImportFilesWithLongPaths(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		place := "file:///" + strings.Repeat("long/", 500)
		for i := range 2 { // the second import could take its file for that of the first
			content := pngOf(3+i, 3, 3)
			files := func(yield func(ingest.File, error) bool) {
				yield(ingest.File{
					Path: "a.png", Source: fmt.Sprint(place, i), Size: int64(len(content)), Modified: time.Now().Add(-time.Hour),
					Open: func(context.Context) (io.ReadSeekCloser, error) {
						return struct {
							io.ReadSeeker
							io.Closer
						}{bytes.NewReader(content), io.NopCloser(nil)}, nil
					},
				}, nil)
			}
			err := w.ImportFiles(access.System(t.Context()), w.dataset, files, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, false,
				func(r *ingest.ImportResult) error {
					if r.Status != ingest.ImportCreated {
						t.Errorf("file %d: %s", i, r.Status)
					}
					return nil
				})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestImportOfNoFolder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		err := w.ImportFiles(access.System(t.Context()), w.dataset, ingest.FolderFiles(filepath.Join(t.TempDir(), "none")), ingest.ImportOptions{}, false, nil)
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error = %v, want %v", err, os.ErrNotExist)
		}
	})
}

// TestImportReporterFails: an import whose report cannot be written ends.
func TestImportReporterFails(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		folder, full := t.TempDir(), errors.New("disk full")
		for i := range 300 {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.png", i)), pngOf(2, 2, uint8(i)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := w.ImportFiles(access.System(t.Context()), w.dataset, ingest.FolderFiles(folder), ingest.ImportOptions{}, false,
			func(*ingest.ImportResult) error { return full })
		if !errors.Is(err, full) || w.rows(t) != 100 {
			t.Errorf("error = %v, want %v; %d rows", err, full, w.rows(t))
		}
	})
}
