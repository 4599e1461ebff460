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
	c.Line(in.Name, nameLength, "name")
	return c.Fields()
}

// CreateBatches makes batches and puts images of their datasets into them. Complaints about them are found under at.
func CreateBatches(ctx context.Context, db *database.DB, batches []CreateBatchInput, at fault.Places) ([]*ent.Batch, error) {
	if err := checkCount(len(batches), at); err != nil {
		return nil, err
	}
	var c fault.Check
	for i, in := range batches {
		c.Line(&in.Name, nameLength, at.Of(i, "name")...)
		checkImages(&c, in.ImageIDs, at.Of(i, "imageIds"))
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (made []*ent.Batch, err error) {
		for i, in := range batches {
			b, err := createBatch(ctx, db, tx, in, at.Of(i, "imageIds"))
			if err != nil {
				return nil, err
			}
			made = append(made, b)
		}
		return made, nil
	})
}

func createBatch(ctx context.Context, db *database.DB, tx *ent.Tx, in CreateBatchInput, imagesAt []any) (*ent.Batch, error) {
	if err := access.Allow(ctx, tx.Client(), in.DatasetID, access.EditBatches); err != nil {
		return nil, err
	}
	if err := db.ShareDataset(ctx, tx, in.DatasetID); err != nil {
		return nil, err
	}
	b, err := tx.Batch.Create().SetDatasetID(in.DatasetID).SetName(in.Name).SetNillableWorkbench(in.Workbench).Save(ctx)
	if err != nil {
		return nil, err
	}
	return b, take(ctx, tx, in.DatasetID, in.ImageIDs, imagesAt, func(u *ent.ImageUpdate) { u.SetBatchID(b.ID) })
}

const (
	// maxImages is how many images may be put into a batch or a job as it is made.
	maxImages = 10_000
	// maxMade is how many batches or jobs one call may make.
	maxMade = 100
)

func checkCount(n int, at fault.Places) error {
	if n <= maxMade {
		return nil
	}
	return fault.InvalidAt(fmt.Sprintf("is one too many; at most %d are allowed in one call", maxMade), at(maxMade)...)
}

func checkImages(c *fault.Check, ids []gid.ImageID, path []any) {
	c.That(len(ids) <= maxImages, fmt.Sprintf("has %d items; at most %d are allowed in one call", len(ids), maxImages), path...)
}

// take changes images, all of which must be of the dataset.
func take(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, ids []gid.ImageID, path []any, change func(*ent.ImageUpdate)) error {
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
		return fault.InvalidAt("names an image that is not in the dataset", path...)
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

// UpdateBatches makes the same change to each of the batches.
func UpdateBatches(ctx context.Context, db *database.DB, targets catalog.Targets[gid.BatchID], in UpdateBatchInput) error {
	var c fault.Check
	c.Add(targets.Check())
	c.Add(in.check(), "input")
	if err := c.Err(); err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		batches, err := lockBatches(ctx, tx, targets, access.EditBatches)
		if err != nil {
			return err
		}
		ids := catalog.Changed(batches, func(b *ent.Batch) gid.BatchID { return b.ID }, func(b *ent.Batch) bool {
			return catalog.Differs(in.Name, b.Name) || catalog.Differs(in.Workbench, b.Workbench)
		})
		if len(ids) == 0 {
			return nil
		}
		return tx.Batch.Update().Where(batch.IDIn(ids...)).
			SetNillableName(in.Name).SetNillableWorkbench(in.Workbench).Exec(ctx)
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
	if err := database.ShareDatasetsOf(ctx, tx, batch.Table, targets.IDs); err != nil {
		return nil, err
	}
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
