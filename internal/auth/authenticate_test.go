package auth_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestAuthenticateRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		beto := w.user(t, "beto@example.com", "")
		tokens := w.signIn(t, ana)
		w.clock.now = now
		private, kid := keys(t, secret).Signer()
		signed := func(user gid.UserID, session gid.SessionID, version int) string {
			return forge(t, jwt.SigningMethodEdDSA, private, kid, func(_, claims part) {
				claims["sub"], claims["sid"], claims["sv"] = strconv.Itoa(int(user)), session, version
			})
		}
		cases := forgeries(t)
		cases["another's session"] = signed(beto.ID, tokens.Viewer.SessionID, beto.SessionVersion)
		cases["no such session"] = signed(u.ID, 99, u.SessionVersion)
		cases["no such user"] = signed(99, tokens.Viewer.SessionID, 1)
		cases["an earlier version"] = signed(u.ID, tokens.Viewer.SessionID, u.SessionVersion-1)
		cases["a later version"] = signed(u.ID, tokens.Viewer.SessionID, u.SessionVersion+1)
		cases["an unknown key"] = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
		for name, token := range cases {
			w.isGood(t, name, token, false)
		}
		w.isGood(t, "the right one", signed(u.ID, tokens.Viewer.SessionID, u.SessionVersion), true)
	})
}

// TestAccessEnds names all that ends access, and how soon: at once in the
// process that did it, and within five seconds in another.
func TestAccessEnds(t *testing.T) {
	for name, end := range map[string]func(context.Context, *world, auth.Tokens) error{
		"signing out": func(ctx context.Context, w *world, t auth.Tokens) error {
			return w.SignOut(ctx, t.Viewer, false)
		},
		"signing out everywhere": func(ctx context.Context, w *world, t auth.Tokens) error {
			return w.SignOut(ctx, t.Viewer, true)
		},
		"changing the password": func(ctx context.Context, w *world, t auth.Tokens) error {
			_, err := w.ChangePassword(ctx, t.Viewer, auth.PasswordChange{Current: password, New: another})
			return err
		},
		"setting the password": func(ctx context.Context, w *world, t auth.Tokens) error {
			return w.SetPassword(ctx, t.Viewer.UserID, another)
		},
		"disabling the user": func(ctx context.Context, w *world, t auth.Tokens) error {
			return w.Disable(ctx, t.Viewer.UserID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				w.user(t, ana, "")
				other := w.restarted(t, secret)
				tokens, stays := w.signIn(t, ana), w.signIn(t, ana)
				w.isGood(t, "here, before", tokens.AccessToken, true)
				other.isGood(t, "elsewhere, before", tokens.AccessToken, true)

				if err := end(t.Context(), w, tokens); err != nil {
					t.Fatal(err)
				}

				w.isGood(t, "here, at once", tokens.AccessToken, false)
				w.clock.advance(auth.CacheTTL)
				other.isGood(t, "elsewhere, within five seconds", tokens.AccessToken, false)
				w.refresh(t, "by the refresh token", tokens.RefreshToken, false)
				w.isGood(t, "another session", stays.AccessToken, name == "signing out")
				w.refresh(t, "another session's refresh token", stays.RefreshToken, name == "signing out")
			})
		})
	}
}

func TestForget(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		w.isGood(t, "before", tokens.AccessToken, true)
		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsSuperuser(true) })

		w.Forget(u.ID)

		v := testkit.Must(w.Authenticate(t.Context(), "Bearer "+tokens.AccessToken))(t)
		if !v.Superuser {
			t.Error("what was known of the user was not forgotten")
		}
	})
}

// TestAuthenticateAsksOnce counts statements.
func TestAuthenticateAsksOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{
		"sqlite": testkit.SQLite, "postgres": testkit.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int32
			w := newWorld(t, open(t, database.WithTrace(func(string) { statements.Add(1) })))
			u := w.user(t, ana, "")
			key, _ := w.issue(t, u, auth.KeyRequest{Name: "k"})
			for what, credential := range map[string]string{"token": w.signIn(t, ana).AccessToken, "key": key} {
				statements.Store(0)
				var all sync.WaitGroup
				for range 100 {
					all.Go(func() { w.isGood(t, what, credential, true) })
				}
				all.Wait()
				if n := statements.Load(); n != 1 {
					t.Errorf("100 requests with the same %s took %d statements, want 1", what, n)
				}
			}
		})
	}
}

// TestAuthenticateTellsTroubleFromRefusal keeps an outage from signing people out.
func TestAuthenticateTellsTroubleFromRefusal(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		if err := w.db.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := w.Authenticate(t.Context(), "Bearer "+tokens.AccessToken)
		if err == nil || errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("without a database: %v, want an error of no kind", err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{
		"sqlite": testkit.SQLite, "postgres": testkit.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, open(b))
			u := w.user(b, ana, "")
			key, _ := w.issue(b, u, auth.KeyRequest{Name: "k"})
			for what, credential := range map[string]string{"token": w.signIn(b, ana).AccessToken, "key": key} {
				b.Run(what+"/hit", func(b *testing.B) { w.benchmark(b, credential, 0) })
				b.Run(what+"/miss", func(b *testing.B) { w.benchmark(b, credential, u.ID) })
			}
		})
	}
}

func BenchmarkAuthenticateForged(b *testing.B) {
	w := newWorld(b, testkit.SQLite(b))
	for name, token := range forgeries(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Authenticate(b.Context(), "Bearer "+token); !errors.Is(err, auth.ErrInvalidToken) {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmark authenticates, after forgetting a user each time if there is one.
func (w *world) benchmark(b *testing.B, credential string, forget gid.UserID) {
	b.ReportAllocs()
	for b.Loop() {
		if forget != 0 {
			w.Forget(forget)
		}
		if _, err := w.Authenticate(b.Context(), "Bearer "+credential); err != nil {
			b.Fatal(err)
		}
	}
}
