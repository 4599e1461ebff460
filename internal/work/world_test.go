package work_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

// input is the place of the only item of a list.
func input(int) []any { return []any{"input"} }

// makeBatch and makeJob make one of those that a call may make.
func makeBatch(ctx context.Context, w *testkit.World, in work.CreateBatchInput) (*ent.Batch, error) {
	return only(work.CreateBatches(ctx, w.DB, []work.CreateBatchInput{in}, input))
}

func makeJob(ctx context.Context, w *testkit.World, in work.CreateJobInput) (*ent.Job, error) {
	return only(work.CreateJobs(ctx, w.DB, []work.CreateJobInput{in}, input))
}

func only[R any](rows []*R, err error) (*R, error) {
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// stock makes a batch of images that are in no job.
func stock(t *testing.T, w *testkit.World, images int) *ent.Batch {
	t.Helper()
	b := w.DB.Batch.Create().SetDataset(w.Dataset).SetName("stock").SaveX(system(t))
	drafts := make([]*ent.ImageCreate, 0, 1000)
	for i := range images {
		drafts = append(drafts, testkit.NewImage(w.DB.Client, w.Dataset).SetBatch(b))
		if len(drafts) == cap(drafts) || i == images-1 {
			w.DB.Image.CreateBulk(drafts...).ExecX(system(t))
			drafts = drafts[:0]
		}
	}
	return b
}

// where tells of each image of a world where it is: its version, batch and job.
func where(t *testing.T, w *testkit.World) []string {
	t.Helper()
	var list []string
	for _, img := range w.DB.Image.Query().Where(image.DatasetID(w.Dataset.ID)).Order(image.ByID()).AllX(system(t)) {
		list = append(list, fmt.Sprintf("v%d %s %s", img.Version, known(w.Batch.ID, img.BatchID, "batch"), known(w.Job.ID, img.JobID, "job")))
	}
	return list
}

// known says whether an image is in the batch or job of its world, in another one, or in none.
func known[ID comparable](its ID, id *ID, entity string) string {
	switch {
	case id == nil:
		return "no " + entity
	case *id == its:
		return "the " + entity
	}
	return "another " + entity
}

// left counts what there is in the dataset of a world.
func left(t *testing.T, w *testkit.World) string {
	t.Helper()
	return fmt.Sprintf("%d batches, %d jobs", w.DB.Batch.Query().Where(batch.DatasetID(w.Dataset.ID)).CountX(system(t)),
		w.DB.Job.Query().Where(job.DatasetID(w.Dataset.ID)).CountX(system(t)))
}

func imageIDs(images ...*ent.Image) []gid.ImageID {
	ids := make([]gid.ImageID, len(images))
	for i, img := range images {
		ids[i] = img.ID
	}
	return ids
}
