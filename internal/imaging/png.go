package imaging

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// The layout of PNG: https://www.w3.org/TR/png-3/#5DataRep.
const (
	pngSignature   = 8
	pngChunkHeader = 8 // length and type
	pngIHDR        = 13
	pngCRC         = 4
)

// pngFile is a PNG as far as it has been read.
type pngFile struct {
	header
	exif, pixels chunk // of pixels the last
	animated     bool
	summed       fourCC // of the last chunk; a place for each would be memory for each
}

// readPNG walks over all chunks of a PNG, to its end.
func readPNG(s *source) (header, error) {
	r := s.all()
	if _, err := r.Discard(pngSignature); err != nil {
		return header{}, err
	}
	h, err := readIHDR(r, s.size)
	if err != nil {
		return header{}, err
	}
	f := pngFile{header: h}
	if err := cmp.Or(f.kept.file(0, s.position()), f.coded.file(0, s.position())); err != nil {
		return header{}, err
	}
	for ended := false; !ended; {
		c, err := pngChunk(r, s.position())
		if err == nil {
			err = f.visit(r, c)
		}
		if err == nil {
			_, err = r.Discard(int(c.end - s.position()))
		}
		if err != nil {
			return header{}, err
		}
		ended = c.name.is("IEND")
	}
	err = f.settle(s)
	return f.header, err
}

// pngChunk reads the beginning of a chunk that lies at a place in the file.
func pngChunk(r *bufio.Reader, at int64) (chunk, error) {
	b, err := r.Peek(pngChunkHeader)
	if err != nil {
		return chunk{}, err
	}
	n := binary.BigEndian.Uint32(b)
	if n > 1<<31-1-pngCRC {
		return chunk{}, errStructure
	}
	data := at + pngChunkHeader
	c := chunk{fourCC(b[4:]), at, data, data + int64(n) + pngCRC}
	_, err = r.Discard(pngChunkHeader)
	return c, err
}

// visit looks at a chunk, whose data is at the beginning of r. By the
// specification and in browsers, EXIF data after the pixels does not count, nor
// do pixels after another chunk.
func (f *pngFile) visit(r *bufio.Reader, c chunk) error {
	late := f.pixels.end > 0
	switch {
	case c.name.is("acTL"):
		f.animated = f.animated || !late
	case c.name.is("IDAT"):
		if late && f.pixels.end != c.start {
			return nil
		}
		f.pixels = c
	case c.name.is("eXIf"):
		if late || f.exif.end > 0 {
			return nil
		}
		exif, err := r.Peek(int(min(c.length()-pngCRC, bufferSize)))
		if err != nil {
			return err
		}
		f.exif = c
		f.orientation, f.upright = exifOrientation(exif, c.data)
	}
	return f.keep(r, c)
}

// keep adds a chunk to what is kept, unless it is metadata. Besides EXIF, XMP
// and comments, of which the prompts of generated pictures are some, that is all
// that programs put there for themselves, previews, and provenance (C2PA).
//
// The codec gets none but those that it needs, for it takes 4 KB for each other
// one. The sums of these are checked here.
func (f *pngFile) keep(r *bufio.Reader, c chunk) error {
	switch string(c.name[:]) {
	case "PLTE", "tRNS", "IDAT", "IEND":
		return cmp.Or(f.kept.file(c.start, c.end), f.coded.file(c.start, c.end))
	case "cHRM", "gAMA", "iCCP", "sRGB", "cICP", "mDCV", "cLLI":
		return cmp.Or(f.checkSum(r, c), f.kept.file(c.start, c.end), f.colours.file(c.start, c.end))
	case "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT":
		return cmp.Or(f.checkSum(r, c), f.kept.file(c.start, c.end))
	case "eXIf", "tEXt", "zTXt", "iTXt", "tIME":
		return cmp.Or(f.checkSum(r, c), f.private.file(c.start, c.end))
	default:
		return f.checkSum(r, c)
	}
}

// checkSum reads a chunk, whose data is at the beginning of r.
func (f *pngFile) checkSum(r *bufio.Reader, c chunk) error {
	f.summed = c.name
	sum := crc32.ChecksumIEEE(f.summed[:])
	for left := c.length() - pngCRC; left > 0; {
		b, err := r.Peek(int(min(left, bufferSize)))
		if err != nil {
			return err
		}
		sum = crc32.Update(sum, crc32.IEEETable, b)
		if _, err := r.Discard(len(b)); err != nil {
			return err
		}
		left -= int64(len(b))
	}
	b, err := r.Peek(pngCRC)
	if err == nil && binary.BigEndian.Uint32(b) != sum {
		err = errStructure
	}
	return err
}

// settle settles what EXIF says: animations are not turned, and to say upright
// takes another checksum too.
func (f *pngFile) settle(s *source) error {
	if f.upright == nil {
		return nil
	}
	if f.animated {
		f.orientation = Upright
	}
	value, sum := f.upright[0], crc32.NewIEEE()
	end := f.exif.end - pngCRC
	for _, p := range (content{{offset: f.exif.start + 4, length: end - f.exif.start - 4}}).patched(value) {
		r := io.Reader(bytes.NewReader(p.own))
		if p.own == nil {
			r = s.section(p.offset, p.length)
		}
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
	}
	f.upright = append(f.upright, patch(end, sum.Sum(nil)))
	return nil
}

// readIHDR reads the header of a PNG of that many bytes.
func readIHDR(r *bufio.Reader, size int64) (h header, err error) {
	c, err := pngChunk(r, pngSignature)
	if err != nil {
		return header{}, err
	}
	if !c.name.is("IHDR") || c.length() != pngIHDR+pngCRC {
		return header{}, errStructure
	}
	var b [pngIHDR + pngCRC]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return header{}, err
	}
	width, height := int64(binary.BigEndian.Uint32(b[:])), int64(binary.BigEndian.Uint32(b[4:]))
	if err := checkSize(width, height); err != nil {
		return header{}, err
	}
	depth, colours, interlaced := b[8], b[9], b[12] != 0
	if height*width*pngBits(depth, colours)/8 > size*deflateRatio {
		return header{}, errTooShort
	}
	h = header{width: int(width), height: int(height), orientation: Upright}
	h.gray = colours&pngColour == 0
	h.memory = width * height * pngPixel(depth, colours)
	if interlaced {
		h.memory *= 2 // the passes are decoded apart and then merged
	}
	return h, nil
}

// Colour types: https://www.w3.org/TR/png-3/#6Colour-values.
const (
	pngColour   = 2 // a bit of those that have any
	pngRGB      = 2
	pngPaletted = 3
	pngGrayA    = 4
	pngRGBA     = 6
)

// pngPixel returns the bytes that image/png takes for a pixel, at most.
func pngPixel(depth, colours byte) int64 {
	switch {
	case depth == 16:
		return 8
	case colours == pngPaletted:
		return 1
	default:
		return 4
	}
}

// deflateRatio is how much data deflate can make of a byte: 258 bytes of 2 bits.
const deflateRatio = 4 * 258

// pngBits returns the bits that a pixel takes in a file before compression.
func pngBits(depth, colours byte) int64 {
	switch colours {
	case pngRGB:
		return 3 * int64(depth)
	case pngGrayA:
		return 2 * int64(depth)
	case pngRGBA:
		return 4 * int64(depth)
	default:
		return int64(depth)
	}
}
