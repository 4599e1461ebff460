package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// accessServer is a gateway with all its parts, over a database that many worlds share.
type accessServer struct {
	*graph.Gateway
	db   *database.DB
	auth *auth.Authority
}

// onAccessServers runs test on each of the two databases.
func onAccessServers(t *testing.T, test func(t *testing.T, s *accessServer)) {
	t.Helper()
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) { test(t, newAccessServer(t, db)) })
}

func newAccessServer(t *testing.T, db *database.DB) *accessServer {
	t.Helper()
	store := testkit.Must(storage.Open(t.Context(), url.URL{Scheme: "file", Path: t.TempDir()}))(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	authority := auth.New(db, accessKeys(t), auth.Options{})
	pictures := ingest.New(ingest.Options{DB: db, Store: store, Preparer: imaging.NewDecoder(1 << 20), MaxUpload: 1 << 20, Fetcher: pictureAnywhere{}})
	gateway := testkit.Must(graph.New(&graph.Resolver{
		DB:             db,
		Auth:           authority,
		NearDuplicates: catalog.NewNearDuplicates(db),
		Ingest:         pictures,
		Importer:       importer.New(db, pictures),
		Media:          picturesNowhere{},
		Exports:        download.New(db, pixelStore{store}, accessKeys(t)),
	}, graph.Options{}))(t)
	return &accessServer{gateway, db, authority}
}

// pictureAnywhere has a picture at every URL.
type pictureAnywhere struct{}

func (pictureAnywhere) Get(context.Context, string) (fetch.File, error) {
	return fetch.File{Content: onePixel, Name: "a.png"}, nil
}

// pixelStore has pixels for all images, of which worlds have none.
type pixelStore struct{ storage.Store }

func (pixelStore) Open(context.Context, storage.Key) (io.ReadSeekCloser, int64, error) {
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(onePixel), io.NopCloser(nil)}, int64(len(onePixel)), nil
}

func accessKeys(t *testing.T) *auth.Keys {
	t.Helper()
	return testkit.Must(auth.NewKeys("0123456789abcdef0123456789abcdef"))(t)
}

const accessPassword = "s3cret-pass"

// accessHash is the hash of the password of all users: hashing is slow on purpose.
var accessHash = sync.OnceValues(func() (string, error) {
	keys, err := auth.NewKeys("0123456789abcdef0123456789abcdef")
	if err != nil {
		return "", err
	}
	return auth.New(nil, keys, auth.Options{}).HashPassword(context.Background(), "", accessPassword)
})

// accessWorld is a world, and what documents call its rows.
type accessWorld struct {
	*testkit.World
	*accessServer
	made map[string]accessValue // rows that few documents need
	seen []string               // what Dump saw last; nil when the test itself has changed rows since
}

// accessValue is the value of a variable, and its type.
type accessValue struct {
	typ   string
	value any
}

func (s *accessServer) newWorld(t *testing.T) *accessWorld {
	t.Helper()
	w := &accessWorld{accessServer: s, made: map[string]accessValue{}}
	err := s.db.Write(access.System(t.Context()), func(_ context.Context, tx *ent.Tx) error {
		w.World = testkit.NewWorld(t, &database.DB{Client: tx.Client()}) // with one commit, not a hundred
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.DB, w.Foreign.DB = s.db, s.db
	return w
}

// inSession returns a context in which an actor asks, signed in to a session that there is.
func (w *accessWorld) inSession(t *testing.T, actor string) context.Context {
	t.Helper()
	ctx := w.As(t.Context(), actor)
	v, ok := access.ViewerFrom(ctx)
	if !ok {
		return ctx
	}
	w.seen = nil
	v.SessionID = testkit.Must(w.db.Session.Create().SetUserID(v.UserID).SetFamily(uuid.NewString()).
		SetTokenHash("").SetExpiresAt(time.Now().Add(time.Hour)).Save(access.System(ctx)))(t).ID
	return access.WithViewer(ctx, v)
}

// accessReply is what a client gets, to the byte.
type accessReply struct {
	status int
	body   string
	answer
}

// send runs an operation. Its $names that are not declared are those of values.
func (s *accessServer) send(ctx context.Context, t *testing.T, kind, operation string, values map[string]accessValue) accessReply {
	t.Helper()
	var declared []string
	variables := map[string]any{}
	for _, name := range accessNames(operation) {
		v, ok := values[name]
		if !ok {
			t.Fatalf("%s: nothing is called $%s", operation, name)
		}
		declared = append(declared, "$"+name+": "+v.typ)
		variables[name] = v.value
	}
	query := kind
	if declared != nil {
		query += " (" + strings.Join(declared, ", ") + ")"
	}
	query += " { " + operation + " }"
	body := testkit.Must(json.Marshal(map[string]any{"query": query, "variables": variables}))(t)
	r := httptest.NewRequestWithContext(ctx, "POST", "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	got := accessReply{status: w.Code, body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &got.answer); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return got
}

// code is that of the first error, or empty.
func (r accessReply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// fields are the paths of the complaints in the first error.
func (r accessReply) fields() (paths []string) {
	if len(r.Errors) == 0 {
		return nil
	}
	fields, _ := r.Errors[0].Extensions["fields"].([]any)
	for _, f := range fields {
		var path []string
		for _, p := range f.(map[string]any)["path"].([]any) {
			path = append(path, fmt.Sprint(p))
		}
		paths = append(paths, strings.Join(path, "."))
	}
	return paths
}

var accessName = regexp.MustCompile(`\$(\w+)`)

// accessNames lists the variables of an operation, each once.
func accessNames(operation string) (names []string) {
	for _, match := range accessName.FindAllStringSubmatch(operation, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

// checkChanged complains unless the database has changed since the last look, or has not, as it is wanted.
func (w *accessWorld) checkChanged(t *testing.T, want bool, after string) {
	t.Helper()
	before := w.seen
	w.seen = w.Dump(t)
	if got := !slices.Equal(before, w.seen); got != want {
		t.Errorf("%s\nchanged (-before +after):\n%s", after, cmp.Diff(before, w.seen))
	}
}

// look is where checkChanged compares with.
func (w *accessWorld) look(t *testing.T) {
	t.Helper()
	if w.seen == nil {
		w.seen = w.Dump(t)
	}
}
