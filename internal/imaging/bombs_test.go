//go:build unix

package imaging_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
)

// TestBombs sends files that are small for what they ask for. Whether they are
// refused or kept, they take little memory and no time to speak of.
func TestBombs(t *testing.T) { //nolint:paralleltest // counts the memory of the process
	if testing.Short() {
		t.Skip("measures time and memory")
	}
	d := imaging.NewDecoder(imaging.DefaultMemory)
	for name, bomb := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			var err error
			begin := processorTime(t)
			taken := allocated(func() {
				_, err = d.Prepare(t.Context(), bytes.NewReader(bomb), int64(len(bomb)), imaging.Options{})
			})
			took := processorTime(t) - begin
			t.Logf("%d bytes: %d MB, %v, %v", len(bomb), taken>>20, took.Round(time.Millisecond), err)
			if err != nil && !errors.Is(err, fault.Invalid) {
				t.Errorf("error = %v, want %v", err, fault.Invalid)
			}
			if taken > 100<<20 || took > 2*time.Second {
				t.Errorf("took %d bytes of memory and %v", taken, took)
			}
		})
	}
}

// processorTime returns what the process has had of processors. A clock would
// measure what else goes on in the machine.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func bombs(tb testing.TB) map[string][]byte {
	tb.Helper()
	zeros := make([]byte, 16<<20)
	jpegFile, pngFile := encodeJPEG(tb, scene(40, 30, false)), encodePNG(tb, scene(40, 30, false))
	gifFile := encodeGIF(tb, 40, 30, frame(0, 0, 40, 30, false), frame(0, 0, 40, 30, true))
	lossy, animation := file(tb, "lossy.webp")[12:], file(tb, "animated-lossy.webp")
	inJPEG := func(segments ...[]byte) []byte {
		return slices.Insert(slices.Clone(jpegFile), 2, bytes.Join(segments, nil)...)
	}
	inPNG := func(chunks ...[]byte) []byte {
		return slices.Insert(slices.Clone(pngFile), endOfIHDR, bytes.Join(chunks, nil)...)
	}
	times := func(n int, b []byte) []byte { return bytes.Repeat(b, n) }
	turn := exif(binary.BigEndian, 6)
	loop := slices.Clone(turn)
	binary.BigEndian.PutUint32(loop[len(loop)-4:], 8) // the next directory is this one
	endless := append([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"), times(5000, turn[10:22])...)
	gray := func(side int) *image.Gray { return image.NewGray(image.Rect(0, 0, side, side)) }
	gifFrame := func(side int) []byte {
		b := encodeGIF(tb, side, side, image.NewPaletted(image.Rect(0, 0, side, side), palette))
		return b[bytes.IndexByte(b, ',') : len(b)-1]
	}
	return map[string][]byte{
		"PNG of 47 bytes":                     append(pngHeader(60_000, 60_000), make([]byte, 14)...),
		"PNG, 144 megapixels":                 blackPNG(tb, 12_000, 12_000),
		"PNG, 50 megapixels of a bit":         blackPNG(tb, 7_000, 7_000),
		"PNG, 25 megapixels of a bit, turned": withEXIF("png", blackPNG(tb, 5_000, 5_000), turn),
		"PNG, 9 megapixels":                   encodePNG(tb, image.NewNRGBA(image.Rect(0, 0, 3000, 3000))),
		"PNG, 16 bits":                        encodePNG(tb, image.NewNRGBA64(image.Rect(0, 0, 3000, 3000))),
		"PNG, a million chunks":               inPNG(times(1_000_000, pngChunk("tEXt", nil))),
		"PNG, a text of 16 MB unpacked":       inPNG(pngChunk("zTXt", append([]byte("Comment\x00\x00"), deflated(tb, zeros)...))),
		"PNG, a profile of 16 MB unpacked":    inPNG(pngChunk("iCCP", append([]byte("ICC\x00\x00"), deflated(tb, zeros)...))),
		"PNG, a profile of 16 MB":             inPNG(pngChunk("iCCP", zeros)),
		"PNG, 16 MB of EXIF":                  inPNG(pngChunk("eXIf", append(slices.Clone(turn), zeros...))),
		"PNG, EXIF in a loop":                 inPNG(pngChunk("eXIf", loop)),
		"PNG, a palette of 16 MB":             inPNG(pngChunk("PLTE", zeros)),
		"PNG, a hundred thousand frames":      inPNG(pngChunk("acTL", make([]byte, 8)), times(100_000, slices.Concat(pngChunk("fcTL", make([]byte, 26)), pngChunk("fdAT", make([]byte, 9))))),
		"PNG, in pieces":                      inPNG(times(100_000, slices.Concat(pngChunk("gAMA", make([]byte, 4)), pngChunk("tEXt", nil)))),
		"PNG, cut off":                        cut(blackPNG(tb, 7_000, 7_000), 100),

		"JPEG, 4,295 megapixels":           resized(jpegFile, 65535, 65535),
		"JPEG, 5,000 scans":                scans(tb, "progressive.jpg", 5_000),
		"JPEG, 90 scans of 300,000 pixels": scans(tb, "large-progressive.jpg", 90),
		"JPEG, 9 megapixels, turned":       withEXIF("jpeg", encodeJPEG(tb, gray(3000)), turn),
		"JPEG, EXIF in a loop":             withEXIF("jpeg", jpegFile, loop),
		"JPEG, EXIF without end":           withEXIF("jpeg", jpegFile, endless),
		"JPEG, a profile of 16 MB":         inJPEG(times(255, segment(0xe2, append([]byte("ICC_PROFILE\x00\x01\xff"), zeros[:65_000]...)))),
		"JPEG, a million comments":         inJPEG(times(1_000_000, segment(0xfe, nil))),
		"JPEG, in pieces":                  inJPEG(times(100_000, slices.Concat(segment(0xe0, []byte("JFIF\x00")), segment(0xfe, nil)))),
		"JPEG, 10,000 tables":              inJPEG(times(10_000, jpegFile[bytes.Index(jpegFile, []byte{0xff, 0xdb}):bytes.Index(jpegFile, []byte{0xff, 0xc0})])),
		"JPEG, cut off":                    cut(encodeJPEG(tb, gray(3000)), 100),

		"GIF, 4,295 megapixels":         gifOf(65535, 65535),
		"GIF, 100,000 frames":           append(slices.Clone(gifFile), times(100_000, gifFrame(1))...),
		"GIF, 200 frames of 36 million": slices.Concat(gifOf(6000, 6000)[:13], times(200, gifFrame(6000)), []byte{';'}),
		"GIF, a million comments":       slices.Insert(slices.Clone(gifFile), bytes.IndexByte(gifFile, ','), times(1_000_000, []byte("!\xfe\x01x\x00"))...),
		"GIF, in pieces":                slices.Insert(slices.Clone(gifFile), bytes.IndexByte(gifFile, ','), times(100_000, []byte("!\xfe\x00!\xf9\x04\x00\x00\x00\x00\x00"))...),
		"GIF, cut off":                  cut(gifFile, 20),

		"WebP, 268 megapixels":           riff(vp8l(16384, 16384, zeros[:1000]...)),
		"WebP, 9 megapixels of 1 colour": riff(vp8l(3000, 3000, 0x88, 0x88, 0x08, 0, 0, 0, 0, 0)),
		"WebP, tables of noise":          riff(vp8l(3000, 3000, noise(100, 100).Pix...)),
		"WebP, a million chunks":         riff(times(1_000_000, riffChunk("EXIF", nil)), lossy),
		"WebP, in pieces":                riff(vp8x(0, 40, 30), times(100_000, slices.Concat(riffChunk("ICCP", nil), riffChunk("ABCD", nil))), lossy),
		"WebP, 100,000 frames":           slices.Concat(resize(animation, 100_000*len(lossy)), times(100_000, lossy)),
		"WebP, 16 MB of EXIF":            riff(vp8x(1<<3, 40, 30), lossy, riffChunk("EXIF", append(slices.Clone(turn), zeros...))),
		"WebP, cut off":                  cut(file(tb, "large-lossy.webp"), 100),
	}
}

func deflated(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}
