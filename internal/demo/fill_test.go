package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	entimage "github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is a server's parts over a database.
type world struct {
	Deps
	store storage.Store
}

func newWorld(tb testing.TB, db *database.DB) *world {
	tb.Helper()
	store := testkit.Must(storage.Open(tb.Context(), url.URL{Scheme: "file", Path: tb.TempDir()}))(tb)
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	keys := testkit.Must(auth.NewKeys(strings.Repeat("k", 32)))(tb)
	return &world{
		Deps: Deps{
			DB:     db,
			Auth:   auth.New(db, keys, auth.Options{}),
			Ingest: ingest.New(ingest.Options{DB: db, Store: store, Preparer: imaging.NewDecoder(imaging.DefaultMemory), MaxUpload: 1 << 20}),
		},
		store: store,
	}
}

func (w *world) fill(tb testing.TB) Account {
	tb.Helper()
	account, filled, err := Fill(tb.Context(), w.Deps)
	if err != nil || !filled {
		tb.Fatalf("filled %v, error %v", filled, err)
	}
	return account
}

// counts say what there is.
func (w *world) counts(tb testing.TB) map[string]int {
	tb.Helper()
	ctx := access.System(tb.Context())
	counts := map[string]int{}
	for name, count := range map[string]func(context.Context) (int, error){
		"workspaces":  w.DB.Workspace.Query().Count,
		"users":       w.DB.User.Query().Count,
		"keys":        w.DB.APIKey.Query().Count,
		"datasets":    w.DB.Dataset.Query().Count,
		"members":     w.DB.Member.Query().Count,
		"labels":      w.DB.Label.Query().Count,
		"batches":     w.DB.Batch.Query().Count,
		"jobs":        w.DB.Job.Query().Count,
		"images":      w.DB.Image.Query().Count,
		"annotations": w.DB.Annotation.Query().Count,
	} {
		counts[name] = testkit.Must(count(ctx))(tb)
	}
	return counts
}

var filled = map[string]int{
	"workspaces": 1, "users": 4, "keys": 1, "datasets": 2, "members": 6, "labels": 9,
	"batches": 3, "jobs": 5, "images": 52, "annotations": 410,
}

func TestFill(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)

		account := w.fill(t)

		if diff := cmp.Diff(filled, w.counts(t)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		t.Run("people sign in", func(t *testing.T) { w.testPeople(t, account) })
		t.Run("datasets", func(t *testing.T) { w.testDatasets(t, account) })
		t.Run("every filter finds images", w.testFilters)
		t.Run("jobs", w.testJobs)
		t.Run("annotations", w.testAnnotations)
		t.Run("pixels", w.testPixels)

		again, made, err := Fill(t.Context(), w.Deps)
		if err != nil || made || !cmp.Equal(again, Account{}) {
			t.Errorf("a second time: account %v, filled %v, error %v", again, made, err)
		}
		if diff := cmp.Diff(filled, w.counts(t)); diff != "" {
			t.Errorf("rows after a second time (-want +got):\n%s", diff)
		}
	})
}

func (w *world) testPeople(t *testing.T, account Account) {
	emails := []string{account.Email}
	for _, c := range account.Colleagues {
		emails = append(emails, c.Email)
	}
	if len(emails) != 4 {
		t.Errorf("there are %q", emails)
	}
	for i, email := range emails {
		tokens, err := w.signIn(t, email, account.Password)
		if err != nil || tokens.Viewer.Admin != (i == 0) || tokens.Viewer.Superuser {
			t.Errorf("%s signs in as %+v, error %v", email, tokens.Viewer, err)
		}
		ctx := access.WithViewer(t.Context(), tokens.Viewer)
		role, err := access.RoleIn(ctx, w.DB.Client, account.DatasetID)
		if i > 0 && role != account.Colleagues[i-1].Role {
			t.Errorf("%s is %q in the dataset, error %v", email, role, err)
		}
	}
	viewer, err := w.Auth.Authenticate(t.Context(), "Bearer "+account.APIKey)
	if err != nil || !viewer.Admin || viewer.ReadOnly {
		t.Errorf("the key stands for %+v, error %v", viewer, err)
	}
}

func (w *world) signIn(t *testing.T, email, password string) (auth.Tokens, error) {
	t.Helper()
	return w.Auth.SignIn(t.Context(), auth.Credentials{
		Email: email, Password: password, Origin: auth.Origin{IP: netip.MustParseAddr("192.0.2.1")},
	})
}

func (w *world) testDatasets(t *testing.T, account Account) {
	ctx := access.System(t.Context())
	stats := testkit.Must(catalog.Stats(ctx, w.DB.Client, []gid.DatasetID{account.DatasetID}, map[string]bool{
		"images": true, "annotations": true, "annotatedImages": true, "labels": true,
	}))(t)[account.DatasetID]
	size := stats.Size
	stats.Size = 0
	want := catalog.DatasetStats{
		Images: 44, SyntheticImages: 20, AnnotatedImages: 40, DoneImages: 21, ReviewedImages: 9, Annotations: 349, SyntheticAnnotations: 174, Labels: 6,
	}
	if diff := cmp.Diff(want, *stats); diff != "" {
		t.Errorf("the larger dataset (-want +got):\n%s", diff)
	}
	if size > 2_500_000 {
		t.Errorf("its files have %d bytes", size)
	}
}

// testFilters asks for what people filter images by.
func (w *world) testFilters(t *testing.T) {
	ctx := access.System(t.Context())
	images := testkit.Must(w.DB.Image.Query().WithBaseImage().All(ctx))(t)
	for name, is := range map[string]func(*ent.Image) bool{
		"PNG":           func(img *ent.Image) bool { return img.Format == entimage.FormatPNG },
		"JPEG":          func(img *ent.Image) bool { return img.Format == entimage.FormatJPEG },
		"GIF":           func(img *ent.Image) bool { return img.Format == entimage.FormatGIF },
		"landscape":     func(img *ent.Image) bool { return img.Width > img.Height },
		"portrait":      func(img *ent.Image) bool { return img.Width < img.Height },
		"square":        func(img *ent.Image) bool { return img.Width == img.Height },
		"no split":      func(img *ent.Image) bool { return img.Split == entimage.SplitNone },
		"train":         func(img *ent.Image) bool { return img.Split == entimage.SplitTrain },
		"val":           func(img *ent.Image) bool { return img.Split == entimage.SplitVal },
		"test":          func(img *ent.Image) bool { return img.Split == entimage.SplitTest },
		"in no batch":   func(img *ent.Image) bool { return img.BatchID == nil },
		"in no job":     func(img *ent.Image) bool { return img.BatchID != nil && img.JobID == nil },
		"prompted":      func(img *ent.Image) bool { return img.IsSynthetic && img.Prompt != "" && img.NegativePrompt != "" },
		"text2image":    func(img *ent.Image) bool { return img.IsSynthetic && img.GenerationType == "text2image" },
		"inpainting":    func(img *ent.Image) bool { return img.Edges.BaseImage != nil && img.GenerationType == "inpainting" },
		"with a seed":   func(img *ent.Image) bool { return strings.Contains(img.ExtraInformation.String(), `"seed":`) },
		"with a camera": func(img *ent.Image) bool { return strings.Contains(img.ExtraInformation.String(), `"camera":`) },
	} {
		if n := len(slices.DeleteFunc(slices.Clone(images), func(img *ent.Image) bool { return !is(img) })); n < 2 {
			t.Errorf("%s: %d images", name, n)
		}
	}
}

func (w *world) testJobs(t *testing.T) {
	jobs := testkit.Must(w.DB.Job.Query().WithAssignee().WithBatch().WithImages().Order(job.ByID()).All(access.System(t.Context())))(t)
	var got []string
	for _, j := range jobs {
		got = append(got, fmt.Sprintf("%s for %s: %d images, done %v, reviewed %v",
			j.Edges.Batch.Name, j.Edges.Assignee.FirstName, len(j.Edges.Images), j.Done, j.Reviewed))
	}
	want := []string{
		"Pier camera for Ana: 6 images, done true, reviewed true",
		"Pier camera for Ravi: 6 images, done true, reviewed false",
		"Pier camera for Ana: 4 images, done false, reviewed false",
		"Generated for Ana: 7 images, done false, reviewed false",
		"Generated for Ana: 7 images, done false, reviewed false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

// testAnnotations compares what is stored with what is in the scenes, whose shapes others test.
func (w *world) testAnnotations(t *testing.T) {
	scenes := map[string]*scene{}
	for _, s := range allShots() {
		scenes[s.name] = s.scene
	}
	sources := map[annotation.Source]int{}
	authors := map[string]int{}
	annotations := testkit.Must(w.DB.Annotation.Query().WithImage().WithLabel().WithAuthor().
		Order(annotation.ByPosition()).All(access.System(t.Context())))(t)
	seen := map[string]int{}
	for _, a := range annotations {
		name := a.Edges.Image.OriginalName
		s, i := scenes[name], seen[name]
		seen[name]++
		th := s.things[i]
		if a.Edges.Label.Name != th.label {
			t.Errorf("%s, annotation %d: is of a %s, want %s", name, i, a.Edges.Label.Name, th.label)
		}
		if got, want := spans(t, a, s.size), th.box().pixels(); got != want {
			t.Errorf("%s, annotation %d: spans %v, want %v", name, i, got, want)
		}
		if a.IsSynthetic != a.Edges.Image.IsSynthetic || (a.Confidence != nil) != (a.Source == annotation.SourceModel) {
			t.Errorf("%s, annotation %d: %v", name, i, a)
		}
		sources[a.Source]++
		authors[a.Edges.Author.FirstName]++
	}
	for name, n := range seen {
		if n != len(scenes[name].things) {
			t.Errorf("%s has %d annotations, want %d", name, n, len(scenes[name].things))
		}
	}
	if len(sources) != 3 || len(authors) != 3 {
		t.Errorf("sources are %v, authors %v", sources, authors)
	}
}

// spans returns the pixels that an annotation touches. Its data are all known fields, in the picture.
func spans(t *testing.T, a *ent.Annotation, size image.Point) image.Rectangle {
	t.Helper()
	var corners [][2]float64
	read := json.NewDecoder(bytes.NewReader(a.Data))
	read.DisallowUnknownFields()
	var err error
	if a.Type == annotate.Polygon {
		var o outline
		err = read.Decode(&o)
		corners = o.Points
	} else {
		var b boundingBox
		err = read.Decode(&b)
		corners = [][2]float64{b.Point, {b.Point[0] + b.Width, b.Point[1] + b.Height}}
	}
	if err != nil {
		t.Errorf("annotation %v: %v", a, err)
	}
	var p polygon
	for _, c := range corners {
		if min(c[0], c[1]) <= 0 || max(c[0], c[1]) >= 1 {
			t.Errorf("annotation %v: %v is not in the picture", a, c)
		}
		p = append(p, on(c[0]*float64(size.X), c[1]*float64(size.Y)))
	}
	return around(p).pixels()
}

// testPixels reads files back: the PNG ones are the scenes to the last bit.
func (w *world) testPixels(t *testing.T) {
	ctx := access.System(t.Context())
	compared := 0
	for _, s := range allShots() {
		img := testkit.Must(w.DB.Image.Query().Where(entimage.OriginalName(s.name)).Only(ctx))(t)
		key := testkit.Must(storage.ObjectKey(img.Sha256))(t)
		r, _, err := w.store.Open(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		file := testkit.Must(io.ReadAll(r))(t)
		r.Close()
		picture, format, err := image.Decode(bytes.NewReader(file))
		if err != nil || !strings.EqualFold(format, string(img.Format)) || picture.Bounds().Size() != s.size {
			t.Errorf("%s is a %s of %v, error %v", s.name, format, picture.Bounds().Size(), err)
		}
		if got, ok := picture.(*image.RGBA); ok && format == "png" {
			compared++
			if !bytes.Equal(got.Pix, s.render().Pix) {
				t.Errorf("%s is not its scene", s.name)
			}
		}
	}
	if compared < 20 {
		t.Errorf("%d PNG files compared", compared)
	}
}

// TestFillOnlyEmpty: a database with a user is somebody's.
func TestFillOnlyEmpty(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		err := db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
			space, err := tx.Workspace.Create().SetName("default").Save(ctx)
			if err != nil {
				return err
			}
			return tx.User.Create().SetWorkspace(space).SetEmail("ana@example.com").Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}

		_, made, err := Fill(t.Context(), w.Deps)

		if err != nil || made {
			t.Errorf("filled %v, error %v", made, err)
		}
		counts := w.counts(t)
		if counts["users"] != 1 || counts["workspaces"] != 1 {
			t.Errorf("there are %v", counts)
		}
	})
}

// TestInterrupted ends Fill at its third statement, as a person at the keyboard may, the next
// one later, and so on until one is through.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{
		"sqlite": testkit.SQLite, "postgres": testkit.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int64 // yet to run
			var interrupt context.CancelFunc
			w := newWorld(t, open(t, database.WithTrace(func(string) {
				if statements.Add(-1) == 0 {
					interrupt()
				}
			})))
			fill := func(most int64) (bool, error) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				interrupt = cancel
				statements.Store(most)
				_, made, err := Fill(ctx, w.Deps)
				return made, err
			}
			for n := int64(3); ; n += 97 {
				made, err := fill(n)
				if made {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("interrupted at statement %d: %v", n, err)
				}
				w.checkClosed(t)
			}
			if diff := cmp.Diff(filled, w.counts(t)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// checkClosed fails the test if somebody can sign in to what Fill has left behind, or it
// looks finished.
func (w *world) checkClosed(t *testing.T) {
	t.Helper()
	ctx := access.System(t.Context())
	open := testkit.Must(w.DB.User.Query().Where(user.PasswordHashNEQ(auth.UnusablePassword)).Exist(ctx))(t)
	named := testkit.Must(w.DB.Workspace.Query().Where(workspace.Name(workspaceName)).Exist(ctx))(t)
	if open || named {
		t.Errorf("somebody can sign in: %v, the workspace has its name: %v", open, named)
	}
}

// BenchmarkFill is how long a person waits for the demo.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, testkit.SQLite(b))
		b.StartTimer()
		w.fill(b)
	}
}
