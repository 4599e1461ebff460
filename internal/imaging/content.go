package imaging

import (
	"io"
	"slices"
)

// maxPieces is far more than any program leaves, and 1 MB of memory.
const maxPieces = 1 << 14

// content is what a file is made of: pieces of another one, and bytes of our own.
type content []piece

// piece is so many bytes of a file, or bytes of our own for them.
type piece struct {
	own            []byte
	offset, length int64
}

func patch(offset int64, own []byte) piece { return piece{own, offset, int64(len(own))} }

// file adds the bytes of the file between two places.
func (c *content) file(from, to int64) error {
	switch last := len(*c) - 1; {
	case from >= to:
	case last >= 0 && (*c)[last].own == nil && (*c)[last].offset+(*c)[last].length == from:
		(*c)[last].length += to - from
	default:
		return c.add(piece{offset: from, length: to - from})
	}
	return nil
}

// bytes adds bytes of our own.
func (c *content) bytes(b []byte) error { return c.add(patch(0, b)) }

func (c *content) add(p piece) error {
	if len(*c) >= maxPieces {
		return &refusal{"a picture in too many pieces; save it anew with another program", errLimits}
	}
	*c = append(*c, p)
	return nil
}

// patched returns c with bytes of our own for those at a place in the file, if c has these.
func (c content) patched(own piece) content {
	end := own.offset + own.length
	for i, p := range c {
		if p.own == nil && p.offset <= own.offset && end <= p.offset+p.length {
			before := piece{offset: p.offset, length: own.offset - p.offset}
			after := piece{offset: end, length: p.offset + p.length - end}
			return slices.Replace(slices.Clone(c), i, i+1, before, own, after)
		}
	}
	return c
}

func (c content) size() int64 {
	size := int64(0)
	for _, p := range c {
		size += p.length
	}
	return size
}

// whole tells whether c is all of a file of that size.
func (c content) whole(size int64) bool {
	return len(c) == 1 && c[0].own == nil && c[0].length == size
}

// reader returns what reads c, whose pieces are of that file.
func (c content) reader(file io.ReadSeeker) *io.SectionReader {
	return io.NewSectionReader(contentReader{c, file}, 0, c.size())
}

// contentReader reads content.
type contentReader struct {
	content content
	file    io.ReadSeeker
}

// ReadAt satisfies io.ReaderAt.
func (r contentReader) ReadAt(b []byte, at int64) (n int, err error) {
	for _, p := range r.content {
		if at >= p.length {
			at -= p.length
			continue
		}
		part := b[n:][:min(p.length-at, int64(len(b)-n))]
		if err := p.readAt(r.file, part, at); err != nil {
			return n, err
		}
		if n += len(part); n == len(b) {
			return n, nil
		}
		at = 0
	}
	return n, io.EOF
}

// readAt fills b with what the piece has from a place on.
func (p piece) readAt(file io.ReadSeeker, b []byte, at int64) error {
	if p.own != nil {
		copy(b, p.own[at:])
		return nil
	}
	if _, err := file.Seek(p.offset+at, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(file, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the file has become shorter
	}
	return err
}
