// Package snapshot keeps datasets as they were at a moment.
package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
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

// Generate freezes a dataset as it is, by the name of none, for a client who is to be told where a zip of it is.
func Generate(ctx context.Context, db *database.DB, dataset gid.DatasetID) (*ent.Snapshot, error) {
	return create(ctx, db, dataset, func(c *ent.SnapshotCreate) { c.SetZipped(true) })
}

// Create freezes a dataset as it is. That takes no longer however large the dataset is, and waits for those alone who
// are just writing in it.
func Create(ctx context.Context, db *database.DB, dataset gid.DatasetID, in CreateInput) (*ent.Snapshot, error) {
	if err := UpdateInput(in).check(); err != nil {
		return nil, err
	}
	return create(ctx, db, dataset, func(c *ent.SnapshotCreate) { c.SetNillableName(in.Name).SetNillableNote(in.Note) })
}

func create(ctx context.Context, db *database.DB, dataset gid.DatasetID, set func(*ent.SnapshotCreate)) (*ent.Snapshot, error) {
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Snapshot, error) {
		if err := access.Allow(ctx, tx.Client(), dataset, access.EditSnapshots); err != nil {
			return nil, err
		}
		freeze, err := Freeze(ctx, db, tx, dataset)
		if err != nil {
			return nil, err
		}
		set(freeze)
		return freeze.Save(ctx)
	})
}

// Freeze begins a snapshot of a dataset as the transaction leaves it, which must write no more in it before it ends.
func Freeze(ctx context.Context, db *database.DB, tx *ent.Tx, id gid.DatasetID) (*ent.SnapshotCreate, error) {
	if err := db.OwnDataset(ctx, tx, id); err != nil {
		return nil, err
	}
	epoch, err := database.EndEpoch(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	// From here on the row is this transaction's, and nobody gives the dataset another name.
	q := tx.Dataset.Query().Where(dataset.ID(id))
	q.Select(dataset.FieldName, dataset.FieldDescription)
	d, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("dataset %w", fault.NotFound)
	}
	if err != nil {
		return nil, err
	}
	return tx.Snapshot.Create().SetDatasetID(id).SetEpoch(epoch).SetDatasetName(d.Name).SetDatasetDescription(d.Description), nil
}

// liveTime is for how long what a live export sees is kept.
const liveTime = 24 * time.Hour

// Live returns a snapshot of a dataset as it is, for an export: it is in no list, and goes after a day. While nothing
// changes it is the same one. The viewer must see the dataset.
func Live(ctx context.Context, db *database.DB, id gid.DatasetID) (*ent.Snapshot, error) {
	if _, err := db.Dataset.Query().Where(dataset.ID(id)).OnlyID(ctx); err != nil {
		if ent.IsNotFound(err) {
			return nil, fmt.Errorf("dataset %w", fault.NotFound)
		}
		return nil, err
	}
	return database.Result(access.System(ctx), db, func(ctx context.Context, tx *ent.Tx) (*ent.Snapshot, error) {
		if err := db.OwnDataset(ctx, tx, id); err != nil {
			return nil, err
		}
		expires := database.Now().Add(liveTime)
		last, err := lastLive(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if last != nil {
			return tx.Snapshot.UpdateOne(last).SetExpiresAt(expires).Save(ctx)
		}
		freeze, err := Freeze(ctx, db, tx, id)
		if err != nil {
			return nil, err
		}
		return freeze.SetExpiresAt(expires).Save(ctx)
	})
}

// lastLive is the last snapshot that Live made, nil if anything has changed since, or another snapshot was made.
func lastLive(ctx context.Context, tx *ent.Tx, id gid.DatasetID) (*ent.Snapshot, error) {
	d, err := tx.Dataset.Query().Where(dataset.ID(id)).Only(ctx)
	if err != nil {
		return nil, err
	}
	last, err := tx.Snapshot.Query().Where(snapshot.DatasetID(id), snapshot.Epoch(d.Epoch-1), snapshot.ExpiresAtGT(database.Now()),
		snapshot.DatasetName(d.Name), snapshot.DatasetDescription(d.Description)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nil says it
	}
	if err != nil {
		return nil, err
	}
	changed, err := history.Changed(ctx, tx, id, d.Epoch)
	if err != nil || changed {
		return nil, err
	}
	return last, nil
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

// Delete deletes snapshots, and what they alone see. When that is much, some of it goes with the next sweep. Their
// archives stay in the store, where others may have the same bytes.
func Delete(ctx context.Context, db *database.DB, targets catalog.Targets[gid.SnapshotID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	err := db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := lock(ctx, tx, targets); err != nil {
			return err
		}
		return tx.Snapshot.Update().Where(snapshot.IDIn(targets.IDs...)).SetExpiresAt(database.Now()).Exec(ctx)
	})
	if err != nil {
		return err
	}
	return removeAll(access.System(ctx), db, targets.IDs, pagesAtOnce)
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
