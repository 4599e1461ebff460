package storagetest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

var errCut = errors.New("the line is cut")

// calls are the operations on an object that holds "bytes", or is to hold it.
func calls(t *testing.T, store storage.Store) map[storagetest.Operation]func() (string, error) {
	t.Helper()
	ctx, key, other := t.Context(), storagetest.ObjectKey(t, "bytes"), storagetest.ObjectKey(t, "other")
	return map[storagetest.Operation]func() (string, error){
		storagetest.Put:    func() (string, error) { return "", store.Put(ctx, other, strings.NewReader("other"), 5) },
		storagetest.Open:   func() (string, error) { _, _, err := store.Open(ctx, key); return "", err },
		storagetest.Stat:   func() (string, error) { _, err := store.Stat(ctx, key); return "", err },
		storagetest.Delete: func() (string, error) { return "", store.Delete(ctx, other) },
		storagetest.SignedURL: func() (string, error) {
			return store.SignedURL(ctx, key, storage.SignOptions{})
		},
		storagetest.List: func() (found string, err error) {
			for info, err := range store.List(ctx, "objects/") {
				if err != nil {
					return found, err
				}
				found += info.Key.String() + "\n"
			}
			return found, nil
		},
		storagetest.Read: func() (string, error) {
			r, _, err := store.Open(ctx, key)
			if err != nil {
				return "", err
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			return string(got), err
		},
	}
}

func newFaulty(t *testing.T) *storagetest.FaultyStore {
	t.Helper()
	store := storagetest.Faulty(storage.NewMemory())
	if err := store.Put(t.Context(), storagetest.ObjectKey(t, "bytes"), strings.NewReader("bytes"), 5); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestFaulty breaks each operation, and no other breaks with it.
func TestFaulty(t *testing.T) {
	t.Parallel()
	store := newFaulty(t)
	for broken := range calls(t, store) {
		for name, f := range map[string]storagetest.Fault{
			"error": {Err: errCut},
			"slow":  {Wait: func(context.Context) error { return errCut }},
		} {
			store.Break(broken, f)
			for operation, call := range calls(t, store) {
				_, err := call()
				wants := operation == broken || operation == storagetest.Read && broken == storagetest.Open
				if got := errors.Is(err, errCut) && errors.Is(err, fault.Unavailable); got != wants {
					t.Errorf("%s of %s: %s: error = %v", name, broken, operation, err)
				}
			}
			store.Heal()
			if _, err := calls(t, store)[broken](); err != nil && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s healed: %v", broken, err)
			}
		}
	}
}

// TestFaultyBytes breaks what is read in the middle.
func TestFaultyBytes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault storagetest.Fault
		want  string
		err   error
	}{
		"error": {storagetest.Fault{At: 2, Err: errCut}, "by", errCut},
		"short": {storagetest.Fault{At: 2, Short: true}, "by", nil},
		"wrong": {storagetest.Fault{At: 2, Wrong: true}, "byues", nil},
		"whole": {storagetest.Fault{}, "bytes", nil},
	} {
		store := newFaulty(t)
		store.Break(storagetest.Read, tt.fault)
		if got, err := calls(t, store)[storagetest.Read](); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v, want %q, %v", name, got, err, tt.want, tt.err)
		}
	}
}

// TestFaultyAnswer loses the answers of what was done.
func TestFaultyAnswer(t *testing.T) {
	t.Parallel()
	store := newFaulty(t)
	lost := storagetest.Fault{Err: errCut, Done: true}
	store.Break(storagetest.Put, lost)
	store.Break(storagetest.Delete, lost)
	other := storagetest.ObjectKey(t, "other")
	for _, step := range []struct {
		operation storagetest.Operation
		want      error // of Stat afterwards
	}{{storagetest.Put, nil}, {storagetest.Delete, fault.NotFound}} {
		if _, err := calls(t, store)[step.operation](); !errors.Is(err, errCut) {
			t.Errorf("%s: error = %v, want %v", step.operation, err, errCut)
		}
		if _, err := store.Stat(t.Context(), other); !errors.Is(err, step.want) {
			t.Errorf("%s: then Stat: %v, want %v", step.operation, err, step.want)
		}
	}
}
