package imaging

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"
)

// codec is how one format is told and read.
type codec struct {
	format Format
	magic  string // what files begin with; ? is any byte
	header func(*source) (header, error)
	decode func(io.Reader) (image.Image, error)
}

// codecs are all there are. TIFF and BMP are left out on purpose: most holes
// that were found in image decoders are in theirs.
var codecs = []codec{
	{PNG, "\x89PNG\r\n\x1a\n", readPNG, png.Decode},
	{JPEG, "\xff\xd8\xff", readJPEG, jpeg.Decode},
	{WebP, "RIFF????WEBP", readWebP, decodeWebP},
	{GIF, "GIF87a", readGIF, gif.Decode},
	{GIF, "GIF89a", readGIF, gif.Decode},
}

func (c codec) matches(start []byte) bool {
	if len(start) < len(c.magic) {
		return false
	}
	for i := range len(c.magic) {
		if c.magic[i] != '?' && c.magic[i] != start[i] {
			return false
		}
	}
	return true
}

// header is what a picture says of itself, before a pixel is decoded.
type header struct {
	width, height int // as stored
	orientation   Orientation
	memory        int64 // that decoding takes, at most, in bytes

	kept    content // all but metadata
	colours content // of that, what says which colours the numbers are
	private content // EXIF, XMP, IPTC and comments
	upright []piece // patches that make EXIF say so, where it says otherwise
	gray    bool    // a PNG without colours
	quality int     // that a JPEG is to be saved with

	// What the codec gets, if it is not all that is kept. Where that is a frame,
	// origin is its place on the canvas, unless the codec tells.
	coded  content
	origin image.Point
}

// picture is a file that looks like a picture by its header.
type picture struct {
	header
	codec  codec
	source *source
}

// open reads the header of the size bytes of r.
func open(ctx context.Context, r io.ReadSeeker, size int64) (*picture, error) {
	s := newSource(ctx, r, size)
	c, err := tell(s)
	if err != nil {
		return nil, s.explain(err)
	}
	h, err := c.header(s)
	if err != nil {
		return nil, s.explain(err)
	}
	if h.coded == nil {
		h.coded = h.kept
	}
	return &picture{h, c, s}, nil
}

// tell finds the codec of a file by its first bytes: names and media types that
// clients give are not asked.
func tell(s *source) (codec, error) {
	start, err := s.all().Peek(12)
	if err != nil && err != io.EOF {
		return codec{}, err
	}
	for _, c := range codecs {
		if c.matches(start) {
			return c, nil
		}
	}
	return codec{}, unknown()
}

func (p *picture) info() Info {
	width, height := p.orientation.upright(p.width, p.height)
	return Info{Format: p.codec.format, Width: width, Height: height, Orientation: p.orientation}
}

func (p *picture) canvas() image.Rectangle { return image.Rect(0, 0, p.width, p.height) }

// decode returns the pixels, which may cover a part of the canvas only.
func (p *picture) decode() (image.Image, error) {
	img, err := guard(func() (image.Image, error) {
		return p.codec.decode(p.source.content(p.coded))
	})
	if err == nil && !p.frame(img).In(p.canvas()) {
		err = errStructure
	}
	if err == nil && img.Bounds().Empty() {
		err = errStructure
	}
	return img, p.source.explain(err)
}

// frame is where on the canvas img belongs.
func (p *picture) frame(img image.Image) image.Rectangle { return img.Bounds().Add(p.origin) }

// errPanic is a fault of a codec, which some bytes brought out.
var errPanic = errors.New("codec panicked")

// guard calls f and makes an error of a panic, for codecs read what strangers send.
func guard[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, cause, debug.Stack())
		}
	}()
	return f()
}
