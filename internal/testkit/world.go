package testkit

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// World is a workspace with a dataset and one user of each kind, apart from all other worlds in the database.
// Its images have no pixels.
type World struct {
	DB        *database.DB
	Workspace *ent.Workspace
	Users     map[string]*ent.User // by the names in Actors
	Dataset   *ent.Dataset
	Labels    []*ent.Label // two
	Images    []*ent.Image // three, of which two are in the batch, and one of these in the job
	Drawn     []*ent.Annotation
	Batch     *ent.Batch
	Job       *ent.Job
	Snapshot  *ent.Snapshot
	Member    *ent.Member // of the viewer
	Foreign   *World      // of another workspace; nil there
}

// Actors are the kinds of people that access tests try. Anonymous is no user.
var Actors = []string{
	"anonymous", "other workspace", "no member", "viewer", "annotator", "assignee",
	"reviewer", "manager", "owner", "admin", "superuser",
}

var worlds atomic.Int64

// NewWorld makes a world, and a foreign one.
func NewWorld(tb testing.TB, db *database.DB) *World {
	tb.Helper()
	ctx := access.System(context.Background())
	foreign := newWorld(ctx, tb, db)
	w := newWorld(ctx, tb, db)
	w.Foreign = foreign
	w.Users["other workspace"] = foreign.Users["owner"]
	return w
}

func newWorld(ctx context.Context, tb testing.TB, db *database.DB) *World {
	tb.Helper()
	n := worlds.Add(1)
	w := &World{DB: db, Users: map[string]*ent.User{}}
	w.Workspace = Must(db.Workspace.Create().SetName(fmt.Sprintf("world %d %s", n, uuid.NewString())).Save(ctx))(tb)
	people := Actors[2:] // those of the workspace
	users := Must(db.User.MapCreateBulk(people, func(create *ent.UserCreate, i int) {
		email := fmt.Sprintf("%s.%d.%s@example.com", strings.ReplaceAll(people[i], " ", "."), n, uuid.NewString()[:8])
		create.SetEmail(email).SetWorkspace(w.Workspace).SetIsAdmin(people[i] == "admin").SetIsSuperuser(people[i] == "superuser")
	}).Save(ctx))(tb)
	for i, actor := range people {
		w.Users[actor] = users[i]
	}
	w.addDataset(ctx, tb)
	return w
}

// Sibling is another dataset of the same people, in the roles that they have in the first one.
func (w *World) Sibling(tb testing.TB) *World {
	tb.Helper()
	s := &World{DB: w.DB, Workspace: w.Workspace, Users: w.Users, Foreign: w.Foreign}
	s.addDataset(access.System(context.Background()), tb)
	return s
}

func (w *World) addDataset(ctx context.Context, tb testing.TB) {
	tb.Helper()
	db := w.DB
	w.Dataset = Must(db.Dataset.Create().SetName("boats").SetWorkspace(w.Workspace).SetOwner(w.Users["owner"]).Save(ctx))(tb)
	roles := []member.Role{member.RoleViewer, member.RoleAnnotator, member.RoleReviewer, member.RoleManager, member.RoleOwner}
	members := Must(db.Member.MapCreateBulk(roles, func(create *ent.MemberCreate, i int) {
		create.SetDataset(w.Dataset).SetUser(w.Users[strings.ToLower(string(roles[i]))]).SetRole(roles[i])
	}).Save(ctx))(tb)
	w.Member = members[0]
	w.fill(ctx, tb)
}

func (w *World) fill(ctx context.Context, tb testing.TB) {
	tb.Helper()
	db := w.DB
	names := []string{"sail", "cargo"}
	w.Labels = Must(db.Label.MapCreateBulk(names, func(create *ent.LabelCreate, i int) {
		create.SetDataset(w.Dataset).SetName(names[i]).SetColor("#123456").SetOrder(i)
	}).Save(ctx))(tb)
	w.Batch = Must(db.Batch.Create().SetDataset(w.Dataset).SetName("first").Save(ctx))(tb)
	w.Job = Must(db.Job.Create().SetDataset(w.Dataset).SetBatch(w.Batch).SetOwner(w.Users["owner"]).SetAssignee(w.Users["assignee"]).Save(ctx))(tb)
	for i := range 3 {
		create := NewImage(db.Client, w.Dataset)
		if i < 2 {
			create.SetBatch(w.Batch)
		}
		if i == 0 {
			create.SetJob(w.Job)
		}
		w.Images = append(w.Images, Must(create.Save(ctx))(tb))
	}
	w.Drawn = Must(db.Annotation.MapCreateBulk(make([]int, 4), func(create *ent.AnnotationCreate, i int) {
		create.SetDataset(w.Dataset).SetImage(w.Images[i%2]).SetLabel(w.Labels[i/2]).
			SetType("bounding_box").SetData(Box(i)).SetPosition(int64(i+1) * 1000).SetAuthor(w.Users["annotator"])
	}).Save(ctx))(tb)
	Must(db.ExecContext(ctx, fmt.Sprintf("UPDATE datasets SET epoch = 2 WHERE id = %d", w.Dataset.ID)))(tb)
	w.Snapshot = Must(db.Snapshot.Create().SetDataset(w.Dataset).SetName("v1").SetEpoch(1).SetDatasetName(w.Dataset.Name).Save(ctx))(tb)
}

// NewImage is an image of a dataset, without pixels.
func NewImage(db *ent.Client, d *ent.Dataset) *ent.ImageCreate {
	return db.Image.Create().SetDataset(d).SetName(uuid.NewString() + ".png").SetFormat(image.FormatPNG).
		SetSha256(strings.Repeat("0", 64)).SetObjectSha256(strings.Repeat("0", 64)).SetSize(1000).SetWidth(640).SetHeight(480).
		SetPerceptualHash(0)
}

// Box is the i-th of boxes that differ.
func Box(i int) rawjson.Object {
	return rawjson.Object(fmt.Sprintf(`{"point":[0.%03d,0.1],"width":0.2,"height":0.3}`, i%1000))
}

// As returns a context in which an actor asks.
func (w *World) As(ctx context.Context, actor string) context.Context {
	u := w.Users[actor]
	if u == nil {
		return ctx
	}
	return access.WithViewer(ctx, access.Viewer{
		UserID: u.ID, WorkspaceID: u.WorkspaceID, Admin: u.IsAdmin, Superuser: u.IsSuperuser, SessionID: 1,
	})
}
