package storage_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		store, folder := open(t)
		t.Cleanup(func() {
			if left := files(t, filepath.Join(folder, "tmp")); len(left) > 0 {
				t.Errorf("left in tmp: %q", left)
			}
		})
		return store
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for address, want := range map[string]string{ // the folder that is made, or words of the error
		"file:" + folder + "/a":                  folder + "/a",
		"file://" + folder + "/b":                folder + "/b",
		"file:" + folder + "/deep/er/and/deeper": folder + "/deep/er/and/deeper",
		"file:" + folder + "/with%20space":       folder + "/with space",
		"file://data/objects":                    "want file:PATH",
		"file://localhost" + folder:              "want file:PATH",
		"file:data/objects?sync=no":              "want file:PATH",
		"file:data/objects#1":                    "want file:PATH",
		"file:":                                  "the path is missing",
		"file:a%zz":                              "invalid URL escape",
		"ftp://key:secret@bucket":                `"ftp://key:xxxxx@bucket"`,
		"":                                       "the kinds there are: file:PATH",
		"data/objects":                           "the kinds there are: file:PATH",
		"file:/dev/null":                         "not a directory",
		"file:/dev/null/x":                       "not a directory",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			store, err := storage.Open(t.Context(), parse(t, address))
			if err != nil {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %v, want %q", err, want)
				}
				return
			}
			defer store.Close()
			if info, err := os.Stat(want); err != nil || !info.IsDir() {
				t.Errorf("no folder: %v", err)
			}
		})
	}
}

func TestOpenIsRelative(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	store, err := storage.Open(t.Context(), parse(t, "file:data/objects"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := os.Stat(filepath.Join(folder, "data", "objects", "tmp")); err != nil {
		t.Error(err)
	}
}

// TestLayout fixes where objects lie, for people and backups look there.
func TestLayout(t *testing.T) {
	t.Parallel()
	store, folder := open(t)
	put(t, store, storagetest.ObjectKey(t, "hello"), "hello")
	put(t, store, storagetest.ThumbnailKey(t, "hello", 256), "small")
	want := []string{object, thumbnail + "256"}
	if diff := cmp.Diff(want, files(t, folder)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, mode := range map[string]fs.FileMode{".": 0o700, "objects": 0o700, object: 0o600} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, mode)
		}
	}
}

func TestOpenCleansWhatCrashesLeft(t *testing.T) {
	t.Parallel()
	store, folder := open(t)
	put(t, store, storagetest.ObjectKey(t, "hello"), "hello")
	for name, age := range map[string]time.Duration{"OLD": 25 * time.Hour, "YOUNG": 23 * time.Hour} {
		name = filepath.Join(folder, "tmp", name)
		then := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(name, []byte("half"), 0o600), os.Chtimes(name, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := storage.Open(t.Context(), url.URL{Scheme: "file", Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if diff := cmp.Diff([]string{object, "tmp/YOUNG"}, files(t, folder)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestStrangers puts things into the folder that are not objects.
func TestStrangers(t *testing.T) {
	t.Parallel()
	store, folder := open(t)
	outside := filepath.Join(t.TempDir(), "secret")
	key := storagetest.ObjectKey(t, "hello")
	dir := filepath.Join(folder, "objects", "2c", "f2")
	err := errors.Join(
		os.WriteFile(outside, []byte("secret"), 0o600),
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, ".DS_Store"), nil, 0o600),
		os.Mkdir(filepath.Join(folder, "lost+found"), 0),
		os.Symlink(outside, filepath.Join(folder, object)),
	)
	if err != nil {
		t.Fatal(err)
	}
	for info, err := range store.List(t.Context(), "objects/") {
		t.Errorf("List yields %v, %v", info, err)
	}
	if _, _, err := store.Open(t.Context(), key); err == nil {
		t.Error("Open followed a link out of the folder")
	}
	if err := store.Put(t.Context(), key, strings.NewReader("hello"), 5); err == nil {
		t.Error("Put over a link out of the folder succeeded")
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "secret" {
		t.Errorf("outside: %q, %v", got, err)
	}
}

// TestFolderInPlaceOfObject: a folder is no object, and nothing takes its place.
func TestFolderInPlaceOfObject(t *testing.T) {
	t.Parallel()
	store, folder := open(t)
	key := storagetest.ObjectKey(t, "hello")
	if err := os.MkdirAll(filepath.Join(folder, object, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Open(t.Context(), key); !errors.Is(err, fault.NotFound) {
		t.Errorf("Open: error = %v, want %v", err, fault.NotFound)
	}
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, fault.NotFound) {
		t.Errorf("Stat: error = %v, want %v", err, fault.NotFound)
	}
	if err := store.Put(t.Context(), key, strings.NewReader("hello"), 5); err == nil {
		t.Error("Put succeeded")
	}
	if got := files(t, folder); len(got) > 0 {
		t.Errorf("files = %q, want none", got)
	}
}

// TestPutHeals: an object that was cut, by a bad disk or restore, is written anew.
func TestPutHeals(t *testing.T) {
	t.Parallel()
	store, folder := open(t)
	key := storagetest.ObjectKey(t, "hello")
	put(t, store, key, "hello")
	if err := os.Truncate(filepath.Join(folder, object), 3); err != nil {
		t.Fatal(err)
	}
	put(t, store, key, "hello")
	if got, err := os.ReadFile(filepath.Join(folder, object)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

func BenchmarkPut(b *testing.B) {
	store, err := storage.Open(b.Context(), url.URL{Scheme: "file", Path: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	picture := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	for i := 0; b.Loop(); i++ {
		content := time.Duration(i).String() + picture
		if err := store.Put(b.Context(), storagetest.ObjectKey(b, content), strings.NewReader(content), int64(len(content))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPutAgain(b *testing.B) {
	store, err := storage.Open(b.Context(), url.URL{Scheme: "file", Path: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	key := storagetest.ObjectKey(b, "hello")
	for b.Loop() {
		if err := store.Put(b.Context(), key, strings.NewReader("hello"), 5); err != nil {
			b.Fatal(err)
		}
	}
}

func open(t *testing.T) (store storage.Store, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "objects")
	store, err := storage.Open(t.Context(), url.URL{Scheme: "file", Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, folder
}

func put(t *testing.T, store storage.Store, key storage.Key, content string) {
	t.Helper()
	if err := store.Put(t.Context(), key, strings.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, address string) url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return *u
}

// files lists the files under folder, with slashes.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
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
