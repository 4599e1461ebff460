package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is a database with a dataset, people who may do different things in it,
// and a pipeline into it that counts what reaches the decoder and the store.
type world struct {
	*ingest.Pipeline
	db       *database.DB
	store    *countingStore
	decoder  *countingDecoder
	internet *internet
	uploads  uploads
	dataset  gid.DatasetID
	users    map[member.Role]*ent.User // "" is in the workspace and no member
}

const maxUpload = 100_000

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
		db:       db,
		store:    &countingStore{Store: store},
		decoder:  &countingDecoder{Preparer: imaging.NewDecoder(imaging.DefaultMemory)},
		internet: &internet{},
		uploads:  uploads{},
		users:    make(map[member.Role]*ent.User),
	}
	w.Pipeline = ingest.New(ingest.Options{DB: db, Store: w.store, Preparer: w.decoder, MaxUpload: maxUpload, Fetcher: w.internet, Uploads: w.uploads})
	w.write(tb, w.populate)
	return w
}

func (w *world) populate(ctx context.Context, tx *ent.Tx) error {
	space, err := tx.Workspace.Create().SetName("w").Save(ctx)
	if err != nil {
		return err
	}
	for _, role := range []member.Role{member.RoleOwner, member.RoleManager, member.RoleAnnotator, ""} {
		w.users[role], err = tx.User.Create().SetEmail("x" + string(role) + "@example.com").SetWorkspace(space).Save(ctx)
		if err != nil {
			return err
		}
	}
	w.dataset, err = w.newDataset(ctx, tx)
	if err != nil {
		return err
	}
	for _, role := range []member.Role{member.RoleOwner, member.RoleManager, member.RoleAnnotator} {
		if err := tx.Member.Create().SetDatasetID(w.dataset).SetUser(w.users[role]).SetRole(role).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// newDataset makes a dataset of the owner's, without members.
func (w *world) newDataset(ctx context.Context, tx *ent.Tx) (gid.DatasetID, error) {
	owner := w.users[member.RoleOwner]
	d, err := tx.Dataset.Create().SetName("d").SetWorkspaceID(owner.WorkspaceID).SetOwner(owner).Save(ctx)
	if err != nil {
		return 0, err
	}
	return d.ID, nil
}

func (w *world) write(tb testing.TB, fn func(context.Context, *ent.Tx) error) {
	tb.Helper()
	if err := w.db.Write(access.System(tb.Context()), fn); err != nil {
		tb.Fatal(err)
	}
}

// as returns a context in which the user of that role asks.
func (w *world) as(tb testing.TB, role member.Role) context.Context {
	u := w.users[role]
	return access.WithViewer(tb.Context(), access.Viewer{UserID: u.ID, WorkspaceID: u.WorkspaceID})
}

// create adds pictures as the manager does.
func (w *world) create(tb testing.TB, images ...ingest.ImageInput) ([]*ent.Image, error) {
	return w.Create(w.as(tb, member.RoleManager), w.dataset, images, inList)
}

// inList is where the pictures of the createImages mutation stand.
func inList(i int) []any { return []any{"images", i} }

func (w *world) rows(tb testing.TB) int {
	tb.Helper()
	return testkit.Must(w.db.Image.Query().Count(access.System(tb.Context())))(tb)
}

// objects returns the keys of what the store holds, sorted.
func (w *world) objects(tb testing.TB) (keys []string) {
	tb.Helper()
	for info, err := range w.store.List(tb.Context(), "objects/") {
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, info.Key.String())
	}
	slices.Sort(keys)
	return keys
}

type countingDecoder struct {
	ingest.Preparer
	calls atomic.Int32
}

func (d *countingDecoder) Prepare(ctx context.Context, r io.ReadSeeker, size int64, o imaging.Options) (imaging.Prepared, error) {
	d.calls.Add(1)
	return d.Preparer.Prepare(ctx, r, size, o)
}

type countingStore struct {
	storage.Store
	puts atomic.Int32
	put  func(ctx context.Context) error // before the real one; nil is none
}

func (s *countingStore) Put(ctx context.Context, key storage.Key, r io.Reader, size int64) error {
	s.puts.Add(1)
	if s.put != nil {
		if err := s.put(ctx); err != nil {
			return err
		}
	}
	return s.Store.Put(ctx, key, r, size)
}

// The pictures of tests.

func drawn(width, height int, shade uint8) *stdimage.Paletted {
	img := stdimage.NewPaletted(stdimage.Rect(0, 0, width, height), color.Palette{color.Gray{shade}, color.White})
	img.SetColorIndex(0, 0, 1)
	return img
}

func pngOf(width, height int, shade uint8) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, drawn(width, height, shade))
	return b.Bytes()
}

func gifOf(width, height int) []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, drawn(width, height, 9), nil)
	return b.Bytes()
}

func jpegOf(width, height int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, drawn(width, height, 9), nil)
	return b.Bytes()
}

// jpegOnItsSide is a JPEG whose EXIF data says that it is to be turned by 90°.
func jpegOnItsSide(width, height int) []byte {
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	segment := binary.BigEndian.AppendUint16([]byte("\xff\xe1"), uint16(len(exif)+2))
	return slices.Concat(jpegOf(width, height)[:2], segment, exif, jpegOf(width, height)[2:])
}

// webP is a lossless one of one pixel.
func webP() []byte {
	b, _ := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	return b
}

// file is a picture in a multipart request.
func file(name string, content []byte) ingest.ImageInput {
	return ingest.ImageInput{File: &graphql.Upload{
		File:        bytes.NewReader(content),
		Filename:    name,
		Size:        int64(len(content)),
		ContentType: "text/html", // whatever a client says
	}}
}

// data is a picture in a text.
func data(text string) ingest.ImageInput { return ingest.ImageInput{Data: &text} }

// sumOf is a SHA-256, in hex.
func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func base64Of(content []byte) string { return base64.StdEncoding.EncodeToString(content) }
