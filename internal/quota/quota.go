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

// Size is that of some images together.
type Size struct {
	Images int
	Bytes  int64 // of image files
}

// Plus returns the size of both together.
func (s Size) Plus(more Size) Size { return Size{s.Images + more.Images, s.Bytes + more.Bytes} }

func (s Size) negative() Size { return Size{-s.Images, -s.Bytes} }

// Count notes, in the transaction that does it, by how much a dataset grows, or shrinks where it is negative.
func Count(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, more Size) error {
	if more == (Size{}) {
		return nil
	}
	return tx.DatasetCount.Create().SetDatasetID(dataset).SetImages(more.Images).SetBytes(more.Bytes).Exec(access.System(ctx))
}

// Check returns a fault.QuotaExceeded when the workspace of a dataset may not hold so much more, and what it holds, as far
// as that matters. It comes in the transaction that adds, before anything is added and after all other locks: where there
// is a limit, those who add to the workspace go on one after the other from here.
func (l Limits) Check(ctx context.Context, db *database.DB, tx *ent.Tx, id gid.DatasetID, more Size) (*Usage, error) {
	ctx = access.System(ctx)
	w, err := workspaceOf(ctx, tx.Client(), id)
	if err != nil {
		return nil, err
	}
	usage := l.of(w)
	if !usage.isLimited() {
		return usage, nil
	}
	if err := db.OwnWorkspace(ctx, tx, w.ID); err != nil {
		return nil, err
	}
	if err := usage.count(ctx, tx.Client(), w.ID); err != nil {
		return nil, err
	}
	err = usage.admit(more)
	return usage, err
}

func workspaceOf(ctx context.Context, db *ent.Client, id gid.DatasetID) (*ent.Workspace, error) {
	w, err := db.Workspace.Query().Where(workspace.HasDatasetsWith(dataset.ID(id))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("dataset %w", fault.NotFound)
	}
	return w, err
}
