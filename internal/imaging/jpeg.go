package imaging

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"slices"
)

// The markers that matter here: ITU-T T.81, table B.1.
const (
	jpegSOF0 = 0xc0
	jpegSOF2 = 0xc2 // progressive
	jpegDHT  = 0xc4
	jpegJPG  = 0xc8
	jpegDAC  = 0xcc
	jpegSOFf = 0xcf
	jpegRST0 = 0xd0
	jpegRST7 = 0xd7
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegAPP1 = 0xe1
)

const jpegSOI = 2 // the length of the marker that all begins with

// maxScans is ten times what encoders write. Each scan passes over all pixels
// whatever its length, so that a small file of many would keep a core busy for
// minutes: see libjpeg-turbo, "Two Issues with the JPEG Standard".
const maxScans = 100

// exifPrefix tells EXIF data from other uses of APP1.
var exifPrefix = []byte("Exif\x00\x00")

// jpegFile is a JPEG as far as it has been read.
type jpegFile struct {
	header
	blocks int64 // of 8×8 samples, of all components
}

// readJPEG walks over all segments of a JPEG, to its end.
func readJPEG(s *source) (header, error) {
	var f jpegFile
	if err := f.walk(s.all()); err != nil {
		return header{}, err
	}
	// It is the codec that will allocate, so it has to have read the same size.
	config, err := jpeg.DecodeConfig(s.all())
	if err != nil {
		return header{}, err
	}
	if config.Width != f.width || config.Height != f.height {
		return header{}, errStructure
	}
	if f.blocks > 8*s.size { // there is a bit for each, at least, in what says how bright it is
		return header{}, errTooShort
	}
	f.orientation = max(f.orientation, Upright)
	return f.header, nil
}

// walk reads the segments that matter, of EXIF data the first.
func (f *jpegFile) walk(r *bufio.Reader) error {
	if _, err := r.Discard(jpegSOI); err != nil {
		return err
	}
	for scans := 0; scans <= maxScans; {
		marker, segment, err := jpegSegment(r)
		switch {
		case err != nil:
			return err
		case marker == jpegEOI:
			return nil
		case marker == jpegSOS:
			scans++
		case marker == jpegAPP1 && f.orientation == 0 && bytes.HasPrefix(segment, exifPrefix):
			f.orientation = exifOrientation(segment)
		case isSOF(marker):
			if err := f.readSOF(marker, segment); err != nil {
				return err
			}
		}
	}
	return &refusal{fmt.Sprintf("a JPEG of more than %d scans; save it anew with another program", maxScans), errLimits}
}

// jpegSegment finds the next marker, over pixels and garbage as image/jpeg
// does, and reads the segment that it begins. The segment is valid until the
// next call.
func jpegSegment(r *bufio.Reader) (marker byte, segment []byte, err error) {
	marker, err = jpegMarker(r)
	if err != nil || marker == jpegEOI {
		return marker, nil, err
	}
	b, err := r.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	length := int(binary.BigEndian.Uint16(b)) // counts itself
	if length < 2 {
		return 0, nil, errStructure
	}
	segment, err = r.Peek(length)
	if err != nil {
		return 0, nil, err
	}
	_, err = r.Discard(length)
	return marker, segment[2:], err
}

// jpegMarker finds the next marker that begins a segment or ends the picture.
func jpegMarker(r *bufio.Reader) (byte, error) {
	for {
		_, err := r.ReadSlice(0xff)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		marker := byte(0xff)
		for err == nil && marker == 0xff { // any number of them may fill up
			marker, err = r.ReadByte()
		}
		if err != nil {
			return 0, err
		}
		if marker != 0 && (marker < jpegRST0 || marker > jpegRST7) {
			return marker, nil
		}
	}
}

func isSOF(marker byte) bool {
	return marker >= jpegSOF0 && marker <= jpegSOFf && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC
}

// readSOF reads the frame header, ITU-T T.81, B.2.2, of which there is one.
func (f *jpegFile) readSOF(marker byte, b []byte) error {
	const fixed, perComponent = 6, 3
	if f.width != 0 || len(b) <= fixed || len(b) != fixed+perComponent*int(b[5]) {
		return errStructure
	}
	height, width := int64(binary.BigEndian.Uint16(b[1:])), int64(binary.BigEndian.Uint16(b[3:]))
	if err := checkSize(width, height); err != nil {
		return err
	}
	f.width, f.height = int(width), int(height)

	var across, down []int64 // sampling factors
	for c := range slices.Chunk(b[fixed:], perComponent) {
		across, down = append(across, int64(c[1]>>4)), append(down, int64(c[1]&0xf))
	}
	f.blocks = jpegBlocks(width, height, across, down)
	f.memory = jpegMemory(width*height, f.blocks, len(across), marker == jpegSOF2)
	return nil
}

// jpegBlocks counts the blocks of components of those sampling factors.
func jpegBlocks(width, height int64, across, down []int64) int64 {
	if len(across) == 1 {
		across, down = []int64{1}, []int64{1} // whatever the header says
	}
	columns := up(width, 8*max(1, slices.Max(across)))
	rows := up(height, 8*max(1, slices.Max(down)))
	blocks := int64(0)
	for i := range across {
		blocks += columns * rows * across[i] * down[i]
	}
	return blocks
}

// jpegMemory returns the bytes that image/jpeg takes: for planes of whole
// blocks, 4 bytes a sample more when progressive, and 4 bytes a pixel to
// convert colours that are not YCbCr.
func jpegMemory(pixels, blocks int64, components int, progressive bool) int64 {
	memory := 64 * blocks
	if progressive {
		memory *= 1 + 4
	}
	if components > 1 {
		memory += 4 * pixels
	}
	return memory
}

// up returns n / by, rounded up.
func up(n, by int64) int64 { return (n + by - 1) / by }
