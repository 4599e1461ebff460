package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	password = "s3cret-pass"
	another  = "an0ther-pass"
	ana      = "ana@example.com"
)

var (
	home    = netip.MustParseAddr("192.0.2.1")
	outside = netip.MustParseAddr("198.51.100.7")
)

// hashed is password in the cheapest form that is not outdated.
var hashed = sync.OnceValues(func() (string, error) {
	keys, err := auth.NewKeys(secret)
	if err != nil {
		return "", err
	}
	return auth.New(nil, keys, auth.Options{}).HashPassword(context.Background(), ana, password)
})

// A world is a server process over a database, with a clock that tests move.
type world struct {
	*auth.Authority
	db    *database.DB
	clock *clock
	log   *lines
}

// onBoth runs test in a new world on each of the two databases.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(tb testing.TB, db *database.DB) *world {
	tb.Helper()
	return (&world{db: db, clock: &clock{now: time.Now()}, log: &lines{}}).restarted(tb, secret)
}

// restarted is another process over the same database, with these secrets.
func (w *world) restarted(tb testing.TB, secrets ...string) *world {
	tb.Helper()
	authority := auth.New(w.db, keys(tb, secrets...), auth.Options{
		Now: w.clock.Now,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	authority.BePatient()
	return &world{Authority: authority, db: w.db, clock: w.clock, log: w.log}
}

// user makes a user with that password hash, or that of password when it is empty.
func (w *world) user(tb testing.TB, email, hash string) *ent.User {
	tb.Helper()
	if hash == "" {
		hash = testkit.Must(hashed())(tb)
	}
	var u *ent.User
	err := w.db.Write(system(tb), func(ctx context.Context, tx *ent.Tx) error {
		space, err := tx.Workspace.Create().SetName("of " + email).Save(ctx)
		if err != nil {
			return err
		}
		u, err = tx.User.Create().SetEmail(email).SetPasswordHash(hash).SetWorkspace(space).Save(ctx)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// update changes a user as somebody else's code would.
func (w *world) update(tb testing.TB, u *ent.User, change func(*ent.UserUpdateOne)) {
	tb.Helper()
	err := w.db.Write(system(tb), func(ctx context.Context, tx *ent.Tx) error {
		update := tx.User.UpdateOneID(u.ID)
		change(update)
		return update.Exec(ctx)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) read(tb testing.TB, u *ent.User) *ent.User {
	tb.Helper()
	return testkit.Must(w.db.User.Get(system(tb), u.ID))(tb)
}

func (w *world) signIn(tb testing.TB, email string) auth.Tokens {
	tb.Helper()
	return testkit.Must(w.SignIn(tb.Context(), from(home, email, password)))(tb)
}

// isGood checks that a credential signs its holder in, or that it does not.
func (w *world) isGood(t *testing.T, what, credential string, want bool) {
	t.Helper()
	_, err := w.Authenticate(t.Context(), "Bearer "+credential)
	switch {
	case want && err != nil:
		t.Errorf("%s: %v, want it to be good", what, err)
	case !want && !errors.Is(err, auth.ErrInvalidToken):
		t.Errorf("%s: %v, want %v", what, err, auth.ErrInvalidToken)
	}
}

func from(ip netip.Addr, email, password string) auth.Credentials {
	return auth.Credentials{Email: email, Password: password, Origin: auth.Origin{UserAgent: "test", IP: ip}}
}

func system(tb testing.TB) context.Context { return access.System(tb.Context()) }

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}
