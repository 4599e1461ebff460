package imaging_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
)

const (
	noPicture = "not a PNG, JPEG, WebP or GIF picture"
	damaged   = "the picture is cut off or corrupted"
)

// TestPrepareRefuses sends what would hurt, and looks at the words of the
// refusal and the memory that it took. It runs alone, since the memory counted
// is that of the process.
func TestPrepareRefuses(t *testing.T) { //nolint:paralleltest // see above
	for name, tt := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var err error
			taken := allocated(func() { _, err = prepare(t, tt.file) })
			if !errors.Is(err, fault.Invalid) || err.Error() != tt.says {
				t.Errorf("error = %v, want %q", err, tt.says)
			}
			if limit := uint64(1 << 20); taken > limit {
				t.Errorf("took %d bytes of memory, want at most %d", taken, limit)
			}
		})
	}
}

// allocated returns the bytes that f allocates, even if it frees them.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

type hostileFile struct {
	file []byte
	says string
}

func hostile(tb testing.TB) map[string]hostileFile {
	tb.Helper()
	big := pngHeader(60_000, 30_000)
	jpegFile := encodeJPEG(tb, scene(40, 30, false))
	gifFile := encodeGIF(tb, 40, 30, frame(0, 0, 40, 30, false))
	lossy := file(tb, "lossy.webp")[12:]
	noise := make([]byte, 1<<16)
	for random, i := rand.New(rand.NewPCG(1, 2)), 0; i < len(noise); i++ {
		noise[i] = byte(random.Uint32())
	}
	return map[string]hostileFile{
		"nothing":      {nil, noPicture},
		"a zero":       {[]byte{0}, noPicture},
		"zeros":        {make([]byte, 1<<16), noPicture},
		"noise":        {noise, noPicture},
		"SVG":          {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), noPicture},
		"HTML":         {[]byte("<!DOCTYPE html><script>alert(1)</script>"), noPicture},
		"PDF":          {[]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), noPicture},
		"BMP":          {append([]byte("BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36"), make([]byte, 64)...), noPicture},
		"TIFF":         {append([]byte("II*\x00\x08\x00\x00\x00"), make([]byte, 64)...), noPicture},
		"a zip":        {append([]byte("PK\x03\x04"), noise[:64]...), noPicture},
		"WAV":          {append([]byte("RIFF\x24\x00\x00\x00WAVEfmt "), noise[:64]...), noPicture},
		"JPEG 2000":    {append([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), noise[:64]...), noPicture},
		"magic of PNG": {[]byte("\x89PNG\r\n\x1a\n"), damaged},

		"PNG of 47 bytes":           {append(big, make([]byte, 47-len(big))...), "60000×30000 pixels; at most 16384 a side and 50 megapixels"},
		"PNG, largest numbers":      {pngHeader(1<<32-1, 1<<32-1), "4294967295×4294967295 pixels; at most 16384 a side and 50 megapixels"},
		"PNG, too many pixels":      {pngHeader(10_000, 5_001), "10000×5001 pixels; at most 16384 a side and 50 megapixels"},
		"PNG, too wide":             {pngHeader(16_385, 1), "16385×1 pixels; at most 16384 a side and 50 megapixels"},
		"PNG, no pixels":            {pngHeader(0, 5), "0×5 pixels; at least 1 a side"},
		"PNG without IHDR":          {append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IDAT", noise[:99])...), damaged},
		"PNG, endless chunk":        {append(pngHeader(9, 9), "\xff\xff\xff\xfftEXt"...), damaged},
		"PNG, endless EXIF":         {append(pngHeader(9, 9), "\x7f\xff\xff\xf0eXIf"...), damaged},
		"PNG without pixels":        {append(pngHeader(99, 99), pngChunk("IEND", nil)...), damaged},
		"PNG, noise for pixels":     {append(pngHeader(99, 99), pngChunk("IDAT", noise)...), damaged},
		"PNG, second size":          {slices.Concat(pngHeader(9, 9), pngHeader(60_000, 30_000)[8:], pngChunk("IDAT", noise)), damaged},
		"PNG, HTML for the rest":    {append(pngHeader(9, 9), "<html><script>alert(1)</script>"...), damaged},
		"PNG of empty chunks":       {append(pngHeader(9, 9), bytes.Repeat(pngChunk("tEXt", nil), 1<<17)...), damaged},
		"PNG, few bytes":            {slices.Concat(pngHeader(7000, 7000), pngChunk("IDAT", noise), pngChunk("IEND", nil)), damaged},
		"JPEG, few bytes":           {resized(jpegFile, 7000, 7000), damaged},
		"JPEG, later second size":   {slices.Concat(jpegFile[:len(jpegFile)-2], segment(0xc2, sof(8, 40, 30, 0x11)), jpegFile[len(jpegFile)-2:]), damaged},
		"JPEG, largest":             {resized(jpegFile, 65535, 65535), "65535×65535 pixels; at most 16384 a side and 50 megapixels"},
		"JPEG, no height":           {resized(jpegFile, 40, 0), "40×0 pixels; at least 1 a side"},
		"JPEG, higher than it is":   {resized(jpegFile, 40, 300), damaged},
		"JPEG, second size":         {slices.Concat(jpegFile[:2], segment(0xc0, sof(8, 40, 30, 0x11)), jpegFile[2:]), damaged},
		"JPEG, frame of nothing":    {slices.Concat(jpegFile[:2], segment(0xc0, sof(8, 40, 30, 0x11)[:6]), []byte("\xff\xd9")), damaged},
		"JPEG, short segment":       {[]byte("\xff\xd8\xff\xe0\x00\x01\xff\xd9"), damaged},
		"JPEG without a frame":      {[]byte("\xff\xd8\xff\xd9"), damaged},
		"JPEG of markers":           {append([]byte("\xff\xd8\xff"), bytes.Repeat([]byte{0xff}, 1<<20)...), damaged},
		"JPEG of empty segments":    {append([]byte("\xff\xd8"), bytes.Repeat([]byte("\xff\xe0\x00\x02"), 1<<18)...), damaged},
		"JPEG of 12 bits":           {slices.Concat(jpegFile[:2], segment(0xc1, sof(12, 40, 30, 0x11)), []byte("\xff\xd9")), rare},
		"JPEG, arithmetic":          {slices.Concat(jpegFile[:2], segment(0xc9, sof(8, 40, 30, 0x11)), []byte("\xff\xd9")), rare},
		"JPEG, sampled 15 times":    {slices.Concat(jpegFile[:2], segment(0xc0, sof(8, 40, 30, 0xff)), []byte("\xff\xd9")), damaged},
		"JPEG, sampled 0 times":     {slices.Concat(jpegFile[:2], segment(0xc0, sof(8, 40, 30, 0)), []byte("\xff\xd9")), damaged},
		"JPEG of many scans":        {scans(tb, "progressive.jpg", 100), "a JPEG of more than 100 scans; save it anew with another program"},
		"GIF, largest":              {gifOf(65535, 65535), "65535×65535 pixels; at most 16384 a side and 50 megapixels"},
		"GIF, no screen":            {gifOf(0, 0), "0×0 pixels; at least 1 a side"},
		"GIF that is JavaScript":    {[]byte("GIF89a/*\x00\x01\x00" + "*/=alert(1)//;"), damaged},
		"GIF, frame beyond screen":  {beyond(gifFile, 1), damaged},
		"GIF, later frame beyond":   {beyond(encodeGIF(tb, 40, 30, frame(0, 0, 40, 30, false), frame(0, 0, 40, 30, false)), 2), damaged},
		"GIF without a frame":       {append(gifFile[:13+3*8:13+3*8], ';'), damaged},
		"GIF, cut in a comment":     {append(gifFile[:13+3*8:13+3*8], "!\xfe\xffabc"...), damaged},
		"WebP, lossless, largest":   {riff(vp8l(16384, 16384, noise...)), "16384×16384 pixels; at most 16384 a side and 50 megapixels"},
		"WebP, canvas, largest":     {riff(vp8x(0, 1<<24, 1<<24), lossy), "16777216×16777216 pixels; at most 16384 a side and 50 megapixels"},
		"WebP, lossy, largest":      {riff(riffChunk("VP8 ", []byte("\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f"))), "16383×16383 pixels; at most 16384 a side and 50 megapixels"},
		"WebP, small canvas":        {riff(vp8x(0, 8, 8), vp8l(7000, 7000, noise...)), damaged},
		"WebP, large canvas":        {riff(vp8x(0, 7000, 7000), lossy), damaged},
		"WebP, two canvases":        {riff(vp8x(0, 8, 8), vp8x(0, 40, 30), lossy), damaged},
		"WebP, frame beyond canvas": {riff(vp8x(2, 8, 8), riffChunk("ANMF", append([]byte{0, 0, 0, 0, 0, 0, 39, 0, 0, 29, 0, 0, 0, 0, 0, 0}, lossy...))), damaged},
		"WebP, frame of nothing":    {riff(vp8x(2, 40, 30), riffChunk("ANMF", make([]byte, 16))), damaged},
		"WebP, lying frame":         {riff(vp8x(2, 40, 30), riffChunk("ANMF", append([]byte{0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 0, 0, 0, 0}, lossy...))), damaged},
		"WebP, alpha alone":         {riff(vp8x(16, 40, 30), riffChunk("ALPH", noise[:99])), damaged},
		"WebP without a picture":    {riff(vp8x(0, 40, 30)), damaged},
		"WebP of nothing":           {riff(), damaged},
		"WebP, endless":             {[]byte("RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff\x2f"), damaged},
		"WebP, chunk beyond":        {append(riff(), "VP8L\xff\xff\xff\xff/...."...), damaged},
		"WebP of empty chunks":      {riff(bytes.Repeat(riffChunk("ABCD", nil), 1<<17)), damaged},
		"WebP, another stream":      {riff(riffChunk("VP8L", noise[:99])), damaged},
	}
}

const rare = "a rare kind of picture that is not supported; save it anew with another program"

// sof returns a frame header of three components, the first one sampled as hv says.
func sof(precision byte, width, height uint16, hv byte) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{precision}, height), width)
	return append(b, 3, 1, hv, 0, 2, 0x11, 0, 3, 0x11, 0)
}

// resized returns a JPEG that claims another size.
func resized(picture []byte, width, height uint16) []byte {
	picture = slices.Clone(picture)
	at := bytes.Index(picture, []byte{0xff, 0xc0}) + 5
	binary.BigEndian.PutUint16(picture[at:], height)
	binary.BigEndian.PutUint16(picture[at+2:], width)
	return picture
}

// scans returns a progressive JPEG whose last scan is there n times more.
func scans(tb testing.TB, name string, n int) []byte {
	tb.Helper()
	picture := file(tb, name)
	last := bytes.LastIndex(picture, []byte{0xff, 0xda})
	return slices.Concat(picture[:last], bytes.Repeat(picture[last:len(picture)-2], n), picture[len(picture)-2:])
}

// gifOf returns a GIF of an empty screen.
func gifOf(width, height uint16) []byte {
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte("GIF89a"), width), height)
	return append(b, 0, 0, 0, ';')
}

// beyond returns a GIF whose nth frame is wider than its screen.
func beyond(picture []byte, n int) []byte {
	picture = slices.Clone(picture)
	at := 0
	for range n {
		at += 1 + bytes.Index(picture[at+1:], []byte{',', 0, 0, 0, 0, 40, 0, 30, 0})
	}
	picture[at+6] = 0xff
	return picture
}

// TestPrepareRefusesTrueBomb sends a picture that really has as many pixels as it says.
func TestPrepareRefusesTrueBomb(t *testing.T) { //nolint:paralleltest // counts the memory of the process
	bomb := blackPNG(t, 12_000, 12_000)
	var err error
	taken := allocated(func() { _, err = prepare(t, bomb) })
	if !has(err, "12000×12000 pixels") || taken > 1<<20 {
		t.Errorf("a PNG of %d bytes took %d bytes of memory: %v", len(bomb), taken, err)
	}
}

// blackPNG returns a PNG of a bit for each pixel.
func blackPNG(tb testing.TB, width, height int) []byte {
	tb.Helper()
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	row := make([]byte, 1+(width+7)/8)
	for range height {
		if _, err := z.Write(row); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(size, 1, 0, 0, 0, 0)),
		pngChunk("IDAT", pixels.Bytes()), pngChunk("IEND", nil))
}

// TestManyFrames: an animation takes no more memory than a frame of it.
func TestManyFrames(t *testing.T) { //nolint:paralleltest // counts the memory of the process
	frames := slices.Repeat([]*image.Paletted{frame(0, 0, 200, 150, false)}, 300)
	animation := encodeGIF(t, 200, 150, frames...)
	var err error
	taken := allocated(func() { _, err = prepare(t, animation) })
	if err != nil || taken > 1<<20 {
		t.Errorf("a GIF of %d frames took %d bytes of memory: %v", len(frames), taken, err)
	}
}

// noise returns the picture that compresses least.
func noise(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(random.Uint32())
	}
	return img
}

// TestReservesWhatItTakes: decoding allocates no more than it has found room for.
func TestReservesWhatItTakes(t *testing.T) { //nolint:paralleltest // counts the memory of the process
	if testing.Short() {
		t.Skip("measures memory")
	}
	s := scene(480, 360, true)
	in := s.Bounds()
	pictures := files(t)
	pictures["PNG"] = encodePNG(t, s)
	pictures["PNG, 16 bits"] = encodePNG(t, as(image.NewNRGBA64(in), s))
	pictures["PNG, gray"] = encodePNG(t, as(image.NewGray(in), s))
	pictures["PNG, paletted"] = encodePNG(t, frame(0, 0, 480, 360, true))
	pictures["JPEG"] = encodeJPEG(t, s)
	pictures["JPEG, gray"] = encodeJPEG(t, as(image.NewGray(in), s))
	pictures["JPEG, noise"] = encodeJPEG(t, noise(480, 360))
	pictures["PNG, noise"] = encodePNG(t, noise(480, 360))
	pictures["GIF"] = encodeGIF(t, 480, 360, frame(0, 0, 480, 360, true))
	for name, picture := range maps.Clone(pictures) {
		switch {
		case strings.HasPrefix(name, "PNG"):
			pictures[name+", turned"] = withEXIF("png", picture, exif(binary.BigEndian, 6))
		case strings.HasPrefix(name, "JPEG"), strings.HasSuffix(name, ".jpg"):
			pictures[name+", turned"] = withEXIF("jpeg", picture, exif(binary.BigEndian, 6))
		case strings.HasPrefix(name, "large-loss"):
			pictures[name+", turned"] = slices.Concat(resize(picture, 8+len(exif(binary.BigEndian, 6))), riffChunk("EXIF", exif(binary.BigEndian, 6)))
		}
	}
	d := imaging.NewDecoder(imaging.DefaultMemory)
	for name, picture := range pictures {
		r, size := bytes.NewReader(picture), int64(len(picture))
		reserved, err := imaging.PrepareNeeds(t.Context(), r, size)
		if err != nil {
			t.Fatal(err)
		}
		taken := allocated(func() { _, err = d.Prepare(t.Context(), r, size, imaging.Options{}) })
		if err != nil || taken > uint64(reserved) {
			t.Errorf("Prepare of %s took %d bytes and reserved %d: %v", name, taken, reserved, err)
		}
		for _, width := range []int{64, 1024} {
			reserved, err := imaging.ThumbnailNeeds(t.Context(), r, size, width)
			if err != nil {
				t.Fatal(err)
			}
			taken := allocated(func() { _, _, err = d.Thumbnail(t.Context(), r, size, width) })
			if err != nil || taken > uint64(reserved) {
				t.Errorf("Thumbnail of %s, %d wide, took %d bytes and reserved %d: %v", name, width, taken, reserved, err)
			}
		}
	}
}
