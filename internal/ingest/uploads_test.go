package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/testkit"
)

// uploads are files that came in parts, by their ids.
type uploads map[string][]byte

func (u uploads) Open(_ context.Context, id string, most int64) (io.ReadSeekCloser, int64, string, error) {
	content, ok := u[id]
	if !ok {
		return nil, 0, "", fmt.Errorf("upload %w", fault.NotFound)
	}
	if size := int64(len(content)); size > most {
		return nil, size, "", fault.TooLarge
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(content), io.NopCloser(nil)}, int64(len(content)), id + ".zip", nil
}

func (u uploads) Delete(_ context.Context, id string) error {
	delete(u, id)
	return nil
}

func TestUploads(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		zip := zipOf(several(3)...)
		w.uploads["zip"], w.uploads["picture"], w.uploads["text"] = zip, pngOf(3, 3, 3), []byte("text")
		w.uploads["large"] = make([]byte, maxUpload+1)
		ctx := w.as(t, member.RoleManager)

		results := testkit.Must(w.ImportZip(ctx, w.dataset, ingest.ZipInput{Upload: new("zip")}, ingest.ImportOptions{}, inInput))(t)
		img := testkit.Must(w.create(t, ingest.ImageInput{Upload: new("picture")}))(t)[0]
		if statuses(results) != "CCC" || img.Width != 3 {
			t.Errorf("zip: %s, picture: %v", statuses(results), img)
		}
		for _, id := range []string{"text", "large", "zip", "none"} { // the zip is gone
			if _, err := w.create(t, ingest.ImageInput{Upload: &id}); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s as a picture: %v", id, err)
			}
			_, err := w.ImportZip(ctx, w.dataset, ingest.ZipInput{Upload: &id}, ingest.ImportOptions{}, inInput)
			if fields := fault.Describe(err).Fields; len(fields) != 1 || fmt.Sprint(fields[0].Path) != "[input upload]" {
				t.Errorf("%s as a zip: %v", id, err)
			}
		}
		if _, ok := w.uploads["text"]; !ok || len(w.uploads) != 2 {
			t.Errorf("what was of no use is gone: %d are left", len(w.uploads))
		}
	})
}
