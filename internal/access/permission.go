package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Action is something that can be done in a dataset.
type Action string

// All that can be done in a dataset.
const (
	Read            Action = "read"
	Annotate        Action = "annotate"
	MarkDone        Action = "mark as done"
	MarkReviewed    Action = "mark as reviewed"
	EditImages      Action = "edit images"
	EditLabels      Action = "edit labels"
	EditBatches     Action = "edit batches"
	EditJobs        Action = "edit jobs"
	EditSnapshots   Action = "edit snapshots"
	EditMembers     Action = "edit members"
	EditDataset     Action = "edit the dataset"
	DeleteDataset   Action = "delete the dataset"
	TransferDataset Action = "transfer the dataset"
)

// least is the permission table: the least role that may do an action.
var least = map[Action]member.Role{
	Read:            member.RoleViewer,
	Annotate:        member.RoleAnnotator,
	MarkDone:        member.RoleAnnotator,
	MarkReviewed:    member.RoleReviewer,
	EditImages:      member.RoleManager,
	EditLabels:      member.RoleManager,
	EditBatches:     member.RoleManager,
	EditJobs:        member.RoleManager,
	EditSnapshots:   member.RoleManager,
	EditMembers:     member.RoleManager,
	EditDataset:     member.RoleManager,
	DeleteDataset:   member.RoleOwner,
	TransferDataset: member.RoleOwner,
}

// rank orders the roles; each may do what those before it may.
var rank = map[member.Role]int{
	member.RoleViewer:    1,
	member.RoleAnnotator: 2,
	member.RoleReviewer:  3,
	member.RoleManager:   4,
	member.RoleOwner:     5,
}

// Includes tells whether role a may do all that role b may.
func Includes(a, b member.Role) bool { return rank[a] > 0 && rank[a] >= rank[b] }

// Allow returns nil when the viewer may do all the actions in the dataset. Otherwise it
// returns fault.NotFound when the viewer may not even see the dataset, and fault.Forbidden
// when they may see it and not do it.
func Allow(ctx context.Context, db *ent.Client, id gid.DatasetID, actions ...Action) error {
	if isSystem(ctx) {
		return nil
	}
	role, err := RoleIn(ctx, db, id)
	if err != nil {
		return err
	}
	v, _ := ViewerFrom(ctx)
	for _, a := range actions {
		if a != Read && v.ReadOnly {
			return errReadOnly
		}
		if !Includes(role, least[a]) {
			return fmt.Errorf("%w to %s", fault.Forbidden, a)
		}
	}
	return nil
}

// RoleIn returns the viewer's role in a dataset: OWNER for admins of its workspace and
// for superusers, else the greater of their membership's and the ANNOTATOR that any
// assigned job makes them. It returns fault.NotFound when they have none.
func RoleIn(ctx context.Context, db *ent.Client, id gid.DatasetID) (member.Role, error) {
	roles, err := Roles(ctx, db, []gid.DatasetID{id})
	if err != nil {
		return "", err
	}
	role, ok := roles[id]
	if !ok {
		return "", fmt.Errorf("dataset %w", fault.NotFound)
	}
	return role, nil
}

// Roles returns the viewer's role in each of the datasets that they may see; see RoleIn.
func Roles(ctx context.Context, db *ent.Client, ids []gid.DatasetID) (_ map[gid.DatasetID]member.Role, err error) {
	defer fault.Wrap(&err, "roles in datasets")
	v, err := Require(ctx)
	if err != nil {
		return nil, err
	}
	if v.Superuser || v.Admin {
		return rolesOfAdmin(ctx, db, ids)
	}
	var members []struct {
		DatasetID gid.DatasetID `sql:"dataset_id"`
		Role      member.Role   `sql:"role"`
	}
	err = db.Member.Query().Where(member.UserID(v.UserID), member.DatasetIDIn(ids...)).
		Select(member.FieldDatasetID, member.FieldRole).Scan(ctx, &members)
	if err != nil {
		return nil, err
	}
	roles := make(map[gid.DatasetID]member.Role, len(members))
	for _, m := range members {
		roles[m.DatasetID] = m.Role
	}
	if !slices.ContainsFunc(ids, func(id gid.DatasetID) bool { return !Includes(roles[id], member.RoleAnnotator) }) {
		return roles, nil // an assignee is no more than they are
	}
	assigned, err := db.Job.Query().Where(job.AssigneeID(v.UserID), job.DatasetIDIn(ids...)).
		Unique(true).Select(job.FieldDatasetID).Ints(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range assigned {
		if id := gid.DatasetID(id); !Includes(roles[id], member.RoleAnnotator) {
			roles[id] = member.RoleAnnotator
		}
	}
	return roles, nil
}

// rolesOfAdmin makes an admin the owner of all that they may see.
func rolesOfAdmin(ctx context.Context, db *ent.Client, ids []gid.DatasetID) (map[gid.DatasetID]member.Role, error) {
	found, err := db.Dataset.Query().Where(dataset.IDIn(ids...)).Select(dataset.FieldID).Ints(ctx)
	if err != nil {
		return nil, err
	}
	roles := make(map[gid.DatasetID]member.Role, len(found))
	for _, id := range found {
		roles[gid.DatasetID(id)] = member.RoleOwner
	}
	return roles, nil
}
