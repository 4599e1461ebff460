// Package storagetest is the suite that every implementation of storage.Store
// must pass, with the servers that some of them need and a store that fails as
// it is told to. Only tests import it.
package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// Run checks that the stores of open do what storage.Store promises. Each call
// of open returns an empty store, which ends with the test.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, storage.Store){
		"puts and gets":              putsAndGets,
		"seeks":                      seeks,
		"absent":                     absent,
		"deletes":                    deletes,
		"lists":                      lists,
		"lists part":                 listsPart,
		"lists under hostile prefix": listsUnderHostilePrefix,
		"puts once":                  putsOnce,
		"puts at the same time":      putsAtTheSameTime,
		"refuses other bytes":        refusesOtherBytes,
		"keeps what was there":       keepsWhatWasThere,
		"stops when cancelled":       stopsWhenCancelled,
		"outlives close":             outlivesClose,
		"the zero key":               zeroKey,
		"faults of small objects":    faultsOf(10),
		"faults of large objects":    faultsOf(17 << 20),
		"deadline":                   deadline,
		"reads lazily":               seeksAnywhere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// ObjectKey returns the key of content.
func ObjectKey(tb testing.TB, content string) storage.Key {
	tb.Helper()
	return must(storage.ObjectKey(hash(content)))(tb)
}

// ThumbnailKey returns the key of a thumbnail of content.
func ThumbnailKey(tb testing.TB, content string, width int) storage.Key {
	tb.Helper()
	return must(storage.ThumbnailKey(hash(content), width))(tb)
}

// UploadKey returns the key of a part of an upload that is named by content.
func UploadKey(tb testing.TB, content string, part int) storage.Key {
	tb.Helper()
	return must(storage.UploadKey(hash(content), part))(tb)
}

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func putsAndGets(t *testing.T, store storage.Store) {
	for name, content := range map[string]string{
		"nothing":    "",
		"a byte":     "\x00",
		"some bytes": "some bytes",
		"3 MiB":      strings.Repeat("0123456789abcdef", 3<<16),
	} {
		for area, key := range map[string]storage.Key{
			"object":    ObjectKey(t, content),
			"thumbnail": ThumbnailKey(t, content, 256),
			"upload":    UploadKey(t, content, 1),
		} {
			put(t, store, key, content)
			if got := get(t, store, key); got != content {
				t.Errorf("%s of %s: got %d other bytes, want %d", area, name, len(got), len(content))
			}
			info := must(store.Stat(t.Context(), key))(t)
			if info.Key != key || info.Size != int64(len(content)) || info.Modified.IsZero() {
				t.Errorf("%s of %s: Stat = %+v", area, name, info)
			}
		}
	}
}

func seeks(t *testing.T, store storage.Store) {
	key := ObjectKey(t, "0123456789")
	put(t, store, key, "0123456789")
	r, _, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()

	if end := must(r.Seek(-4, io.SeekEnd))(t); end != 6 {
		t.Errorf("4 bytes before the end are at %d, want 6", end)
	}
	if got := string(must(io.ReadAll(r))(t)); got != "6789" {
		t.Errorf("the last bytes are %q, want 6789", got)
	}
	must(r.Seek(2, io.SeekStart))(t)
	if got := string(must(io.ReadAll(io.LimitReader(r, 3)))(t)); got != "234" {
		t.Errorf("3 bytes from 2 are %q, want 234", got)
	}
}

func absent(t *testing.T, store storage.Store) {
	put(t, store, ObjectKey(t, "present"), "present")
	wantAbsent(t, store, ObjectKey(t, "absent"))
	wantAbsent(t, store, ThumbnailKey(t, "present", 64))
	if err := store.Delete(t.Context(), ObjectKey(t, "absent")); err != nil {
		t.Errorf("Delete of an absent object: %v", err)
	}
}

func deletes(t *testing.T, store storage.Store) {
	gone, kept := ObjectKey(t, "gone"), ObjectKey(t, "kept")
	put(t, store, gone, "gone")
	put(t, store, kept, "kept")
	if err := store.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	wantAbsent(t, store, gone)
	wantList(t, store, "objects/", kept)

	put(t, store, gone, "gone")
	if got := get(t, store, gone); got != "gone" {
		t.Errorf("put again after Delete: %q", got)
	}
}

func lists(t *testing.T, store storage.Store) {
	wantList(t, store, "objects/")
	one, two := ObjectKey(t, "one"), ObjectKey(t, "second")
	small, large := ThumbnailKey(t, "one", 64), ThumbnailKey(t, "one", 1024)
	put(t, store, one, "one")
	put(t, store, two, "second")
	put(t, store, small, "s")
	put(t, store, large, "large")
	part, next := UploadKey(t, "one", 0), UploadKey(t, "one", 1)
	put(t, store, part, "o")
	put(t, store, next, "ne")

	wantList(t, store, "uploads/", part, next)
	wantList(t, store, "objects/", one, two)
	wantList(t, store, "thumbnails/", small, large)
	for info, err := range store.List(t.Context(), "thumbnails/") {
		if stat := must(store.Stat(t.Context(), info.Key))(t); err != nil || info != stat {
			t.Errorf("List yields %+v, %v where Stat says %+v", info, err, stat)
		}
	}
	for range store.List(t.Context(), "objects/") {
		break // must not be asked for more
	}
}

func listsPart(t *testing.T, store storage.Store) {
	// The hashes begin with fb04dc and f8d9d0.
	fb, f8 := ObjectKey(t, "b!"), ObjectKey(t, "g!")
	put(t, store, fb, "b!")
	put(t, store, f8, "g!")
	wantList(t, store, "objects/", fb, f8)
	wantList(t, store, fb.String()[:len("objects/ab/")], fb)
	wantList(t, store, f8.String()[:len("objects/ab/cd/")], f8)
	wantList(t, store, "objects/00/")
}

func listsUnderHostilePrefix(t *testing.T, store storage.Store) {
	put(t, store, ObjectKey(t, "x"), "x")
	for _, prefix := range []string{
		"", "/", ".", "./", "..", "../", "../objects/", "objects", "objects/../", "objects/./", "objects//", "/objects/",
		"objects/a/", "objects/zz/", "objects/ab/cd/ef/", "Objects/", "objects\\", "objects/\x00/", "tmp/", "objects/\n", "thumbnails/../objects/",
	} {
		var err error
		for _, e := range store.List(t.Context(), prefix) {
			err = e
		}
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("List(%q): error = %v, want %v", prefix, err, fault.Invalid)
		}
	}
}

func putsOnce(t *testing.T, store storage.Store) {
	for _, key := range []storage.Key{ObjectKey(t, "once"), ThumbnailKey(t, "a picture", 64)} {
		put(t, store, key, "once")
		before := must(store.Stat(t.Context(), key))(t)
		if err := store.Put(t.Context(), key, unreadable{t}, int64(len("once"))); err != nil {
			t.Errorf("second Put: %v", err)
		}
		if after := must(store.Stat(t.Context(), key))(t); after != before {
			t.Errorf("second Put made %+v of %+v", after, before)
		}
	}
}

func putsAtTheSameTime(t *testing.T, store storage.Store) {
	const writers = 16
	content := strings.Repeat("the same bytes ", 10_000)
	key := ObjectKey(t, content)
	errs := make(chan error, writers)
	for range writers {
		go func() {
			err := store.Put(t.Context(), key, strings.NewReader(content), int64(len(content)))
			if err == nil { // whoever is done can read it, whatever the others are at
				err = same(t.Context(), store, key, content)
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantList(t, store, "objects/", key)
}

// same tells whether an object holds content.
func same(ctx context.Context, store storage.Store, key storage.Key, content string) error {
	r, size, err := store.Open(ctx, key)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if err == nil && (string(got) != content || size != int64(len(content))) {
		err = errors.New("read other bytes than were put")
	}
	return errors.Join(err, r.Close())
}

func refusesOtherBytes(t *testing.T, store storage.Store) {
	broken := errors.New("the line is cut")
	for name, tt := range map[string]struct {
		r    io.Reader
		size int64
		err  error
	}{
		"nothing":              {strings.NewReader(""), 5, storage.ErrMismatch},
		"too few":              {strings.NewReader("byte"), 5, storage.ErrMismatch},
		"too many":             {strings.NewReader("bytes!"), 5, storage.ErrMismatch},
		"endless":              {endless{}, 5, storage.ErrMismatch},
		"fewer than none":      {strings.NewReader(""), -1, storage.ErrMismatch},
		"of another hash":      {strings.NewReader("bites"), 5, storage.ErrMismatch},
		"fails at once":        {failing(broken), 5, broken},
		"fails midway":         {io.MultiReader(strings.NewReader("by"), failing(broken)), 5, broken},
		"fails at the end":     {io.MultiReader(strings.NewReader("bytes"), failing(broken)), 5, broken},
		"cut with a known end": {io.MultiReader(strings.NewReader("by"), failing(io.ErrUnexpectedEOF)), 5, io.ErrUnexpectedEOF},
	} {
		key := ObjectKey(t, "bytes")
		if err := store.Put(t.Context(), key, tt.r, tt.size); !errors.Is(err, tt.err) {
			t.Errorf("%s: error = %v, want %v", name, err, tt.err)
		}
		wantAbsent(t, store, key)
	}
	wantList(t, store, "objects/")
}

func keepsWhatWasThere(t *testing.T, store storage.Store) {
	key := ObjectKey(t, "good")
	put(t, store, key, "good")
	if err := store.Put(t.Context(), key, strings.NewReader("goods"), 5); !errors.Is(err, storage.ErrMismatch) {
		t.Errorf("Put of other bytes: error = %v, want %v", err, storage.ErrMismatch)
	}
	if got := get(t, store, key); got != "good" {
		t.Errorf("after a failed Put: %q, want good", got)
	}
}

func stopsWhenCancelled(t *testing.T, store storage.Store) {
	put(t, store, ObjectKey(t, "there"), "there")
	ctx, cancel := context.WithCancel(t.Context())
	key := ObjectKey(t, "bytes")
	half := io.MultiReader(strings.NewReader("by"), calling{cancel}, strings.NewReader("tes"))
	if err := store.Put(ctx, key, half, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: error = %v, want %v", err, context.Canceled)
	}
	wantAbsent(t, store, key)

	var err error
	for _, e := range store.List(ctx, "objects/") {
		err = e
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("List: error = %v, want %v", err, context.Canceled)
	}
}

func outlivesClose(t *testing.T, store storage.Store) {
	key := ObjectKey(t, "open")
	put(t, store, key, "open")
	r, _, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(must(io.ReadAll(r))(t)); got != "open" {
		t.Errorf("after Close: %q, want open", got)
	}
}

func zeroKey(t *testing.T, store storage.Store) {
	put(t, store, ObjectKey(t, "x"), "x")
	var none storage.Key
	r, _, err := store.Open(t.Context(), none)
	if err == nil || r != nil {
		t.Error("Open succeeded")
	}
	if _, err := store.Stat(t.Context(), none); err == nil {
		t.Error("Stat succeeded")
	}
	if err := store.Put(t.Context(), none, strings.NewReader("x"), 1); err == nil {
		t.Error("Put succeeded")
	}
	if err := store.Delete(t.Context(), none); err == nil {
		t.Error("Delete succeeded")
	}
	wantList(t, store, "objects/", ObjectKey(t, "x"))
}

func put(t *testing.T, store storage.Store, key storage.Key, content string) {
	t.Helper()
	if err := store.Put(t.Context(), key, strings.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, store storage.Store, key storage.Key) string {
	t.Helper()
	r, size, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content := must(io.ReadAll(r))(t)
	if size != int64(len(content)) {
		t.Errorf("Open says %d bytes of %d", size, len(content))
	}
	return string(content)
}

func wantAbsent(t *testing.T, store storage.Store, key storage.Key) {
	t.Helper()
	if r, _, err := store.Open(t.Context(), key); !errors.Is(err, fault.NotFound) || r != nil {
		t.Errorf("Open(%s): error = %v, want %v", key, err, fault.NotFound)
	}
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, fault.NotFound) {
		t.Errorf("Stat(%s): error = %v, want %v", key, err, fault.NotFound)
	}
}

func wantList(t *testing.T, store storage.Store, prefix string, want ...storage.Key) {
	t.Helper()
	var got, wanted []string
	for info, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info.Key.String())
	}
	for _, key := range want {
		wanted = append(wanted, key.String())
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// unreadable is a reader that must be left alone.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("read the bytes of an object that is there already")
	return 0, io.EOF
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{'x'}, len(p))), nil }

// calling is an empty reader that calls f.
type calling struct{ f func() }

func (c calling) Read([]byte) (int, error) {
	c.f()
	return 0, io.EOF
}

// failing returns a reader that fails with err.
func failing(err error) io.Reader {
	r, w := io.Pipe()
	w.CloseWithError(err)
	return r
}
