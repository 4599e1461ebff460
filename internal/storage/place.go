package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Place is a part of a bucket that others fill: what is there is read, and never changed.
type Place struct {
	bucket *bucket
	root   string // of the URLs of what is there
}

// Blob is what lies in a Place, under a name of its owner's.
type Blob struct {
	Name     string // below the place
	URL      string // without credentials
	Size     int64  // in bytes
	Modified time.Time

	place *Place
}

// OpenPlace returns the place at an address in a bucket, as Open takes them.
func OpenPlace(ctx context.Context, address url.URL) (*Place, error) {
	store, err := Open(ctx, address)
	if err != nil {
		return nil, err
	}
	b, ok := store.(*bucket)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s is not in a bucket", address.Redacted()), store.Close())
	}
	root := address.Scheme + "://" + address.Host + "/"
	if endpoint := address.Query().Get("endpoint"); endpoint != "" { // another server may have a bucket of that name
		root = strings.TrimSuffix(endpoint, "/") + "/" + address.Host + "/"
	}
	return &Place{b, root}, nil
}

// List yields what there is, by name. An error is the last thing it yields.
func (p *Place) List(ctx context.Context) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		objects := p.bucket.blobs.List(&blob.ListOptions{Prefix: p.bucket.prefix})
		for {
			o, err := next(ctx, objects)
			if errors.Is(err, io.EOF) {
				return
			}
			if outage(&err, "list %s", p.root+p.bucket.prefix); err != nil {
				yield(Blob{}, err)
				return
			}
			name := strings.TrimPrefix(o.Key, p.bucket.prefix)
			if !yield(Blob{name, p.root + (&url.URL{Path: o.Key}).EscapedPath(), o.Size, o.ModTime, p}, nil) {
				return
			}
		}
	}
}

// Open returns the bytes, which are asked for as they are read.
func (b Blob) Open(ctx context.Context) io.ReadSeekCloser {
	return &object{ctx: ctx, bucket: b.place.bucket, name: b.place.bucket.prefix + b.Name, size: b.Size}
}
