package auth

import (
	"context"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// SignOut ends the session of v, or all sessions of its user. API keys stay
// good; who acts by one has no session to end, which is of the kind
// fault.Invalid, and with one that only reads cannot end all, fault.Forbidden.
func (a *Authority) SignOut(ctx context.Context, v access.Viewer, all bool) error {
	switch {
	case all && v.ReadOnly:
		return errReadOnly
	case all:
		return a.EndSessions(ctx, v.UserID)
	case v.SessionID == 0:
		return fault.InvalidAt("there is no session to end: revoke the API key instead")
	}
	return a.endSession(ctx, v.SessionID)
}

func (a *Authority) endSession(ctx context.Context, id gid.SessionID) (err error) {
	defer fault.Wrap(&err, "end session %d", id)

	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		return revoke(ctx, tx, a.now(), session.ID(id))
	})
	a.forgetSession(id)
	return err
}

// EndSessions ends all sessions of a user. API keys stay good.
func (a *Authority) EndSessions(ctx context.Context, id gid.UserID) (err error) {
	defer fault.Wrap(&err, "end the sessions of user %d", id)

	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		return a.endSessions(ctx, tx, tx.User.UpdateOneID(id).Modify(unnoticed))
	})
	a.Forget(id)
	return err
}

// endSessions writes a change of a user, together with the end of all their
// sessions: access tokens die of the version, refresh tokens of their rows.
// The user comes first, since whoever signs in writes the user first: their
// session is then either there to be revoked, or never made.
func (a *Authority) endSessions(ctx context.Context, tx *ent.Tx, change *ent.UserUpdateOne) error {
	id, _ := change.Mutation().ID()
	if err := change.AddSessionVersion(1).Exec(ctx); err != nil {
		return err
	}
	return revoke(ctx, tx, a.now(), session.UserID(id))
}

// revoke ends the sessions of which are holds.
func revoke(ctx context.Context, tx *ent.Tx, now time.Time, are predicate.Session) error {
	return tx.Session.Update().Where(are, session.RevokedAtIsNil()).SetRevokedAt(now).Exec(ctx)
}

// Forget makes this process look at a user again: to be called when what is
// known of them has changed. Other processes do by themselves within seconds.
func (a *Authority) Forget(id gid.UserID) {
	a.cache.forget(func(i identity) bool { return i.UserID == id })
}

func (a *Authority) forgetSession(id gid.SessionID) {
	a.cache.forget(func(i identity) bool { return i.SessionID == id })
}
