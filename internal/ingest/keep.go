package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/storage"
)

// keeper makes sure that bytes are pictures and stores them.
type keeper struct {
	store     storage.Store
	inspector Inspector
	maxUpload int64               // bytes
	turns     *semaphore.Weighted // of pictures in work, each of which may take maxUpload of memory
}

func newKeeper(store storage.Store, inspector Inspector, maxUpload int64) *keeper {
	// Decoding takes a processor, and storing mostly waits for a disk.
	turns := 2 * runtime.GOMAXPROCS(0)
	return &keeper{store, inspector, maxUpload, semaphore.NewWeighted(int64(turns))}
}

// picture is one whose bytes are in the store.
type picture struct {
	imaging.Info

	sum  string // SHA-256, in hex
	size int64  // in bytes
}

// keepAll stores all the pictures, or complains about all that are none.
func (k *keeper) keepAll(ctx context.Context, images []ImageInput, at fault.Places) ([]picture, error) {
	kept, err := k.measure(images, at)
	if err != nil {
		return nil, err
	}
	var files sync.Map
	refused, err := k.each(ctx, len(images), func(ctx context.Context, i int) error {
		defer images[i].hold(&files)()
		r, err := images[i].open()
		if err != nil {
			return err
		}
		return k.keep(ctx, r, &kept[i])
	})
	if err != nil {
		return nil, err
	}
	var c fault.Check
	for i, err := range refused {
		if err != nil {
			c.That(false, err.Error(), at.Of(i, images[i].field())...)
		}
	}
	return kept, c.Err()
}

// each calls keep for each of n pictures, in its turn, and returns why those that are none were refused.
func (k *keeper) each(ctx context.Context, n int, keep func(ctx context.Context, i int) error) (refused []error, err error) {
	refused = make([]error, n)
	workers, working := errgroup.WithContext(ctx)
	for i := range n {
		if k.turns.Acquire(working, 1) != nil {
			break // a worker has failed, or the caller has left
		}
		workers.Go(func() error {
			defer k.turns.Release(1)
			err := keep(working, i)
			if errors.Is(err, fault.Invalid) {
				refused[i], err = err, nil
			}
			return err
		})
	}
	return refused, cmp.Or(workers.Wait(), ctx.Err())
}

// measure returns the pictures with nothing but their sizes, all of which are allowed.
func (k *keeper) measure(images []ImageInput, at fault.Places) ([]picture, error) {
	pictures := make([]picture, len(images))
	var c fault.Check
	for i, in := range images {
		size, err := in.size()
		if err != nil {
			return nil, err
		}
		says := fmt.Sprintf("has %d bytes; at most %d are allowed", size, k.maxUpload)
		c.That(size <= k.maxUpload, says, at.Of(i, in.field())...)
		pictures[i].size = size
	}
	if fields := c.Fields(); fields != nil {
		return nil, tooLarge{fields}
	}
	return pictures, nil
}

// keep stores a picture, whose size is known, and finds out the rest of it.
// Bytes that are no picture are a fault.Invalid.
func (k *keeper) keep(ctx context.Context, r io.ReadSeeker, pic *picture) (err error) {
	if pic.Info, err = k.inspector.Inspect(ctx, r, pic.size); err != nil {
		return err
	}
	if pic.sum, err = hash(r); err != nil {
		return err
	}
	key, err := storage.ObjectKey(pic.sum)
	if err != nil {
		return err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := k.store.Put(ctx, key, r, pic.size); err != nil {
		return fmt.Errorf("store picture: %w", err)
	}
	return nil
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

// hold keeps the other pictures of a call from reading this one's file until
// it is released: a variable of a request may stand in several places, and then
// they share one reader.
func (in ImageInput) hold(files *sync.Map) (release func()) {
	if in.File == nil {
		return func() {}
	}
	mu, _ := files.LoadOrStore(in.File.File, new(sync.Mutex))
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
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
