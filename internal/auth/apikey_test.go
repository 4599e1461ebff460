package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

func (w *world) issue(tb testing.TB, u *ent.User, r auth.KeyRequest) (secret string, key *ent.APIKey) {
	tb.Helper()
	secret, key, err := w.IssueAPIKey(tb.Context(), u.ID, r)
	if err != nil {
		tb.Fatal(err)
	}
	return secret, key
}

func TestAPIKey(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		reads, key := w.issue(t, u, auth.KeyRequest{Name: " nightly export ", Scope: apikey.ScopeRead})
		writes, _ := w.issue(t, u, auth.KeyRequest{Name: "import"})

		if key.Name != "nightly export" || key.Prefix != reads[:11] || key.Hash != auth.HashKey(reads) {
			t.Errorf("stored: %v with hash %s, want name, prefix and hash of %s", key, key.Hash, reads)
		}
		for header, readOnly := range map[string]bool{
			"Bearer " + reads: true, "Token " + reads: true, "Bearer " + writes: false, "token " + writes: false,
		} {
			got := testkit.Must(w.Authenticate(t.Context(), header))(t)
			want := access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID, ReadOnly: readOnly}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%.20s…: viewer (-want +got):\n%s", header, diff)
			}
		}
		w.isGood(t, "mistyped", strings.Replace(writes, writes[20:21], "_", 1), false)
		w.isGood(t, "its hash", auth.HashKey(writes), false)
		w.isGood(t, "its prefix", key.Prefix, false)
		if err := w.Disable(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		w.isGood(t, "of a disabled user", writes, false)
	})
}

// TestLegacyKey stores a key of the legacy service as an import does.
func TestLegacyKey(t *testing.T) {
	const key = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		tx := testkit.Must(w.db.Tx(system(t)))(t)
		create := tx.APIKey.Create().SetUserID(u.ID).SetName("legacy").SetPrefix(key[:6]).SetHash(auth.HashKey(key))
		if err := errors.Join(create.Exec(system(t)), tx.Commit()); err != nil {
			t.Fatal(err)
		}
		v, err := w.Authenticate(t.Context(), "Token "+key)
		if err != nil || v.UserID != u.ID || v.ReadOnly {
			t.Errorf("viewer, error = %v, %v, want %d, who writes", v, err, u.ID)
		}
		w.isGood(t, "in capitals", strings.ToUpper(key), false)
	})
}

func TestAPIKeyEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u, beto := w.user(t, ana, ""), w.user(t, "beto@example.com", "")
		soon := w.clock.Now().Add(time.Hour)
		expires, _ := w.issue(t, u, auth.KeyRequest{Name: "expires", ExpiresAt: &soon})
		revoked, key := w.issue(t, u, auth.KeyRequest{Name: "revoked"})
		reads, _ := w.issue(t, u, auth.KeyRequest{Name: "reads", Scope: apikey.ScopeRead})
		w.isGood(t, "before it is revoked", revoked, true)
		other := w.restarted(t, secret)
		other.isGood(t, "before it is revoked, elsewhere", revoked, true)

		for who, tt := range map[string]struct {
			viewer access.Viewer
			want   error
		}{
			"somebody else":     {access.Viewer{UserID: beto.ID, WorkspaceID: beto.WorkspaceID}, nil},
			"a key that reads":  {testkit.Must(w.Authenticate(t.Context(), "Bearer "+reads))(t), fault.Forbidden},
			"nobody in ent yet": {access.Viewer{UserID: 99}, nil},
		} {
			_, err := w.RevokeAPIKey(t.Context(), tt.viewer, key.ID)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && !ent.IsNotFound(err) {
				t.Errorf("revoked by %s: %v", who, err)
			}
		}
		w.isGood(t, "after others tried to revoke it", revoked, true)
		itself := testkit.Must(w.Authenticate(t.Context(), "Bearer "+revoked))(t)
		for range 2 { // the second changes nothing
			got := testkit.Must(w.RevokeAPIKey(t.Context(), itself, key.ID))(t)
			if got.RevokedAt == nil {
				t.Errorf("key = %v, want a time of revocation", got)
			}
		}
		w.isGood(t, "revoked, at once", revoked, false)
		w.clock.advance(auth.CacheTTL)
		other.isGood(t, "revoked, elsewhere, within five seconds", revoked, false)
		w.isGood(t, "before it expires", expires, true)
		w.clock.advance(time.Hour)
		w.isGood(t, "after it expired", expires, false)
	})
}

func TestCreateAPIKey(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.user(t, ana, "")
		session := w.signIn(t, ana).Viewer
		past := w.clock.Now().Add(-time.Microsecond)
		for name, tt := range map[string]struct {
			viewer  access.Viewer
			request auth.KeyRequest
			want    string
		}{
			"good":           {session, auth.KeyRequest{Name: "k"}, ""},
			"longest name":   {session, auth.KeyRequest{Name: strings.Repeat("k", 100)}, ""},
			"by API key":     {access.Viewer{UserID: u.ID}, auth.KeyRequest{Name: "k"}, "not allowed by API key: sign in"},
			"no name":        {session, auth.KeyRequest{Name: " "}, "name: must not be blank"},
			"long name":      {session, auth.KeyRequest{Name: strings.Repeat("k", 101)}, "name: must have at most 100 characters"},
			"unknown scope":  {session, auth.KeyRequest{Name: "k", Scope: "ADMIN"}, "scope: must be READ or WRITE"},
			"expiry is past": {session, auth.KeyRequest{Name: "k", ExpiresAt: &past}, "expiresAt: must be in the future"},
		} {
			key, _, err := w.CreateAPIKey(t.Context(), tt.viewer, tt.request)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
			if err == nil {
				w.isGood(t, name, key, true)
			}
		}
		if _, _, err := w.IssueAPIKey(t.Context(), 99, auth.KeyRequest{Name: "k"}); !ent.IsConstraintError(err) {
			t.Errorf("for a user who is not there: %v, want a constraint error", err)
		}
	})
}
