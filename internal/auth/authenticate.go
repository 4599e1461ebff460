package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// maxLoad bounds the look-up of a credential, which several requests may wait for.
const maxLoad = 5 * time.Second

// Authenticate returns who sends a request with this Authorization header. When
// that is nobody, the error is ErrNoCredentials, ErrEmptyHeader, ErrSpaces or
// ErrInvalidToken; any other says that the database could not be asked.
func (a *Authority) Authenticate(ctx context.Context, header string) (access.Viewer, error) {
	credential, err := ParseAuthorization(header)
	if err != nil {
		return access.Viewer{}, err
	}
	key := credentialHash(sha256.Sum256([]byte(credential)))
	id, generation, ok := a.cache.get(key, a.now())
	if !ok {
		id, err = a.load(ctx, key, generation, credential)
	}
	return id.Viewer, err
}

// load asks the database, once for all requests that wait for the same answer.
// One that comes after something was forgotten waits for a newer answer.
func (a *Authority) load(ctx context.Context, key credentialHash, generation uint64, credential string) (identity, error) {
	flight := fmt.Sprintf("%x %d", key, generation)
	answer, err, _ := a.loads.Do(flight, func() (any, error) {
		if id, _, ok := a.cache.get(key, a.now()); ok {
			return id, nil // another was quicker
		}
		// The first of them may leave, the others still want to know.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxLoad)
		defer cancel()
		return a.identify(ctx, key, generation, credential)
	})
	id, _ := answer.(identity)
	return id, err
}

func (a *Authority) identify(ctx context.Context, key credentialHash, generation uint64, credential string) (id identity, err error) {
	defer fault.Wrap(&err, "authenticate")

	until := a.now().Add(cacheTTL) // counted from before the question
	id, expires, err := a.whose(access.System(ctx), credential)
	if err != nil {
		return identity{}, err
	}
	if !expires.IsZero() && expires.Before(until) {
		until = expires
	}
	a.cache.put(key, generation, entry{identity: id, until: until})
	a.uses.note(id)
	return id, nil
}

// whose returns whose a credential is, and when it ends if it says so itself.
func (a *Authority) whose(ctx context.Context, credential string) (id identity, expires time.Time, err error) {
	switch {
	case isKey(credential), isLegacyKey(credential):
		id, err = a.holder(ctx, HashKey(credential))
		return id, time.Time{}, err
	case strings.HasPrefix(credential, keyStart): // mistyped
		return identity{}, time.Time{}, ErrInvalidToken
	}
	g, err := a.tokens.verify(credential)
	if err != nil {
		return identity{}, time.Time{}, ErrInvalidToken
	}
	id, err = a.signedIn(ctx, g)
	return id, g.expires.Add(leeway), err
}

// bearer is what one statement reads of a credential and of its user.
type bearer struct {
	ID          int    `sql:"id"` // of the session or key
	Scope       string `sql:"scope"`
	UserID      int    `sql:"user_id"`
	WorkspaceID int    `sql:"workspace_id"`
	Admin       bool   `sql:"is_admin"`
	Superuser   bool   `sql:"is_superuser"`
}

func (b bearer) viewer(in gid.SessionID) access.Viewer {
	return access.Viewer{
		UserID:      gid.UserID(b.UserID),
		WorkspaceID: gid.WorkspaceID(b.WorkspaceID),
		Admin:       b.Admin,
		Superuser:   b.Superuser,
		SessionID:   in,
	}
}

// signedIn returns whose session a token grants, if session and user are good.
func (a *Authority) signedIn(ctx context.Context, g grant) (identity, error) {
	var found []bearer
	err := a.db.Session.Query().
		Where(session.ID(g.session), session.UserID(g.user), session.RevokedAtIsNil(), session.ExpiresAtGT(a.now())).
		Modify(withUser(session.FieldUserID, func(s *sql.Selector, u *sql.SelectTable) {
			s.Where(sql.EQ(u.C(user.FieldSessionVersion), g.version))
		})).
		Scan(ctx, &found)
	if err != nil {
		return identity{}, err
	}
	if len(found) == 0 {
		return identity{}, ErrInvalidToken
	}
	return identity{Viewer: found[0].viewer(g.session)}, nil
}

// holder returns whose API key has that hash, if key and user are good.
func (a *Authority) holder(ctx context.Context, hash string) (identity, error) {
	var found []bearer
	err := a.db.APIKey.Query().
		Where(
			apikey.Hash(hash),
			apikey.RevokedAtIsNil(),
			apikey.Or(apikey.ExpiresAtIsNil(), apikey.ExpiresAtGT(a.now())),
		).
		Modify(withUser(apikey.FieldUserID, func(s *sql.Selector, _ *sql.SelectTable) {
			s.AppendSelect(s.C(apikey.FieldScope))
		})).
		Scan(ctx, &found)
	if err != nil {
		return identity{}, err
	}
	if len(found) == 0 {
		return identity{}, ErrInvalidToken
	}
	id := identity{Viewer: found[0].viewer(0), apiKey: gid.APIKeyID(found[0].ID)}
	id.ReadOnly = apikey.Scope(found[0].Scope) == apikey.ScopeRead
	return id, nil
}

// withUser joins the active user that column names, and selects a bearer.
func withUser(column string, more func(s *sql.Selector, user *sql.SelectTable)) func(*sql.Selector) {
	return func(s *sql.Selector) {
		u := sql.Table(user.Table)
		s.Join(u).On(s.C(column), u.C(user.FieldID))
		s.Where(sql.EQ(u.C(user.FieldIsActive), true))
		s.Select(
			s.C("id"), s.C(column),
			u.C(user.FieldWorkspaceID), u.C(user.FieldIsAdmin), u.C(user.FieldIsSuperuser),
		)
		more(s, u)
	}
}
