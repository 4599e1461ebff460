package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// faultsOf breaks Put of an object of that size at each step. Whatever happens,
// there is nothing of it afterwards, and the next Put stores it.
func faultsOf(size int64) func(*testing.T, storage.Store) {
	return func(t *testing.T, store storage.Store) {
		content := noise(size)
		key := ObjectKey(t, content)
		cut := errors.New("the line is cut")
		for _, at := range []int64{0, 1, size / 2, size - 1} {
			for name, tt := range map[string]struct {
				fault Fault
				want  error
			}{
				"error": {Fault{At: at, Err: cut}, cut},
				"short": {Fault{At: at, Short: true}, storage.ErrMismatch},
				"wrong": {Fault{At: at, Wrong: true}, storage.ErrMismatch},
			} {
				faulty := Faulty(store)
				faulty.Break(Put, tt.fault)
				err := faulty.Put(t.Context(), key, strings.NewReader(content), size)
				wantNothing(t, store, key, fmt.Sprintf("%s at %d", name, at), err, tt.want)
			}
			ctx, cancel := context.WithCancel(t.Context())
			leaving := io.MultiReader(strings.NewReader(content[:at]), calling{cancel}, strings.NewReader(content[at:]))
			err := store.Put(ctx, key, leaving, size)
			wantNothing(t, store, key, fmt.Sprintf("cancelled at %d", at), err, context.Canceled)
		}
		put(t, store, key, content)
		if get(t, store, key) != content {
			t.Error("put after all faults: other bytes")
		}
		wantList(t, store, "objects/", key)
	}
}

// wantNothing checks that a Put failed as it should and left nothing behind.
func wantNothing(t *testing.T, store storage.Store, key storage.Key, name string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", name, err, want)
	}
	wantAbsent(t, store, key)
	wantList(t, store, "objects/")
}

// noise returns bytes that are the same in each run.
func noise(size int64) string {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return string(b)
}

// deadline has bytes come too slowly for the time there is.
func deadline(t *testing.T, store storage.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	key := ObjectKey(t, "bytes")
	slow := io.MultiReader(strings.NewReader("by"), calling{func() { <-ctx.Done() }}, strings.NewReader("tes"))
	err := store.Put(ctx, key, slow, 5)
	wantNothing(t, store, key, "slow", err, context.DeadlineExceeded)
	if !errors.Is(err, context.DeadlineExceeded) || fault.Describe(err).Code != "UNAVAILABLE" {
		t.Errorf("error = %v, want an outage", err)
	}
	put(t, store, key, "bytes")
}

// seeksAnywhere reads parts of an object in every order, and beyond its end.
func seeksAnywhere(t *testing.T, store storage.Store) {
	content := noise(100_000)
	key := ObjectKey(t, content)
	put(t, store, key, content)
	r, size, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{99_999, 0, 50_000, 50_010, 10, size, size + 10} {
		must(r.Seek(at, io.SeekStart))(t)
		got, err := io.ReadAll(io.LimitReader(r, 10))
		if want := content[min(at, size):min(at+10, size)]; string(got) != want || err != nil {
			t.Errorf("at %d: %d other bytes, %v, want %d", at, len(got), err, len(want))
		}
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("sought before the start")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Error("read after Close")
	}
}
