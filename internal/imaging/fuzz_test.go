package imaging_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
)

// FuzzInspect looks for bytes that are neither refused nor a picture within the
// limits, and of those that are one for a thumbnail that can't be made.
func FuzzInspect(f *testing.F) {
	for _, picture := range files(f) {
		if len(picture) < 2000 {
			f.Add(picture)
		}
	}
	for _, tt := range hostile(f) {
		if len(tt.file) < 2000 {
			f.Add(tt.file)
		}
	}
	f.Add(encodePNG(f, scene(20, 10, true)))
	f.Add(encodeJPEG(f, scene(20, 10, false)))
	f.Add(encodeGIF(f, 20, 10, frame(0, 0, 20, 10, false), frame(3, 3, 9, 4, true)))
	d := imaging.NewDecoder(1)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size := bytes.NewReader(b), int64(len(b))
		stored, _, err := imaging.Header(t.Context(), r, size)
		if err == nil && stored.X*stored.Y > 1<<20 {
			t.Skip("takes long")
		}
		info, err := d.Inspect(t.Context(), r, size)
		if err != nil {
			if !errors.Is(err, fault.Invalid) || info != (imaging.Info{}) {
				t.Fatalf("Inspect = %+v, %v", info, err)
			}
			return
		}
		if info.Width*info.Height != stored.X*stored.Y || info.Width*info.Height < 1 || max(info.Width, info.Height) > imaging.MaxSide ||
			info.Orientation < 1 || info.Orientation > 8 {
			t.Fatalf("a picture stored as %v: %+v", stored, info)
		}
		img, _ := thumbnail(t, b, 64)
		if got := img.Bounds().Size(); got.X < 1 || got.X > min(64, info.Width) || got.Y < 1 || got.Y > min(256, info.Height) {
			t.Fatalf("the thumbnail of %+v is %v", info, got)
		}
	})
}
