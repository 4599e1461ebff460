// Package snapshot keeps datasets as they were at a moment.
package snapshot

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	nameLength = 100
	noteLength = 10_000
)

// CreateInput is a snapshot to make; what is nil is empty.
type CreateInput struct {
	Name *string
	Note *string
}

// UpdateInput is what to change in a snapshot; nil leaves a field alone.
type UpdateInput struct {
	Name *string
	Note *string
}

func (in UpdateInput) check() error {
	var c fault.Check
	c.Text(in.Name, nameLength, "input", "name")
	c.Text(in.Note, noteLength, "input", "note")
	return c.Err()
}

// Create makes a snapshot without an archive.
func Create(ctx context.Context, db *database.DB, dataset gid.DatasetID, in CreateInput) (*ent.Snapshot, error) {
	if err := UpdateInput(in).check(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Snapshot, error) {
		if err := access.Allow(ctx, tx.Client(), dataset, access.EditSnapshots); err != nil {
			return nil, err
		}
		return tx.Snapshot.Create().SetDatasetID(dataset).SetNillableName(in.Name).SetNillableNote(in.Note).Save(ctx)
	})
}

// Update makes the same change to each of the snapshots.
func Update(ctx context.Context, db *database.DB, targets catalog.Targets[gid.SnapshotID], in UpdateInput) error {
	var c fault.Check
	c.Add(targets.Check())
	c.AddErr(in.check())
	if err := c.Err(); err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		snapshots, err := lock(ctx, tx, targets)
		if err != nil {
			return err
		}
		ids := catalog.Changed(snapshots, func(s *ent.Snapshot) gid.SnapshotID { return s.ID }, func(s *ent.Snapshot) bool {
			return catalog.Differs(in.Name, s.Name) || catalog.Differs(in.Note, s.Note)
		})
		if len(ids) == 0 {
			return nil
		}
		return tx.Snapshot.Update().Where(snapshot.IDIn(ids...)).SetNillableName(in.Name).SetNillableNote(in.Note).Exec(ctx)
	})
}

// Delete deletes snapshots. Their archives stay in the store, where others may have the same bytes.
func Delete(ctx context.Context, db *database.DB, targets catalog.Targets[gid.SnapshotID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := lock(ctx, tx, targets); err != nil {
			return err
		}
		_, err := tx.Snapshot.Delete().Where(snapshot.IDIn(targets.IDs...)).Exec(ctx)
		return err
	})
}

func lock(ctx context.Context, tx *ent.Tx, targets catalog.Targets[gid.SnapshotID]) ([]*ent.Snapshot, error) {
	q := tx.Snapshot.Query().Where(snapshot.IDIn(targets.IDs...)).Order(snapshot.ByID())
	q.Modify(database.Lock)
	snapshots, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.Hold(ctx, tx, "snapshot", targets, snapshots, func(s *ent.Snapshot) catalog.Held[gid.SnapshotID] {
		return catalog.Held[gid.SnapshotID]{ID: s.ID, Dataset: s.DatasetID, Version: s.Version}
	}, access.EditSnapshots)
}
