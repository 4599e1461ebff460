package storage_test

import (
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return storage.NewMemory() })
}

func TestS3(t *testing.T) { storagetest.Run(t, places(storagetest.S3(t))) }

func TestGCS(t *testing.T) { storagetest.Run(t, places(storagetest.GCS(t))) }

// places returns stores in places of their own below an address.
func places(address url.URL) func(t *testing.T) storage.Store {
	var n atomic.Int64
	return func(t *testing.T) storage.Store {
		t.Helper()
		return openAt(t, *address.JoinPath(strconv.FormatInt(n.Add(1), 10)))
	}
}

func openAt(t *testing.T, address url.URL) storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}
