package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/object"
)

// internet is what URLs name in tests.
type internet struct {
	files  map[string][]byte
	slow   time.Duration
	silent string       // a URL whose server never answers
	most   atomic.Int32 // that were fetched at once
	at     atomic.Int32
	gets   atomic.Int32
}

func (i *internet) Get(ctx context.Context, url string) (fetch.File, error) {
	i.gets.Add(1)
	n := i.at.Add(1)
	defer i.at.Add(-1)
	for most := i.most.Load(); n > most; most = i.most.Load() {
		i.most.CompareAndSwap(most, n)
	}
	select {
	case <-ctx.Done():
		return fetch.File{}, ctx.Err()
	case <-i.answer(url):
	}
	content, ok := i.files[url]
	if !ok {
		return fetch.File{}, fault.InvalidAt("cannot be reached")
	}
	return fetch.File{Content: content, Name: url[strings.LastIndexByte(url, '/')+1:]}, nil
}

// answer tells when a server does.
func (i *internet) answer(url string) <-chan time.Time {
	if url == i.silent {
		return nil
	}
	return time.After(i.slow)
}

// inURLs is where the URLs of the importUrls mutation stand.
func inURLs(i int) []any { return []any{"urls", i} }

func TestImportURLs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.internet.files = map[string][]byte{
			"https://a.example/1.png":           pngOf(2, 2, 1),
			"https://b.example/2.png":           pngOf(2, 2, 2),
			"https://b.example/page":            []byte("<html>"),
			"https://b.example/3.png?key=a#b":   pngOf(2, 2, 3),
			"https://c.example/the same as 1.x": pngOf(2, 2, 1),
		}
		urls := []string{
			"https://a.example/1.png", "https://none.example/", "https://b.example/2.png", "https://b.example/page",
			"https://b.example/3.png?key=a#b", "https://c.example/the same as 1.x",
		}
		results, err := w.ImportURLs(w.as(t, member.RoleManager), w.dataset, urls, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inURLs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("CICICD", statuses(results)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for i, r := range results {
			if r.Name != urls[i] {
				t.Errorf("result %d is of %s, want %s", i, r.Name, urls[i])
			}
		}
		if *results[1].Message != "cannot be reached" {
			t.Errorf("message = %q", *results[1].Message)
		}
		sources := w.db.Image.Query().Order(image.ByID()).Select(image.FieldSource).StringsX(access.System(t.Context()))
		want := []string{"https://a.example/1.png", "https://b.example/2.png", "https://b.example/3.png"}
		if diff := cmp.Diff(want, sources); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
	})
}

// TestManyURLs: no more are fetched at once than may be, by any number of callers, and their places are free again
// whatever became of them.
func TestManyURLs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.internet.slow, w.internet.files = time.Millisecond, make(map[string][]byte)
		var urls []string
		for i := range 30 {
			urls = append(urls, fmt.Sprintf("https://a.example/%d.png", i))
			if i%3 > 0 {
				w.internet.files[urls[i]] = pngOf(2, 2, uint8(i))
			}
		}
		ctx := w.as(t, member.RoleManager)
		for range 2 {
			failing := errors.New("the store is down")
			w.store.put = func(context.Context) error { return failing }
			if _, err := w.ImportURLs(ctx, w.dataset, urls, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inURLs); !errors.Is(err, failing) {
				t.Errorf("error = %v, want %v", err, failing)
			}
			short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			if _, err := w.ImportURLs(short, w.dataset, urls, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inURLs); err == nil {
				t.Error("an import was faster than it can be")
			}
			cancel()
		}
		w.store.put = nil
		results, err := w.ImportURLs(ctx, w.dataset, urls, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inURLs)
		if err != nil || strings.Count(statuses(results), "I") != 10 || w.rows(t) != 20 {
			t.Errorf("%v, %v; %d rows", statuses(results), err, w.rows(t))
		}
		if most := w.internet.most.Load(); most > 4 {
			t.Errorf("%d were fetched at once", most)
		}
	})
}

// TestSlowServers: who imports from servers that never answer stops nobody in another workspace.
func TestSlowServers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		foreign, dataset := w.foreign(t)
		w.internet.files = map[string][]byte{"https://a.example/1.png": pngOf(2, 2, 1)}
		w.internet.silent = "https://silent.example/"
		ctx, cancel := context.WithCancel(foreign)
		var slow sync.WaitGroup
		for range 3 {
			slow.Go(func() {
				urls := slices.Repeat([]string{w.internet.silent}, 30)
				if _, err := w.ImportURLs(ctx, dataset, urls, ingest.ImportOptions{}, inURLs); !errors.Is(err, context.Canceled) {
					t.Errorf("error = %v", err)
				}
			})
		}
		for w.internet.at.Load() < 4 {
			time.Sleep(time.Millisecond)
		}
		results, err := w.ImportURLs(w.as(t, member.RoleManager), w.dataset, []string{"https://a.example/1.png"}, ingest.ImportOptions{}, inURLs)
		if err != nil || statuses(results) != "C" {
			t.Errorf("%s, %v", statuses(results), err)
		}
		cancel()
		slow.Wait()
		if most := w.internet.most.Load(); most != 4+1 {
			t.Errorf("%d were fetched at once, want 4 of one workspace and 1 of the other", most)
		}
	})
}

// foreign makes a dataset in another workspace, and returns the context in which its owner asks.
func (w *world) foreign(t *testing.T) (context.Context, gid.DatasetID) {
	t.Helper()
	system := access.System(t.Context())
	space := w.db.Workspace.Create().SetName("foreign").SaveX(system)
	owner := w.db.User.Create().SetEmail("foreign@example.com").SetWorkspace(space).SaveX(system)
	d := w.db.Dataset.Create().SetName("d").SetWorkspace(space).SetOwner(owner).SaveX(system)
	w.db.Member.Create().SetDataset(d).SetUser(owner).SetRole(member.RoleOwner).ExecX(system)
	return access.WithViewer(t.Context(), access.Viewer{UserID: owner.ID, WorkspaceID: space.ID}), d.ID
}

// TestURLsWhileSwept: what a sweep takes away before a row names it is fetched again.
func TestURLsWhileSwept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.internet.files = map[string][]byte{"https://a.example/1.png": pngOf(2, 2, 1), "https://a.example/2.png": pngOf(2, 2, 2)}
		w.store.put = func(ctx context.Context) error {
			if w.store.puts.Load() != 2 {
				return nil
			}
			_, err := object.NewSweeper(w.db, w.store, 0).Sweep(ctx)
			return err
		}
		urls := []string{"https://a.example/1.png", "https://a.example/2.png"}
		results, err := w.ImportURLs(w.as(t, member.RoleManager), w.dataset, urls, ingest.ImportOptions{}, inURLs)
		if err != nil || statuses(results) != "CC" {
			t.Errorf("%s, %v", statuses(results), err)
		}
		w.everyImageHasItsBytes(t)
	})
}

func TestURLsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for name, urls := range map[string][]string{
			"too many": make([]string, 101),
			"too long": {"https://a.example/" + strings.Repeat("a", 2000)},
		} {
			if _, err := w.ImportURLs(w.as(t, member.RoleManager), w.dataset, urls, ingest.ImportOptions{}, inURLs); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: error = %v", name, err)
			}
		}
		if _, err := w.ImportURLs(w.as(t, member.RoleAnnotator), w.dataset, []string{"https://a.example/"}, ingest.ImportOptions{}, inURLs); !errors.Is(err, fault.Forbidden) {
			t.Errorf("an annotator: error = %v", err)
		}
		if n := w.internet.gets.Load(); n > 0 {
			t.Errorf("%d were fetched", n)
		}
	})
}
