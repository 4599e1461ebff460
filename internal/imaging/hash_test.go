package imaging_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"

	"github.com/datasetgen/datagen/internal/imaging"
)

// spots returns a picture of soft spots, others for each seed.
func spots(width, height int, seed uint64) *image.NRGBA {
	random := rand.New(rand.NewPCG(seed, 0))
	small := image.NewNRGBA(image.Rect(0, 0, 9, 7))
	for i := range 9 * 7 {
		small.Set(i%9, i/9, color.RGBA{byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32()), 255})
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(img, img.Rect, small, small.Rect, draw.Src, nil)
	return img
}

func hash(tb testing.TB, picture []byte) uint64 {
	tb.Helper()
	prepared, _ := kept(tb, picture, imaging.Options{})
	return prepared.PerceptualHash
}

func TestPerceptualHash(t *testing.T) {
	t.Parallel()
	const width, height = 160, 120
	for seed := range uint64(4) {
		s := spots(width, height, seed)
		want := hash(t, encodePNG(t, s))
		var rough bytes.Buffer
		if err := jpeg.Encode(&rough, s, &jpeg.Options{Quality: 20}); err != nil {
			t.Fatal(err)
		}
		stored := turned(s, 6)
		for name, picture := range map[string][]byte{
			"JPEG":               encodeJPEG(t, s),
			"JPEG, rough":        rough.Bytes(),
			"JPEG, turned":       withEXIF("jpeg", encodeJPEG(t, stored), exif(binary.BigEndian, 6)),
			"PNG, turned":        withEXIF("png", encodePNG(t, stored), exif(binary.BigEndian, 6)),
			"PNG, 16 bits":       encodePNG(t, as(image.NewNRGBA64(s.Rect), s)),
			"PNG, gray":          encodePNG(t, as(image.NewGray(s.Rect), s)),
			"PNG, double":        encodePNG(t, spots(2*width, 2*height, seed)),
			"PNG, a third":       encodePNG(t, spots(width/3, height/3, seed)),
			"PNG, 31 pixels":     encodePNG(t, spots(31, 23, seed)),
			"PNG, another shape": encodePNG(t, spots(width, width, seed)),
		} {
			if d := imaging.Distance(hash(t, picture), want); d > 4 {
				t.Errorf("%d, %s: %d bits differ", seed, name, d)
			}
		}
		for other := range seed {
			if d := imaging.Distance(hash(t, encodePNG(t, spots(width, height, other))), want); d < 16 {
				t.Errorf("%d and %d are different pictures: %d bits differ", seed, other, d)
			}
		}
	}
}

// TestPerceptualHashIsStandard compares with imagehash.phash of Python, 4.3.2.
func TestPerceptualHashIsStandard(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]uint64{} {
		if got := hash(t, file(t, name)); imaging.Distance(got, want) > 4 {
			t.Errorf("%s: %016x, want %016x", name, got, want)
		}
	}
}

func TestPerceptualHashOfOneColour(t *testing.T) {
	t.Parallel()
	const flat = 1 << 63
	for name, tt := range map[string]struct {
		c    color.NRGBA
		want uint64
	}{
		"black":   {color.NRGBA{0, 0, 0, 255}, 0},
		"white":   {color.NRGBA{255, 255, 255, 255}, flat},
		"red":     {color.NRGBA{200, 10, 10, 255}, flat},
		"nothing": {color.NRGBA{}, flat},
	} {
		for _, size := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(0, 0, 33, 7), image.Rect(0, 0, 640, 481)} {
			img := image.NewNRGBA(size)
			draw.Draw(img, size, image.NewUniform(tt.c), image.Point{}, draw.Src)
			if got := hash(t, encodePNG(t, img)); got != tt.want {
				t.Errorf("%s, %v: %016x, want %016x", name, size, got, tt.want)
			}
		}
	}
}
