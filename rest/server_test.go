package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/media"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/web"
	"github.com/datasetgen/datagen/rest"
)

// server is the whole way of a request, from the middleware to a database and a store of its own.
type server struct {
	handler    http.Handler
	api        *rest.API
	gateway    *graph.Gateway
	db         *database.DB
	auth       *auth.Authority
	statements *atomic.Int64
}

// serverKey is what tokens and links are signed with.
const serverKey = "0123456789abcdef0123456789abcdef"

// databases are what tests open, by name.
var databases = map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres}

// servers runs test on each of the two databases.
func servers(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newServer(t, databases[name]))
		})
	}
}

func newServer(tb testing.TB, open func(testing.TB, ...database.Option) *database.DB) *server {
	tb.Helper()
	s := &server{statements: new(atomic.Int64)}
	s.db = open(tb, database.WithTrace(func(string) { s.statements.Add(1) }))
	keys := testkit.Must(auth.NewKeys(serverKey))(tb)
	s.auth = auth.New(s.db, keys, auth.Options{})
	files := testkit.Must(storage.Open(tb.Context(), url.URL{Scheme: "file", Path: tb.TempDir()}))(tb)
	tb.Cleanup(func() { _ = files.Close() })
	store := pixelStore{files}
	decoder := imaging.NewDecoder(400 << 20)
	exports := download.New(s.db, store, keys)
	pictures := media.New(media.Options{Signer: keys, DB: s.db, Store: store, Thumbnailer: decoder, Archiver: exports})
	s.gateway = testkit.Must(graph.New(&graph.Resolver{
		DB: s.db, Auth: s.auth, Ingest: ingest.New(ingest.Options{DB: s.db, Store: store, Preparer: decoder, MaxUpload: 50 << 20}), Media: pictures, Exports: exports,
	}, graph.Options{}))(tb)
	s.api = testkit.Must(rest.New(s.gateway, s.auth.Authenticate, slog.Default()))(tb)
	middleware := testkit.Must(web.Middleware(web.Options{
		Log: slog.New(slog.DiscardHandler), MaxBody: 80 << 20, AllowedOrigins: []string{"https://spa.example"},
	}))(tb)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/media/") {
			pictures.ServeHTTP(w, r)
			return
		}
		s.api.ServeHTTP(w, r)
	})
	for _, layer := range slices.Backward(middleware) {
		s.handler = layer(s.handler)
	}
	return s
}

// pixelStore has a picture for the images of worlds, which have none.
type pixelStore struct{ storage.Store }

func (s pixelStore) Open(ctx context.Context, key storage.Key) (io.ReadSeekCloser, int64, error) {
	if key.SHA256() == "" || strings.Trim(key.SHA256(), "0") != "" {
		return s.Store.Open(ctx, key)
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(onePixel), io.NopCloser(nil)}, int64(len(onePixel)), nil
}

// onePixel is a picture.
var onePixel = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// reply is what a client gets.
type reply struct {
	status int
	header http.Header
	body   string
}

// json reads the body, which must be JSON.
func (r reply) json(tb testing.TB) any {
	tb.Helper()
	var v any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		tb.Fatalf("%v: %s", err, r.body)
	}
	return v
}

// send sends a request with an Authorization header, unless that is empty.
func (s *server) send(tb testing.TB, authorization, method, target, contentType string, body io.Reader) reply {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, target, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// sendJSON is send with a body of JSON, or none when it is nil.
func (s *server) sendJSON(tb testing.TB, authorization, method, target string, body any) reply {
	tb.Helper()
	if body == nil {
		return s.send(tb, authorization, method, target, "", http.NoBody)
	}
	text, ok := body.(string)
	if !ok {
		text = string(testkit.Must(json.Marshal(body))(tb))
	}
	return s.send(tb, authorization, method, target, "application/json", bytes.NewBufferString(text))
}

// keyOf makes an API key for a user, as an Authorization header.
func (s *server) keyOf(tb testing.TB, u *ent.User) string {
	tb.Helper()
	viewer := access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID, Admin: u.IsAdmin, Superuser: u.IsSuperuser, SessionID: 1}
	ctx := access.WithViewer(context.WithoutCancel(tb.Context()), viewer)
	key, _, err := s.auth.CreateAPIKey(ctx, viewer, auth.KeyRequest{Name: "test", Scope: "WRITE"})
	if err != nil {
		tb.Fatal(err)
	}
	return "Token " + key
}
