package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestLastUsed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		secret, key := w.issue(t, u, auth.KeyRequest{Name: "k"})
		tokens := w.signIn(t, ana)
		// used returns how long ago, in seconds, key and session were last used.
		used := func() (ofKey, ofSession string) {
			t.Helper()
			w.isGood(t, "the key", secret, true)
			w.isGood(t, "the token", tokens.AccessToken, true)
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			k := testkit.Must(w.db.APIKey.Get(system(t), key.ID))(t)
			s := testkit.Must(w.db.Session.Get(system(t), tokens.Viewer.SessionID))(t)
			if !k.UpdatedAt.Equal(key.UpdatedAt) {
				t.Error("the use of a key changed when it was last changed")
			}
			now := w.clock.Now()
			return now.Sub(*k.LastUsedAt).Round(time.Second).String(), now.Sub(s.LastUsedAt).Round(time.Second).String()
		}
		for _, step := range []struct {
			after            time.Duration
			ofKey, ofSession string
		}{
			{0, "0s", "0s"}, // the session is used by signing in
			{50 * time.Second, "50s", "50s"},
			{11 * time.Second, "0s", "0s"},
			{5 * time.Second, "5s", "5s"},
		} {
			w.clock.advance(step.after)
			if k, s := used(); k != step.ofKey || s != step.ofSession {
				t.Errorf("%v later: key used %s ago, session %s ago, want %s and %s", step.after, k, s, step.ofKey, step.ofSession)
			}
		}
	})
}

// TestRunFlushesLast notes on the way out what was used since the last time.
func TestRunFlushesLast(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		secret, key := w.issue(t, u, auth.KeyRequest{Name: "k"})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.Run(ctx)
		}()
		w.isGood(t, "the key", secret, true)

		stop()
		<-done

		if k := testkit.Must(w.db.APIKey.Get(system(t), key.ID))(t); k.LastUsedAt == nil {
			t.Error("the use of a key was not noted")
		}
	})
}

func TestPrune(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(t, ana, "")
		w.signIn(t, ana)
		w.clock.advance(auth.KeepEnded + 29*24*time.Hour)
		w.signIn(t, ana)
		prune := func(want int) {
			t.Helper()
			if err := w.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := testkit.Must(w.db.Session.Query().Count(system(t)))(t); n != want {
				t.Errorf("%d sessions are left, want %d", n, want)
			}
		}
		prune(2)
		w.clock.advance(2 * 24 * time.Hour)
		prune(1)
	})
}
