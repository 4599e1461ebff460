package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/testkit"
)

// refresh exchanges a token and checks that it works, or that it does not.
func (w *world) refresh(t *testing.T, what, token string, want bool) auth.Tokens {
	t.Helper()
	tokens, err := w.Refresh(t.Context(), token)
	switch {
	case want && err != nil:
		t.Errorf("%s: %v, want new tokens", what, err)
	case !want && !errors.Is(err, auth.ErrInvalidToken):
		t.Errorf("%s: %v, want %v", what, err, auth.ErrInvalidToken)
	}
	return tokens
}

func (w *world) sessionsAlive(t *testing.T) int {
	t.Helper()
	return testkit.Must(w.db.Session.Query().Where(session.RevokedAtIsNil()).Count(system(t)))(t)
}

func TestRefresh(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		first := w.signIn(t, ana)
		w.clock.advance(29 * 24 * time.Hour)

		second := w.refresh(t, "after 29 days", first.RefreshToken, true)
		w.clock.advance(29 * 24 * time.Hour)
		third := w.refresh(t, "after 29 days more", second.RefreshToken, true)

		if first.RefreshToken == second.RefreshToken || second.RefreshToken == third.RefreshToken {
			t.Error("a refresh token was given again")
		}
		if third.Viewer != first.Viewer {
			t.Errorf("viewer = %v, want %v as at sign-in", third.Viewer, first.Viewer)
		}
		w.isGood(t, "the new access token", third.AccessToken, true)
		w.clock.advance(31 * 24 * time.Hour)
		w.refresh(t, "after 31 days unused", third.RefreshToken, false)
		if n := w.log.count("used twice"); n != 0 {
			t.Errorf("%d thefts were logged, want none", n)
		}
	})
}

// TestRefreshRetry loses an answer, asks again, and is told the same.
func TestRefreshRetry(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		first := w.signIn(t, ana)
		second := w.refresh(t, "first use", first.RefreshToken, true)
		w.clock.advance(auth.RetryWindow)

		again := w.refresh(t, "the same within the window", first.RefreshToken, true)

		if again.RefreshToken != second.RefreshToken {
			t.Error("the retry got another refresh token than the first use")
		}
		third := w.refresh(t, "its successor", again.RefreshToken, true)

		w.refresh(t, "the first, two behind", first.RefreshToken, false)
		w.refresh(t, "the present one, after that", third.RefreshToken, false)
		w.isGood(t, "the access token, after that", third.AccessToken, false)
		if n := w.log.count("used twice"); n != 1 {
			t.Errorf("%d thefts were logged, want 1", n)
		}
	})
}

func TestRefreshTheft(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		elsewhere := w.signIn(t, ana)
		first := w.signIn(t, ana)
		second := w.refresh(t, "first use", first.RefreshToken, true)
		w.isGood(t, "the access token", second.AccessToken, true)
		w.clock.advance(auth.RetryWindow + time.Second)
		w.isGood(t, "the access token, still", second.AccessToken, true)

		w.refresh(t, "the same after the window", first.RefreshToken, false)

		w.isGood(t, "the access token, after that", second.AccessToken, false)
		w.refresh(t, "the present refresh token, after that", second.RefreshToken, false)
		w.isGood(t, "the other session", elsewhere.AccessToken, true)
		w.refresh(t, "the other session's refresh token", elsewhere.RefreshToken, true)
	})
}

func TestRefreshRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		for name, token := range map[string]string{
			"nothing":            "",
			"an access token":    tokens.AccessToken,
			"a prefix":           "dgr_",
			"cut":                tokens.RefreshToken[:len(tokens.RefreshToken)-1],
			"longer":             tokens.RefreshToken + "A",
			"no prefix":          strings.TrimPrefix(tokens.RefreshToken, "dgr_"),
			"a NUL":              "dgr_\x00" + tokens.RefreshToken[5:],
			"of no family":       "dgr_" + strings.Repeat("0", 32) + tokens.RefreshToken[36:],
			"a family of quotes": "dgr_" + strings.Repeat("'", 32) + tokens.RefreshToken[36:],
		} {
			w.refresh(t, name, token, false)
		}
		if w.sessionsAlive(t) != 1 {
			t.Fatal("a malformed token ended a session")
		}

		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsActive(false) })
		w.refresh(t, "while disabled", tokens.RefreshToken, false)
		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsActive(true) })
		w.refresh(t, "enabled again, never used", tokens.RefreshToken, true)

		other := w.signIn(t, ana)
		forged := other.RefreshToken[:37] + strings.Repeat("A", 43)
		w.refresh(t, "a made-up secret in a known family", forged, false)
		w.refresh(t, "the family, after that", other.RefreshToken, false)
	})
}

// TestRefreshAtOnce has fifty tabs of a browser use one token.
func TestRefreshAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		processes := []*world{w, w.restarted(t, secret)}
		got := make([]auth.Tokens, 50)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				got[i] = processes[i%len(processes)].refresh(t, "one of fifty at once", tokens.RefreshToken, true)
			})
		}
		all.Wait()

		for i := range got {
			if got[i].RefreshToken != got[0].RefreshToken {
				t.Errorf("use %d got another successor than use 0", i)
			}
			w.isGood(t, "an access token of fifty", got[i].AccessToken, true)
		}
		if n := w.sessionsAlive(t); n != 1 {
			t.Errorf("%d sessions are alive, want 1", n)
		}
		w.refresh(t, "the successor", got[0].RefreshToken, true)
	})
}

// TestRefreshAfterNewSecret replaces the server's secret between a use and its retry.
func TestRefreshAfterNewSecret(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		first := w.signIn(t, ana)
		second := w.refresh(t, "first use", first.RefreshToken, true)

		rotated := w.restarted(t, newer, secret)
		again := rotated.refresh(t, "the same under the new secret", first.RefreshToken, true)

		if again.RefreshToken != second.RefreshToken {
			t.Error("the retry got another refresh token than the first use")
		}
		rotated.isGood(t, "the access token made before", second.AccessToken, true)
		w.isGood(t, "the access token made after, where the new secret is unknown", again.AccessToken, false)
		forgetful := w.restarted(t, newer)
		forgetful.isGood(t, "the access token made before, where the old secret is unknown", second.AccessToken, false)
		forgetful.refresh(t, "a refresh token needs no secret", again.RefreshToken, true)
	})
}
