package storage

import (
	"context"
	"errors"
	"io"
	"io/fs"
)

// object is an open object of a bucket. It asks for its bytes when they are
// read, from there to the end, and keeps that stream as long as it is read on.
type object struct {
	ctx    context.Context
	bucket *bucket
	name   string
	size   int64

	offset int64         // where the next read starts
	stream io.ReadCloser // nil when there is none
	at     int64         // where the stream stands
	closed bool
}

// Open implements Store.
func (b *bucket) Open(ctx context.Context, key Key) (io.ReadSeekCloser, int64, error) {
	info, err := b.Stat(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	return &object{ctx: ctx, bucket: b, name: b.prefix + key.String(), size: info.Size}, info.Size, nil
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (n int, err error) {
	switch {
	case o.closed:
		return 0, fs.ErrClosed
	case len(p) == 0:
		return 0, nil
	case o.offset >= o.size:
		return 0, io.EOF
	}
	n, err = o.read(p[:min(int64(len(p)), o.size-o.offset)])
	o.offset += int64(n)
	if o.offset == o.size && errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if outage(&err, "read %s at %d", o.name, o.offset); err != nil {
		o.drop()
	}
	return n, err
}

// read reads from a stream that stands at the offset.
func (o *object) read(p []byte) (n int, err error) {
	if o.at != o.offset {
		o.drop()
	}
	if o.stream == nil {
		stream, err := o.bucket.blobs.NewRangeReader(o.ctx, o.name, o.offset, -1, nil)
		if err != nil {
			return 0, o.bucket.absent(o.name, err)
		}
		o.stream, o.at = stream, o.offset
	}
	n, err = o.stream.Read(p)
	o.at += int64(n)
	return n, err
}

// drop closes the stream, of which nothing is wanted any more.
func (o *object) drop() {
	if o.stream != nil {
		_ = o.stream.Close()
		o.stream = nil
	}
}

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, fs.ErrInvalid
	}
	o.offset = offset
	return offset, nil
}

// Close implements io.Closer.
func (o *object) Close() error {
	o.drop()
	o.closed = true
	return nil
}
