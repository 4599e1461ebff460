package auth_test

import (
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/testkit"
)

// verifies checks what Verify says of a token.
func (w *world) verifies(t *testing.T, what, token string, want bool) {
	t.Helper()
	if got, err := w.Verify(t.Context(), token); got != want || err != nil {
		t.Errorf("%s: %v, %v, want %v", what, got, err, want)
	}
}

func TestVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		old := testkit.Must(w.LegacySignIn(t.Context(), from(home, ana, password)))(t)
		key, _, err := w.IssueAPIKey(t.Context(), u.ID, auth.KeyRequest{Name: "script"})
		if err != nil {
			t.Fatal(err)
		}
		w.verifies(t, "an access token", old.AccessToken, true)
		w.verifies(t, "a legacy token", old.Token, true)
		w.verifies(t, "an API key", key, true)
		w.verifies(t, "nothing", "", false)
		w.verifies(t, "words", "such a token", false)
		w.verifies(t, "a mistyped key", key+"x", false)
		w.verifies(t, "a mistyped refresh token", old.RefreshToken[:len(old.RefreshToken)-1], false)
		for name, token := range forgeries(t) {
			w.verifies(t, name, token, false)
		}

		w.verifies(t, "a refresh token", old.RefreshToken, true)
		w.verifies(t, "a refresh token, again", old.RefreshToken, true)
		next := testkit.Must(w.Refresh(t.Context(), old.RefreshToken))(t)
		w.verifies(t, "a used refresh token", old.RefreshToken, false)
		w.verifies(t, "the next one", next.RefreshToken, true)

		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsActive(false) })
		w.clock.advance(auth.CacheTTL)
		for name, token := range map[string]string{
			"access token": next.AccessToken, "legacy token": old.Token, "API key": key, "refresh token": next.RefreshToken,
		} {
			w.verifies(t, name+" of a disabled user", token, false)
		}
		w.update(t, u, func(u *ent.UserUpdateOne) { u.SetIsActive(true) })
		w.clock.advance(auth.CacheTTL)
		w.verifies(t, "a refresh token, after that", next.RefreshToken, true)
		w.clock.advance(31 * 24 * time.Hour)
		w.verifies(t, "a refresh token that has ended", next.RefreshToken, false)
	})
}

// TestVerifyWithoutDatabase: what cannot be asked is no answer.
func TestVerifyWithoutDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		tokens := w.signIn(t, ana)
		if err := w.db.Close(); err != nil {
			t.Fatal(err)
		}
		for name, token := range map[string]string{"access": tokens.AccessToken, "refresh": tokens.RefreshToken} {
			if ok, err := w.Verify(t.Context(), token); ok || err == nil {
				t.Errorf("%s token: %v, %v, want an error", name, ok, err)
			}
		}
	})
}
