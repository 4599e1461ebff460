package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/media"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is a server process over a database with a dataset, an image in it and
// people who may see it or not, with a clock that tests move.
type world struct {
	*media.Service
	db      *database.DB
	store   *spyStore
	small   *spyThumbnailer
	keys    *auth.Keys
	clock   *clock
	dataset *ent.Dataset
	image   *ent.Image
	users   map[string]*ent.User

	redirect bool // of processes to come
}

// onBoth runs test in a new world on each of the two databases.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(tb testing.TB, db *database.DB) *world {
	tb.Helper()
	store := testkit.Must(storage.Open(tb.Context(), url.URL{Scheme: "file", Path: tb.TempDir()}))(tb)
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &world{
		db:    db,
		store: &spyStore{Store: store},
		small: &spyThumbnailer{Thumbnailer: imaging.NewDecoder(imaging.DefaultMemory)},
		keys:  testkit.Must(auth.NewKeys("0123456789abcdef0123456789abcdef"))(tb),
		clock: &clock{now: time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)},
		users: make(map[string]*ent.User),
	}
	w.Service = w.process()
	w.write(tb, w.populate)
	w.image = w.add(tb, "photo.png", image.FormatPNG, pngOf(300, 200, color.White))
	return w
}

// process is another server process over the same database and store.
func (w *world) process() *media.Service {
	return media.New(media.Options{
		Signer: w.keys, DB: w.db, Store: w.store, Thumbnailer: w.small, Redirect: w.redirect, Now: w.clock.Now,
	})
}

func (w *world) populate(ctx context.Context, tx *ent.Tx) error {
	home, err := tx.Workspace.Create().SetName("home").Save(ctx)
	if err != nil {
		return err
	}
	abroad, err := tx.Workspace.Create().SetName("abroad").Save(ctx)
	if err != nil {
		return err
	}
	for name, in := range map[string]*ent.Workspace{
		"owner": home, "viewer": home, "assignee": home, "colleague": home, "admin": home, "stranger": abroad, "superuser": abroad,
	} {
		w.users[name], err = tx.User.Create().SetEmail(name + "@example.com").SetWorkspace(in).
			SetIsAdmin(name == "admin").SetIsSuperuser(name == "superuser").Save(ctx)
		if err != nil {
			return err
		}
	}
	w.dataset, err = tx.Dataset.Create().SetName("d").SetWorkspace(home).SetOwner(w.users["owner"]).Save(ctx)
	if err != nil {
		return err
	}
	for name, role := range map[string]member.Role{"owner": member.RoleOwner, "viewer": member.RoleViewer} {
		if err := tx.Member.Create().SetDataset(w.dataset).SetUser(w.users[name]).SetRole(role).Exec(ctx); err != nil {
			return err
		}
	}
	return tx.Job.Create().SetDataset(w.dataset).SetAssignee(w.users["assignee"]).Exec(ctx)
}

// add stores a picture and its row.
func (w *world) add(tb testing.TB, originalName string, format image.Format, content []byte) (img *ent.Image) {
	tb.Helper()
	sum := sha256.Sum256(content)
	key := testkit.Must(storage.ObjectKey(hex.EncodeToString(sum[:])))(tb)
	if err := w.store.Store.Put(tb.Context(), key, bytes.NewReader(content), int64(len(content))); err != nil {
		tb.Fatal(err)
	}
	w.write(tb, func(ctx context.Context, tx *ent.Tx) (err error) {
		img, err = tx.Image.Create().SetDataset(w.dataset).SetName("0a1b.x").
			SetOriginalName(originalName).SetFormat(format).
			SetSha256(hex.EncodeToString(sum[:])).SetObjectSha256(hex.EncodeToString(sum[:])).SetSize(int64(len(content))).SetWidth(1).SetHeight(1).Save(ctx)
		return err
	})
	return img
}

// keep puts content where a thumbnail is looked for.
func (w *world) keep(tb testing.TB, sum string, width int, content string) {
	tb.Helper()
	key := testkit.Must(storage.ThumbnailKey(sum, width))(tb)
	if err := w.store.Put(tb.Context(), key, strings.NewReader(content), int64(len(content))); err != nil {
		tb.Fatal(err)
	}
}

func (w *world) write(tb testing.TB, fn func(context.Context, *ent.Tx) error) {
	tb.Helper()
	if err := w.db.Write(access.System(tb.Context()), fn); err != nil {
		tb.Fatal(err)
	}
}

// as returns a context in which that user asks.
func (w *world) as(tb testing.TB, name string) context.Context {
	u := w.users[name]
	return access.WithViewer(tb.Context(), access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID})
}

// urlFor returns the URL of the image for a user.
func (w *world) urlFor(tb testing.TB, name string) string { return w.URL(w.as(tb, name), w.image) }

// get opens a URL of ours, with headers given as name and value in turn.
func (w *world) get(tb testing.TB, address string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	return w.do(tb, http.MethodGet, address, headers...)
}

func (w *world) do(tb testing.TB, method, address string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	u := testkit.Must(url.Parse(address))(tb)
	r := (&http.Request{Method: method, URL: u, Header: http.Header{}}).WithContext(tb.Context())
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

// signed completes a URL as only the server can.
func (w *world) signed(text string) string {
	return text + "&signature=" + base64.RawURLEncoding.EncodeToString(w.keys.MAC("media", []byte(text)))
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) advance(d time.Duration) { c.set(c.Now().Add(d)) }

// spyStore notes what is opened and fails when told to.
type spyStore struct {
	storage.Store
	mu        sync.Mutex
	opened    []string
	signed    []storage.SignOptions
	sign      error
	open, put error
	broken    bool // what is opened can't be read to its end
}

func (s *spyStore) Open(ctx context.Context, key storage.Key) (io.ReadSeekCloser, int64, error) {
	s.mu.Lock()
	s.opened = append(s.opened, key.String())
	s.mu.Unlock()
	if s.open != nil {
		return nil, 0, storage.Unreachable(s.open)
	}
	content, size, err := s.Store.Open(ctx, key)
	if err == nil && s.broken {
		content = brokenContent{content}
	}
	return content, size, err
}

func (s *spyStore) Put(ctx context.Context, key storage.Key, r io.Reader, size int64) error {
	if s.put != nil {
		return s.put
	}
	return s.Store.Put(ctx, key, r, size)
}

func (s *spyStore) opens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.opened)
}

type brokenContent struct{ io.ReadSeekCloser }

func (brokenContent) Read([]byte) (int, error) {
	return 0, errors.New("disk at /secret/place is broken")
}

// spyThumbnailer counts what is made, and fails when told to.
type spyThumbnailer struct {
	media.Thumbnailer
	mu     sync.Mutex
	made   int
	err    error
	before func()
}

func (s *spyThumbnailer) Thumbnail(ctx context.Context, r io.ReadSeeker, size int64, width int) ([]byte, string, error) {
	s.mu.Lock()
	s.made++
	s.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	if s.err != nil {
		return nil, "", s.err
	}
	return s.Thumbnailer.Thumbnail(ctx, r, size, width)
}

// The pictures of tests.

func drawn(width, height int, c color.Color) *stdimage.Paletted {
	return stdimage.NewPaletted(stdimage.Rect(0, 0, width, height), color.Palette{c})
}

func pngOf(width, height int, c color.Color) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, drawn(width, height, c))
	return b.Bytes()
}

func jpegOf(width, height int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, drawn(width, height, color.White), nil)
	return b.Bytes()
}

func gifOf(width, height int) []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, drawn(width, height, color.White), nil)
	return b.Bytes()
}

// webP is a lossless one of one pixel.
func webP() []byte {
	b, _ := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	return b
}
