package auth

import (
	"context"
	"errors"

	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
)

// Verify tells whether a token is good: one that Authenticate takes, or a refresh token, which is not used up.
// The error is internal.
func (a *Authority) Verify(ctx context.Context, token string) (ok bool, err error) {
	defer fault.Wrap(&err, "verify a token")

	if r, ok := parseRefresh(token); ok {
		return a.refreshes(ctx, r)
	}
	_, err = a.Authenticate(ctx, "Bearer "+token)
	if errors.Is(err, fault.Unauthenticated) {
		return false, nil
	}
	return err == nil, err
}

// refreshes tells whether r is the present token of a session that lives.
func (a *Authority) refreshes(ctx context.Context, r refresh) (bool, error) {
	return a.db.Session.Query().
		Where(
			session.Family(r.family),
			session.TokenHash(r.hash()),
			session.RevokedAtIsNil(),
			session.ExpiresAtGT(a.now()),
			session.HasUserWith(user.IsActive(true)),
		).
		Exist(access.System(ctx))
}
