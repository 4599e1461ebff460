package imaging

import (
	"bufio"
	"encoding/binary"
	"errors"
	"image"
	"io"
)

// The layout of GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt.
const (
	gifScreen     = 13 // signature and logical screen
	gifFrame      = 9  // an image descriptor without its introducer
	gifExtension  = 0x21
	gifDescriptor = 0x2c
	gifTrailer    = 0x3b
)

// readGIF reads the logical screen, and walks over the blocks of all frames,
// of which only the first will be decoded: an upload that broke off in the
// middle of an animation shall not be taken for a whole one.
func readGIF(s *source) (header, error) {
	r := s.all()
	screen, err := r.Peek(gifScreen)
	if err != nil {
		return header{}, err
	}
	width, height := binary.LittleEndian.Uint16(screen[6:]), binary.LittleEndian.Uint16(screen[8:])
	if err := checkSize(int64(width), int64(height)); err != nil {
		return header{}, err
	}
	h := header{width: int(width), height: int(height), orientation: Upright}
	h.memory = 2 * int64(width) * int64(height) // a byte a pixel, and the same again to undo interlacing
	if _, err := r.Discard(gifScreen + gifColours(screen[10])); err != nil {
		return header{}, err
	}
	err = h.walkGIF(s)
	return h, err
}

// walkGIF goes to the end of a GIF. After the first frame anything that is no
// block counts as the end too, as does a lack of one, for there are programs
// that leave such files and others show them.
func (h *header) walkGIF(s *source) error {
	if err := h.kept.file(0, s.position()); err != nil {
		return err
	}
	r, screen := s.buffer, image.Rect(0, 0, h.width, h.height)
	for frames := 0; ; {
		from, kept := s.position(), true
		kind, err := r.ReadByte()
		switch {
		case err == nil && kind == gifExtension:
			kept = gifShows(r)
			err = skipGIFBlocks(r, 1) // 1 for its label
		case err == nil && kind == gifDescriptor:
			err = skipGIFFrame(r, screen)
			frames++
		case err == nil && kind == gifTrailer && frames > 0:
			return h.kept.file(from, s.position())
		case frames > 0 && (err == nil || errors.Is(err, io.EOF)):
			return nil
		case err == nil:
			err = errStructure
		}
		if err == nil && kept {
			err = h.kept.file(from, s.position())
		}
		if err != nil {
			return err
		}
	}
}

// gifShows tells whether the extension that r is at says how frames are shown:
// when and how often, and in which colours. All others are metadata, XMP for
// one, or are text that no program draws.
func gifShows(r *bufio.Reader) bool {
	const control, application = "\xf9", "\xff\x0b"
	for _, begin := range []string{control, application + "NETSCAPE2.0", application + "ANIMEXTS1.0", application + "ICCRGBG1012"} {
		if b, err := r.Peek(len(begin)); err == nil && string(b) == begin {
			return true
		}
	}
	return false
}

// skipGIFFrame skips a frame, which must lie inside the screen.
func skipGIFFrame(r *bufio.Reader, screen image.Rectangle) error {
	b, err := r.Peek(gifFrame)
	if err != nil {
		return err
	}
	at := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
	if x, y := at(0)+at(4), at(2)+at(6); x > screen.Max.X || y > screen.Max.Y {
		return errStructure
	}
	return skipGIFBlocks(r, gifFrame+gifColours(b[8])+1) // 1 for the code size
}

// skipGIFBlocks skips some bytes, and data blocks up to the empty one that ends them.
func skipGIFBlocks(r *bufio.Reader, before int) error {
	if _, err := r.Discard(before); err != nil {
		return err
	}
	for {
		n, err := r.ReadByte()
		if err == nil {
			_, err = r.Discard(int(n))
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// gifColours returns the length of the colour table that flags announce.
func gifColours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (1 + flags&7)
}
