package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/datasetgen/datagen/internal/fault"
)

// exact reads what is to be put under a key, until ctx is done. Another number
// of bytes, or other bytes than the key asks for, is an ErrMismatch in place of
// the io.EOF.
type exact struct {
	ctx  context.Context
	r    io.Reader
	key  Key
	size int64

	hash hash.Hash
	n    int64 // bytes that have been read
	err  error // what it has failed with
	stop func()
}

func exactly(ctx context.Context, r io.Reader, size int64, key Key) *exact {
	return &exact{ctx: ctx, r: r, key: key, size: size, hash: sha256.New(), stop: func() {}}
}

// Read implements io.Reader. Before it fails it calls stop, if it has not failed yet.
func (e *exact) Read(p []byte) (n int, err error) {
	if e.err != nil {
		return 0, e.err
	}
	if n, err = e.read(p); err != nil && !errors.Is(err, io.EOF) {
		e.err = err
		e.stop()
	}
	return n, err
}

func (e *exact) read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	// One byte more than announced is enough to know that there are too many.
	n, err := e.r.Read(p[:min(int64(len(p)), max(0, e.size)+1-e.n)])
	e.hash.Write(p[:n])
	if e.n += int64(n); e.n > e.size {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrMismatch, e.size)
	}
	if errors.Is(err, io.EOF) {
		err = e.end()
	}
	return n, err
}

// end is the error at the end of the bytes.
func (e *exact) end() error {
	if e.n < e.size {
		return fmt.Errorf("%w: %d bytes instead of %d", ErrMismatch, e.n, e.size)
	}
	if sum := hex.EncodeToString(e.hash.Sum(nil)); e.key.SHA256() != "" && sum != e.key.SHA256() {
		return fmt.Errorf("%w: their SHA-256 is %s", ErrMismatch, sum)
	}
	return io.EOF
}

// blame completes the error of a Put, if there is one: it is an outage unless it
// comes from what was to be put.
func (e *exact) blame(errp *error) {
	if *errp != nil && e.err != nil {
		*errp = e.err
		fault.Wrap(errp, "put %s", e.key)
		return
	}
	outage(errp, "put %s", e.key)
}
