package imaging_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/imaging"
)

func thumbnail(tb testing.TB, picture []byte, width int) (img image.Image, contentType string) {
	tb.Helper()
	d := imaging.NewDecoder(imaging.DefaultMemory)
	b, contentType, err := d.Thumbnail(tb.Context(), bytes.NewReader(picture), int64(len(picture)), width)
	if err != nil {
		tb.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(b))
	if err != nil || "image/"+format != contentType {
		tb.Fatalf("%s that is %s: %v", contentType, format, err)
	}
	return img, contentType
}

func TestSnapWidth(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]int{-1: 64, 0: 64, 1: 64, 64: 64, 65: 128, 200: 256, 256: 256, 257: 384, 500: 512, 513: 768, 1000: 1024, 1024: 1024, 1025: 1024, 1 << 40: 1024} {
		if got := imaging.SnapWidth(width); got != want {
			t.Errorf("SnapWidth(%d) = %d, want %d", width, got, want)
		}
	}
	for _, width := range imaging.Widths() {
		if got := imaging.SnapWidth(width); got != width {
			t.Errorf("SnapWidth(%d) = %d", width, got)
		}
	}
}

func TestThumbnailSize(t *testing.T) {
	t.Parallel()
	for picture, want := range map[string][2]string{ // at 64 and at 256
		"40×30":    {"40×30", "40×30"},
		"64×48":    {"64×48", "64×48"},
		"65×48":    {"64×47", "65×48"},
		"1000×500": {"64×32", "256×128"},
		"500×1000": {"64×128", "256×512"},
		"999×333":  {"64×21", "256×85"},
		"300×1200": {"64×256", "256×1024"},
		"30×1200":  {"6×256", "25×1024"},
		"1×1":      {"1×1", "1×1"},
		"16384×1":  {"64×1", "256×1"},
		"1×16384":  {"1×256", "1×1024"},
		"16384×3":  {"64×1", "256×1"},
	} {
		var width, height int
		if _, err := fmt.Sscanf(picture, "%d×%d", &width, &height); err != nil {
			t.Fatal(err)
		}
		b := encodePNG(t, image.NewGray(image.Rect(0, 0, width, height)))
		for i, at := range []int{64, 256} {
			img, _ := thumbnail(t, b, at)
			if got := fmt.Sprintf("%d×%d", img.Bounds().Dx(), img.Bounds().Dy()); got != want[i] {
				t.Errorf("%s at %d is %s, want %s", picture, at, got, want[i])
			}
		}
	}
	if img, _ := thumbnail(t, encodePNG(t, scene(300, 200, false)), 200); img.Bounds().Dx() != 256 {
		t.Errorf("asked for 200 it is %d wide, want 256", img.Bounds().Dx())
	}
}

// TestThumbnailIsUpright turns pictures all ways: their thumbnails are the same.
func TestThumbnailIsUpright(t *testing.T) {
	t.Parallel()
	for o := imaging.Upright; o <= 8; o++ {
		for _, size := range []image.Point{{40, 30}, {200, 300}} {
			stored := turned(scene(size.X, size.Y, false), o)
			for format, picture := range map[string][]byte{"png": encodePNG(t, stored), "jpeg": encodeJPEG(t, stored)} {
				img, contentType := thumbnail(t, withEXIF(format, picture, exif(binary.BigEndian, uint16(o))), 128)
				name := fmt.Sprintf("%s of %v turned %d", format, size, o)
				wantQuarters(t, name, img, quarters[:])
				if contentType != "image/jpeg" {
					t.Errorf("%s: %s, want image/jpeg", name, contentType)
				}
			}
		}
	}
}

// turned returns img as a camera stores it that was held so that the
// orientation is o, after the table of EXIF 2.32: which side of what is seen
// row 0 and column 0 are.
func turned(img *image.NRGBA, o imaging.Orientation) *image.NRGBA {
	sides := map[imaging.Orientation]string{
		1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "left top", 6: "right top", 7: "right bottom", 8: "left bottom",
	}
	row, column, _ := strings.Cut(sides[o], " ")
	size := img.Rect.Size()
	if o >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	stored := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			var seen image.Point
			for side, n := range map[string]int{row: y, column: x} {
				switch side {
				case "top":
					seen.Y = n
				case "bottom":
					seen.Y = img.Rect.Max.Y - 1 - n
				case "left":
					seen.X = n
				case "right":
					seen.X = img.Rect.Max.X - 1 - n
				}
			}
			stored.SetNRGBA(x, y, img.NRGBAAt(seen.X, seen.Y))
		}
	}
	return stored
}

// wantQuarters looks at the middle of each quarter of img.
func wantQuarters(t *testing.T, name string, img image.Image, want []color.RGBA) {
	t.Helper()
	size := img.Bounds().Size()
	for i, c := range want {
		x, y := size.X/4+i%2*size.X/2, size.Y/4+i/2*size.Y/2
		wantColour(t, fmt.Sprintf("%s, quarter %d", name, i+1), img.At(x, y), c)
	}
}

func wantColour(t *testing.T, name string, got color.Color, want color.RGBA) {
	t.Helper()
	const near = 28 << 8 // small JPEGs come out that much different
	r, g, b, a := got.RGBA()
	wantR, wantG, wantB, wantA := want.RGBA()
	for _, d := range []int{int(r) - int(wantR), int(g) - int(wantG), int(b) - int(wantB), int(a) - int(wantA)} {
		if d < -near || d > near {
			t.Errorf("%s: %v, want %v", name, color.RGBAModel.Convert(got), want)
			return
		}
	}
}

func TestThumbnailOfEachKind(t *testing.T) {
	t.Parallel()
	s := scene(480, 360, false)
	clear := [4]color.RGBA{quarters[0], quarters[1], quarters[2], {}}
	gray := [4]color.RGBA{{87, 87, 87, 255}, {131, 131, 131, 255}, {69, 69, 69, 255}, {255, 255, 255, 255}}
	for name, tt := range map[string]struct {
		picture []byte
		want    [4]color.RGBA
	}{
		"PNG":                    {encodePNG(t, s), quarters},
		"PNG, transparent":       {encodePNG(t, scene(480, 360, true)), clear},
		"PNG, 16 bits":           {encodePNG(t, as(image.NewNRGBA64(s.Bounds()), s)), quarters},
		"PNG, paletted":          {encodePNG(t, frame(0, 0, 480, 360, true)), clear},
		"PNG, gray":              {encodePNG(t, as(image.NewGray(s.Bounds()), s)), gray},
		"PNG, interlaced":        {file(t, "interlaced.png"), quarters},
		"JPEG":                   {encodeJPEG(t, s), quarters},
		"JPEG, 4:4:4":            {file(t, "444.jpg"), quarters},
		"JPEG, gray":             {file(t, "gray.jpg"), gray},
		"JPEG, CMYK":             {file(t, "large-cmyk.jpg"), quarters},
		"JPEG, progressive":      {file(t, "large-progressive.jpg"), quarters},
		"WebP, lossy":            {file(t, "large-lossy.webp"), quarters},
		"WebP, lossy, alpha":     {file(t, "large-lossy-alpha.webp"), clear},
		"WebP, lossless":         {file(t, "lossless.webp"), quarters},
		"WebP, lossless, alpha":  {file(t, "lossless-alpha.webp"), clear},
		"GIF":                    {encodeGIF(t, 480, 360, frame(0, 0, 480, 360, false)), quarters},
		"GIF, transparent":       {encodeGIF(t, 480, 360, frame(0, 0, 480, 360, true)), clear},
		"GIF, later frames":      {encodeGIF(t, 480, 360, frame(0, 0, 480, 360, true), frame(9, 9, 99, 99, false)), clear},
		"GIF, interlaced":        {file(t, "interlaced.gif"), quarters},
		"WebP, turned by nobody": {withEXIF("webp", file(t, "lossy.webp"), exif(binary.LittleEndian, 1)), quarters},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := "image/jpeg"
			if tt.want == clear {
				want = "image/png"
			}
			for _, width := range []int{64, 256} {
				img, contentType := thumbnail(t, tt.picture, width)
				wantQuarters(t, strconv.Itoa(width), img, tt.want[:])
				if contentType != want {
					t.Errorf("%s, want %s", contentType, want)
				}
			}
		})
	}
}

// TestThumbnailOfFrame: what the first frame of an animation leaves free of the
// canvas is transparent.
func TestThumbnailOfFrame(t *testing.T) {
	t.Parallel()
	for name, picture := range map[string][]byte{ // all of 40×30, with a frame of 20×16 at 8,6
		"WebP, lossy":    file(t, "animated-lossy.webp"),
		"WebP, alpha":    file(t, "animated-lossy-alpha.webp"),
		"WebP, lossless": file(t, "animated-lossless.webp"),
		"GIF":            encodeGIF(t, 40, 30, frame(8, 6, 20, 16, false), frame(0, 0, 40, 30, false)),
	} {
		img, contentType := thumbnail(t, picture, 64)
		if contentType != "image/png" || img.Bounds() != image.Rect(0, 0, 40, 30) {
			t.Errorf("%s: %s of %v", name, contentType, img.Bounds())
		}
		for at, want := range map[image.Point]color.RGBA{
			{12, 9}: quarters[0], {23, 9}: quarters[1], {12, 18}: quarters[2],
			{2, 2}: {}, {35, 27}: {}, {4, 12}: {}, {32, 12}: {}, {18, 3}: {}, {18, 25}: {},
		} {
			wantColour(t, fmt.Sprintf("%s at %v", name, at), img.At(at.X, at.Y), want)
		}
	}
	large := encodeGIF(t, 400, 300, frame(80, 60, 200, 160, false))
	img, _ := thumbnail(t, large, 64)
	wantColour(t, "a large GIF inside its frame", img.At(19, 14), quarters[0])
	wantColour(t, "a large GIF outside its frame", img.At(5, 5), color.RGBA{})
}

// TestHalve compares halving with the mean of the colours it is made of.
func TestHalve(t *testing.T) {
	t.Parallel()
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		for _, size := range []image.Point{{2, 2}, {3, 3}, {16, 16}, {17, 31}, {31, 18}, {2, 9}, {66, 3}} {
			whole := slope(image.Rect(0, 0, size.X+8, size.Y+8), ratio)
			for _, img := range []*image.YCbCr{slope(image.Rectangle{Max: size}, ratio), whole.SubImage(image.Rectangle{Max: size}).(*image.YCbCr)} {
				half := imaging.HalveYCbCr(img)
				if half.Rect.Size() != size.Div(2) {
					t.Fatalf("half of %v is %v", size, half.Rect.Size())
				}
				for y := range half.Rect.Dy() {
					for x := range half.Rect.Dx() {
						want := img.YCbCrAt(2*x, 2*y)
						got := half.YCbCrAt(x, y)
						if far(got.Y, want.Y, 8) || far(got.Cb, want.Cb, 24) || far(got.Cr, want.Cr, 24) {
							t.Fatalf("half of %v, %v, at %d,%d: %v, want about %v", size, ratio, x, y, got, want)
						}
					}
				}
			}
		}
	}
}

// slope returns a picture that gets lighter and more colourful to the bottom right.
func slope(r image.Rectangle, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	img := image.NewYCbCr(r, ratio)
	for y := range r.Dy() {
		for x := range r.Dx() {
			img.Y[img.YOffset(x, y)] = byte(2*x + 3*y)
			img.Cb[img.COffset(x, y)] = byte(2 * x)
			img.Cr[img.COffset(x, y)] = byte(255 - 3*y)
		}
	}
	return img
}

func far(a, b byte, limit int) bool { return int(a)-int(b) > limit || int(b)-int(a) > limit }

func TestThumbnailRefuses(t *testing.T) {
	t.Parallel()
	d := imaging.NewDecoder(imaging.DefaultMemory)
	for name, tt := range hostile(t) {
		b, contentType, err := d.Thumbnail(t.Context(), bytes.NewReader(tt.file), int64(len(tt.file)), 64)
		if err == nil || err.Error() != tt.says || b != nil || contentType != "" {
			t.Errorf("%s: %d bytes of %q, error = %v, want %q", name, len(b), contentType, err, tt.says)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	got := []string{imaging.PNG.ContentType(), imaging.JPEG.ContentType(), imaging.WebP.ContentType(), imaging.GIF.ContentType()}
	if want := []string{"image/png", "image/jpeg", "image/webp", "image/gif"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
