package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// What an API key may not do, lest a stolen one make itself at home.
var (
	errNeedsSession = fmt.Errorf("%w by API key: sign in", fault.Forbidden)
	errReadOnly     = fmt.Errorf("%w: the API key only reads", fault.Forbidden)
)

// HashPassword checks a new password of the user with that address, and returns
// what to store. Complaints are at path; the other errors are of the kind
// fault.Unavailable, when too many passwords wait to be hashed, or internal.
func (a *Authority) HashPassword(ctx context.Context, email, password string, path ...any) (string, error) {
	if err := CheckPassword(password, email, path...); err != nil {
		return "", err
	}
	return a.hasher.hash(ctx, password)
}

// SetPassword gives a user another password, and ends all that was reached with
// the old one: sessions, and API keys. Complaints are at path.
func (a *Authority) SetPassword(ctx context.Context, id gid.UserID, password string, path ...any) (err error) {
	defer fault.Wrap(&err, "set the password of user %d", id)

	u, err := a.db.User.Get(access.System(ctx), id)
	if err != nil {
		return err
	}
	hash, err := a.HashPassword(ctx, u.Email, password, path...)
	if err != nil {
		return err
	}
	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		return a.replacePassword(ctx, tx, tx.User.UpdateOneID(id).SetPasswordHash(hash), false)
	})
	a.Forget(id)
	return err
}

func (a *Authority) replacePassword(ctx context.Context, tx *ent.Tx, change *ent.UserUpdateOne, keepAPIKeys bool) error {
	id, _ := change.Mutation().ID()
	if err := a.endSessions(ctx, tx, change.Modify(unnoticed)); err != nil || keepAPIKeys {
		return err
	}
	return tx.APIKey.Update().
		Where(apikey.UserID(id), apikey.RevokedAtIsNil()).
		SetRevokedAt(a.now()).
		Exec(ctx)
}

// PasswordChange is what a person says to change their own password.
type PasswordChange struct {
	Current     string
	New         string
	KeepAPIKeys bool // otherwise they are revoked: whoever knew the password may have made one
	Origin
}

// ChangePassword ends all sessions of the user and starts a new one in the
// place of the caller's, which must be a session. A wrong current password
// counts as a failed sign-in. Complaints are at currentPassword and newPassword.
func (a *Authority) ChangePassword(ctx context.Context, v access.Viewer, c PasswordChange) (t Tokens, err error) {
	defer fault.Wrap(&err, "change the password of user %d", v.UserID)

	if v.SessionID == 0 {
		return Tokens{}, errNeedsSession
	}
	u, err := a.confirm(ctx, v.UserID, c)
	if err != nil {
		return Tokens{}, err
	}
	hash, err := a.HashPassword(ctx, u.Email, c.New, "newPassword")
	if err != nil {
		return Tokens{}, err
	}
	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) (err error) {
		t, err = a.startAnew(ctx, tx, u, hash, c)
		return err
	})
	a.Forget(u.ID)
	return t, err
}

// confirm returns the user if they know their password.
func (a *Authority) confirm(ctx context.Context, id gid.UserID, c PasswordChange) (*ent.User, error) {
	email, err := a.db.User.Query().Where(user.ID(id)).Select(user.FieldEmail).String(access.System(ctx))
	if err != nil {
		return nil, err
	}
	u, _, err := a.recognize(ctx, email, c.Current, c.IP)
	if errors.Is(err, ErrCredentials) {
		return nil, fault.InvalidAt("is wrong", "currentPassword")
	}
	return u, err
}

// startAnew replaces the password that u had when confirmed: if another change
// came first, that one stands.
func (a *Authority) startAnew(ctx context.Context, tx *ent.Tx, u *ent.User, hash string, c PasswordChange) (Tokens, error) {
	change := tx.User.UpdateOneID(u.ID).Where(user.SessionVersion(u.SessionVersion)).SetPasswordHash(hash)
	err := a.replacePassword(ctx, tx, change, c.KeepAPIKeys)
	if ent.IsNotFound(err) {
		return Tokens{}, ErrInvalidToken
	}
	if err != nil {
		return Tokens{}, err
	}
	changed, err := tx.User.Get(ctx, u.ID)
	if err != nil {
		return Tokens{}, err
	}
	return a.open(ctx, tx, changed, c.UserAgent)
}

// Disable bars a user: they cannot sign in, and their sessions end. Their API
// keys do nothing until they are enabled again.
func (a *Authority) Disable(ctx context.Context, id gid.UserID) (err error) {
	defer fault.Wrap(&err, "disable user %d", id)

	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		return a.endSessions(ctx, tx, tx.User.UpdateOneID(id).SetIsActive(false))
	})
	a.Forget(id)
	return err
}
