package catalog

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// CreateMemberInput is a user to let into a dataset.
type CreateMemberInput struct {
	UserID gid.UserID
	Role   member.Role
}

// CreateMembers lets users of the dataset's workspace into the dataset.
// Complaints about them are found under at.
func CreateMembers(ctx context.Context, db *database.DB, id gid.DatasetID, members []CreateMemberInput, at func(i int) []any) ([]*ent.Member, error) {
	if err := CheckCount(len(members), "members"); err != nil {
		return nil, err
	}
	var c fault.Check
	seen := map[gid.UserID]bool{}
	for i, in := range members {
		c.That(in.Role != member.RoleOwner, ownerIsSet, append(at(i), "role")...)
		c.That(!seen[in.UserID], namedTwice, append(at(i), "userId")...)
		seen[in.UserID] = true
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Member, error) {
		d, err := lockDataset(ctx, tx, id, nil, access.EditMembers)
		if err != nil {
			return nil, err
		}
		if err := checkNewMembers(ctx, tx, d, members, at); err != nil {
			return nil, err
		}
		return database.InBulk(members, func(members []CreateMemberInput) ([]*ent.Member, error) {
			return tx.Member.MapCreateBulk(members, func(create *ent.MemberCreate, i int) {
				create.SetDatasetID(id).SetUserID(members[i].UserID).SetRole(members[i].Role)
			}).Save(ctx)
		})
	})
}

const ownerIsSet = "OWNER is given by transferDataset"

// checkNewMembers complains about those who are not of the workspace, or members already.
func checkNewMembers(ctx context.Context, tx *ent.Tx, d *ent.Dataset, members []CreateMemberInput, at func(i int) []any) error {
	ids := make([]gid.UserID, len(members))
	for i, in := range members {
		ids[i] = in.UserID
	}
	known, err := colleagues(ctx, tx.Client(), d, ids)
	if err != nil {
		return err
	}
	var found []gid.UserID
	if err := tx.Member.Query().Where(member.DatasetID(d.ID), member.UserIDIn(ids...)).Select(member.FieldUserID).Scan(ctx, &found); err != nil {
		return err
	}
	present := make(map[gid.UserID]bool, len(found))
	for _, id := range found {
		present[id] = true
	}
	var c fault.Check
	for i, id := range ids {
		path := append(at(i), "userId")
		c.That(known[id], noColleague, path...)
		c.That(!present[id], "is a member already", path...)
	}
	return c.Err()
}

// UpdateMembers gives members another role.
func UpdateMembers(ctx context.Context, db *database.DB, targets Targets[gid.MemberID], role member.Role) error {
	var c fault.Check
	c.Add(targets.Check())
	c.That(role != member.RoleOwner, ownerIsSet, "role")
	if err := c.Err(); err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockMembers(ctx, tx, targets); err != nil {
			return err
		}
		return tx.Member.Update().Where(member.IDIn(targets.IDs...), member.RoleNEQ(role)).SetRole(role).Exec(ctx)
	})
}

// DeleteMembers puts members out of their datasets.
func DeleteMembers(ctx context.Context, db *database.DB, targets Targets[gid.MemberID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockMembers(ctx, tx, targets); err != nil {
			return err
		}
		_, err := tx.Member.Delete().Where(member.IDIn(targets.IDs...)).Exec(ctx)
		return err
	})
}

// lockMembers locks members, of whom none may be an owner.
func lockMembers(ctx context.Context, tx *ent.Tx, targets Targets[gid.MemberID]) error {
	q := tx.Member.Query().Where(member.IDIn(targets.IDs...)).Order(member.ByID())
	q.Modify(database.Lock)
	members, err := q.All(ctx)
	if err != nil {
		return err
	}
	members, err = Hold(ctx, tx, "member", targets, members, func(m *ent.Member) Held[gid.MemberID] {
		return Held[gid.MemberID]{m.ID, m.DatasetID, m.Version}
	}, access.EditMembers)
	for i, m := range members {
		if m.Role == member.RoleOwner {
			return fault.InvalidAt("the owner stays; "+ownerIsSet, "ids", i)
		}
	}
	return err
}

const noColleague = "no such user in the workspace"

// CheckColleague complains at path unless the user is active and of the dataset's workspace.
// The answer is the same for a user of another workspace and for one who does not exist.
func CheckColleague(ctx context.Context, db *ent.Client, d *ent.Dataset, id gid.UserID, path ...any) error {
	return CheckColleagues(ctx, db, d, []gid.UserID{id}, func(int) []any { return path })
}

// CheckColleagues is CheckColleague for many users.
func CheckColleagues(ctx context.Context, db *ent.Client, d *ent.Dataset, ids []gid.UserID, at func(i int) []any) error {
	known, err := colleagues(ctx, db, d, ids)
	if err != nil {
		return err
	}
	var c fault.Check
	for i, id := range ids {
		c.That(known[id], noColleague, at(i)...)
	}
	return c.Err()
}

// colleagues tells which of the users are active and of the dataset's workspace.
func colleagues(ctx context.Context, db *ent.Client, d *ent.Dataset, ids []gid.UserID) (map[gid.UserID]bool, error) {
	found, err := db.User.Query().
		Where(user.IDIn(ids...), user.WorkspaceID(d.WorkspaceID), user.IsActive(true)).
		IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("look up users: %w", err)
	}
	known := make(map[gid.UserID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}
