// Package quota counts what workspaces hold, and refuses what would be too much. A count is the sum of the changes that
// each writer notes in its own transaction: they never wait for each other, and nothing is counted again.
package quota

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Limits are what a workspace may hold that has no limits of its own; 0 is no limit.
type Limits struct {
	Images int
	Bytes  int64 // of image files
}

// Count notes, in the transaction that does it, by how many images and bytes of image files a dataset grows, or shrinks
// where they are negative.
func Count(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, images int, bytes int64) error {
	if images == 0 && bytes == 0 {
		return nil
	}
	return tx.DatasetCount.Create().SetDatasetID(dataset).SetImages(images).SetBytes(bytes).Exec(access.System(ctx))
}

// Check returns a fault.QuotaExceeded when the workspace of a dataset may not hold so many images and bytes of image
// files more. It comes in the transaction that adds them, before they are added and after all other locks: where there
// is a limit, those who add to the workspace go on one after the other from here.
func (l Limits) Check(ctx context.Context, db *database.DB, tx *ent.Tx, id gid.DatasetID, images int, bytes int64) error {
	ctx = access.System(ctx)
	w, err := tx.Workspace.Query().Where(workspace.HasDatasetsWith(dataset.ID(id))).Only(ctx)
	if ent.IsNotFound(err) {
		return fmt.Errorf("dataset %w", fault.NotFound)
	}
	if err != nil {
		return err
	}
	usage := l.of(w)
	if usage.MaxImages == nil && usage.MaxBytes == nil {
		return nil
	}
	if err := db.OwnWorkspace(ctx, tx, w.ID); err != nil {
		return err
	}
	held, err := held(ctx, tx.Client(), []gid.WorkspaceID{w.ID})
	if err != nil {
		return err
	}
	usage.Images, usage.Bytes = held[w.ID].Images, held[w.ID].Bytes
	return usage.admit(images, bytes)
}
