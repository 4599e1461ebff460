// Package ingest takes pictures in. However they come, they go one way: who
// sends them may, they are not too large, they are pictures, their bytes are
// kept for good, and only then are there rows that name them.
package ingest

import (
	"context"
	"io"

	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/storage"
)

// Inspector tells what picture bytes are, as imaging.Decoder does.
type Inspector interface {
	Inspect(ctx context.Context, r io.ReadSeeker, size int64) (imaging.Info, error)
}

// Pipeline adds pictures to datasets. Make one for the process: it bounds what
// all calls together hold. It is safe for concurrent use.
type Pipeline struct {
	Quota quota.Limits // of workspaces that have none of their own; may be set before the first call

	db     *database.DB
	keeper *keeper
}

// New returns a Pipeline of pictures of at most maxUpload bytes each.
func New(db *database.DB, store storage.Store, inspector Inspector, maxUpload int64) *Pipeline {
	return &Pipeline{db: db, keeper: newKeeper(store, inspector, maxUpload)}
}

// Create adds pictures to a dataset, all or none, and returns them in the order
// in which they came. What is wrong with the i-th is complained about under the path at(i).
//
// Pictures are stored as they came: width and height are those of the picture
// upright, whatever orientation its EXIF data tells. When Create fails their
// bytes may stay in the store, named by no row.
func (p *Pipeline) Create(ctx context.Context, dataset gid.DatasetID, images []ImageInput, at func(i int) []any) (_ []*ent.Image, err error) {
	defer fault.Wrap(&err, "add images to dataset %d", dataset)

	if err := check(images, at); err != nil {
		return nil, err
	}
	if err := allow(ctx, p.db.Client, dataset, images, at); err != nil {
		return nil, err
	}
	kept, err := p.keeper.keepAll(ctx, images, at)
	if err != nil {
		return nil, err
	}
	return p.write(ctx, dataset, images, kept, at)
}

// write makes the rows of pictures whose bytes are in the store.
func (p *Pipeline) write(ctx context.Context, dataset gid.DatasetID, images []ImageInput, kept []picture, at fault.Places) ([]*ent.Image, error) {
	created, err := database.Result(ctx, p.db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Image, error) {
		// Much can have happened while pixels were looked at.
		if err := allow(ctx, tx.Client(), dataset, images, at); err != nil {
			return nil, err
		}
		if err := p.count(ctx, tx, dataset, kept); err != nil {
			return nil, err
		}
		return insert(ctx, tx, dataset, images, kept)
	})
	for _, img := range created {
		img.Unwrap() // from the transaction, which is over
	}
	return created, err
}

// count notes that pictures come, if the workspace may hold them.
func (p *Pipeline) count(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, kept []picture) error {
	bytes := int64(0)
	for _, pic := range kept {
		bytes += pic.size
	}
	if err := p.Quota.Check(ctx, p.db, tx, dataset, len(kept), bytes); err != nil {
		return err
	}
	return quota.Count(ctx, tx, dataset, len(kept), bytes)
}

// allow returns nil when the viewer may add these images, with what they point to, to the dataset.
func allow(ctx context.Context, db *ent.Client, dataset gid.DatasetID, images []ImageInput, at fault.Places) error {
	if err := access.Allow(ctx, db, dataset, access.EditImages); err != nil {
		return err
	}
	return checkLinks(ctx, db, dataset, images, at)
}

func insert(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, images []ImageInput, kept []picture) ([]*ent.Image, error) {
	return tx.Image.MapCreateBulk(images, func(c *ent.ImageCreate, i int) {
		in, pic := images[i], kept[i]
		format := formats[pic.Format]
		c.SetDatasetID(dataset).
			SetName(uuid.NewString() + format.extension).
			SetOriginalName(in.originalName()).
			SetSha256(pic.sum).
			SetObjectSha256(pic.sum).
			SetSize(pic.size).
			SetWidth(pic.Width).
			SetHeight(pic.Height).
			SetFormat(format.column).
			SetNillablePrompt(in.Prompt).
			SetNillableNegativePrompt(in.NegativePrompt).
			SetNillableGenerationType(in.GenerationType).
			SetNillableIsSynthetic(in.IsSynthetic).
			SetNillableDone(in.Done).
			SetNillableReviewed(in.Reviewed).
			SetNillableSplit(in.Split).
			SetNillableBatchID(in.BatchID).
			SetNillableJobID(in.JobID).
			SetNillableBaseImageID(in.BaseImageID)
		if in.ExtraInformation != nil {
			c.SetExtraInformation(in.ExtraInformation)
		}
	}).Save(ctx)
}

// formats says how each format is named in a row.
var formats = map[imaging.Format]struct {
	column    image.Format
	extension string
}{
	imaging.PNG:  {image.FormatPNG, ".png"},
	imaging.JPEG: {image.FormatJPEG, ".jpg"},
	imaging.WebP: {image.FormatWebP, ".webp"},
	imaging.GIF:  {image.FormatGIF, ".gif"},
}
