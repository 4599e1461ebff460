package catalog_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

// at is the path of item i of a list, and inputAt that of the input of change i.
func at(i int) []any { return []any{"list", i} }

func inputAt(i int) []any { return []any{"changes", i, "input"} }

// rows counts what there is in a dataset, the dataset itself first.
func rows(t *testing.T, db *database.DB, id gid.DatasetID) string {
	t.Helper()
	ctx := system(t)
	return fmt.Sprintf("%d dataset, %d members, %d labels, %d images, %d annotations, %d batches, %d jobs, %d snapshots",
		db.Dataset.Query().Where(dataset.ID(id)).CountX(ctx), db.Member.Query().Where(member.DatasetID(id)).CountX(ctx),
		db.Label.Query().Where(label.DatasetID(id)).CountX(ctx), db.Image.Query().Where(image.DatasetID(id)).CountX(ctx),
		db.Annotation.Query().Where(annotation.DatasetID(id)).CountX(ctx), db.Batch.Query().Where(batch.DatasetID(id)).CountX(ctx),
		db.Job.Query().Where(job.DatasetID(id)).CountX(ctx), db.Snapshot.Query().Where(snapshot.DatasetID(id)).CountX(ctx))
}

// versions lists those of the images of a world, in order.
func versions(t *testing.T, w *testkit.World) string {
	t.Helper()
	var found []int
	w.DB.Image.Query().Where(image.DatasetID(w.Dataset.ID)).Order(image.ByID()).Select(image.FieldVersion).ScanX(system(t), &found)
	return fmt.Sprint(found)
}

func imageIDs(images []*ent.Image) []gid.ImageID {
	ids := make([]gid.ImageID, len(images))
	for i, img := range images {
		ids[i] = img.ID
	}
	return ids
}
