// Package auth signs people in and tells who sends a request.
//
// A sign-in is a session. It gives an access token, which is a JWT and good for
// minutes, and a refresh token, which is random and good for one use. Scripts
// hold API keys instead. Whatever the credential, its session or key and its
// user are looked at again within seconds, so that disabling a user, changing a
// password or signing out ends access: at once in this process, and within
// cacheTTL in the others.
//
// The package reads and writes users, sessions and keys on its own authority.
// Who may call what is the caller's business, except where a method says.
package auth

import (
	"cmp"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/datasetgen/datagen/internal/database"
)

// Options are what can be set. Zero values give the defaults.
type Options struct {
	AccessTTL  time.Duration    // of access tokens: 15 minutes
	RefreshTTL time.Duration    // of a session since its last refresh: 30 days
	LegacyTTL  time.Duration    // of tokens that the old sign-in makes: 30 days
	Now        func() time.Time // time.Now
	Log        *slog.Logger     // slog.Default()
}

// Authority signs people in and tells who sends a request.
type Authority struct {
	db       *database.DB
	keys     *Keys
	tokens   *tokens
	hasher   *hasher
	throttle *throttle
	cache    *cache
	loads    singleflight.Group
	uses     *uses

	accessTTL, refreshTTL, legacyTTL time.Duration

	clock func() time.Time
	log   *slog.Logger
}

// New returns an Authority over the users in db.
func New(db *database.DB, keys *Keys, o Options) *Authority {
	clock := o.Now
	if clock == nil {
		clock = time.Now
	}
	return &Authority{
		db:         db,
		keys:       keys,
		tokens:     newTokens(keys, clock),
		hasher:     newHasher(),
		throttle:   newThrottle(clock),
		cache:      newCache(),
		uses:       newUses(),
		accessTTL:  cmp.Or(o.AccessTTL, 15*time.Minute),
		refreshTTL: cmp.Or(o.RefreshTTL, 30*24*time.Hour),
		legacyTTL:  cmp.Or(o.LegacyTTL, 30*24*time.Hour),
		clock:      clock,
		log:        cmp.Or(o.Log, slog.Default()),
	}
}

// now is the present in the precision that both databases keep.
func (a *Authority) now() time.Time { return a.clock().UTC().Truncate(time.Microsecond) }
