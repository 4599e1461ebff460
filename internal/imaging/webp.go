package imaging

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// The layout of WebP: https://developers.google.com/speed/webp/docs/riff_container.
const (
	riffHeader  = 12 // RIFF, the length of what follows, WEBP
	chunkHeader = 8  // name and length
	vp8xLength  = 10
	anmfHeader  = 16
	vp8Header   = 10 // of what a lossy bitstream begins with
	vp8lHeader  = 5  // of what a lossless one begins with
	vp8xAlpha   = 1 << 4
	vp8xPrivate = 1<<3 | 1<<2 // there are EXIF and XMP
)

// webpFile is a WebP as far as it has been read.
type webpFile struct {
	header
	size  int64 // of the RIFF container, with its header
	alpha bool  // the first frame has a chunk of its own for it
	lossy bool
	frame image.Rectangle

	offset, length int64 // of the first frame

	flags    byte // of VP8X
	flagsAt  int64
	animated bool
}

// readWebP reads the chunks of a WebP. The codec knows nothing of animations
// and is strict about flags, so it gets a file anew: of the canvas, the alpha
// and the bitstream of the first frame.
func readWebP(s *source) (header, error) {
	var w webpFile
	if err := w.walk(s.all(), s.size); err != nil {
		return header{}, err
	}
	if w.frame.Empty() || !w.frame.In(image.Rect(0, 0, w.width, w.height)) {
		return header{}, errStructure
	}
	w.seal()
	w.origin = w.frame.Min
	w.coded = content{patch(0, w.container()), {offset: w.offset, length: w.length}}
	w.memory = w.needs()
	return w.header, nil
}

// walk visits the chunks of the container.
func (w *webpFile) walk(r *bufio.Reader, size int64) error {
	b, err := r.Peek(riffHeader)
	if err != nil {
		return err
	}
	w.size = int64(binary.LittleEndian.Uint32(b[4:])) + chunkHeader
	if w.size > size {
		return io.ErrUnexpectedEOF // the file is cut off
	}
	if _, err := r.Discard(riffHeader); err != nil {
		return err
	}
	if err := w.kept.file(0, riffHeader); err != nil {
		return err
	}
	for at := int64(riffHeader); at+chunkHeader <= w.size; {
		c, err := readChunk(r, at)
		if err == nil && c.end > w.size {
			err = errStructure
		}
		if err == nil {
			err = w.visit(r, c)
		}
		if err != nil {
			return err
		}
		at = min(c.end+c.end%2, w.size) // chunks begin at even places
		if _, err := r.Discard(int(at - c.data)); err != nil {
			return err
		}
	}
	return nil
}

// chunk is a part of the container. data and end are places in the file.
type chunk struct {
	name             fourCC
	start, data, end int64
}

func (c chunk) length() int64 { return c.end - c.data }

func readChunk(r *bufio.Reader, at int64) (chunk, error) {
	b, err := r.Peek(chunkHeader)
	if err != nil {
		return chunk{}, err
	}
	data := at + chunkHeader
	c := chunk{fourCC(b), at, data, data + int64(binary.LittleEndian.Uint32(b[4:]))}
	_, err = r.Discard(chunkHeader)
	return c, err
}

// fourCC is the name of a chunk. As strings, the names in a file of nothing but
// chunks would take more memory than the file.
type fourCC [4]byte

func (f fourCC) is(name string) bool { return string(f[:]) == name }

// visit looks at a chunk, whose data is at the beginning of r and stays there.
func (w *webpFile) visit(r *bufio.Reader, c chunk) error {
	b, err := r.Peek(int(min(c.length(), bufferSize)))
	if err != nil {
		return err
	}
	switch string(c.name[:]) {
	case "VP8X":
		return w.readVP8X(c, b)
	case "EXIF":
		return w.readEXIF(c, b)
	case "ANMF":
		return cmp.Or(w.readANMF(c, b), w.keep(c))
	case "ALPH", "VP8 ", "VP8L":
		return w.readBitstream(c, b)
	case "ICCP":
		return cmp.Or(w.keep(c), w.colours.file(c.data, c.end))
	case "ANIM":
		return w.keep(c)
	case "XMP ":
		return w.private.file(c.start, w.after(c))
	}
	return nil
}

// after returns where the chunk after c begins, which is an even place.
func (w *webpFile) after(c chunk) int64 { return min(c.end+c.end%2, w.size) }

func (w *webpFile) keep(c chunk) error { return w.kept.file(c.start, w.after(c)) }

// readEXIF reads the orientation from EXIF data, which some programs begin as in
// a JPEG. Programs differ about it: Chromium does not turn a WebP, and Pillow
// does. That of an animation does not count.
func (w *webpFile) readEXIF(c chunk, b []byte) error {
	if w.orientation != 0 {
		return nil // there is some already
	}
	exif := bytes.TrimPrefix(b, []byte(exifPrefix))
	w.orientation, w.upright = exifOrientation(exif, c.data+int64(len(b)-len(exif)))
	return w.private.file(c.start, w.after(c))
}

// seal settles what EXIF says, and makes the header that of what is kept.
func (w *webpFile) seal() {
	if w.orientation = max(w.orientation, Upright); w.animated {
		w.orientation = Upright
	}
	if w.flags&vp8xPrivate != 0 {
		w.kept = w.kept.patched(patch(w.flagsAt, []byte{w.flags &^ vp8xPrivate}))
	}
	if size := w.kept.size(); size != w.size {
		w.kept = w.kept.patched(patch(4, binary.LittleEndian.AppendUint32(nil, uint32(size-chunkHeader))))
	}
}

// readVP8X reads the size of the canvas.
func (w *webpFile) readVP8X(c chunk, b []byte) error {
	if len(b) != vp8xLength || w.width != 0 {
		return errStructure
	}
	w.width, w.height = 1+uint24(b[4:]), 1+uint24(b[7:])
	w.flags, w.flagsAt = b[0], c.data
	return cmp.Or(checkSize(int64(w.width), int64(w.height)), w.keep(c))
}

// readANMF reads the first frame of an animation.
func (w *webpFile) readANMF(c chunk, b []byte) error {
	if w.length != 0 {
		return nil // a later frame
	}
	if len(b) < anmfHeader+chunkHeader {
		return errStructure
	}
	origin := image.Pt(2*uint24(b), 2*uint24(b[3:]))
	w.frame = image.Rectangle{origin, origin.Add(image.Pt(1+uint24(b[6:]), 1+uint24(b[9:])))}
	w.animated = true
	w.offset, w.length = c.data+anmfHeader, c.length()-anmfHeader
	first := fourCC(b[anmfHeader:])
	w.alpha, w.lossy = first.is("ALPH"), !first.is("VP8L")
	return nil
}

// readBitstream reads the chunks of a picture that stands still: its alpha, if
// that is apart, and its bitstream, which ends what the codec gets.
func (w *webpFile) readBitstream(c chunk, b []byte) error {
	if !w.frame.Empty() {
		return nil // there is one already
	}
	if err := w.keep(c); err != nil {
		return err
	}
	if w.length == 0 {
		w.offset = c.start
	}
	w.length = c.end - w.offset
	if c.name.is("ALPH") {
		w.alpha = true
		return nil
	}
	w.lossy = c.name.is("VP8 ")
	size, err := bitstreamSize(c.name, b)
	if err != nil {
		return err
	}
	w.frame = image.Rectangle{Max: size}
	switch {
	case w.width == 0: // no VP8X
		w.width, w.height = size.X, size.Y
	case size != image.Pt(w.width, w.height):
		return errStructure
	}
	return checkSize(int64(size.X), int64(size.Y))
}

// bitstreamSize reads the size of a frame: RFC 6386, 9.1, and RFC 9649, 3.4.
func bitstreamSize(name fourCC, b []byte) (image.Point, error) {
	const low14 = 1<<14 - 1
	switch {
	case name.is("VP8 ") && len(b) >= vp8Header && string(b[3:6]) == "\x9d\x01\x2a":
		return image.Pt(int(binary.LittleEndian.Uint16(b[6:]))&low14, int(binary.LittleEndian.Uint16(b[8:]))&low14), nil
	case name.is("VP8L") && len(b) >= vp8lHeader && b[0] == 0x2f:
		bits := int(binary.LittleEndian.Uint32(b[1:]))
		return image.Pt(1+bits&low14, 1+bits>>14&low14), nil
	default:
		return image.Point{}, errStructure
	}
}

// container returns what goes before the first frame in a file of it alone. The
// codec refuses a bitstream of another size than the VP8X there.
func (w *webpFile) container() []byte {
	var b []byte
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(riffHeader-chunkHeader+chunkHeader+vp8xLength+w.length+w.length%2))
	b = append(b, "WEBPVP8X"...)
	b = binary.LittleEndian.AppendUint32(b, vp8xLength)
	flags := uint32(0)
	if w.alpha {
		flags = vp8xAlpha
	}
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = appendUint24(b, w.frame.Dx()-1)
	return appendUint24(b, w.frame.Dy()-1)
}

// needs returns the bytes that the codec takes. The tables of a lossless
// bitstream are many times as long as what they are coded in, up to a limit:
// 2,600 groups of five Huffman trees, of 53 KB at most.
func (w *webpFile) needs() int64 {
	const tablesMin, tablesFactor, tablesMax = 8 << 20, 256, 140 << 20
	tables := min(tablesMin+tablesFactor*w.length, tablesMax)
	pixels := (int64(w.frame.Dx()) + 15) * (int64(w.frame.Dy()) + 15) // whole blocks
	switch {
	case !w.lossy:
		return 9*pixels + tables
	case w.alpha: // coded as a lossless picture of its own
		return 12*pixels + tables + w.length
	default:
		return 2*pixels + w.length
	}
}

// decodeWebP is webp.Decode, with samples as image.YCbCr has them.
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err == nil {
		fullRange(img)
	}
	return img, err
}

// fullRange stretches the samples of a lossy picture in place: WebP has them in
// the range of Rec. 601, 16 to 235 and 16 to 240 (RFC 9649, 2.5), but Go takes
// all YCbCr for that of JPEG, so that black would come out gray.
func fullRange(img image.Image) {
	var samples *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		samples = img
	case *image.NYCbCrA:
		samples = &img.YCbCr
	default:
		return
	}
	stretch(samples.Y, 16, 219, 0)
	stretch(samples.Cb, 128, 224, 128)
	stretch(samples.Cr, 128, 224, 128)
}

// stretch makes samples that lie around from, over a span, lie around to, over 255.
func stretch(samples []byte, from, span, to int) {
	var table [256]byte
	for i := range table {
		table[i] = byte(min(max(0, to+(i-from)*255/span), 255))
	}
	for i, sample := range samples {
		samples[i] = table[sample]
	}
}

// uint24 reads the first 3 bytes of b.
func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func appendUint24(b []byte, n int) []byte { return append(b, byte(n), byte(n>>8), byte(n>>16)) }
