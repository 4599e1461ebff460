package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/datasetgen/datagen/internal/fault"
)

// copyExactly copies the size bytes of s to w. Another number of bytes, or
// other bytes than the key asks for, is an ErrMismatch.
func copyExactly(w io.Writer, s *source, size int64, key Key) error {
	hash := sha256.New()
	// One byte more than announced is enough to know that there are too many.
	n, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(s, size+1))
	switch {
	case err != nil:
		return err
	case n > size:
		return fmt.Errorf("%w: more than %d bytes", ErrMismatch, size)
	case n < size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrMismatch, n, size)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); key.SHA256() != "" && sum != key.SHA256() {
		return fmt.Errorf("%w: their SHA-256 is %s", ErrMismatch, sum)
	}
	return nil
}

// source is what Put reads, until ctx is done.
type source struct {
	ctx    context.Context
	r      io.Reader
	failed bool
}

func (s *source) Read(p []byte) (n int, err error) {
	if err = s.ctx.Err(); err == nil {
		n, err = s.r.Read(p)
	}
	s.failed = s.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// blame completes the error of a Put, if it has one: it is an outage unless it
// comes from what was to be put.
func (s *source) blame(errp *error, key Key) {
	if s.failed || errors.Is(*errp, ErrMismatch) {
		fault.Wrap(errp, "put %s", key)
		return
	}
	outage(errp, "put %s", key)
}
