package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

// django is password as the service before this one stored it,
// with fewer iterations, since the race detector makes each of them dear.
const django = "pbkdf2_sha256$1000$abcDEF123xyz$NmSOCvFN8JLoXlnEPZ/iFFsprokD1emcOsBGK2ckYCY="

func TestSignIn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		w.user(t, "django@example.com", django)
		w.user(t, "long@example.com", "pbkdf2_sha256$1000$abcDEF123xyz$+A1R0yUWAMSwhNBt8lj2PUHUQ+KUO+HgXpLKx8gS4VU=")
		w.user(t, "longer@example.com", "pbkdf2_sha256$1000$abcDEF123xyz$++UaDZckxVetCgTeHuM7wc1Q3vTTHsYwxep76uzrSWo=")
		w.user(t, "unusable@example.com", auth.UnusablePassword)
		w.user(t, "none@example.com", "\x20")
		w.user(t, "md5@example.com", "md5$abc$5f4dcc3b5aa765d61d8327deb882cf99")
		disabled := w.user(t, "disabled@example.com", "")
		w.update(t, disabled, func(u *ent.UserUpdateOne) { u.SetIsActive(false) })

		for name, tt := range map[string]struct {
			email, password string
			want            error
		}{
			"right":            {ana, password, nil},
			"capitals, spaces": {" Ana@Example.com ", password, nil},
			"from Django":      {"django@example.com", password, nil},
			"wrong":            {ana, another, auth.ErrCredentials},
			"empty":            {ana, "", auth.ErrCredentials},
			"as long as any":   {"long@example.com", strings.Repeat("x", 4096), nil},
			"longer":           {"longer@example.com", strings.Repeat("x", 4097), auth.ErrCredentials},
			"unknown user":     {"nobody@example.com", password, auth.ErrCredentials},
			"no address":       {"\x00\xff", password, auth.ErrCredentials},
			"unusable":         {"unusable@example.com", "!", auth.ErrCredentials},
			"no hash":          {"none@example.com", "", auth.ErrCredentials},
			"unknown hash":     {"md5@example.com", "password", auth.ErrCredentials},
			"disabled":         {"disabled@example.com", password, auth.ErrCredentials},
		} {
			tokens, err := w.SignIn(t.Context(), from(home, tt.email, tt.password))
			if !errors.Is(err, tt.want) || (err == nil) != (tokens.AccessToken != "") {
				t.Errorf("%s: error = %v, want %v", name, err, tt.want)
			}
			if err != nil && !errors.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: %v is not of the kind %v", name, err, fault.Unauthenticated)
			}
		}
	})
}

func TestTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsAdmin(true) })

		tokens := w.signIn(t, ana)

		s := testkit.Must(w.db.Session.Query().Only(system(t)))(t)
		want := access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID, Admin: true, SessionID: s.ID}
		if diff := cmp.Diff(want, tokens.Viewer); diff != "" {
			t.Errorf("who signed in (-want +got):\n%s", diff)
		}
		got := testkit.Must(w.Authenticate(t.Context(), "bearer "+tokens.AccessToken))(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("who holds the token (-want +got):\n%s", diff)
		}
		if s.UserAgent != "test" || strings.Contains(s.TokenHash, tokens.RefreshToken) {
			t.Errorf("stored: %v, want the user agent, and no refresh token", s)
		}
		w.isGood(t, "the refresh token as an access token", tokens.RefreshToken, false)

		w.clock.advance(15*time.Minute + 28*time.Second)
		w.isGood(t, "after a quarter of an hour, within the leeway", tokens.AccessToken, true)
		w.clock.advance(auth.CacheTTL / 2)
		w.isGood(t, "two seconds later", tokens.AccessToken, false)
	})
}

func TestLegacySignIn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		tokens := testkit.Must(w.LegacySignIn(t.Context(), from(home, ana, password)))(t)
		if n := testkit.Must(w.db.Session.Query().Where(session.Legacy(true)).Count(system(t)))(t); n != 1 {
			t.Errorf("%d sessions are marked as legacy, want 1", n)
		}
		if _, err := w.Authenticate(t.Context(), "Token "+tokens.Token); err != nil {
			t.Errorf("with the scheme of the legacy API: %v", err)
		}
		w.isGood(t, "the access token beside it", tokens.AccessToken, true)

		w.clock.advance(29 * 24 * time.Hour)
		w.isGood(t, "after 29 days", tokens.Token, true)
		w.isGood(t, "the access token after 29 days", tokens.AccessToken, false)
		w.clock.advance(2 * 24 * time.Hour)
		w.isGood(t, "after 31 days", tokens.Token, false)

		if _, err := w.LegacySignIn(t.Context(), from(home, ana, another)); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("wrong password: %v, want %v", err, auth.ErrCredentials)
		}
	})
}

// TestUpgrade has twenty people with one account sign in at once.
func TestUpgrade(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, django)

		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if _, err := w.SignIn(t.Context(), from(home, ana, password)); err != nil {
					t.Errorf("sign-in %d of 20 at once: %v", i, err)
				}
			})
		}
		all.Wait()

		if n := w.log.count("was upgraded"); n != 1 {
			t.Errorf("the hash was upgraded %d times, want once", n)
		}
		after := w.read(t, u)
		if !strings.HasPrefix(after.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("hash = %s, want argon2id", after.PasswordHash)
		}
		if after.LastLogin == nil || after.Version != u.Version || !after.UpdatedAt.Equal(u.UpdatedAt) {
			t.Errorf("user = %v, want a last sign-in, and the version and time of change of %v", after, u)
		}
		w.signIn(t, ana)
		if w.read(t, u).PasswordHash != after.PasswordHash {
			t.Error("the next sign-in replaced the hash again")
		}
	})
}

// TestSignInThrottles has the owner of an account sign in while somebody else guesses.
func TestSignInThrottles(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		w.signIn(t, ana)
		evaluated := 0
		for range 1000 { // in a minute
			_, err := w.SignIn(t.Context(), from(outside, ana, another))
			switch {
			case errors.Is(err, auth.ErrCredentials):
				evaluated++
			case !errors.Is(err, fault.RateLimited):
				t.Fatal(err)
			}
			w.clock.advance(60 * time.Millisecond)
		}
		if evaluated > 20 {
			t.Errorf("%d of 1000 guesses were looked at, want 20 or fewer", evaluated)
		}
		var throttled *auth.ThrottledError
		_, err := w.SignIn(t.Context(), from(outside, "ANA@example.com", password))
		if !errors.As(err, &throttled) || throttled.Seconds() < 1 {
			t.Errorf("the right password among the guesses: %v, want a time to wait", err)
		}
		w.signIn(t, ana)
	})
}

// TestSignInWhilePasswordChanges lets a sign-in with the old password race its
// replacement: whoever wins, nothing that was reached with it is left.
func TestSignInWhilePasswordChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for round := range 3 {
			email := fmt.Sprintf("user%d@example.com", round)
			u := w.user(t, email, "")
			var all sync.WaitGroup
			got := make([]auth.Tokens, 4)
			for i := range got {
				all.Go(func() { got[i], _ = w.SignIn(t.Context(), from(home, email, password)) })
			}
			all.Go(func() {
				if err := w.SetPassword(t.Context(), u.ID, another); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
			for _, tokens := range got {
				if tokens.AccessToken == "" {
					continue
				}
				w.isGood(t, "an access token got with the old password", tokens.AccessToken, false)
				if _, err := w.Refresh(t.Context(), tokens.RefreshToken); !errors.Is(err, auth.ErrInvalidToken) {
					t.Errorf("a refresh token got with the old password: %v, want %v", err, auth.ErrInvalidToken)
				}
			}
		}
	})
}
