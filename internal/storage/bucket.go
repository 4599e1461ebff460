package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/datasetgen/datagen/internal/fault"
)

const (
	maxAsking    = 10 * time.Second // for an answer without content
	maxLingering = time.Second      // to take back what was begun
	partSize     = 8 << 20          // bytes that are sent at a time, and held in memory until they have arrived
	maxParts     = 2                // that are on their way at a time
)

// bucket keeps objects in a bucket of a cloud, or in memory.
type bucket struct {
	blobs  *blob.Bucket
	prefix string                        // of all names, empty or with a slash at its end
	aborts bool                          // whether an upload whose bytes fail comes to nothing by itself, not only by being cancelled
	bound  func(as func(any) bool) error // limits a write further; may be nil
	denied func(error) bool              // tells errors that only look like those of absent objects; may be nil
	signer signer                        // nil where URLs can't be signed
}

// signer returns a signed URL of the object with that name in the bucket.
type signer func(ctx context.Context, name string, o SignOptions) (string, error)

// NewMemory returns a store that lasts as long as the process, for tests.
func NewMemory() Store { return &bucket{blobs: memblob.OpenBucket(nil)} }

// prefixOf returns the prefix of names that the address of a bucket asks for.
func prefixOf(address url.URL) (string, error) {
	prefix := strings.Trim(address.Path, "/")
	switch {
	case address.Host == "" || address.Port() != "" || address.User != nil || address.Fragment != "":
		return "", fmt.Errorf("want %s://BUCKET or %[1]s://BUCKET/PREFIX, and no credentials in it", address.Scheme)
	case prefix == "":
		return "", nil
	case path.Clean("/"+prefix) != "/"+prefix:
		return "", errors.New("want no empty word and no . or .. in the prefix")
	}
	return prefix + "/", nil
}

// parametersOf returns the parameters of an address, which may be of those names.
func parametersOf(address url.URL, allowed ...string) (map[string]string, error) {
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return nil, err
	}
	parameters := map[string]string{}
	for name, values := range query {
		switch {
		case !slices.Contains(allowed, name):
			return nil, fmt.Errorf("the parameter %q is none of %q", name, allowed)
		case len(values) > 1:
			return nil, fmt.Errorf("the parameter %q is there twice", name)
		}
		parameters[name] = values[0]
	}
	return parameters, nil
}

// name is that of an object in the bucket.
func (b *bucket) name(key Key) (string, error) {
	if key == (Key{}) {
		return "", errors.New("the zero key names no object")
	}
	return b.prefix + key.String(), nil
}

// Put implements Store.
func (b *bucket) Put(ctx context.Context, key Key, r io.Reader, size int64) (err error) {
	content := exactly(ctx, r, size, key)
	defer content.blame(&err)

	info, err := b.Stat(ctx, key)
	switch {
	case err == nil && info.Size == size:
		return nil
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	}
	return b.write(ctx, content)
}

func (b *bucket) write(ctx context.Context, content *exact) error {
	name, err := b.name(content.key)
	if err != nil {
		return err
	}
	writing, cancel := linger(ctx)
	defer cancel()
	if !b.aborts {
		content.stop = cancel // or there would be an object of what has been read
	}
	err = b.blobs.Upload(writing, name, content, &blob.WriterOptions{
		ContentType:    "application/octet-stream", // whatever somebody sent, a bucket is not to serve it as a page
		BufferSize:     partSize,
		MaxConcurrency: maxParts,
		BeforeWrite:    b.bound,
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// linger returns a context that ends a moment after ctx: time to take back what
// has been begun.
func linger(ctx context.Context) (context.Context, context.CancelFunc) {
	lingering, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(maxLingering, cancel) })
	return lingering, func() {
		stop()
		cancel()
	}
}

// Stat implements Store.
func (b *bucket) Stat(ctx context.Context, key Key) (_ Info, err error) {
	defer outage(&err, "stat %s", key)

	name, err := b.name(key)
	if err != nil {
		return Info{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	attributes, err := b.blobs.Attributes(ctx, name)
	if err != nil {
		return Info{}, b.absent(key.String(), err)
	}
	return Info{key, attributes.Size, seconds(attributes.ModTime)}, nil
}

// seconds is the precision that a time of a bucket has in all places.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// absent gives the error of an object that is not there its kind.
func (b *bucket) absent(name string, err error) error {
	if gcerrors.Code(err) != gcerrors.NotFound || b.denied != nil && b.denied(err) {
		return err
	}
	return notFound(name)
}

// Delete implements Store.
func (b *bucket) Delete(ctx context.Context, key Key) (err error) {
	defer outage(&err, "delete %s", key)

	name, err := b.name(key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	err = b.blobs.Delete(ctx, name)
	if err == nil || errors.Is(b.absent(key.String(), err), fault.NotFound) {
		return nil
	}
	return err
}

// List implements Store. It skips what has not the name of an object.
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := b.list(ctx, prefix, func(info Info) bool { return yield(info, nil) })
		if outage(&err, "list %q", prefix); err != nil {
			yield(Info{}, err)
		}
	}
}

// list shows the objects under prefix until that is enough.
func (b *bucket) list(ctx context.Context, prefix string, show func(Info) (more bool)) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	objects := b.blobs.List(&blob.ListOptions{Prefix: b.prefix + prefix})
	for {
		object, err := next(ctx, objects)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key, err := ParseKey(strings.TrimPrefix(object.Key, b.prefix))
		if err == nil && !show(Info{key, object.Size, seconds(object.ModTime)}) {
			return nil
		}
	}
}

// next may ask for a page.
func next(ctx context.Context, objects *blob.ListIterator) (*blob.ListObject, error) {
	ctx, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return objects.Next(ctx)
}

// SignedURL implements Store.
func (b *bucket) SignedURL(ctx context.Context, key Key, o SignOptions) (_ string, err error) {
	if b.signer == nil {
		return "", errNoSignedURL
	}
	defer outage(&err, "sign a URL of %s", key)

	name, err := b.name(key)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	return b.signer(ctx, name, o)
}

// Close implements Store. Connections that nobody uses close by themselves, and
// those of open objects are still in use.
func (b *bucket) Close() error { return nil }
