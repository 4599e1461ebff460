package imaging_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"

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

// BenchmarkPrepare is to be compared with BenchmarkPlain.
func BenchmarkPrepare(b *testing.B) {
	d := imaging.NewDecoder(imaging.DefaultMemory)
	each(b, func(b *testing.B, picture []byte) {
		if _, err := d.Prepare(b.Context(), bytes.NewReader(picture), int64(len(picture)), imaging.Options{}); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkPlain decodes pictures and scales them down, and does nothing else.
func BenchmarkPlain(b *testing.B) {
	small := image.NewGray(image.Rect(0, 0, 32, 32))
	each(b, func(b *testing.B, picture []byte) {
		img, _, err := image.Decode(bytes.NewReader(picture))
		if err != nil {
			b.Fatal(err)
		}
		draw.BiLinear.Scale(small, small.Rect, img, img.Bounds(), draw.Src, nil)
	})
}

// each measures f for pictures of each kind, 12 megapixels large.
func each(b *testing.B, f func(b *testing.B, picture []byte)) {
	photo := photograph(b)
	const width, height = 4000, 3000
	for name, picture := range map[string][]byte{
		"JPEG":         photo,
		"JPEG, turned": withEXIF("jpeg", photo, exif(binary.BigEndian, 6)),
		"PNG":          encodePNG(b, scene(width, height, true)),
		"GIF":          encodeGIF(b, width, height, frame(0, 0, width, height, true)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(picture)))
			b.ReportAllocs()
			for b.Loop() {
				f(b, picture)
			}
		})
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

// BenchmarkHeader is the part of BenchmarkPrepare that is not decoding.
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
