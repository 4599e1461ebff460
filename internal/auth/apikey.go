package auth

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// maxKeyName is the length of the longest name of an API key, in characters.
const maxKeyName = 100

// KeyRequest is what an API key shall be.
type KeyRequest struct {
	Name      string
	Scope     apikey.Scope // empty: apikey.ScopeWrite
	ExpiresAt *time.Time   // nil: never
}

// CreateAPIKey makes a key for the caller, who must act by a session: a stolen
// key shall not make another. The secret is returned here and never again.
// Complaints are at name, scope and expiresAt.
func (a *Authority) CreateAPIKey(ctx context.Context, v access.Viewer, r KeyRequest) (secret string, key *ent.APIKey, err error) {
	if v.SessionID == 0 {
		return "", nil, errNeedsSession
	}
	return a.IssueAPIKey(ctx, v.UserID, r)
}

// IssueAPIKey makes a key for a user, on the authority of whoever runs the server.
func (a *Authority) IssueAPIKey(ctx context.Context, id gid.UserID, r KeyRequest) (secret string, key *ent.APIKey, err error) {
	defer fault.Wrap(&err, "issue an API key for user %d", id)

	if r.Scope == "" {
		r.Scope = apikey.DefaultScope
	}
	if err := a.checkKey(r); err != nil {
		return "", nil, err
	}
	if r.ExpiresAt != nil {
		at := r.ExpiresAt.UTC().Truncate(time.Microsecond) // the precision that both databases keep
		r.ExpiresAt = &at
	}
	secret, prefix := newKey()
	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) (err error) {
		key, err = tx.APIKey.Create().
			SetUserID(id).
			SetName(strings.TrimSpace(r.Name)).
			SetPrefix(prefix).
			SetHash(HashKey(secret)).
			SetScope(r.Scope).
			SetNillableExpiresAt(r.ExpiresAt).
			Save(ctx)
		return err
	})
	return secret, key, err
}

func (a *Authority) checkKey(r KeyRequest) error {
	name := strings.TrimSpace(r.Name)
	switch {
	case name == "":
		return fault.InvalidAt("must not be blank", "name")
	case utf8.RuneCountInString(name) > maxKeyName:
		return fault.InvalidAt("must have at most 100 characters", "name")
	case apikey.ScopeValidator(r.Scope) != nil:
		return fault.InvalidAt("must be READ or WRITE", "scope")
	case r.ExpiresAt != nil && !r.ExpiresAt.After(a.now()):
		return fault.InvalidAt("must be in the future", "expiresAt")
	}
	return nil
}

// RevokeAPIKey ends a key of the caller's, who may act by it. A key of somebody
// else's is of the kind fault.NotFound, and a caller who only reads fault.Forbidden.
func (a *Authority) RevokeAPIKey(ctx context.Context, v access.Viewer, key gid.APIKeyID) (revoked *ent.APIKey, err error) {
	defer fault.Wrap(&err, "revoke API key %d", key)

	if v.ReadOnly {
		return nil, errReadOnly
	}
	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) (err error) {
		err = tx.APIKey.Update().
			Where(apikey.ID(key), apikey.UserID(v.UserID), apikey.RevokedAtIsNil()).
			SetRevokedAt(a.now()).
			Exec(ctx)
		if err != nil {
			return err
		}
		revoked, err = tx.APIKey.Query().Where(apikey.ID(key), apikey.UserID(v.UserID)).Only(ctx)
		return err
	})
	a.cache.forget(func(i identity) bool { return i.apiKey == key })
	return revoked, err
}
