package rest_test

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

// accessServer takes the word of a request's context for who asks.
type accessServer struct {
	*server
	api *rest.API
}

// accessServers runs test on each of the two databases.
func accessServers(t *testing.T, test func(t *testing.T, s *accessServer)) {
	t.Helper()
	servers(t, func(t *testing.T, s *server) {
		api := testkit.Must(rest.New(s.gateway, fromContext, slog.New(slog.DiscardHandler)))(t)
		test(t, &accessServer{s, api})
	})
}

func fromContext(ctx context.Context, _ string) (access.Viewer, error) {
	v, ok := access.ViewerFrom(ctx)
	if !ok {
		return access.Viewer{}, auth.ErrNoCredentials
	}
	return v, nil
}

// accessWorld is a world, and what requests call its rows.
type accessWorld struct {
	*testkit.World
	*accessServer
	sibling *testkit.World // nil where it does not matter
	tokens  *auth.Tokens   // of the viewer, once they are asked for
}

func (s *accessServer) newWorld(t *testing.T) *accessWorld {
	t.Helper()
	return &accessWorld{World: s.world(t), accessServer: s}
}

// world makes a world, whose dataset has a name of its own.
func (s *server) world(t *testing.T) (w *testkit.World) {
	t.Helper()
	err := s.db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		w = testkit.NewWorld(t, &database.DB{Client: tx.Client()}) // with one commit, not a hundred
		return tx.Dataset.UpdateOneID(w.Dataset.ID).SetName(datasetName(w)).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.DB, w.Foreign.DB = s.db, s.db
	return w
}

// datasetName is a name that no other dataset has.
func datasetName(w *testkit.World) string { return fmt.Sprintf("boats-%d", w.Dataset.ID) }

// sendAs sends a request for a path below the base.
func (w *accessWorld) sendAs(t *testing.T, actor, method, path, body string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(w.As(t.Context(), actor), method, rest.Base+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.api.ServeHTTP(recorder, r)
	return reply{recorder.Code, recorder.Header(), recorder.Body.String()}
}

var rowName = regexp.MustCompile(`\{(\w+)\}|\$(\w+)`)

// fill puts values for the names in a path or a body: as they are for {name}, as JSON for $name.
func (w *accessWorld) fill(t *testing.T, text string) string {
	t.Helper()
	rows := rowsOf(w.World)
	return rowName.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found, "{}$")
		value, ok := rows[name]
		if !ok {
			value = w.secret(t, name)
		}
		if found[0] == '{' || found == "$name" {
			return fmt.Sprint(value)
		}
		return string(testkit.Must(json.Marshal(value))(t))
	})
}

// rowsOf are the ids of the rows that each world has, and what can be said without asking the server.
func rowsOf(w *testkit.World) map[string]any {
	return map[string]any{
		"dataset":     w.Dataset.ID,
		"label":       w.Labels[0].ID,
		"label2":      w.Labels[1].ID,
		"image":       w.Images[0].ID,
		"image2":      w.Images[1].ID,
		"image3":      w.Images[2].ID,
		"annotation":  w.Drawn[0].ID,
		"annotation2": w.Drawn[1].ID,
		"batch":       w.Batch.ID,
		"job":         w.Job.ID,
		"snapshot":    w.Snapshot.ID,
		"noMember":    w.Users["no member"].ID,
		"email":       w.Users["viewer"].Email,
		"name":        datasetName(w),
		"url":         "https://example.com/picture.png",
		"png":         dataURL("image/png", onePixel),
		"zip":         base64.StdEncoding.EncodeToString(testkit.Zip("a.png", onePixel)),
	}
}

func dataURL(mime string, content []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(content)
}

const password = "s3cret-pass"

// passwordHash is one of the password as Django made them, which is quick to verify.
func passwordHash(t *testing.T) string {
	t.Helper()
	key := testkit.Must(pbkdf2.Key(sha256.New, password, []byte("salt"), 1, sha256.Size))(t)
	return "pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(key)
}

// secret is what the viewer signs in with, or has from it.
func (w *accessWorld) secret(t *testing.T, name string) string {
	t.Helper()
	switch name {
	case "password":
		w.setPassword(t, w.Users["viewer"])
		return password
	case "accessToken":
		return w.signIn(t).AccessToken
	case "refreshToken":
		return w.signIn(t).RefreshToken
	}
	t.Fatalf("nothing is called %s", name)
	return ""
}

// signIn signs the viewer in, once: who fails too often has to wait.
func (w *accessWorld) signIn(t *testing.T) *auth.Tokens {
	t.Helper()
	if w.tokens == nil {
		w.setPassword(t, w.Users["viewer"])
		credentials := auth.Credentials{Email: w.Users["viewer"].Email, Password: password}
		tokens := testkit.Must(w.auth.SignIn(access.System(t.Context()), credentials))(t)
		w.tokens = &tokens
	}
	return w.tokens
}

func (s *server) setPassword(t *testing.T, u *ent.User) {
	t.Helper()
	if err := s.db.User.UpdateOneID(u.ID).SetPasswordHash(passwordHash(t)).Exec(access.System(t.Context())); err != nil {
		t.Fatal(err)
	}
}
