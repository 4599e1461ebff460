package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// retryWindow is how long a refresh token that was used gives the same answer
// again, for clients that lost it. Using it later is taken for theft.
const retryWindow = 10 * time.Second

// refresh is a refresh token: dgr_<family>_<secret>. The family is that of its
// session and names it nowhere else, so that whoever knows it held a token.
type refresh struct {
	family string // 32 hex digits
	secret string // 256 bits in URL-safe base 64
}

const (
	refreshStart = "dgr_"
	familyLength = 16 // bytes
)

// newRefresh returns the first token of a new family.
func newRefresh() refresh {
	var random [familyLength + sha256.Size]byte
	rand.Read(random[:]) // never fails: the process ends first
	return refresh{
		family: hex.EncodeToString(random[:familyLength]),
		secret: base64.RawURLEncoding.EncodeToString(random[familyLength:]),
	}
}

func parseRefresh(token string) (refresh, bool) {
	rest, ok := strings.CutPrefix(token, refreshStart)
	family, secret, found := strings.Cut(rest, "_")
	if !ok || !found || len(family) != hex.EncodedLen(familyLength) || strings.Trim(family, "0123456789abcdef") != "" {
		return refresh{}, false
	}
	random, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	return refresh{family: family, secret: secret}, err == nil && len(random) == sha256.Size
}

// String is the token as clients hold it.
func (r refresh) String() string { return refreshStart + r.family + "_" + r.secret }

// hash is the form in which the token is stored. It has 256 random bits, so
// that a slow hash would add nothing.
func (r refresh) hash() string {
	sum := sha256.Sum256([]byte(r.String()))
	return hex.EncodeToString(sum[:])
}

// successors are what may follow r: the first is what does when r is used now,
// the others when it was used under an earlier secret of the server's. Being
// derived, they need not be stored to be given again.
func (a *Authority) successors(r refresh) []refresh {
	var next []refresh
	for _, key := range a.keys.macs {
		sum := mac(key, "refresh token", []byte(r.String()))
		next = append(next, refresh{family: r.family, secret: base64.RawURLEncoding.EncodeToString(sum)})
	}
	return next
}

// Refresh exchanges a refresh token for new tokens. Each is good for one use,
// and for the same answer again within retryWindow. A later use means that two
// hold it, one of whom stole it: the session ends. The error is ErrInvalidToken
// or internal.
func (a *Authority) Refresh(ctx context.Context, token string) (t Tokens, err error) {
	defer fault.Wrap(&err, "refresh")

	used, ok := parseRefresh(token)
	if !ok {
		return Tokens{}, ErrInvalidToken
	}
	var stolen gid.SessionID
	err = a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) (err error) {
		t, stolen, err = a.exchange(ctx, tx, used)
		return err
	})
	if err != nil {
		return Tokens{}, err
	}
	if stolen != 0 {
		a.forgetSession(stolen)
		a.log.WarnContext(ctx, "a refresh token was used twice: its session was ended", "session", stolen)
		return Tokens{}, ErrInvalidToken
	}
	return t, nil
}

// exchange returns new tokens, or the session that it ended since used is an
// old token of it.
func (a *Authority) exchange(ctx context.Context, tx *ent.Tx, used refresh) (t Tokens, stolen gid.SessionID, err error) {
	next := a.successors(used)
	if err := a.rotate(ctx, tx, used, next[0]); err != nil {
		return Tokens{}, 0, err
	}
	// Whether we rotated or another did just before, the session now tells: a
	// successor of used is its token only if the last rotation was that of used.
	s, err := tx.Session.Query().Where(session.Family(used.family)).WithUser().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return Tokens{}, 0, ErrInvalidToken
	case err != nil:
		return Tokens{}, 0, err
	case s.RevokedAt != nil || !a.now().Before(s.ExpiresAt) || !s.Edges.User.IsActive:
		return Tokens{}, 0, ErrInvalidToken
	}
	i := slices.IndexFunc(next, func(r refresh) bool { return r.hash() == s.TokenHash })
	if i < 0 || a.now().Sub(*s.RotatedAt) > retryWindow {
		return Tokens{}, s.ID, revoke(ctx, tx, a.now(), session.ID(s.ID))
	}
	t, err = a.issue(s.Edges.User, s, next[i])
	return t, 0, err
}

// rotate replaces used by next if used is the present token of a session that
// lives. Of any number of callers one does.
func (a *Authority) rotate(ctx context.Context, tx *ent.Tx, used, next refresh) error {
	now := a.now()
	return tx.Session.Update().
		Where(
			session.Family(used.family),
			session.TokenHash(used.hash()),
			session.RevokedAtIsNil(),
			session.ExpiresAtGT(now),
		).
		SetTokenHash(next.hash()).
		SetRotatedAt(now).
		SetLastUsedAt(now).
		SetExpiresAt(now.Add(a.refreshTTL)).
		Exec(ctx)
}
