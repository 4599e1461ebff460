package imaging_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
)

// FuzzPrepare looks for bytes that are neither refused nor a picture within the
// limits, and of those that are one for a thumbnail that can't be made, or for
// content that is not the same picture.
func FuzzPrepare(f *testing.F) {
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
	turn := exif(binary.BigEndian, 6)
	f.Add(withEXIF("png", encodePNG(f, scene(20, 10, true)), turn))
	f.Add(withEXIF("jpeg", encodeJPEG(f, scene(20, 10, false)), turn))
	f.Add(withEXIF("webp", file(f, "lossy.webp"), turn))
	d := imaging.NewDecoder(1)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size := bytes.NewReader(b), int64(len(b))
		stored, _, err := imaging.Header(t.Context(), r, size)
		if err == nil && stored.X*stored.Y > 1<<20 {
			t.Skip("takes long")
		}
		prepared, err := d.Prepare(t.Context(), r, size, imaging.Options{})
		if err != nil {
			if !errors.Is(err, fault.Invalid) || prepared != (imaging.Prepared{}) {
				t.Fatalf("Prepare = %+v, %v", prepared, err)
			}
			return
		}
		info := prepared.Info
		if info.Width*info.Height != stored.X*stored.Y || info.Width*info.Height < 1 || max(info.Width, info.Height) > imaging.MaxSide {
			t.Fatalf("a picture stored as %v: %+v", stored, info)
		}
		wantKept(t, b)
		img, _ := thumbnail(t, b, 64)
		if got := img.Bounds().Size(); got.X < 1 || got.X > min(64, info.Width) || got.Y < 1 || got.Y > min(256, info.Height) {
			t.Fatalf("the thumbnail of %+v is %v", info, got)
		}
	})
}
