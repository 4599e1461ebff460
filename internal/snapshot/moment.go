package snapshot

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// MomentOf is when a snapshot was taken, nil when nothing but an archive was kept of it.
func MomentOf(s *ent.Snapshot) *history.Moment {
	if s.Epoch == nil {
		return nil
	}
	return &history.Moment{Snapshot: s.ID, Dataset: s.DatasetID, Epoch: *s.Epoch}
}

// At returns a context to read with what a snapshot sees; one of the present for the id 0. It is fault.NotFound when the
// viewer does not see the snapshot, or when nothing but an archive was kept of it.
func At(ctx context.Context, db *database.DB, id gid.SnapshotID) (context.Context, error) {
	if id == 0 {
		return history.At(ctx, nil), nil
	}
	q := db.Snapshot.Query().Where(snapshot.ID(id), snapshot.EpochNotNil())
	q.Select(snapshot.FieldDatasetID, snapshot.FieldEpoch)
	s, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("snapshot %w", fault.NotFound)
	}
	if err != nil {
		return nil, err
	}
	return history.At(ctx, MomentOf(s)), nil
}
