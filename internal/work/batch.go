// Package work shares out annotation work among people: batches of images, and the jobs
// that they are cut into.
package work

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const nameLength = 100

// CreateBatchInput is a batch to make, of images that may be in another one so far.
type CreateBatchInput struct {
	DatasetID gid.DatasetID
	Name      string
	Workbench *bool
	ImageIDs  []gid.ImageID
}

// UpdateBatchInput is what to change in a batch; nil leaves a field alone.
type UpdateBatchInput struct {
	Name      *string
	Workbench *bool
}

func (in UpdateBatchInput) check() fault.Fields {
	var c fault.Check
	c.Line(in.Name, nameLength, "input", "name")
	return c.Fields()
}

// CreateBatch makes a batch and puts images of the dataset into it.
func CreateBatch(ctx context.Context, db *database.DB, in CreateBatchInput) (*ent.Batch, error) {
	var c fault.Check
	c.Line(&in.Name, nameLength, "input", "name")
	checkImages(&c, in.ImageIDs)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Batch, error) {
		if err := access.Allow(ctx, tx.Client(), in.DatasetID, access.EditBatches); err != nil {
			return nil, err
		}
		b, err := tx.Batch.Create().SetDatasetID(in.DatasetID).SetName(in.Name).SetNillableWorkbench(in.Workbench).Save(ctx)
		if err != nil {
			return nil, err
		}
		return b, take(ctx, tx, in.DatasetID, in.ImageIDs, func(u *ent.ImageUpdate) { u.SetBatchID(b.ID) })
	})
}

// maxImages is how many images one call may put into a batch or a job.
const maxImages = 10_000

func checkImages(c *fault.Check, ids []gid.ImageID) {
	c.That(len(ids) <= maxImages, fmt.Sprintf("has %d items; at most %d are allowed in one call", len(ids), maxImages), "input", "imageIds")
}

// take changes images, all of which must be of the dataset.
func take(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, ids []gid.ImageID, change func(*ent.ImageUpdate)) error {
	if len(ids) == 0 {
		return nil
	}
	q := tx.Image.Query().Where(image.DatasetID(dataset), image.IDIn(ids...)).Order(image.ByID())
	q.Modify(database.Lock)
	found, err := q.IDs(ctx)
	if err != nil {
		return err
	}
	if len(found) < distinct(ids) {
		return fault.InvalidAt("names an image that is not in the dataset", "input", "imageIds")
	}
	u := tx.Image.Update().Where(image.IDIn(found...))
	change(u)
	return u.Exec(ctx)
}

func distinct(ids []gid.ImageID) int {
	seen := make(map[gid.ImageID]bool, len(ids))
	for _, id := range ids {
		seen[id] = true
	}
	return len(seen)
}

// UpdateBatch changes a batch.
func UpdateBatch(ctx context.Context, db *database.DB, id gid.BatchID, expected *int, in UpdateBatchInput) (*ent.Batch, error) {
	if fields := in.check(); fields != nil {
		return nil, fields
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Batch, error) {
		batches, err := lockBatches(ctx, tx, catalog.One(id, expected), access.EditBatches)
		if err != nil {
			return nil, err
		}
		if in == (UpdateBatchInput{}) {
			return batches[0], nil
		}
		return batches[0].Update().SetNillableName(in.Name).SetNillableWorkbench(in.Workbench).Save(ctx)
	})
}

// DeleteBatches deletes batches with their images and jobs.
func DeleteBatches(ctx context.Context, db *database.DB, targets catalog.Targets[gid.BatchID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		// Images go with their batch: who deletes it deletes them.
		if _, err := lockBatches(ctx, tx, targets, access.EditBatches, access.EditImages); err != nil {
			return err
		}
		if err := catalog.RemoveImages(ctx, tx, image.BatchIDIn(targets.IDs...)); err != nil {
			return err
		}
		if err := removeJobs(ctx, tx, job.BatchIDIn(targets.IDs...)); err != nil {
			return err
		}
		_, err := tx.Batch.Delete().Where(batch.IDIn(targets.IDs...)).Exec(ctx)
		return err
	})
}

func lockBatches(ctx context.Context, tx *ent.Tx, targets catalog.Targets[gid.BatchID], actions ...access.Action) ([]*ent.Batch, error) {
	q := tx.Batch.Query().Where(batch.IDIn(targets.IDs...)).Order(batch.ByID())
	q.Modify(database.Lock)
	batches, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.Hold(ctx, tx, "batch", targets, batches, func(b *ent.Batch) catalog.Held[gid.BatchID] {
		return catalog.Held[gid.BatchID]{ID: b.ID, Dataset: b.DatasetID, Version: b.Version}
	}, actions...)
}
