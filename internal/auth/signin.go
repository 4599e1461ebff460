package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
)

// ErrCredentials says that no active user has that e-mail address and password.
// It is of the kind fault.Unauthenticated, and the same whichever is wrong.
var ErrCredentials = fmt.Errorf("%w: wrong e-mail address or password", fault.Unauthenticated)

// Credentials are what a person signs in with, and where from.
type Credentials struct {
	Email    string
	Password string
	Origin
}

// Origin is where a sign-in comes from.
type Origin struct {
	UserAgent string     // kept with the session, cut to 300 bytes
	IP        netip.Addr // of the connection, or as a trusted proxy tells it; never one that clients choose
}

// Tokens are what a sign-in or a refresh gives.
type Tokens struct {
	Viewer           access.Viewer // who signed in, for the rest of the request
	AccessToken      string
	AccessExpiresAt  time.Time
	RefreshToken     string
	RefreshExpiresAt time.Time
}

// LegacyTokens are what the old sign-in gives: one token that lives long, for
// clients that never refresh, and beside it what others want.
type LegacyTokens struct {
	Token     string
	ExpiresAt time.Time
	Tokens
}

// SignIn starts a session. The error is ErrCredentials, a *ThrottledError, of
// the kind fault.Unavailable when too many sign in, or internal.
func (a *Authority) SignIn(ctx context.Context, c Credentials) (t Tokens, err error) {
	defer fault.Wrap(&err, "sign in")

	err = a.enter(ctx, c, func(ctx context.Context, tx *ent.Tx, u *ent.User) error {
		t, err = a.open(ctx, tx, u, c.UserAgent)
		return err
	})
	return t, err
}

// LegacySignIn starts two sessions, one for each token that outlives the
// request. Its errors are those of SignIn.
func (a *Authority) LegacySignIn(ctx context.Context, c Credentials) (t LegacyTokens, err error) {
	defer fault.Wrap(&err, "legacy sign in")

	err = a.enter(ctx, c, func(ctx context.Context, tx *ent.Tx, u *ent.User) error {
		if t, err = a.openLegacy(ctx, tx, u, c.UserAgent); err != nil {
			return err
		}
		t.Tokens, err = a.open(ctx, tx, u, c.UserAgent)
		return err
	})
	return t, err
}

// enter finds out who signs in, and in one transaction records it, replaces an
// outdated hash of the password, and calls open, which may run more than once.
func (a *Authority) enter(ctx context.Context, c Credentials, open func(context.Context, *ent.Tx, *ent.User) error) error {
	u, outdated, err := a.recognize(ctx, NormalizeEmail(c.Email), c.Password, c.IP)
	if err != nil {
		return err
	}
	upgrade := ""
	if outdated {
		upgrade, _ = a.hasher.tryHash(c.Password) // if not now, then at another sign-in
	}
	return a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		if err := a.record(ctx, tx, u, upgrade); err != nil {
			return err
		}
		return open(ctx, tx, u)
	})
}

// recognize returns the active user with that address and password, and whether
// the hash of the password is outdated. It takes as long when there is none.
func (a *Authority) recognize(ctx context.Context, email, password string, ip netip.Addr) (u *ent.User, outdated bool, err error) {
	attempt, err := a.throttle.admit(ctx, email, ip)
	if err != nil {
		return nil, false, err
	}
	result := unjudged
	defer func() { attempt.end(result) }()

	u, err = a.userAt(ctx, email)
	if err != nil {
		return nil, false, err
	}
	ok, outdated, err := a.matches(ctx, u, password)
	if err != nil {
		return nil, false, err
	}
	if !ok || !u.IsActive {
		result = failed
		return nil, false, ErrCredentials
	}
	result = succeeded
	return u, outdated, nil
}

// userAt returns the user with that address, or nil.
func (a *Authority) userAt(ctx context.Context, email string) (*ent.User, error) {
	if !isEmail(email) {
		return nil, nil
	}
	u, err := a.db.User.Query().Where(user.Email(email)).Only(access.System(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return u, err
}

// matches tells whether password is that of u, which may be nil.
func (a *Authority) matches(ctx context.Context, u *ent.User, password string) (ok, outdated bool, err error) {
	stored := UnusablePassword
	if u != nil && len(password) <= maxPasswordBytes {
		stored = u.PasswordHash
	}
	ok, outdated, err = a.hasher.verify(ctx, stored, password)
	if errors.Is(err, errUnknownHash) {
		a.log.WarnContext(ctx, "a user needs a new password: the hash of the present one is of an unknown form", "user", u.ID)
		return false, false, nil
	}
	return ok, outdated, err
}

// record writes that u signed in, unless u was disabled or got another password
// since being recognized; whoever changes those waits for us, or we for them.
func (a *Authority) record(ctx context.Context, tx *ent.Tx, u *ent.User, upgrade string) error {
	n, err := tx.User.Update().
		Where(user.ID(u.ID), user.IsActive(true), user.SessionVersion(u.SessionVersion)).
		SetLastLogin(a.now()).
		Modify(unnoticed).
		Save(ctx)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrCredentials
	}
	if upgrade == "" {
		return nil
	}
	n, err = tx.User.Update().
		Where(user.ID(u.ID), user.PasswordHash(u.PasswordHash)).
		SetPasswordHash(upgrade).
		Modify(unnoticed).
		Save(ctx)
	if n > 0 {
		a.log.InfoContext(ctx, "the hash of a password was upgraded", "user", u.ID)
	}
	return err
}

// unnoticed is a change of a user that people do not see: their version and the
// time of their last change stay, so that it is no conflict with anybody's edit.
func unnoticed(u *sql.UpdateBuilder) {
	keep(user.FieldUpdatedAt, user.FieldVersion)(u)
}

// keep writes columns as they are, over what would change them with every update.
func keep(columns ...string) func(*sql.UpdateBuilder) {
	return func(u *sql.UpdateBuilder) {
		for _, c := range columns {
			u.Set(c, sql.Expr(c))
		}
	}
}

// open makes a session and its first tokens.
func (a *Authority) open(ctx context.Context, tx *ent.Tx, u *ent.User, userAgent string) (Tokens, error) {
	first := newRefresh()
	s, err := a.create(tx, u, first, userAgent, a.refreshTTL).Save(ctx)
	if err != nil {
		return Tokens{}, err
	}
	return a.issue(u, s, first)
}

// openLegacy makes a session whose refresh token nobody gets.
func (a *Authority) openLegacy(ctx context.Context, tx *ent.Tx, u *ent.User, userAgent string) (LegacyTokens, error) {
	s, err := a.create(tx, u, newRefresh(), userAgent, a.legacyTTL).SetLegacy(true).Save(ctx)
	if err != nil {
		return LegacyTokens{}, err
	}
	token, err := a.tokens.sign(grantOf(u, s, s.ExpiresAt), useLegacy)
	return LegacyTokens{Token: token, ExpiresAt: s.ExpiresAt}, err
}

func (a *Authority) create(tx *ent.Tx, u *ent.User, first refresh, userAgent string, ttl time.Duration) *ent.SessionCreate {
	now := a.now()
	return tx.Session.Create().
		SetUserID(u.ID).
		SetFamily(first.family).
		SetTokenHash(first.hash()).
		SetLastUsedAt(now).
		SetExpiresAt(now.Add(ttl)).
		SetUserAgent(clean(userAgent))
}

// issue makes the tokens that u gets in a session whose refresh token is r.
func (a *Authority) issue(u *ent.User, s *ent.Session, r refresh) (Tokens, error) {
	expires := a.now().Add(a.accessTTL).Truncate(time.Second) // as the token has it
	token, err := a.tokens.sign(grantOf(u, s, expires), useAccess)
	return Tokens{
		Viewer:           viewerOf(u, s),
		AccessToken:      token,
		AccessExpiresAt:  expires,
		RefreshToken:     r.String(),
		RefreshExpiresAt: s.ExpiresAt,
	}, err
}

func grantOf(u *ent.User, s *ent.Session, expires time.Time) grant {
	return grant{user: u.ID, session: s.ID, version: u.SessionVersion, expires: expires}
}

func viewerOf(u *ent.User, s *ent.Session) access.Viewer {
	return access.Viewer{
		UserID:      u.ID,
		WorkspaceID: u.WorkspaceID,
		Admin:       u.IsAdmin,
		Superuser:   u.IsSuperuser,
		SessionID:   s.ID,
	}
}

const maxUserAgent = 300 // bytes

// clean makes what a client calls itself fit for the database.
func clean(userAgent string) string {
	userAgent = strings.ReplaceAll(userAgent, "\x00", "")
	if len(userAgent) > maxUserAgent {
		userAgent = userAgent[:maxUserAgent]
	}
	return strings.ToValidUTF8(userAgent, "")
}
