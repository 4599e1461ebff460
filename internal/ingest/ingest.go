// Package ingest takes pictures in. However they come, they go one way: who
// sends them may, they are not too large, they are pictures, their bytes are
// kept for good, and only then are there rows that name them.
package ingest

import (
	"cmp"
	"context"
	"io"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/storage"
)

// Preparer tells what picture bytes are and what to keep of them, as imaging.Decoder does.
type Preparer interface {
	Prepare(ctx context.Context, r io.ReadSeeker, size int64, o imaging.Options) (imaging.Prepared, error)
}

// Options are what a Pipeline works with.
type Options struct {
	DB        *database.DB
	Store     storage.Store
	Preparer  Preparer
	MaxUpload int64 // of each picture, in bytes
	Keep      imaging.Options
	Quota     quota.Limits // of workspaces that have none of their own
	Fetcher   Fetcher      // of what URLs name; nil when none are imported
	Uploads   Uploads      // that came in parts; nil when none do
}

// Uploads are files that came in parts, as upload.Service has them.
type Uploads interface {
	// Open returns the bytes of the viewer's own upload that is whole, and what it is called. Any other is a fault.NotFound,
	// and one of more than most bytes, of which it tells the size, a fault.TooLarge.
	Open(ctx context.Context, id string, most int64) (content io.ReadSeekCloser, size int64, name string, err error)
	// Delete deletes the viewer's own upload.
	Delete(ctx context.Context, id string) error
}

// Pipeline adds pictures to datasets. Make one for the process: it bounds what
// all calls together hold. It is safe for concurrent use.
type Pipeline struct {
	db      *database.DB
	keeper  *keeper
	tallies *quota.Tallies
	uploads Uploads
	zips    *semaphore.Weighted // that came in parts, each of which is copied to the disk
	fetcher Fetcher
	fetches *places
}

// maxZips is how many zips that came in parts a process imports at a time.
const maxZips = 2

// New returns a Pipeline.
func New(o Options) *Pipeline {
	return &Pipeline{
		db:      o.DB,
		keeper:  newKeeper(object.NewKeeper(o.DB, o.Store), o),
		tallies: quota.NewTallies(o.DB, o.Quota),
		uploads: o.Uploads,
		zips:    semaphore.NewWeighted(maxZips),
		fetcher: o.Fetcher,
		fetches: newPlaces(),
	}
}

// Create adds pictures to a dataset, all or none, and returns them in the order
// in which they came. What is wrong with the i-th is complained about under the path at(i).
// Pictures whose bytes are in the dataset already are added all the same.
//
// What is stored of them is what imaging.Decoder.Prepare makes. When Create fails
// that may stay in the store, named by no row, until a sweep removes it.
func (p *Pipeline) Create(ctx context.Context, dataset gid.DatasetID, images []ImageInput, at func(i int) []any) (_ []*ent.Image, err error) {
	defer fault.Wrap(&err, "add images to dataset %d", dataset)

	if err := check(images, at); err != nil {
		return nil, err
	}
	if err := allow(ctx, p.db.Client, dataset, images, at); err != nil {
		return nil, err
	}
	if err := p.keeper.measure(images, at); err != nil {
		return nil, err
	}
	tally, err := p.tallies.Open(ctx, dataset)
	if err != nil {
		return nil, err
	}
	defer tally.Close()
	to, entries := target{dataset: dataset, at: at, tally: tally}, p.entriesOf(images)
	if err := p.keepAll(ctx, to, entries); err != nil {
		return nil, err
	}
	if err := complaints(entries, at); err != nil {
		return nil, err
	}
	if err := p.save(ctx, to, entries); err != nil {
		return nil, err
	}
	p.deleteUploads(ctx, images)
	return imagesOf(entries), nil
}

// keepAll keeps all the pictures, and notes with each that is none why it was refused.
func (p *Pipeline) keepAll(ctx context.Context, to target, entries []*entry) error {
	workers, working := errgroup.WithContext(ctx)
	for _, e := range entries {
		if p.keeper.turns.Acquire(working, 1) != nil {
			break // a worker has failed, or the caller has left
		}
		workers.Go(func() error {
			defer p.keeper.turns.Release(1)
			return p.keeper.take(working, to.tally, e, nil)
		})
	}
	return cmp.Or(workers.Wait(), ctx.Err())
}

func complaints(entries []*entry, at fault.Places) error {
	var c fault.Check
	for i, e := range entries {
		if e.refused != nil {
			c.That(false, e.refused.Error(), at.Of(i, e.field())...)
		}
	}
	return c.Err()
}
