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
)

// ErrMismatch tells that the bytes given to Put are not those that were
// announced: too few, too many, or of another hash. Nothing was stored.
var ErrMismatch = errors.New("bytes differ from what was announced")

// Store keeps objects that never change. It is safe for concurrent use, also
// by several processes over the same place.
type Store interface {
	// Put stores the size bytes of r under key. When it returns nil they survive
	// a loss of power. After an error there is no object that was not there
	// before, and never one in part.
	//
	// The bytes of an object key must have the hash that the key names. If there
	// is an object of that key and size already, r is not read.
	Put(ctx context.Context, key Key, r io.Reader, size int64) error

	// Open returns the bytes of an object and how many there are. An absent
	// object is a fault.NotFound.
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

	// Close frees what the store holds. Objects that are open stay readable.
	Close() error
}

// Info describes an object.
type Info struct {
	Key      Key
	Size     int64 // in bytes
	Modified time.Time
}

// Open returns the store at an address: file:PATH is a local folder, which is
// made when absent and belongs to the store alone.
func Open(ctx context.Context, address url.URL) (Store, error) {
	if address.Scheme != "file" {
		return nil, fmt.Errorf("storage %q: the kinds there are: file:PATH", address.Redacted())
	}
	folder, err := folderOf(address)
	if err != nil {
		return nil, err
	}
	return openLocal(ctx, folder)
}
