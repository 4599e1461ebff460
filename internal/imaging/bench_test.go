package imaging_test

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/datasetgen/datagen/internal/imaging"
)

// photograph returns a JPEG of 12 megapixels with some detail and noise.
func photograph(b *testing.B) []byte {
	b.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		x, y := i%img.YStride, i/img.YStride
		img.Y[i] = byte((x*x/2000+y*y/3000)&0x7f + random.IntN(32))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(i%img.CStride/8), byte(i/img.CStride/8)
	}
	return encodeJPEG(b, img)
}

func BenchmarkInspect(b *testing.B) {
	picture := photograph(b)
	d := imaging.NewDecoder(imaging.DefaultMemory)
	b.SetBytes(int64(len(picture)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Inspect(b.Context(), bytes.NewReader(picture), int64(len(picture))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThumbnail(b *testing.B) {
	picture := photograph(b)
	d := imaging.NewDecoder(imaging.DefaultMemory)
	b.SetBytes(int64(len(picture)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Thumbnail(b.Context(), bytes.NewReader(picture), int64(len(picture)), 256); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHeader is the part of BenchmarkInspect that is not decoding.
func BenchmarkHeader(b *testing.B) {
	picture := photograph(b)
	b.SetBytes(int64(len(picture)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := imaging.Header(b.Context(), bytes.NewReader(picture), int64(len(picture))); err != nil {
			b.Fatal(err)
		}
	}
}
