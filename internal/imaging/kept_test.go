package imaging_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/imaging"
)

// wantKept looks at what is kept of a picture: it shows the same pixels, upright,
// and there is nothing in it to drop.
func wantKept(tb testing.TB, picture []byte) {
	tb.Helper()
	img, orientation := decode(tb, picture)
	for _, o := range []imaging.Options{{}, {KeepEXIF: true}} {
		prepared, content := kept(tb, picture, o)
		again, _ := kept(tb, content, o)
		if again.Changed || again.Info != prepared.Info || again.Orientation != imaging.Upright {
			tb.Fatalf("%+v becomes %+v, KeepEXIF: %v", prepared, again, o.KeepEXIF)
		}
		pixels, _ := decode(tb, content)
		if orientation == imaging.Upright && (again.PerceptualHash != prepared.PerceptualHash || !reflect.DeepEqual(pixels, img)) {
			tb.Fatalf("what is kept of %s are other pixels", prepared.Format)
		}
	}
}

func decode(tb testing.TB, picture []byte) (image.Image, imaging.Orientation) {
	tb.Helper()
	img, o, err := imaging.Decode(tb.Context(), bytes.NewReader(picture), int64(len(picture)))
	if err != nil {
		tb.Fatal(err)
	}
	return img, o
}

// secret is in all metadata of the tests.
const secret = "48.137154 N 11.576124 E"

// TestMetadataIsDropped: what is kept is byte for byte what there was before
// metadata was put into it.
func TestMetadataIsDropped(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	private := append(exif(le, 1), secret...)
	profile := []byte("ICC_PROFILE\x00\x01\x01profile")
	jpegFile := slices.Insert(encodeJPEG(t, scene(40, 30, false)), 2,
		slices.Concat(segment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x48\x00\x48\x00\x00")), segment(0xe2, profile))...)
	inJPEG := func(segments ...[]byte) []byte {
		return slices.Insert(slices.Clone(jpegFile), 2, bytes.Join(segments, nil)...)
	}
	afterScan := len(jpegFile) - 2

	chunks := slices.Concat(pngChunk("gAMA", []byte{0, 0, 0xb1, 0x8f}), pngChunk("pHYs", make([]byte, 9)))
	pngFile := slices.Insert(encodePNG(t, scene(40, 30, true)), endOfIHDR, chunks...)
	inPNG := func(chunks ...[]byte) []byte {
		return slices.Insert(slices.Clone(pngFile), endOfIHDR, bytes.Join(chunks, nil)...)
	}
	end := len(pngFile) - 12

	lossy, alpha := file(t, "lossy.webp")[12:], file(t, "lossy-alpha.webp")[12+18:]
	icc := riffChunk("ICCP", []byte("odd"))
	animation := file(t, "animated-lossy.webp")

	gifFile := encodeGIF(t, 40, 30, frame(0, 0, 40, 30, false), frame(0, 0, 40, 30, true))
	first := bytes.IndexByte(gifFile, ',')
	inGIF := func(extension string) []byte {
		return slices.Insert(slices.Clone(gifFile), first, []byte(extension)...)
	}
	loop := inGIF("!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")

	for name, tt := range map[string]struct{ picture, want []byte }{
		"JPEG, nothing":          {jpegFile, jpegFile},
		"JPEG, EXIF":             {withEXIF("jpeg", jpegFile, private), jpegFile},
		"JPEG, XMP":              {inJPEG(segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"+secret))), jpegFile},
		"JPEG, IPTC":             {inJPEG(segment(0xed, []byte("Photoshop 3.0\x00"+secret))), jpegFile},
		"JPEG, comment":          {inJPEG(segment(0xfe, []byte(secret))), jpegFile},
		"JPEG, C2PA":             {inJPEG(segment(0xeb, []byte("JP"+secret))), jpegFile},
		"JPEG, notes of cameras": {inJPEG(segment(0xe3, []byte(secret)), segment(0xe4, []byte(secret)), segment(0xef, []byte(secret))), jpegFile},
		"JPEG, pictures (MPF)":   {append(inJPEG(segment(0xe2, []byte("MPF\x00"+secret))), withEXIF("jpeg", jpegFile, private)...), jpegFile},
		"JPEG, thumbnail (JFXX)": {inJPEG(segment(0xe0, []byte("JFXX\x00\x10"+secret))), jpegFile},
		"JPEG, thumbnail (JFIF)": {
			slices.Concat(jpegFile[:2], segment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x48\x00\x48\x01\x02"+secret[:6])), jpegFile[20:]), jpegFile,
		},
		"JPEG, between segments": {slices.Insert(slices.Clone(jpegFile), 20, []byte(secret)...), jpegFile},
		"JPEG, after the pixels": {slices.Insert(slices.Clone(jpegFile), afterScan, segment(0xfe, []byte(secret))...), jpegFile},
		"JPEG, a film behind":    {append(slices.Clone(jpegFile), "\x00\x00\x00\x18ftypmp42"+secret...), jpegFile},
		"JPEG, CMYK":             {withEXIF("jpeg", file(t, "cmyk.jpg"), private), file(t, "cmyk.jpg")},
		"JPEG, progressive":      {withEXIF("jpeg", file(t, "progressive.jpg"), private), file(t, "progressive.jpg")},

		"PNG, nothing":         {pngFile, pngFile},
		"PNG, EXIF":            {withEXIF("png", pngFile, private), pngFile},
		"PNG, prompt":          {inPNG(pngChunk("tEXt", []byte("parameters\x00"+secret))), pngFile},
		"PNG, texts":           {inPNG(pngChunk("zTXt", []byte(secret)), pngChunk("iTXt", []byte(secret)), pngChunk("tIME", make([]byte, 7))), pngFile},
		"PNG, C2PA":            {inPNG(pngChunk("caBX", []byte(secret))), pngFile},
		"PNG, unknown":         {inPNG(pngChunk("prVt", []byte(secret)), pngChunk("sPLT", []byte(secret))), pngFile},
		"PNG, EXIF at the end": {slices.Insert(slices.Clone(pngFile), end, pngChunk("eXIf", private)...), pngFile},
		"PNG, pixels apart":    {slices.Insert(slices.Clone(pngFile), end, slices.Concat(pngChunk("tEXt", nil), pngChunk("IDAT", []byte(secret)))...), pngFile},
		"PNG, a zip behind":    {append(slices.Clone(pngFile), "PK\x03\x04"+secret...), pngFile},

		"WebP, nothing":      {file(t, "lossy.webp"), file(t, "lossy.webp")},
		"WebP, EXIF":         {riff(vp8x(1<<3, 40, 30), lossy, riffChunk("EXIF", private)), riff(vp8x(0, 40, 30), lossy)},
		"WebP, EXIF as JPEG": {riff(vp8x(1<<3, 40, 30), lossy, riffChunk("EXIF", append([]byte("Exif\x00\x00"), private...))), riff(vp8x(0, 40, 30), lossy)},
		"WebP, all": {
			riff(vp8x(1<<5|1<<4|1<<3|1<<2, 40, 30), icc, alpha, riffChunk("EXIF", private), riffChunk("XMP ", []byte(secret+"."))),
			riff(vp8x(1<<5|1<<4, 40, 30), icc, alpha),
		},
		"WebP, flags of nothing": {riff(vp8x(1<<3, 40, 30), lossy), riff(vp8x(0, 40, 30), lossy)},
		"WebP, unknown":          {riff(vp8x(0, 40, 30), riffChunk("ABCD", []byte(secret)), lossy), riff(vp8x(0, 40, 30), lossy)},
		"WebP, second picture":   {riff(vp8x(0, 40, 30), lossy, lossy), riff(vp8x(0, 40, 30), lossy)},
		"WebP, animated":         {slices.Concat(resize(animation, 8+len(secret)+1), riffChunk("XMP ", []byte(secret))), animation},
		"WebP, behind":           {append(file(t, "lossy.webp"), secret...), file(t, "lossy.webp")},

		"GIF, nothing":     {gifFile, gifFile},
		"GIF, loop":        {loop, loop},
		"GIF, comment":     {inGIF("!\xfe\x17" + secret + "\x00"), gifFile},
		"GIF, XMP":         {inGIF("!\xff\x0bXMP DataXMP\x17" + secret + "\x00"), gifFile},
		"GIF, text":        {inGIF("!\x01\x0c123456789012\x17" + secret + "\x00"), gifFile},
		"GIF, behind":      {append(slices.Clone(gifFile), secret...), gifFile},
		"GIF without end":  {cut(gifFile, 1), cut(gifFile, 1)},
		"GIF, for its end": {append(slices.Clone(cut(gifFile, 1)), secret...), cut(gifFile, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, content := kept(t, tt.picture, imaging.Options{}); !bytes.Equal(content, tt.want) {
				t.Errorf("what is kept (-want +got):\n%s", cmp.Diff(tt.want, content))
			}
			if prepared, _ := kept(t, tt.picture, imaging.Options{KeepEXIF: true}); prepared.Changed {
				t.Error("with KeepEXIF it is changed")
			}
			wantKept(t, tt.picture)
		})
	}
}

// resize returns a WebP that claims to be longer.
func resize(picture []byte, by int) []byte {
	picture = slices.Clone(picture)
	binary.LittleEndian.PutUint32(picture[4:], uint32(len(picture)-8+by))
	return picture
}

// TestPicturesAreTurned: the copy is upright, in the same colours, and has of
// metadata what is asked for.
func TestPicturesAreTurned(t *testing.T) {
	t.Parallel()
	s := scene(40, 30, false)
	profile := []byte("ICC_PROFILE\x00\x01\x01profile")
	comment := segment(0xfe, []byte(secret))
	text, gamma := pngChunk("tEXt", []byte(secret)), pngChunk("gAMA", []byte{0, 0, 0xb1, 0x8f})
	for o := imaging.Orientation(2); o <= 8; o++ {
		data := exif(binary.BigEndian, uint16(o))
		stored := turned(s, o)
		jpegFile := slices.Insert(encodeJPEG(t, stored), 2, slices.Concat(segment(0xe2, profile), comment)...)
		pngFile := slices.Insert(encodePNG(t, stored), endOfIHDR, slices.Concat(gamma, text)...)
		in := stored.Rect
		for name, tt := range map[string]struct {
			picture         []byte
			colours, secret string
		}{
			"JPEG":         {withEXIF("jpeg", jpegFile, data), string(profile), secret},
			"PNG":          {withEXIF("png", pngFile, data), string(gamma), secret},
			"PNG, gray":    {withEXIF("png", encodePNG(t, as(image.NewGray(in), stored)), data), "", ""},
			"PNG, 16 bits": {withEXIF("png", encodePNG(t, as(image.NewGray16(in), stored)), data), "", ""},
			"PNG, 64 bits": {withEXIF("png", encodePNG(t, as(image.NewNRGBA64(in), stored)), data), "", ""},
			"PNG, palette": {withEXIF("png", encodePNG(t, as(image.NewPaletted(in, palette), stored)), data), "", ""},
		} {
			t.Run(fmt.Sprintf("%s, %d", name, o), func(t *testing.T) {
				t.Parallel()
				prepared, content := kept(t, tt.picture, imaging.Options{})
				img, _ := decode(t, content)
				if prepared.Info != (imaging.Info{Format: prepared.Format, Width: 40, Height: 30, Orientation: imaging.Upright}) || img.Bounds() != s.Rect {
					t.Errorf("%+v of %v", prepared, img.Bounds())
				}
				wantSame(t, img, s, prepared.Format)
				if !strings.Contains(string(content), tt.colours) || strings.Contains(string(content), secret) || bytes.Contains(content, data[:4]) {
					t.Errorf("what is kept:\n%q", content)
				}
				if _, content = kept(t, tt.picture, imaging.Options{KeepEXIF: true}); !strings.Contains(string(content), tt.colours) || !strings.Contains(string(content), tt.secret) ||
					!bytes.Contains(content, exif(binary.BigEndian, 1)) {
					t.Errorf("what is kept with metadata:\n%q", content)
				}
				wantKept(t, tt.picture)
			})
		}
	}
}

// wantSame compares pixels, those of a JPEG within what compression changes.
func wantSame(t *testing.T, got, want image.Image, format imaging.Format) {
	t.Helper()
	if format == imaging.JPEG {
		wantQuarters(t, "upright copy", got, quarters[:])
		return
	}
	model := got.ColorModel()
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if g, w := got.At(x, y), model.Convert(want.At(x, y)); g != w {
				t.Fatalf("pixel %d, %d is %v, want %v", x, y, g, w)
			}
		}
	}
}

// TestJPEGsAreTurnedAsTheyAre: whatever the components, they are those of the
// copy, and differ by what one compression at high quality changes.
func TestJPEGsAreTurnedAsTheyAre(t *testing.T) {
	t.Parallel()
	pictures := files(t)
	maps.DeleteFunc(pictures, func(name string, _ []byte) bool { return !strings.HasSuffix(name, ".jpg") })
	for name, picture := range pictures {
		stored, _ := decode(t, picture)
		_, content := kept(t, withEXIF("jpeg", picture, exif(binary.BigEndian, 3)), imaging.Options{})
		turned, _ := decode(t, content)
		if turned.ColorModel() != stored.ColorModel() {
			t.Errorf("%s becomes %T", name, turned)
		}
		wantNear(t, name, turned, stored)
	}
}

// wantNear compares the pixels of a JPEG with those of its copy, turned by half.
func wantNear(t *testing.T, name string, turned, stored image.Image) {
	t.Helper()
	last := stored.Bounds().Max.Sub(image.Pt(1, 1))
	for y := range last.Y {
		for x := range last.X {
			got, want := color.RGBAModel.Convert(turned.At(x, y)).(color.RGBA), color.RGBAModel.Convert(stored.At(last.X-x, last.Y-y)).(color.RGBA)
			if far(got.R, want.R, 12) || far(got.G, want.G, 12) || far(got.B, want.B, 12) {
				t.Fatalf("%s: pixel %d, %d is %v, want %v", name, x, y, got, want)
			}
		}
	}
}

// TestOddJPEGsAreTurned: chroma that is shared beyond an edge would lie elsewhere
// when that edge is another one.
func TestOddJPEGsAreTurned(t *testing.T) {
	t.Parallel()
	s := spots(33, 17, 1)
	stored, _ := decode(t, encodeJPEG(t, s))
	_, content := kept(t, withEXIF("jpeg", encodeJPEG(t, s), exif(binary.BigEndian, 3)), imaging.Options{})
	turned, _ := decode(t, content)
	wantNear(t, "an odd JPEG", turned, stored)
}

// TestWebPsAreTurned: into a PNG of the same pixels, with all that the WebP had.
func TestWebPsAreTurned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lossy.webp", "lossy-alpha.webp", "lossless.webp", "lossless-alpha.webp"} {
		picture := file(t, name)
		still := picture[12:]
		if string(still[:4]) == "VP8X" {
			still = still[18:]
		}
		picture = riff(vp8x(1<<5|1<<4|1<<3|1<<2, 40, 30), riffChunk("ICCP", []byte("profile")), still,
			riffChunk("EXIF", exif(binary.BigEndian, 6)), riffChunk("XMP ", []byte(secret)))
		prepared, content := kept(t, picture, imaging.Options{})
		if describe(prepared.Info) != "png 30×40" || !bytes.Contains(content, []byte("iCCP")) || bytes.Contains(content, []byte("eXIf")) {
			t.Errorf("%s becomes %+v:\n%q", name, prepared, content)
		}
		if _, content = kept(t, picture, imaging.Options{KeepEXIF: true}); !bytes.Contains(content, pngChunk("eXIf", exif(binary.BigEndian, 1))) || !bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s becomes with metadata:\n%q", name, content)
		}
		wantKept(t, picture)
		was, _ := thumbnail(t, picture, 64)
		if is, _ := thumbnail(t, content, 64); !reflect.DeepEqual(is, was) {
			t.Errorf("%s looks otherwise when it is turned", name)
		}
	}
}

// TestAnimationsAreNotTurned: nothing turns all frames, so nothing may say that
// they are to be.
func TestAnimationsAreNotTurned(t *testing.T) {
	t.Parallel()
	data := exif(binary.LittleEndian, 6)
	still := encodePNG(t, scene(40, 30, false))
	animated := slices.Insert(slices.Clone(still), endOfIHDR, pngChunk("acTL", []byte{0, 0, 0, 1, 0, 0, 0, 0})...)
	webp := file(t, "animated-lossy.webp")
	for name, tt := range map[string]struct{ picture, want []byte }{
		"PNG":  {withEXIF("png", animated, data), animated},
		"WebP": {slices.Concat(resize(webp, 8+len(data)), riffChunk("EXIF", data)), webp},
	} {
		prepared, content := kept(t, tt.picture, imaging.Options{})
		if prepared.Width != 40 || !bytes.Equal(content, tt.want) {
			t.Errorf("%s: %+v:\n%s", name, prepared, cmp.Diff(tt.want, content))
		}
		if _, content = kept(t, tt.picture, imaging.Options{KeepEXIF: true}); !bytes.Contains(content, exif(binary.LittleEndian, 1)) {
			t.Errorf("%s with metadata:\n%q", name, content)
		}
		wantKept(t, tt.picture)
	}
}

// TestContent reads what is kept from any place, and what is not there any more.
func TestContent(t *testing.T) {
	t.Parallel()
	picture := withEXIF("jpeg", encodeJPEG(t, scene(40, 30, false)), exif(binary.BigEndian, 6))
	prepared, content := kept(t, picture, imaging.Options{KeepEXIF: true})
	for at := range content {
		if _, err := prepared.Content.Seek(int64(at), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(prepared.Content); err != nil || !bytes.Equal(rest, content[at:]) {
			t.Fatalf("from %d on there are %d bytes, want %d: %v", at, len(rest), len(content)-at, err)
		}
	}
}
