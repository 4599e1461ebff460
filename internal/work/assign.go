package work

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Assignment says how to share out the images of a batch.
type Assignment struct {
	UserIDs      []gid.UserID
	ImagesPerJob int
}

// maxJobs is how many jobs one assignment may make.
const maxJobs = 10_000

// Assign makes one job of every ImagesPerJob images of the batch that are in no job yet, in the
// order of their ids, and hands the jobs to the users in turn.
func Assign(ctx context.Context, db *database.DB, id gid.BatchID, a Assignment) ([]*ent.Job, error) {
	var c fault.Check
	c.That(a.ImagesPerJob >= 1, "must be at least 1", "input", "imagesPerJob")
	c.That(len(a.UserIDs) >= 1, "must name at least one assignee", "input", "userIds")
	c.That(len(a.UserIDs) <= maxJobs, "names too many assignees", "input", "userIds")
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Job, error) {
		batches, err := lockBatches(ctx, tx, catalog.One(id, nil), access.EditJobs) // so that no image is assigned twice
		if err != nil {
			return nil, err
		}
		b := batches[0]
		if err := checkAssignees(ctx, tx, b, a.UserIDs); err != nil {
			return nil, err
		}
		return cut(ctx, tx, db.Dialect(), b, a)
	})
}

func checkAssignees(ctx context.Context, tx *ent.Tx, b *ent.Batch, ids []gid.UserID) error {
	d, err := tx.Dataset.Get(ctx, b.DatasetID)
	if err != nil {
		return err
	}
	return catalog.CheckColleagues(ctx, tx.Client(), d, ids, func(i int) []any { return []any{"input", "userIds", i} })
}

// cut makes the jobs of the batch.
func cut(ctx context.Context, tx *ent.Tx, db string, b *ent.Batch, a Assignment) ([]*ent.Job, error) {
	var images []assigned
	q := tx.Image.Query().Where(image.BatchID(b.ID), image.JobIDIsNil()).Order(image.ByID())
	q.Modify(database.Lock) // so that none is put into another job meanwhile
	if err := q.Select(image.FieldID, image.FieldVersion).Scan(ctx, &images); err != nil {
		return nil, err
	}
	shares := slices.Collect(slices.Chunk(images, a.ImagesPerJob))
	if len(shares) > maxJobs {
		return nil, fault.InvalidAt(fmt.Sprintf("would make %d jobs; at most %d are allowed", len(shares), maxJobs), "input", "imagesPerJob")
	}
	jobs, err := createJobs(ctx, tx, b, assignees(a.UserIDs, len(shares)))
	if err != nil {
		return nil, err
	}
	for i, share := range shares {
		for k := range share { // which is a part of images
			share[k].JobID = jobs[i].ID
		}
	}
	return jobs, database.UpdateRows(ctx, tx, db, image.Table, assignedColumns(database.Now()), images)
}

// assignees names the one of each job, in turn.
func assignees(users []gid.UserID, jobs int) []gid.UserID {
	turns := make([]gid.UserID, jobs)
	for i := range turns {
		turns[i] = users[i%len(users)]
	}
	return turns
}

// createJobs makes a job of the batch for each assignee.
func createJobs(ctx context.Context, tx *ent.Tx, b *ent.Batch, assignees []gid.UserID) ([]*ent.Job, error) {
	v, known := access.ViewerFrom(ctx)
	return database.InBulk(assignees, func(assignees []gid.UserID) ([]*ent.Job, error) {
		return tx.Job.MapCreateBulk(assignees, func(create *ent.JobCreate, i int) {
			create.SetDatasetID(b.DatasetID).SetBatchID(b.ID).SetAssigneeID(assignees[i])
			if known {
				create.SetOwnerID(v.UserID)
			}
		}).Save(ctx)
	})
}

// assigned is an image that is put into a job.
type assigned struct {
	ID      gid.ImageID `sql:"id"`
	Version int         `sql:"version"` // before that
	JobID   gid.JobID   `sql:"-"`
}

func assignedColumns(now time.Time) []database.Column[assigned] {
	return []database.Column[assigned]{
		{Name: image.FieldID, Type: "bigint", Of: func(img assigned) any { return img.ID }},
		{Name: image.FieldVersion, Type: "bigint", Of: func(img assigned) any { return img.Version + 1 }},
		{Name: image.FieldUpdatedAt, Type: "timestamptz", Of: func(assigned) any { return now }},
		{Name: image.FieldJobID, Type: "bigint", Of: func(img assigned) any { return img.JobID }},
	}
}
