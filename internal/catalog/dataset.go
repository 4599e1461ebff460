// Package catalog keeps datasets and what they consist of: labels, members, and
// what is known of images. Each function checks its input, then what the viewer may
// do, and then changes all that it was asked to or nothing.
package catalog

import (
	"context"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// CreateDatasetInput is a dataset to make.
type CreateDatasetInput struct {
	Name        string
	Description *string
}

// UpdateDatasetInput is what to change in a dataset; nil leaves a field alone.
type UpdateDatasetInput struct {
	Name        *string
	Description *string
}

func (in UpdateDatasetInput) check() fault.Fields {
	var c fault.Check
	c.Line(in.Name, nameLength, "name")
	c.Text(in.Description, textLength, "description")
	return c.Fields()
}

// CreateDatasets makes datasets in the viewer's workspace; the viewer owns them. Complaints about them are found under at.
func CreateDatasets(ctx context.Context, db *database.DB, datasets []CreateDatasetInput, at func(i int) []any) ([]*ent.Dataset, error) {
	v, err := access.Require(ctx)
	if err != nil {
		return nil, err
	}
	if err := CheckCount(len(datasets), "datasets"); err != nil {
		return nil, err
	}
	var c fault.Check
	for i, in := range datasets {
		c.Add(UpdateDatasetInput{&in.Name, in.Description}.check(), at(i)...)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Dataset, error) {
		return database.InBulk(datasets, func(datasets []CreateDatasetInput) ([]*ent.Dataset, error) {
			created, err := tx.Dataset.MapCreateBulk(datasets, func(create *ent.DatasetCreate, i int) {
				create.SetWorkspaceID(v.WorkspaceID).SetOwnerID(v.UserID).
					SetName(datasets[i].Name).SetNillableDescription(datasets[i].Description)
			}).Save(ctx)
			if err != nil {
				return nil, err
			}
			return created, tx.Member.MapCreateBulk(created, func(create *ent.MemberCreate, i int) {
				create.SetDatasetID(created[i].ID).SetUserID(v.UserID).SetRole(member.RoleOwner)
			}).Exec(ctx)
		})
	})
}

// UpdateDatasets makes the same change to each of the datasets.
func UpdateDatasets(ctx context.Context, db *database.DB, targets Targets[gid.DatasetID], in UpdateDatasetInput) error {
	var c fault.Check
	c.Add(targets.Check())
	c.Add(in.check(), "input")
	if err := c.Err(); err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		datasets, err := lockDatasets(ctx, tx, targets, access.EditDataset)
		if err != nil {
			return err
		}
		ids := Changed(datasets, func(d *ent.Dataset) gid.DatasetID { return d.ID }, func(d *ent.Dataset) bool {
			return Differs(in.Name, d.Name) || Differs(in.Description, d.Description)
		})
		if len(ids) == 0 {
			return nil
		}
		return tx.Dataset.Update().Where(dataset.IDIn(ids...)).
			SetNillableName(in.Name).SetNillableDescription(in.Description).Exec(ctx)
	})
}

// TransferDataset makes another user the owner; the present one stays as a manager.
func TransferDataset(ctx context.Context, db *database.DB, id gid.DatasetID, to gid.UserID, expected *int) (*ent.Dataset, error) {
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Dataset, error) {
		d, err := lockDataset(ctx, tx, id, expected, access.TransferDataset)
		if err != nil || d.OwnerID == to {
			return d, err
		}
		if err := CheckColleague(ctx, tx.Client(), d, to, "userId"); err != nil {
			return nil, err
		}
		if err := setRole(ctx, tx, id, d.OwnerID, member.RoleManager); err != nil {
			return nil, err
		}
		if err := setRole(ctx, tx, id, to, member.RoleOwner); err != nil {
			return nil, err
		}
		return d.Update().SetOwnerID(to).Save(ctx)
	})
}

// setRole gives a user a role in a dataset, whether or not they had one.
func setRole(ctx context.Context, tx *ent.Tx, id gid.DatasetID, user gid.UserID, role member.Role) error {
	n, err := tx.Member.Update().Where(member.DatasetID(id), member.UserID(user)).SetRole(role).Save(ctx)
	if err != nil || n > 0 {
		return err
	}
	return tx.Member.Create().SetDatasetID(id).SetUserID(user).SetRole(role).Exec(ctx)
}

// DeleteDatasets deletes datasets and all that belongs to them.
func DeleteDatasets(ctx context.Context, db *database.DB, targets Targets[gid.DatasetID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		for _, id := range slices.Sorted(slices.Values(targets.IDs)) { // in one order, so that calls do not deadlock
			if err := access.Allow(ctx, tx.Client(), id, access.DeleteDataset); err != nil {
				return err
			}
			if err := db.OwnDataset(ctx, tx, id); err != nil {
				return err
			}
		}
		if _, err := lockDatasets(ctx, tx, targets, access.DeleteDataset); err != nil {
			return err
		}
		if err := db.TakeTime(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Dataset.Delete().Where(dataset.IDIn(targets.IDs...)).Exec(ctx)
		return err
	})
}

// lockDatasets returns the datasets for changes that need the action, if they have the expected versions.
func lockDatasets(ctx context.Context, tx *ent.Tx, targets Targets[gid.DatasetID], action access.Action) ([]*ent.Dataset, error) {
	q := tx.Dataset.Query().Where(dataset.IDIn(targets.IDs...)).Order(dataset.ByID())
	q.Modify(database.Lock)
	datasets, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return Hold(ctx, tx, "dataset", targets, datasets, func(d *ent.Dataset) Held[gid.DatasetID] {
		return Held[gid.DatasetID]{d.ID, d.ID, d.Version}
	}, action)
}

func lockDataset(ctx context.Context, tx *ent.Tx, id gid.DatasetID, expected *int, action access.Action) (*ent.Dataset, error) {
	datasets, err := lockDatasets(ctx, tx, One(id, expected), action)
	if err != nil {
		return nil, err
	}
	return datasets[0], nil
}
