// Package storage keeps immutable objects, pixels above all, under keys made
// of the hash of a picture. What an implementation must do is in the comments
// of Store and checked by package storagetest.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
)

// ErrMismatch tells that the bytes given to Put are not those that were
// announced: too few, too many, or of another hash. Nothing was stored.
var ErrMismatch = errors.New("bytes differ from what was announced")

// Store keeps objects that never change. It is safe for concurrent use, also
// by several processes over the same place.
//
// A store that does not answer, or not as it should, is a fault.Unavailable,
// after a time that is counted in seconds.
type Store interface {
	// Put stores the size bytes of r under key. When it returns nil they survive
	// a loss of power. After an error there is no object that was not there
	// before, and never one in part; only where the answer of a store was lost
	// on its way there may be the whole of it.
	//
	// The bytes of an object key must have the hash that the key names. If there
	// is an object of that key and size already, r is not read.
	Put(ctx context.Context, key Key, r io.Reader, size int64) error

	// Open returns the bytes of an object and how many there are. They can be
	// read as long as ctx lasts. An absent object is a fault.NotFound.
	Open(ctx context.Context, key Key) (io.ReadSeekCloser, int64, error)

	// Stat describes an object without opening it. An absent object is a
	// fault.NotFound.
	Stat(ctx context.Context, key Key) (Info, error)

	// Delete removes an object. An absent one is no error. A loss of power soon
	// afterwards may bring the object back.
	Delete(ctx context.Context, key Key) error

	// List yields the objects under a prefix such as "objects/" or
	// "thumbnails/ab/", in no particular order. Objects that come or go
	// meanwhile may be among them or not. An error is the last thing it yields.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// SignedURL returns a URL by which anybody can GET an object from where it
	// is kept. Whether there is such an object shows when it is used. A store
	// that only this program can read returns errors.ErrUnsupported.
	SignedURL(ctx context.Context, key Key, o SignOptions) (string, error)

	// Close frees what the store holds. Objects that are open stay readable.
	Close() error
}

// Info describes an object.
type Info struct {
	Key      Key
	Size     int64 // in bytes
	Modified time.Time
}

// SignOptions say what a signed URL is for.
type SignOptions struct {
	Expiry             time.Duration // how long it is good for, 7 days at most
	ContentType        string        // of the answer
	ContentDisposition string        // of the answer
}

// Open returns the store at an address:
//
//	file:PATH                a local folder, made when absent, that belongs to the store alone
//	s3://BUCKET/PREFIX       S3, or what speaks its protocol
//	gs://BUCKET/PREFIX       Google Cloud Storage
//
// An S3 address takes ?region=, ?endpoint= and ?path_style=. Credentials are
// found where the tools of each cloud find them. Open does not ask whether a
// bucket is there.
func Open(ctx context.Context, address url.URL) (Store, error) {
	open, known := map[string]func(context.Context, url.URL) (Store, error){
		"file": openFolder,
		"s3":   openS3,
		"gs":   openGCS,
	}[address.Scheme]
	if !known {
		return nil, fmt.Errorf("storage %q: the kinds there are: file:PATH, s3://BUCKET and gs://BUCKET", address.Redacted())
	}
	store, err := open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("storage %q: %w", address.Redacted(), err)
	}
	return store, nil
}

// errNoSignedURL is of stores that have no server of their own.
var errNoSignedURL = fmt.Errorf("signed URL: %w", errors.ErrUnsupported)

// outage completes *errp, if it is an error of a store, with what was tried.
func outage(errp *error, format string, args ...any) {
	fault.Wrap(errp, format, args...)
	*errp = Unreachable(*errp)
}

// Unreachable makes an error of what a store relies on a fault.Unavailable, as
// fault.Outage does.
func Unreachable(err error) error {
	return fault.Outage("the files cannot be reached; try again", err)
}

func notFound(name string) error { return fmt.Errorf("%w: object %s", fault.NotFound, name) }
