package auth_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestChangePassword(t *testing.T) {
	for name, tt := range map[string]struct {
		change   auth.PasswordChange
		want     string
		keysLive bool
	}{
		"good":             {change: auth.PasswordChange{Current: password, New: another}},
		"keeping the keys": {change: auth.PasswordChange{Current: password, New: another, KeepAPIKeys: true}, keysLive: true},
		"wrong current":    {change: auth.PasswordChange{Current: another, New: another}, want: "currentPassword: is wrong", keysLive: true},
		"weak new":         {change: auth.PasswordChange{Current: password, New: "password1"}, want: "newPassword: is too common", keysLive: true},
		"new is the address": {
			change: auth.PasswordChange{Current: password, New: ana}, want: "newPassword: must not be the e-mail address", keysLive: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				u := w.user(t, ana, "")
				key, _ := w.issue(t, u, auth.KeyRequest{Name: "k"})
				before := w.signIn(t, ana)

				after, err := w.ChangePassword(t.Context(), before.Viewer, tt.change)

				complains(t, err, tt.want)
				changed := err == nil
				w.isGood(t, "the session before", before.AccessToken, !changed)
				w.isGood(t, "an API key", key, tt.keysLive)
				_, oldWorks := w.SignIn(t.Context(), from(home, ana, password))
				if (oldWorks == nil) == changed {
					t.Errorf("sign-in with the password before: %v", oldWorks)
				}
				if !changed {
					return
				}
				w.isGood(t, "the new session", after.AccessToken, true)
				w.refresh(t, "the new refresh token", after.RefreshToken, true)
				if _, err := w.SignIn(t.Context(), from(home, ana, another)); err != nil {
					t.Errorf("sign-in with the new password: %v", err)
				}
			})
		})
	}
}

func TestChangePasswordGuards(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		change := auth.PasswordChange{Current: password, New: another}
		if _, err := w.ChangePassword(t.Context(), access.Viewer{UserID: u.ID}, change); !errors.Is(err, fault.Forbidden) {
			t.Errorf("by API key: %v, want %v", err, fault.Forbidden)
		}

		viewer := w.signIn(t, ana).Viewer
		wrong := auth.PasswordChange{Current: "not-it", New: another, Origin: auth.Origin{IP: outside}}
		var err error
		for range 6 {
			_, err = w.ChangePassword(t.Context(), viewer, wrong)
		}
		if !errors.Is(err, fault.RateLimited) {
			t.Errorf("guessing the current password: %v, want %v", err, fault.RateLimited)
		}
	})
}

// TestChangePasswordAtOnce lets one of several changes stand.
func TestChangePasswordAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		viewer := w.signIn(t, ana).Viewer
		passwords := []string{"an0ther-pass-0", "an0ther-pass-1", "an0ther-pass-2", "an0ther-pass-3"}
		var stood atomic.Int32
		var all sync.WaitGroup
		for _, p := range passwords {
			all.Go(func() {
				tokens, err := w.ChangePassword(t.Context(), viewer, auth.PasswordChange{Current: password, New: p, Origin: auth.Origin{IP: home}})
				if err != nil {
					return
				}
				stood.Add(1)
				w.isGood(t, "the session of the change that stands", tokens.AccessToken, true)
				if _, err := w.SignIn(t.Context(), from(home, ana, p)); err != nil {
					t.Errorf("sign-in with %s: %v", p, err)
				}
			})
		}
		all.Wait()
		if n := stood.Load(); n != 1 {
			t.Errorf("%d changes stand, want 1", n)
		}
	})
}

func TestSetPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "md5$abc$5f4dcc3b5aa765d61d8327deb882cf99")
		key, _ := w.issue(t, u, auth.KeyRequest{Name: "k"})
		complains(t, w.SetPassword(t.Context(), u.ID, "short", "input", "password"), "input.password: must have at least 8 characters")
		w.isGood(t, "an API key before", key, true)

		if err := w.SetPassword(t.Context(), u.ID, password); err != nil {
			t.Fatal(err)
		}

		w.signIn(t, ana)
		w.isGood(t, "an API key after", key, false)
		if err := w.SetPassword(t.Context(), 99, password); !ent.IsNotFound(err) {
			t.Errorf("of a user who is not there: %v, want not found", err)
		}
	})
}

func TestSignOutByAPIKey(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		reads, _ := w.issue(t, u, auth.KeyRequest{Name: "reads", Scope: apikey.ScopeRead})
		viewer := testkit.Must(w.Authenticate(t.Context(), "Bearer "+reads))(t)

		complains(t, w.SignOut(t.Context(), viewer, false), "there is no session to end: revoke the API key instead")
		if err := w.SignOut(t.Context(), viewer, true); !errors.Is(err, fault.Forbidden) {
			t.Errorf("everywhere, by a key that reads: %v, want %v", err, fault.Forbidden)
		}
		w.isGood(t, "a session", tokens.AccessToken, true)
		viewer.ReadOnly = false
		if err := w.SignOut(t.Context(), viewer, true); err != nil {
			t.Errorf("everywhere, by a key that writes: %v", err)
		}
		w.isGood(t, "a session, after that", tokens.AccessToken, false)
		w.isGood(t, "the key", reads, true)
	})
}
