package imaging

import (
	"bufio"
	"encoding/binary"
	"io"
)

// The layout of PNG: https://www.w3.org/TR/png-3/#5DataRep.
const (
	pngSignature   = 8
	pngChunkHeader = 8 // length and type
	pngIHDR        = 13
	pngCRC         = 4
)

// readPNG reads the chunks before the pixels. EXIF data that comes later than
// these does not count, by the specification and in browsers.
func readPNG(s *source) (header, error) {
	r := s.all()
	if _, err := r.Discard(pngSignature); err != nil {
		return header{}, err
	}
	h, err := readIHDR(r, s.size)
	if err != nil {
		return header{}, err
	}
	h.orientation = Upright
	for {
		kind, length, err := pngChunk(r)
		if err != nil || kind.is("IDAT") {
			return h, err
		}
		if kind.is("eXIf") {
			exif, err := r.Peek(min(length, bufferSize))
			if err != nil {
				return header{}, err
			}
			h.orientation = exifOrientation(exif)
		}
		if _, err := r.Discard(length + pngCRC); err != nil {
			return header{}, err
		}
	}
}

// pngChunk reads the beginning of a chunk.
func pngChunk(r *bufio.Reader) (kind fourCC, length int, err error) {
	b, err := r.Peek(pngChunkHeader)
	if err != nil {
		return fourCC{}, 0, err
	}
	n := binary.BigEndian.Uint32(b)
	if n > 1<<31-1-pngCRC {
		return fourCC{}, 0, errStructure
	}
	kind = fourCC(b[4:])
	_, err = r.Discard(pngChunkHeader)
	return kind, int(n), err
}

// readIHDR reads the header of a PNG of that many bytes.
func readIHDR(r *bufio.Reader, size int64) (h header, err error) {
	kind, length, err := pngChunk(r)
	if err != nil {
		return header{}, err
	}
	if !kind.is("IHDR") || length != pngIHDR {
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
	h = header{width: int(width), height: int(height), memory: width * height * pngPixel(depth, colours)}
	if interlaced {
		h.memory *= 2 // the passes are decoded apart and then merged
	}
	return h, nil
}

// Colour types: https://www.w3.org/TR/png-3/#6Colour-values.
const (
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
