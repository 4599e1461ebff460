package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// picturesNowhere answers URLs that lead nowhere: these tests look at no pixels.
type picturesNowhere struct{}

func (picturesNowhere) URL(_ context.Context, img *ent.Image) string { return "/media/" + img.Name }

func (picturesNowhere) ArchiveURL(_ context.Context, snap *ent.Snapshot) *string {
	return snap.ArchiveSha256
}

func (picturesNowhere) ArchivePath(_ context.Context, snap *ent.Snapshot) *string {
	return snap.ArchiveSha256
}

func (picturesNowhere) ThumbnailURL(_ context.Context, img *ent.Image, width int) string {
	return fmt.Sprintf("/media/%s?width=%d", img.Name, width)
}

// api is a gateway over a database with a world in it, and how many statements were sent to it.
type api struct {
	*graph.Gateway
	db         *database.DB
	world      *testkit.World
	statements *atomic.Int64
}

// eachDatabase runs test on each of the two databases.
func eachDatabase(t *testing.T, test func(t *testing.T, a api)) {
	t.Helper()
	open := map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres}
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			db := open[name](t, database.WithTrace(func(string) { n.Add(1) }))
			test(t, api{newAccessServer(t, db).Gateway, db, testkit.NewWorld(t, db), &n})
		})
	}
}

// onSQLite is an api over SQLite, for tests of what happens before any statement.
func onSQLite(t *testing.T) api {
	t.Helper()
	var n atomic.Int64
	db := testkit.SQLite(t, database.WithTrace(func(string) { n.Add(1) }))
	return api{newAccessServer(t, db).Gateway, db, testkit.NewWorld(t, db), &n}
}

// answer is what a client gets.
type answer struct {
	Data       map[string]any
	Errors     []answerError
	body       string
	status     int
	statements int64
}

type answerError struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// codes lists the codes of the errors.
func (a answer) codes() string {
	codes := make([]string, len(a.Errors))
	for i, e := range a.Errors {
		codes[i] = fmt.Sprint(e.Extensions["code"])
	}
	return strings.Join(codes, " ")
}

// ask sends an operation as an actor, with variables as JSON has them.
func (a api) ask(t *testing.T, actor, query string, variables any) answer {
	t.Helper()
	return a.send(t, actor, string(testkit.Must(json.Marshal(map[string]any{"query": query, "variables": variables}))(t)))
}

// send sends a body of JSON as an actor. What reads is read by resolvers alone too, whose answer is the same.
func (a api) send(t *testing.T, actor, body string) answer {
	t.Helper()
	got := a.sendIn(a.world.As(t.Context(), actor), t, body)
	if failed := a.Reads().Failed; failed > 0 {
		t.Errorf("%d plans failed; the last was of %s", failed, body)
	}
	if testing.Short() || strings.Contains(body, "mutation") {
		return got
	}
	resolved := a.sendIn(graph.ByResolvers(a.world.As(t.Context(), actor)), t, body)
	if diff := cmp.Diff(resolved.decoded(), got.decoded()); diff != "" {
		t.Errorf("%s\n(-by resolvers +by a plan)\n%s", body, diff)
	}
	return got
}

func (a api) sendIn(ctx context.Context, t *testing.T, body string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	before := a.statements.Load()
	a.ServeHTTP(w, r)
	got := answer{status: w.Code, body: w.Body.String(), statements: a.statements.Load() - before}
	d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	if err := d.Decode(&got); err != nil || d.More() {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return got
}

// decoded is what a client makes of the answer, but for the ids of requests. Which rows of a list an error that is of all of them
// names, and in which order errors come, differs from time to time.
func (a answer) decoded() any {
	errs := make([]answerError, len(a.Errors))
	for i, e := range a.Errors {
		errs[i] = answerError{e.Message, slices.Clone(e.Path), maps.Clone(e.Extensions)}
		delete(errs[i].Extensions, "requestId")
		for k, step := range e.Path {
			if _, row := step.(float64); row {
				errs[i].Path[k] = "row"
			}
		}
	}
	slices.SortFunc(errs, func(a, b answerError) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return struct {
		Data   map[string]any
		Errors []answerError
		Status int
	}{a.Data, errs, a.status}
}

// mustAsk is ask for operations without errors.
func (a api) mustAsk(t *testing.T, actor, query string, variables any) answer {
	t.Helper()
	got := a.ask(t, actor, query, variables)
	if len(got.Errors) > 0 {
		t.Fatalf("%s\n%+v", query, got.Errors)
	}
	return got
}

// id is the GraphQL form of an id.
func gidOf(typ string, id any) string { return gid.Encode(typ, fmt.Sprint(id)) }

// at follows names and indices, with dots between them, into what was answered.
func at(t *testing.T, v any, path string) any {
	t.Helper()
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				t.Fatalf("no %s of %s in %v", name, path, in)
			}
			v = in[i]
		default:
			t.Fatalf("no %s of %s in %v", name, path, v)
		}
	}
	return v
}

// theSchema is the schema that clients see.
func theSchema() *ast.Schema { return graph.ClientSchema() }

// grow adds n rows to each list that a client can ask for, of which one is of a new dataset.
func grow(t *testing.T, w *testkit.World, n int) {
	t.Helper()
	ctx := access.System(t.Context())
	err := w.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		for i := range n {
			growBy(ctx, tx.Client(), w, i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func growBy(ctx context.Context, db *ent.Client, w *testkit.World, i int) {
	place := worldPlace.Add(1)
	name := fmt.Sprintf("%s %d", w.Workspace.Name, place)
	owner, super := w.Users["owner"], w.Users["superuser"]
	user := db.User.Create().SetEmail(fmt.Sprintf("grown%d.%s@example.com", place, w.Users["owner"].Email)).SetWorkspace(w.Workspace).SaveX(ctx)
	db.APIKey.Create().SetUser(super).SetName(name).SetPrefix("p").SetHash(name).SaveX(ctx)
	db.Member.Create().SetDataset(w.Dataset).SetUser(user).SetRole("VIEWER").SaveX(ctx)
	other := db.Dataset.Create().SetName(name).SetWorkspace(w.Workspace).SetOwner(owner).SaveX(ctx)
	db.Workspace.Create().SetName(name).SaveX(ctx)
	for _, d := range []*ent.Dataset{w.Dataset, other} {
		label := db.Label.Create().SetDataset(d).SetName(name).SetColor("red").SetOrder(i % 3).SaveX(ctx)
		batch := db.Batch.Create().SetDataset(d).SetName(name).SaveX(ctx)
		job := db.Job.Create().SetDataset(d).SetBatch(batch).SetOwner(owner).SetAssignee(user).SaveX(ctx)
		db.Snapshot.Create().SetDataset(d).SetName(name).SaveX(ctx)
		base := testkit.NewImage(db, d).SetBatch(batch).SetJob(job).SaveX(ctx)
		for range 2 {
			img := testkit.NewImage(db, d).SetBatch(batch).SetJob(job).SetBaseImage(base).SaveX(ctx)
			db.Annotation.CreateBulk(
				drawn(db, d, img, label, i).SetAuthor(user),
				drawn(db, d, img, label, i).SetAuthor(owner),
				drawn(db, d, base, label, i).SetAuthor(user),
			).SaveX(ctx)
		}
	}
}

// worldPlace numbers what grow adds, since names must differ.
var worldPlace atomic.Int64

func drawn(db *ent.Client, d *ent.Dataset, img *ent.Image, l *ent.Label, i int) *ent.AnnotationCreate {
	return db.Annotation.Create().SetDataset(d).SetImage(img).SetLabel(l).
		SetType("bounding_box").SetData(testkit.Box(i)).SetPosition(int64(i % 4))
}

// growDeep adds images with annotations to the world's dataset.
func growDeep(t *testing.T, w *testkit.World, images, annotations int) {
	t.Helper()
	ctx := access.System(t.Context())
	var creates []*ent.ImageCreate
	for range images {
		creates = append(creates, testkit.NewImage(w.DB.Client, w.Dataset))
	}
	for i, img := range w.DB.Image.CreateBulk(creates...).SaveX(ctx) {
		drawings := make([]*ent.AnnotationCreate, annotations)
		for k := range drawings {
			drawings[k] = drawn(w.DB.Client, w.Dataset, img, w.Labels[k%2], i)
		}
		w.DB.Annotation.CreateBulk(drawings...).SaveX(ctx)
	}
}
