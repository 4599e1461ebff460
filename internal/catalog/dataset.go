// Package catalog keeps datasets and what they consist of: labels, members, and
// what is known of images. Each function checks its input, then what the viewer may
// do, and then changes all that it was asked to or nothing.
package catalog

import (
	"context"

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
	c.Line(in.Name, nameLength, "input", "name")
	c.Text(in.Description, textLength, "input", "description")
	return c.Fields()
}

// CreateDataset makes a dataset in the viewer's workspace; the viewer owns it.
func CreateDataset(ctx context.Context, db *database.DB, in CreateDatasetInput) (*ent.Dataset, error) {
	v, err := access.Require(ctx)
	if err != nil {
		return nil, err
	}
	if fields := (UpdateDatasetInput{&in.Name, in.Description}).check(); fields != nil {
		return nil, fields
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Dataset, error) {
		d, err := tx.Dataset.Create().
			SetWorkspaceID(v.WorkspaceID).
			SetOwnerID(v.UserID).
			SetName(in.Name).
			SetNillableDescription(in.Description).
			Save(ctx)
		if err != nil {
			return nil, err
		}
		return d, tx.Member.Create().SetDatasetID(d.ID).SetUserID(v.UserID).SetRole(member.RoleOwner).Exec(ctx)
	})
}

// UpdateDataset changes a dataset's name and description.
func UpdateDataset(ctx context.Context, db *database.DB, id gid.DatasetID, expected *int, in UpdateDatasetInput) (*ent.Dataset, error) {
	if fields := in.check(); fields != nil {
		return nil, fields
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Dataset, error) {
		d, err := lockDataset(ctx, tx, id, expected, access.EditDataset)
		if err != nil || in == (UpdateDatasetInput{}) {
			return d, err
		}
		return d.Update().SetNillableName(in.Name).SetNillableDescription(in.Description).Save(ctx)
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

// DeleteDataset deletes a dataset and all that belongs to it.
func DeleteDataset(ctx context.Context, db *database.DB, id gid.DatasetID, expected *int) error {
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := access.Allow(ctx, tx.Client(), id, access.DeleteDataset); err != nil {
			return err
		}
		if err := db.OwnDataset(ctx, tx, id); err != nil {
			return err
		}
		d, err := lockDataset(ctx, tx, id, expected, access.DeleteDataset)
		if err != nil {
			return err
		}
		return tx.Dataset.DeleteOne(d).Exec(ctx)
	})
}

// lockDataset returns the dataset for changes that need the action, if it has the expected version.
func lockDataset(ctx context.Context, tx *ent.Tx, id gid.DatasetID, expected *int, action access.Action) (*ent.Dataset, error) {
	q := tx.Dataset.Query().Where(dataset.ID(id))
	q.Modify(database.Lock)
	d, err := q.Only(ctx)
	if err != nil {
		return nil, named(err, "dataset")
	}
	if err := access.Allow(ctx, tx.Client(), id, action); err != nil {
		return nil, err
	}
	return d, database.Fresh(d.Version, expected, d)
}
