package imaging

import (
	"bufio"
	"bytes"
	"cmp"
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
	jpegDQT  = 0xdb
	jpegAPP0 = 0xe0 // JFIF
	jpegAPP1 = 0xe1 // EXIF, XMP
	jpegAPP2 = 0xe2 // ICC profile
	jpegAPPd = 0xed // IPTC
	jpegAPPe = 0xee // Adobe
	jpegAPPf = 0xef
	jpegCOM  = 0xfe
)

const (
	jpegSOI  = 2  // the length of the marker that all begins with
	jpegJFIF = 14 // the length of JFIF data without a thumbnail
)

// maxScans is ten times what encoders write. Each scan passes over all pixels
// whatever its length, so that a small file of many would keep a core busy for
// minutes: see libjpeg-turbo, "Two Issues with the JPEG Standard".
const maxScans = 100

// What data for applications begins with.
const (
	jfifPrefix  = "JFIF\x00"
	exifPrefix  = "Exif\x00\x00"
	iccPrefix   = "ICC_PROFILE\x00"
	adobePrefix = "Adobe"
)

// jpegFile is a JPEG as far as it has been read.
type jpegFile struct {
	header
	blocks int64 // of 8×8 samples, of all components
}

// readJPEG walks over all segments of a JPEG, to its end.
func readJPEG(s *source) (header, error) {
	var f jpegFile
	if err := f.walk(s); err != nil {
		return header{}, err
	}
	// It is the codec that will allocate, so it has to have read the same size.
	config, err := jpeg.DecodeConfig(s.content(f.kept))
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
	f.quality = max(f.quality, minQuality)
	return f.header, nil
}

// walk reads the segments, and what follows a scan's up to the next one, which
// is pixels. Whatever else is between segments is not kept.
func (f *jpegFile) walk(s *source) error {
	r := s.all()
	if _, err := r.Discard(jpegSOI); err != nil {
		return err
	}
	if err := f.kept.file(0, jpegSOI); err != nil {
		return err
	}
	for scans, pixels := 0, int64(0); scans <= maxScans; {
		marker, segment, err := jpegSegment(r)
		if err != nil {
			return err
		}
		from, to := s.position()-2, s.position()
		if marker != jpegEOI {
			from -= int64(2 + len(segment))
		}
		if pixels > 0 {
			if err := f.kept.file(pixels, from); err != nil {
				return err
			}
		}
		if pixels = 0; marker == jpegSOS {
			scans, pixels = scans+1, to
		}
		if err := cmp.Or(f.visit(marker, segment, from), f.keep(marker, segment, from, to)); err != nil || marker == jpegEOI {
			return err
		}
	}
	return &refusal{fmt.Sprintf("a JPEG of more than %d scans; save it anew with another program", maxScans), errLimits}
}

// visit reads a segment that matters, of EXIF data the first.
func (f *jpegFile) visit(marker byte, segment []byte, from int64) error {
	exif, ok := bytes.CutPrefix(segment, []byte(exifPrefix))
	switch {
	case marker == jpegAPP1 && ok && f.orientation == 0:
		f.orientation, f.upright = exifOrientation(exif, from+4+int64(len(exifPrefix)))
	case marker == jpegDQT && len(segment) > 64 && segment[0] == 0:
		f.quality = jpegQuality(segment[1:65])
	case isSOF(marker):
		return f.readSOF(marker, segment)
	}
	return nil
}

// minQuality keeps what a second compression loses below what can be seen.
const minQuality = 95

// jpegQuality returns the quality by which image/jpeg makes a table that is no
// coarser than this one for brightness, of 64 factors, by their sum.
func jpegQuality(table []byte) int {
	const sumAt50 = 3685
	sum := 0
	for _, factor := range table {
		sum += int(factor)
	}
	return max(1, 100-50*sum/sumAt50)
}

// keep adds a segment to what is kept, unless it is metadata. Besides EXIF, XMP,
// IPTC and comments that is all else that applications have put there: previews
// and further pictures (MPF, JFXX, FlashPix), which show what may have been cut
// off since, notes of cameras, and provenance (C2PA), which names people and is
// signed for a file with all of its metadata.
func (f *jpegFile) keep(marker byte, segment []byte, from, to int64) error {
	begins := func(prefix string) bool { return bytes.HasPrefix(segment, []byte(prefix)) }
	switch {
	case marker == jpegAPP0 && begins(jfifPrefix) && len(segment) > jpegJFIF: // has a thumbnail
		return f.kept.bytes(slices.Concat([]byte{0xff, jpegAPP0, 0, 2 + jpegJFIF}, segment[:jpegJFIF-2], []byte{0, 0}))
	case marker == jpegAPP2 && begins(iccPrefix):
		return cmp.Or(f.kept.file(from, to), f.colours.file(from, to))
	case marker == jpegAPP0 && begins(jfifPrefix), marker == jpegAPPe && begins(adobePrefix):
		return f.kept.file(from, to)
	case marker == jpegAPP1, marker == jpegAPPd, marker == jpegCOM:
		return f.private.file(from, to)
	case marker >= jpegAPP0 && marker <= jpegAPPf:
		return nil
	default:
		return f.kept.file(from, to)
	}
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
