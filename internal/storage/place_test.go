package storage_test

import (
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

// TestPlace reads what others have put into a bucket: here the objects of a store, through an address above it.
func TestPlace(t *testing.T) {
	t.Run("s3", func(t *testing.T) { testPlace(t, storagetest.S3(t)) })
	t.Run("gs", func(t *testing.T) {
		address, _ := storagetest.GCS(t)
		testPlace(t, address)
	})
}

func testPlace(t *testing.T, address url.URL) {
	t.Helper()
	store, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	put(t, store, storagetest.ObjectKey(t, "hello"), "hello")
	put(t, store, storagetest.ThumbnailKey(t, "hello", 64), "small")

	above := address
	above.Path = address.Path[:strings.LastIndexByte(address.Path, '/')]
	place, err := storage.OpenPlace(t.Context(), above)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for b, err := range place.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		content := b.Open(t.Context())
		if _, err := content.Seek(1, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		if b.Modified.IsZero() || content.Close() != nil {
			t.Errorf("%s was modified at %v", b.Name, b.Modified)
		}
		got = append(got, b.Name+" "+b.URL+" "+string(rest))
	}
	folder := strings.TrimPrefix(address.Path, above.Path+"/") + "/"
	root := address.Scheme + "://" + address.Host + address.Path + "/"
	if endpoint := address.Query().Get("endpoint"); endpoint != "" {
		root = endpoint + "/" + address.Host + address.Path + "/"
	}
	want := []string{
		folder + object + " " + root + object + " ello",
		folder + thumbnail + "64 " + root + thumbnail + "64 mall",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoPlace(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"file:" + t.TempDir(), "ftp://host/a", "s3://"} {
		if _, err := storage.OpenPlace(t.Context(), parse(t, address)); err == nil {
			t.Errorf("%s is a place", address)
		}
	}
}
