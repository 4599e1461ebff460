package imaging_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The quarters of the test picture, from the top left to the bottom right.
var quarters = [4]color.RGBA{{220, 30, 30, 255}, {30, 200, 40, 255}, {30, 60, 220, 255}, {255, 255, 255, 255}}

// scene returns the test picture, on whose last quarter there may be nothing.
func scene(width, height int, clear bool) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			i := 0
			if x >= width/2 {
				i++
			}
			if y >= height/2 {
				i += 2
			}
			if i < 3 || !clear {
				img.Set(x, y, quarters[i])
			}
		}
	}
	return img
}

// as returns img as another kind of image.
func as(to draw.Image, img image.Image) image.Image {
	draw.Draw(to, to.Bounds(), img, img.Bounds().Min, draw.Src)
	return to
}

func encodePNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// palette is that of the test picture. Its first colour is nothing.
var palette = color.Palette{color.RGBA{}, quarters[0], quarters[1], quarters[2], quarters[3]}

// encodeGIF returns an animation of frames on a screen.
func encodeGIF(tb testing.TB, width, height int, frames ...*image.Paletted) []byte {
	tb.Helper()
	g := &gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: width, Height: height}}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// frame returns the test picture at a place of a GIF's screen.
func frame(x, y, width, height int, clear bool) *image.Paletted {
	img := as(image.NewPaletted(image.Rect(0, 0, width, height), palette), scene(width, height, clear)).(*image.Paletted)
	img.Rect = img.Rect.Add(image.Pt(x, y))
	return img
}

// file returns a file of testdata.
func file(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// files returns all pictures of testdata.
func files(tb testing.TB) map[string][]byte {
	tb.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string][]byte{}
	for _, entry := range entries {
		if !entry.IsDir() && entry.Name() != "make.sh" {
			all[entry.Name()] = file(tb, entry.Name())
		}
	}
	return all
}

// pngChunk returns a chunk of a PNG.
func pngChunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader returns the beginning of a PNG of 8 bits RGB.
func pngHeader(width, height uint32) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(size, 8, 2, 0, 0, 0))...)
}

const endOfIHDR = 8 + 12 + 13

// segment returns a segment of a JPEG.
func segment(marker byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data)))
	return append(b, data...)
}

// riff returns a WebP of those chunks.
func riff(chunks ...[]byte) []byte {
	content := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(content))), content...)
}

// riffChunk returns a chunk of a WebP.
func riffChunk(name string, data []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data))), data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// vp8x returns the chunk that says the size of a WebP's canvas.
func vp8x(flags byte, width, height int) []byte {
	w, h := width-1, height-1
	return riffChunk("VP8X", []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

// vp8l returns the beginning of a lossless bitstream.
func vp8l(width, height uint32, rest ...byte) []byte {
	head := binary.LittleEndian.AppendUint32([]byte{0x2f}, (width-1)|(height-1)<<14)
	return riffChunk("VP8L", append(head, rest...))
}

// exif returns EXIF data with an orientation, after another entry.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	mark := "II"
	if order.String() == binary.BigEndian.String() {
		mark = "MM"
	}
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(b, 2)
	b = entry(order, b, 0x010f, 2, 4, 0)
	b = entry(order, b, 0x0112, 3, 1, orientation)
	return order.AppendUint32(b, 0)
}

// entry appends an entry of EXIF whose value is short.
func entry(order binary.AppendByteOrder, b []byte, tag, kind uint16, count uint32, value uint16) []byte {
	b = order.AppendUint16(order.AppendUint16(b, tag), kind)
	return order.AppendUint16(order.AppendUint16(order.AppendUint32(b, count), value), 0)
}

// withEXIF returns a picture with EXIF data put into it.
func withEXIF(format string, picture, exif []byte) []byte {
	switch format {
	case "jpeg":
		return slices.Insert(slices.Clone(picture), 2, segment(0xe1, append([]byte("Exif\x00\x00"), exif...))...)
	case "png":
		return slices.Insert(slices.Clone(picture), endOfIHDR, pngChunk("eXIf", exif)...)
	case "webp": // one that stands still and has no VP8X
		width, height := 40, 30
		return riff(vp8x(1<<3, width, height), picture[12:], riffChunk("EXIF", exif))
	default:
		panic("no EXIF in " + format)
	}
}

// has tells whether an error speaks of something.
func has(err error, words string) bool { return err != nil && strings.Contains(err.Error(), words) }
