package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/storage"
)

// keeper makes sure that bytes are pictures, and keeps what is to be kept of them.
type keeper struct {
	objects   *object.Keeper
	preparer  Preparer
	options   imaging.Options
	maxUpload int64               // bytes
	turns     *semaphore.Weighted // of pictures in work, each of which may take maxUpload of memory
}

// workers is how many pictures are in work at once: decoding takes a processor, and storing mostly waits for a disk.
func workers() int { return 2 * runtime.GOMAXPROCS(0) }

func newKeeper(objects *object.Keeper, o Options) *keeper {
	return &keeper{objects, o.Preparer, o.Keep, o.MaxUpload, semaphore.NewWeighted(int64(workers()))}
}

// measure complains of pictures that are too large, before any is read.
func (k *keeper) measure(images []ImageInput, at fault.Places) error {
	var c fault.Check
	for i, in := range images {
		size, err := in.size()
		if err != nil {
			return err
		}
		c.That(size <= k.maxUpload, k.tooLarge(size), at.Of(i, in.field())...)
	}
	if fields := c.Fields(); fields != nil {
		return tooLarge{fields}
	}
	return nil
}

func (k *keeper) tooLarge(size int64) string {
	return fmt.Sprintf("has %d bytes; at most %d are allowed", size, k.maxUpload)
}

// take keeps the picture of an entry, or notes why it is none. It looks at a picture that there is no further than
// its hash, and does not store what seems to have no room in the workspace: whether it has is for save to find out.
func (k *keeper) take(ctx context.Context, t *quota.Tally, e *entry, l *lookUp) (err error) {
	e.refused = nil
	e.picture, err = k.keep(ctx, t, e, l)
	switch {
	case errors.Is(err, fault.Invalid):
		e.refused, err = err, nil
	case errors.Is(err, fault.NotFound): // it went away since it was listed
		e.refused, err = fault.InvalidAt("is no longer there"), nil
	}
	return err
}

func (k *keeper) keep(ctx context.Context, t *quota.Tally, e *entry, l *lookUp) (pic picture, err error) {
	if pic.sum, err = l.source(ctx, &e.item); pic.sum != "" || err != nil {
		pic.known = true
		return pic, err
	}
	content, err := e.open(ctx)
	if err != nil {
		return picture{}, err
	}
	defer content.close()
	if content.size > k.maxUpload {
		return picture{}, fault.InvalidAt(k.tooLarge(content.size))
	}
	if pic.sum, err = hash(content); err != nil {
		return picture{}, err
	}
	if pic.known, err = l.has(ctx, &e.item, pic.sum); pic.known || err != nil {
		return pic, err
	}
	prepared, err := k.preparer.Prepare(ctx, content, content.size, k.options)
	if err != nil {
		return picture{}, err
	}
	pic.Info, pic.size, pic.hash = prepared.Info, prepared.Size, prepared.PerceptualHash
	if e.dryRun || !e.reserve(t, pic.quota()) {
		return pic, nil
	}
	objectSum := pic.sum
	if prepared.Changed {
		if objectSum, err = hash(prepared.Content); err != nil {
			return picture{}, err
		}
	}
	if _, err := prepared.Content.Seek(0, io.SeekStart); err != nil {
		return picture{}, err
	}
	pic.kept, err = k.objects.Put(ctx, objectSum, prepared.Content, prepared.Size)
	if errors.Is(err, storage.ErrMismatch) && e.shared {
		return picture{}, fault.InvalidAt("changed while it was read")
	}
	return pic, err
}

// reserve reserves what the picture takes, once, and tells whether it has been.
func (e *entry) reserve(t *quota.Tally, size quota.Size) bool {
	if e.reserved == (quota.Size{}) && t.Reserve(size) {
		e.reserved = size
	}
	return e.reserved != quota.Size{}
}

// hash returns the SHA-256 of all of r, in hex.
func hash(r io.ReadSeeker) (string, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// tooLarge is a fault.TooLarge that says of which fields.
type tooLarge struct{ fields fault.Fields }

// Error satisfies error.
func (e tooLarge) Error() string { return e.fields.Error() }

// Unwrap makes it a TooLarge, and not the Invalid that its fields would be.
func (tooLarge) Unwrap() error { return fault.TooLarge }

// As gives its fields to errors.As.
func (e tooLarge) As(target any) bool {
	fields, ok := target.(*fault.Fields)
	if ok {
		*fields = e.fields
	}
	return ok
}
