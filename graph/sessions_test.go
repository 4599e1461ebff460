package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

// legacySession is a prepared document of the old sign-in.
const legacySession = `
	mutation SignIn($email: String!, $password: String!) {
		legacySignIn(email: $email, password: $password) {
			token expiresAt accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt user { email workspace { id } }
		}
	}
	mutation SignInAlone($email: String!, $password: String!) { legacySignIn(email: $email, password: $password) { token } }
	query Verify($token: String!) { verifyToken(token: $token) isAuthenticated }`

// TestLegacySignIn signs in as old clients do; all three tokens are good, and none is used up by the question.
func TestLegacySignIn(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		w.setPasswords(t)
		p := testkit.Must(s.Prepare(legacySession))(t)
		email := w.Users["viewer"].Email
		response := p.Run(t.Context(), "SignIn", nil, map[string]any{"email": email, "password": accessPassword})
		var got struct {
			LegacySignIn struct {
				Token, ExpiresAt, AccessToken, AccessTokenExpiresAt, RefreshToken, RefreshTokenExpiresAt string

				User struct {
					Email     string
					Workspace struct{ ID string }
				}
			}
		}
		if err := json.Unmarshal(response.Data, &got); err != nil || len(response.Errors) > 0 {
			t.Fatal(err, response.Errors)
		}
		session := got.LegacySignIn
		if session.User.Email != email || session.User.Workspace.ID != gidOf("Workspace", w.Workspace.ID) {
			t.Errorf("%+v has signed in", session.User)
		}
		if session.ExpiresAt <= session.AccessTokenExpiresAt || session.RefreshTokenExpiresAt == "" {
			t.Errorf("the token ends at %s, the access token at %s", session.ExpiresAt, session.AccessTokenExpiresAt)
		}
		for token, want := range map[string]string{
			session.Token:        `{"verifyToken":true,"isAuthenticated":false}`,
			session.AccessToken:  `{"verifyToken":true,"isAuthenticated":false}`,
			session.RefreshToken: `{"verifyToken":true,"isAuthenticated":false}`,
			"no token":           `{"verifyToken":false,"isAuthenticated":false}`,
		} {
			if got := p.Run(t.Context(), "Verify", nil, map[string]any{"token": token}); string(got.Data) != want {
				t.Errorf("of %.9s… it says %s %v, want %s", token, got.Data, got.Errors, want)
			}
		}
		if _, err := w.auth.Refresh(t.Context(), session.RefreshToken); err != nil {
			t.Error(err)
		}
	})
}

func TestLegacySignInRefuses(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		w.setPasswords(t)
		p := testkit.Must(s.Prepare(legacySession))(t)
		got := p.Run(t.Context(), "SignInAlone", nil, map[string]any{"email": w.Users["viewer"].Email, "password": "not-the-passw0rd"})
		if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "UNAUTHENTICATED" {
			t.Errorf("a wrong password gets %s %v", got.Data, got.Errors)
		}
		got = p.Run(t.Context(), "SignInAlone", nil, map[string]any{"email": w.Users["viewer"].Email, "password": accessPassword})
		if len(got.Errors) > 0 {
			t.Error(got.Errors)
		}
	})
}
