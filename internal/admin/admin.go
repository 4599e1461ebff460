// Package admin manages the users of a workspace, for its admins.
package admin

import (
	"context"
	"fmt"
	"net/url"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	nameLength   = 150
	avatarLength = 500
)

// CreateUserInput is a person to let into the workspace.
type CreateUserInput struct {
	Email       string
	Password    string
	FirstName   *string
	LastName    *string
	IsAdmin     *bool
	WorkspaceID *gid.WorkspaceID // nil: the viewer's own
}

// UpdateUserInput is what to change of a user; what is nil or not set stays.
type UpdateUserInput struct {
	FirstName *string
	LastName  *string
	Avatar    graphql.Omittable[*string]
	IsAdmin   *bool
	IsActive  *bool
}

func (in UpdateUserInput) check(c *fault.Check) {
	c.Text(in.FirstName, nameLength, "input", "firstName")
	c.Text(in.LastName, nameLength, "input", "lastName")
	c.Text(in.Avatar.Value(), avatarLength, "input", "avatar")
	if avatar := in.Avatar.Value(); avatar != nil {
		c.That(isWeb(*avatar), "must be a URL of http or https", "input", "avatar")
	}
}

// isWeb tells a URL that a page may load: others, such as javascript:, run in the page of who looks at it.
func isWeb(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// manages is the permission for what only admins do.
const manages = "manage users"

// CreateUser adds a user to the viewer's workspace, or, for a superuser, to any.
func CreateUser(ctx context.Context, db *database.DB, authority *auth.Authority, in CreateUserInput) (*ent.User, error) {
	v, err := requireAdmin(ctx)
	if err != nil {
		return nil, err
	}
	workspace := v.WorkspaceID
	if in.WorkspaceID != nil {
		workspace = *in.WorkspaceID
	}
	if workspace != v.WorkspaceID && !v.Superuser {
		return nil, fault.InvalidAt("no such workspace", "input", "workspaceId")
	}
	hash, err := in.hash(ctx, authority)
	if err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.User, error) {
		if err := in.checkStored(ctx, tx, workspace); err != nil {
			return nil, err
		}
		return tx.User.Create().
			SetWorkspaceID(workspace).
			SetEmail(auth.NormalizeEmail(in.Email)).
			SetPasswordHash(hash).
			SetNillableFirstName(in.FirstName).
			SetNillableLastName(in.LastName).
			SetNillableIsAdmin(in.IsAdmin).
			Save(ctx)
	})
}

// hash checks the input by itself and returns the hash of its password.
func (in CreateUserInput) hash(ctx context.Context, authority *auth.Authority) (string, error) {
	var c fault.Check
	UpdateUserInput{FirstName: in.FirstName, LastName: in.LastName}.check(&c)
	email := auth.NormalizeEmail(in.Email)
	c.AddErr(auth.CheckEmail(email, "input", "email"))
	c.AddErr(auth.CheckPassword(in.Password, email, "input", "password"))
	if err := c.Err(); err != nil {
		return "", err
	}
	return authority.HashPassword(ctx, email, in.Password, "input", "password")
}

// checkStored checks the input against what there is. An address is taken whichever
// workspace has its user: people sign in by it alone.
func (in CreateUserInput) checkStored(ctx context.Context, tx *ent.Tx, id gid.WorkspaceID) error {
	taken, err := tx.User.Query().Where(user.Email(auth.NormalizeEmail(in.Email))).Exist(access.System(ctx))
	if err != nil {
		return err
	}
	if taken {
		return fault.InvalidAt("is taken", "input", "email")
	}
	_, err = tx.Workspace.Get(ctx, id)
	if ent.IsNotFound(err) {
		return fault.InvalidAt("no such workspace", "input", "workspaceId")
	}
	return err
}

// UpdateUser changes a user: people their own name and portrait, admins those of
// all in the workspace, and who is an admin, and who may sign in.
func UpdateUser(ctx context.Context, db *database.DB, authority *auth.Authority, id gid.UserID, expected *int, in UpdateUserInput) (*ent.User, error) {
	var c fault.Check
	in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := manageable(ctx, db.Client, id, in.mine()); err != nil {
		return nil, err
	}
	if in.disables() && isViewer(ctx, id) {
		return nil, fault.InvalidAt(notYourself, "input", "isActive")
	}
	if in.IsAdmin != nil && !*in.IsAdmin && isViewer(ctx, id) {
		return nil, fault.InvalidAt("you cannot end your own rights; another admin can", "input", "isAdmin") // so that one is left
	}
	u, err := database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.User, error) {
		q := tx.User.Query().Where(user.ID(id))
		q.Modify(database.Lock)
		u, err := q.Only(ctx)
		if err != nil {
			return nil, err
		}
		if err := database.Fresh(u.Version, expected, u); err != nil {
			return nil, err
		}
		if in == (UpdateUserInput{}) {
			return u, nil
		}
		return in.apply(ctx, tx, u)
	})
	authority.Forget(id)
	return u, err
}

// mine tells whether the change is one that people may make to themselves.
func (in UpdateUserInput) mine() bool {
	return in.IsAdmin == nil && in.IsActive == nil
}

// disables tells whether the change ends the user's access.
func (in UpdateUserInput) disables() bool { return in.IsActive != nil && !*in.IsActive }

// apply changes the user; an end of access ends all sessions, for good: the user first, as
// whoever signs in writes the user first.
func (in UpdateUserInput) apply(ctx context.Context, tx *ent.Tx, u *ent.User) (*ent.User, error) {
	change := u.Update().
		SetNillableFirstName(in.FirstName).
		SetNillableLastName(in.LastName).
		SetNillableIsAdmin(in.IsAdmin).
		SetNillableIsActive(in.IsActive)
	if v, ok := in.Avatar.ValueOK(); ok {
		if v == nil {
			change.ClearAvatar()
		} else {
			change.SetAvatar(*v)
		}
	}
	if !in.disables() {
		return change.Save(ctx)
	}
	u, err := change.AddSessionVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return u, tx.Session.Update().
		Where(session.UserID(u.ID), session.RevokedAtIsNil()).
		SetRevokedAt(database.Now()).
		Exec(access.System(ctx))
}

const notYourself = "you cannot disable yourself"

// isViewer tells whether the user is who asks.
func isViewer(ctx context.Context, id gid.UserID) bool {
	v, ok := access.ViewerFrom(ctx)
	return ok && v.UserID == id
}

// DisableUser ends a user's access within seconds. Nothing of theirs is deleted.
func DisableUser(ctx context.Context, db *database.DB, authority *auth.Authority, id gid.UserID, expected *int) (*ent.User, error) {
	no := false
	if isViewer(ctx, id) {
		return nil, fault.InvalidAt(notYourself, "id")
	}
	return UpdateUser(ctx, db, authority, id, expected, UpdateUserInput{IsActive: &no})
}

// ResetPassword gives a user a new password, for one who has forgotten theirs. It ends
// their sessions and revokes their API keys. Nobody resets their own: that takes the password so far.
func ResetPassword(ctx context.Context, db *database.DB, authority *auth.Authority, id gid.UserID, password string) (*ent.User, error) {
	if err := manageable(ctx, db.Client, id, false); err != nil {
		return nil, err
	}
	if isViewer(ctx, id) {
		return nil, fault.InvalidAt("your own is changed by changePassword", "id")
	}
	if err := authority.SetPassword(ctx, id, password, "newPassword"); err != nil {
		return nil, err
	}
	return db.User.Get(ctx, id)
}

// manageable returns nil for a user whom the viewer may change: mine tells that
// the change is one that people may make to themselves.
func manageable(ctx context.Context, db *ent.Client, id gid.UserID, mine bool) error {
	v, err := access.Require(ctx)
	if err != nil {
		return err
	}
	u, err := db.User.Query().Where(user.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return fmt.Errorf("user %w", fault.NotFound)
	}
	if err != nil {
		return err
	}
	allowed := v.Superuser || mine && v.UserID == id || v.Admin && !u.IsSuperuser // no admin takes over who is above them
	if !allowed || v.ReadOnly {
		return fmt.Errorf("%w to %s", fault.Forbidden, manages)
	}
	return nil
}

func requireAdmin(ctx context.Context) (access.Viewer, error) {
	v, err := access.Require(ctx)
	if err == nil && (!v.Admin && !v.Superuser || v.ReadOnly) {
		err = fmt.Errorf("%w to %s", fault.Forbidden, manages)
	}
	return v, err
}
