package demo

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
)

// The name of the workspace, and the one that it has until all is in it.
const (
	workspaceName  = "Demo"
	unfinishedName = "Demo (unfinished)"
)

// people are who works in the workspace, its admin first.
var people = []struct {
	email, first, last string
	role               member.Role // in the harbour dataset
	admin              bool
}{
	{"demo@example.com", "Dana", "Moreno", member.RoleOwner, true},
	{"annotator@example.com", "Ana", "Ruiz", member.RoleAnnotator, false},
	{"reviewer@example.com", "Ravi", "Shah", member.RoleReviewer, false},
	{"viewer@example.com", "Vera", "Lind", member.RoleViewer, false},
}

// team is the people of the demo, at work.
type team struct {
	Deps
	users map[member.Role]*ent.User // in the order of people, by their roles in the harbour dataset
}

// as returns a context in which the person of that role asks.
func (t *team) as(ctx context.Context, role member.Role) context.Context {
	u := t.users[role]
	return access.WithViewer(ctx, access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID, Admin: u.IsAdmin})
}

// gather removes what an interrupted run has left, and lets the people into a workspace of their
// own, without passwords as yet. It is false where there are users already.
func (t *team) gather(ctx context.Context) (ok bool, err error) {
	err = t.DB.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		ok = false
		if err := clean(ctx, tx); err != nil {
			return err
		}
		found, err := tx.User.Query().Exist(ctx)
		if err != nil || found {
			return err
		}
		ok = true
		return t.enter(ctx, tx)
	})
	return ok, err
}

// clean removes an unfinished workspace. Since its people have no passwords, what is in it
// is nobody's work.
func clean(ctx context.Context, tx *ent.Tx) error {
	id, err := tx.Workspace.Query().Where(workspace.Name(unfinishedName)).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Dataset.Delete().Where(dataset.WorkspaceID(id)).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.User.Delete().Where(user.WorkspaceID(id)).Exec(ctx); err != nil {
		return err
	}
	return tx.Workspace.DeleteOneID(id).Exec(ctx)
}

func (t *team) enter(ctx context.Context, tx *ent.Tx) error {
	space, err := tx.Workspace.Create().SetName(unfinishedName).Save(ctx)
	if err != nil {
		return err
	}
	t.users = make(map[member.Role]*ent.User, len(people))
	for _, p := range people {
		u, err := tx.User.Create().
			SetWorkspace(space).
			SetEmail(p.email).
			SetFirstName(p.first).
			SetLastName(p.last).
			SetIsAdmin(p.admin).
			SetPasswordHash(auth.UnusablePassword).
			Save(ctx)
		if err != nil {
			return err
		}
		t.users[p.role] = u
	}
	return nil
}

// open makes the admin's API key, and then, in one transaction, gives the people their
// password and the workspace its name. One hash will do for a password that is no secret.
func (t *team) open(ctx context.Context) (key string, err error) {
	admin := t.users[member.RoleOwner]
	hash, err := t.Auth.HashPassword(ctx, admin.Email, Password)
	if err != nil {
		return "", err
	}
	key, _, err = t.Auth.IssueAPIKey(ctx, admin.ID, auth.KeyRequest{Name: "Demo"})
	if err != nil {
		return "", err
	}
	return key, t.DB.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		space, err := tx.Workspace.UpdateOneID(admin.WorkspaceID).SetName(workspaceName).Save(ctx)
		if err != nil {
			return err
		}
		return tx.User.Update().
			Where(user.WorkspaceID(space.ID), user.PasswordHash(auth.UnusablePassword)).
			SetPasswordHash(hash).
			Exec(ctx)
	})
}
