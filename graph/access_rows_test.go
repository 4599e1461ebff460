package graph_test

import (
	"bytes"
	"context"
	"encoding/base64"
	stdimage "image"
	"image/png"
	"testing"

	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/testkit"
)

func accessID(typ string, id any) accessValue { return accessValue{"ID!", gidOf(typ, id)} }

// values are what an operation that an actor asks calls the rows of the world.
func (w *accessWorld) values(t *testing.T, actor, operation string) map[string]accessValue {
	t.Helper()
	values := rowsOf(w.World)
	values["foreignWorkspace"] = accessID("Workspace", w.Foreign.Workspace.ID)
	me := w.Users["viewer"] // of no use to the anonymous
	if u := w.Users[actor]; u != nil {
		me = u
	}
	values["me"] = accessID("User", me.ID)
	values["myWorkspace"] = accessID("Workspace", me.WorkspaceID)
	for _, name := range accessNames(operation) {
		if _, ok := values[name]; ok {
			continue
		}
		key := name
		if name == "myKey" {
			key += actor
		}
		if _, ok := w.made[key]; !ok {
			w.made[key] = w.make(t, name, me)
		}
		values[name] = w.made[key]
	}
	return values
}

// rowsOf are the ids of the rows that each world has.
func rowsOf(w *testkit.World) map[string]accessValue {
	values := map[string]accessValue{
		"missing":     accessID("Dataset", noRow),
		"workspace":   accessID("Workspace", w.Workspace.ID),
		"dataset":     accessID("Dataset", w.Dataset.ID),
		"member":      accessID("Member", w.Member.ID),
		"label":       accessID("Label", w.Labels[0].ID),
		"label2":      accessID("Label", w.Labels[1].ID),
		"image":       accessID("Image", w.Images[0].ID),
		"image2":      accessID("Image", w.Images[1].ID),
		"image3":      accessID("Image", w.Images[2].ID),
		"annotation":  accessID("Annotation", w.Drawn[0].ID),
		"annotation2": accessID("Annotation", w.Drawn[1].ID),
		"batch":       accessID("Batch", w.Batch.ID),
		"job":         accessID("Job", w.Job.ID),
		"snapshot":    accessID("Snapshot", w.Snapshot.ID),
		"noMember":    accessID("User", w.Users["no member"].ID),
		"email":       {"String!", w.Users["viewer"].Email},
		"png":         {"String!", "data:image/png;base64," + base64.StdEncoding.EncodeToString(onePixel)},
		"yolo": {"String!", base64.StdEncoding.EncodeToString(testkit.ZipOf(map[string][]byte{
			"images/a.png": onePixel, "labels/a.txt": []byte("0 0.5 0.5 1 1"), "data.yaml": []byte("names: [boat]"),
		}))},
		"zip": {"String!", base64.StdEncoding.EncodeToString(testkit.Zip("a.png", onePixel))},
	}
	for _, actor := range []string{"viewer", "annotator", "assignee", "reviewer", "manager", "owner", "admin", "superuser"} {
		values[actor] = accessID("User", w.Users[actor].ID)
	}
	return values
}

// noRow is an id that no row has.
const noRow = 1 << 40

// onePixel is a picture.
var onePixel = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, stdimage.NewGray(stdimage.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// make makes a row that few documents need.
func (w *accessWorld) make(t *testing.T, name string, me *ent.User) accessValue {
	t.Helper()
	w.seen = nil
	ctx := access.System(t.Context())
	switch name {
	case "viewersKey":
		return w.newKey(t, w.Users["viewer"])
	case "myKey":
		return w.newKey(t, me)
	case "password":
		w.setPasswords(t)
		return accessValue{"String!", accessPassword}
	case "newEmail":
		return accessValue{"String!", uuid.NewString() + "@example.com"}
	case "refreshToken":
		w.setPasswords(t)
		tokens := testkit.Must(w.auth.SignIn(ctx, auth.Credentials{Email: w.Users["viewer"].Email, Password: accessPassword}))(t)
		return accessValue{"String!", tokens.RefreshToken}
	case "unassignedJob":
		return accessID("Job", testkit.Must(w.db.Job.Create().SetDatasetID(w.Dataset.ID).Save(ctx))(t).ID)
	case "ownersMember":
		owner := w.db.Member.Query().Where(member.DatasetID(w.Dataset.ID), member.RoleEQ(member.RoleOwner))
		return accessID("Member", testkit.Must(owner.OnlyID(ctx))(t))
	}
	t.Fatalf("nothing is called $%s", name)
	return accessValue{}
}

func (w *accessWorld) newKey(t *testing.T, u *ent.User) accessValue {
	t.Helper()
	_, key, err := w.auth.IssueAPIKey(t.Context(), u.ID, auth.KeyRequest{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	return accessID("APIKey", key.ID)
}

// setPasswords gives all users the password.
func (w *accessWorld) setPasswords(t *testing.T) {
	t.Helper()
	hash := testkit.Must(accessHash())(t)
	err := w.db.User.Update().Where(user.WorkspaceIDIn(w.Workspace.ID, w.Foreign.Workspace.ID)).
		SetPasswordHash(hash).Exec(access.System(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
}

// another makes a dataset like the world's in the same workspace: the user who is no member of
// the world's owns it, and only they see it.
func (w *accessWorld) another(t *testing.T) *testkit.World {
	t.Helper()
	o := &testkit.World{DB: w.DB, Workspace: w.Workspace, Users: w.Users}
	err := w.DB.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		owner := w.Users["no member"].ID
		o.Dataset = testkit.Must(tx.Dataset.Create().SetName("cars").SetWorkspaceID(w.Workspace.ID).SetOwnerID(owner).Save(ctx))(t)
		id := o.Dataset.ID
		o.Member = testkit.Must(tx.Member.Create().SetDatasetID(id).SetUserID(owner).SetRole(member.RoleOwner).Save(ctx))(t)
		o.Batch = testkit.Must(tx.Batch.Create().SetDatasetID(id).SetName("first").Save(ctx))(t)
		o.Job = testkit.Must(tx.Job.Create().SetDatasetID(id).SetBatchID(o.Batch.ID).SetOwnerID(owner).SetAssigneeID(owner).Save(ctx))(t)
		o.Snapshot = testkit.Must(tx.Snapshot.Create().SetDatasetID(id).Save(ctx))(t)
		for i := range 3 {
			o.Labels = append(o.Labels, testkit.Must(tx.Label.Create().SetDatasetID(id).SetName("car").SetColor("red").Save(ctx))(t))
			create := testkit.NewImage(tx.Client(), o.Dataset).SetBatchID(o.Batch.ID).SetJobID(o.Job.ID)
			if i > 0 {
				create.SetBaseImageID(o.Images[0].ID)
			}
			o.Images = append(o.Images, testkit.Must(create.Save(ctx))(t))
			o.Drawn = append(o.Drawn, testkit.Must(tx.Annotation.Create().SetDatasetID(id).SetImageID(o.Images[0].ID).
				SetLabelID(o.Labels[i].ID).SetAuthorID(owner).SetType("bounding_box").SetData(testkit.Box(i)).SetPosition(int64(i)).Save(ctx))(t))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
