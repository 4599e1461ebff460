package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// copyExactly copies the size bytes of r to w. Another number of bytes, or
// other bytes than the key asks for, is an ErrMismatch.
func copyExactly(ctx context.Context, w io.Writer, r io.Reader, size int64, key Key) error {
	hash := sha256.New()
	// One byte more than announced is enough to know that there are too many.
	r = io.LimitReader(contextReader{ctx, r}, size+1)
	n, err := io.Copy(io.MultiWriter(w, hash), r)
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

// contextReader reads from r until ctx is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
