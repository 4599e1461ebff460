package imaging

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// bufferSize is enough for the longest segment of a JPEG to be looked at in place.
const bufferSize = 1 << 16

// source is the bytes of a picture, which can be read more than once. It keeps
// the errors of reading apart from those of the picture.
type source struct {
	ctx    context.Context // ends decoding, since codecs know of none
	r      io.ReadSeeker
	size   int64
	at     int64 // of r
	buffer *bufio.Reader
	err    error // of reading, not io.EOF
}

func newSource(ctx context.Context, r io.ReadSeeker, size int64) *source {
	return &source{ctx: ctx, r: r, size: size, buffer: bufio.NewReaderSize(nil, bufferSize)}
}

// section returns the length bytes from offset. The one before can't be read on.
func (s *source) section(offset, length int64) *bufio.Reader {
	_, _ = s.reader().Seek(offset, io.SeekStart) // if it fails, so does reading
	s.buffer.Reset(io.LimitReader(s.reader(), min(length, s.size-offset)))
	return s.buffer
}

// content is section for content of the file.
func (s *source) content(c content) *bufio.Reader {
	s.buffer.Reset(c.reader(s.reader()))
	return s.buffer
}

// position returns the place in the file of what the section gives next.
func (s *source) position() int64 { return s.at - int64(s.buffer.Buffered()) }

func (s *source) all() *bufio.Reader { return s.section(0, s.size) }

// reader reads and seeks as sections do.
func (s *source) reader() *sourceReader { return (*sourceReader)(s) }

// explain returns what to say of an err that came up while s was read: that
// reading failed, if it did, or else that the picture is refused.
func (s *source) explain(err error) error {
	if err == nil {
		return nil
	}
	if s.err != nil {
		return fmt.Errorf("read picture: %w", s.err)
	}
	return refuse(err)
}

// sourceReader reads a source.
type sourceReader source

func (s *sourceReader) Read(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.at += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Seek satisfies io.Seeker.
func (s *sourceReader) Seek(offset int64, whence int) (int64, error) {
	at, err := s.r.Seek(offset, whence)
	if err != nil {
		s.err = err
	}
	s.at = at
	return at, err
}
