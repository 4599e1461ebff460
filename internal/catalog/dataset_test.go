package catalog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestCreateDataset(t *testing.T) {
	t.Parallel()
	testkit.EachWorld(t, map[string]struct {
		actor string
		in    catalog.CreateDatasetInput
		want  string
	}{
		"with a name":      {"no member", catalog.CreateDatasetInput{Name: "ships"}, ""},
		"and more":         {"viewer", catalog.CreateDatasetInput{Name: "ships", Description: new("on the sea")}, ""},
		"a long name":      {"viewer", catalog.CreateDatasetInput{Name: strings.Repeat("é", 100)}, ""},
		"a longer one":     {"viewer", catalog.CreateDatasetInput{Name: strings.Repeat("é", 101)}, "INVALID input.name: has 101 characters; at most 100 are allowed"},
		"no name":          {"viewer", catalog.CreateDatasetInput{Name: " "}, "INVALID input.name: must not be blank"},
		"a long story":     {"viewer", catalog.CreateDatasetInput{Name: "ships", Description: new(strings.Repeat("x", 10_001))}, "INVALID input.description: has 10001 characters; at most 10000 are allowed"},
		"without a viewer": {"anonymous", catalog.CreateDatasetInput{Name: "ships"}, "UNAUTHENTICATED not signed in"},
	}, func(t *testing.T, w *testkit.World, tt struct {
		actor string
		in    catalog.CreateDatasetInput
		want  string
	},
	) {
		made, err := catalog.CreateDatasets(w.As(t.Context(), tt.actor), w.DB, []catalog.CreateDatasetInput{tt.in}, input)
		if testkit.Said(err) != tt.want {
			t.Fatalf("%v; want %s", err, tt.want)
		}
		if err != nil {
			return
		}
		d := made[0]
		owner := w.Users[tt.actor].ID
		if got := w.DB.Dataset.GetX(system(t), d.ID); got.OwnerID != owner || got.WorkspaceID != w.Workspace.ID || got.Name != tt.in.Name || got.Version != 1 {
			t.Errorf("stored %v", got)
		}
		if got := roles(t, w, d.ID); got != tt.actor+" OWNER" {
			t.Errorf("members: %s", got)
		}
	})
}

// roles lists the members of a dataset by the names of actors.
func roles(t *testing.T, w *testkit.World, id gid.DatasetID) string {
	t.Helper()
	names := map[gid.UserID]string{}
	for name, u := range w.Users {
		names[u.ID] = name
	}
	var list []string
	for _, m := range w.DB.Member.Query().Where(member.DatasetID(id)).AllX(system(t)) {
		list = append(list, fmt.Sprintf("%s %s", names[m.UserID], m.Role))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestUpdateDataset(t *testing.T) {
	t.Parallel()
	type change struct {
		actor    string
		expected *int
		in       catalog.UpdateDatasetInput
		want     string
		stored   string
	}
	testkit.EachWorld(t, map[string]change{
		"name":           {"manager", nil, catalog.UpdateDatasetInput{Name: new("ships")}, "", `"ships" "" v2`},
		"description":    {"owner", new(1), catalog.UpdateDatasetInput{Description: new("on the sea")}, "", `"boats" "on the sea" v2`},
		"nothing":        {"owner", nil, catalog.UpdateDatasetInput{}, "", `"boats" "" v1`},
		"another one's":  {"owner", new(3), catalog.UpdateDatasetInput{Name: new("ships")}, "CONFLICT changed since it was read", `"boats" "" v1`},
		"to blank":       {"owner", nil, catalog.UpdateDatasetInput{Name: new("")}, "INVALID input.name: must not be blank", `"boats" "" v1`},
		"as a reviewer":  {"reviewer", nil, catalog.UpdateDatasetInput{Name: new("ships")}, "FORBIDDEN not allowed to edit the dataset", `"boats" "" v1`},
		"as a stranger":  {"no member", nil, catalog.UpdateDatasetInput{Name: new("ships")}, "NOT_FOUND dataset not found", `"boats" "" v1`},
		"as an outsider": {"other workspace", nil, catalog.UpdateDatasetInput{Name: new("ships")}, "NOT_FOUND dataset not found", `"boats" "" v1`},
	}, func(t *testing.T, w *testkit.World, tt change) {
		err := catalog.UpdateDatasets(w.As(t.Context(), tt.actor), w.DB, catalog.One(w.Dataset.ID, tt.expected), tt.in)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if current, ok := testkit.StaleRow(err).(*ent.Dataset); strings.HasPrefix(tt.want, "CONFLICT") && (!ok || current.Version != 1) {
			t.Errorf("the conflict carries %v", testkit.StaleRow(err))
		}
		d := w.DB.Dataset.GetX(system(t), w.Dataset.ID)
		if got := fmt.Sprintf("%q %q v%d", d.Name, d.Description, d.Version); got != tt.stored {
			t.Errorf("stored %s; want %s", got, tt.stored)
		}
	})
}

func TestTransferDataset(t *testing.T) {
	t.Parallel()
	const before = "annotator ANNOTATOR, manager MANAGER, owner OWNER, reviewer REVIEWER, viewer VIEWER"
	type transfer struct {
		actor, to string
		expected  *int
		want      string
		roles     string
	}
	testkit.EachWorld(t, map[string]transfer{
		"to a member":        {"owner", "viewer", new(1), "", "annotator ANNOTATOR, manager MANAGER, owner MANAGER, reviewer REVIEWER, viewer OWNER"},
		"to a colleague":     {"owner", "no member", nil, "", "annotator ANNOTATOR, manager MANAGER, no member OWNER, owner MANAGER, reviewer REVIEWER, viewer VIEWER"},
		"by an admin":        {"admin", "annotator", nil, "", "annotator OWNER, manager MANAGER, owner MANAGER, reviewer REVIEWER, viewer VIEWER"},
		"to the owner":       {"owner", "owner", nil, "", before},
		"to an outsider":     {"owner", "other workspace", nil, "INVALID userId: no such user in the workspace", before},
		"to one not active":  {"owner", "gone", nil, "INVALID userId: no such user in the workspace", before},
		"by a manager":       {"manager", "manager", nil, "FORBIDDEN not allowed to transfer the dataset", before},
		"of another version": {"owner", "viewer", new(2), "CONFLICT changed since it was read", before},
	}, func(t *testing.T, w *testkit.World, tt transfer) {
		w.Users["gone"] = w.DB.User.Create().SetWorkspace(w.Workspace).SetEmail(w.Workspace.Name + "@gone").SetIsActive(false).SaveX(system(t))
		_, err := catalog.TransferDataset(w.As(t.Context(), tt.actor), w.DB, w.Dataset.ID, w.Users[tt.to].ID, tt.expected)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if got := roles(t, w, w.Dataset.ID); got != tt.roles {
			t.Errorf("roles: %s\nwant:  %s", got, tt.roles)
		}
		d, owner := w.DB.Dataset.GetX(system(t), w.Dataset.ID), w.Users["owner"].ID
		if tt.roles != before {
			owner = w.Users[tt.to].ID
		}
		if d.OwnerID != owner || (d.Version == 2) != (tt.roles != before) {
			t.Errorf("stored %v", d)
		}
	})
}

// TestDeleteDataset deletes one whose rows refer to each other in every way.
func TestDeleteDataset(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := system(t)
		w.Images[2].Update().SetBaseImageID(w.Images[0].ID).SetJobID(w.Job.ID).ExecX(ctx)
		w.Images[0].Update().SetBaseImageID(w.Images[1].ID).ExecX(ctx)
		all, foreign := rows(t, w.DB, w.Dataset.ID), rows(t, w.DB, w.Foreign.Dataset.ID)
		for _, tt := range []struct {
			actor    string
			expected *int
			want     string
			left     string
		}{
			{"manager", nil, "FORBIDDEN not allowed to delete the dataset", all},
			{"other workspace", nil, "NOT_FOUND dataset not found", all},
			{"owner", new(7), "CONFLICT changed since it was read", all},
			{"owner", new(1), "", "0 dataset, 0 members, 0 labels, 0 images, 0 annotations, 0 batches, 0 jobs, 0 snapshots"},
			{"owner", nil, "NOT_FOUND dataset not found", "0 dataset, 0 members, 0 labels, 0 images, 0 annotations, 0 batches, 0 jobs, 0 snapshots"},
		} {
			err := catalog.DeleteDatasets(w.As(t.Context(), tt.actor), w.DB, catalog.One(w.Dataset.ID, tt.expected))
			if got := rows(t, w.DB, w.Dataset.ID); testkit.Said(err) != tt.want || got != tt.left {
				t.Errorf("%s: %v; want %s; left are %s", tt.actor, err, tt.want, got)
			}
		}
		if got := rows(t, w.DB, w.Foreign.Dataset.ID); got != foreign {
			t.Errorf("of another dataset %s are left", got)
		}
	})
}

// TestManyDatasets makes, changes and deletes several in one call: all of them, or none.
func TestManyDatasets(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "viewer") // who owns what they make, and the world's dataset not
		inputs := []catalog.CreateDatasetInput{{Name: "a"}, {Name: ""}, {Name: "c", Description: new("d")}}
		if _, err := catalog.CreateDatasets(ctx, w.DB, inputs, func(i int) []any { return []any{"datasets", i} }); testkit.Said(err) != "INVALID datasets[1].name: must not be blank" {
			t.Errorf("create: %v", err)
		}
		inputs[1].Name = "b"
		made, err := catalog.CreateDatasets(ctx, w.DB, inputs, input)
		if err != nil || len(made) != 3 {
			t.Fatalf("create: %v, %v", made, err)
		}
		targets := catalog.Targets[gid.DatasetID]{IDs: []gid.DatasetID{made[2].ID, w.Dataset.ID, made[0].ID}}
		names := func() string {
			of := w.DB.Dataset.Query().Where(dataset.WorkspaceID(w.Workspace.ID)).Order(dataset.ByID())
			return strings.Join(of.Select(dataset.FieldName).StringsX(system(t)), " ")
		}
		if err := catalog.UpdateDatasets(ctx, w.DB, targets, catalog.UpdateDatasetInput{Name: new("x")}); testkit.Said(err) != "FORBIDDEN not allowed to edit the dataset" {
			t.Errorf("update: %v", err)
		}
		if err := catalog.DeleteDatasets(ctx, w.DB, targets); testkit.Said(err) != "FORBIDDEN not allowed to delete the dataset" || names() != "boats a b c" {
			t.Errorf("delete: %v; %s", err, names())
		}
		targets.IDs[1] = made[1].ID
		targets.Versions = []int{1, 1, 1}
		if err := catalog.UpdateDatasets(ctx, w.DB, targets, catalog.UpdateDatasetInput{Name: new("x")}); err != nil || names() != "boats x x x" {
			t.Errorf("update: %v; %s", err, names())
		}
		if err := catalog.DeleteDatasets(ctx, w.DB, targets); testkit.Said(err) != "CONFLICT changed since it was read" || names() != "boats x x x" {
			t.Errorf("delete the versions of before: %v; %s", err, names())
		}
		targets.Versions = nil
		if err := catalog.DeleteDatasets(ctx, w.DB, targets); err != nil || names() != "boats" {
			t.Errorf("delete: %v; %s", err, names())
		}
	})
}

// input is the place of the only item of a list.
func input(int) []any { return []any{"input"} }

func TestStats(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := system(t)
		w.Images[1].Update().SetIsSynthetic(true).SetDone(true).ExecX(ctx)
		w.Images[2].Update().SetDone(true).SetReviewed(true).ExecX(ctx)
		bare := w.DB.Dataset.Create().SetName("bare").SetOwner(w.Users["owner"]).SetWorkspace(w.Workspace).SaveX(ctx)
		all := catalog.DatasetStats{
			Images: 3, SyntheticImages: 1, AnnotatedImages: 2, DoneImages: 2, ReviewedImages: 1, Annotations: 4, Labels: 2, Size: 3000,
		}
		fields := map[string]bool{}
		for _, f := range []string{"images", "annotations", "annotatedImages", "labels"} {
			fields[f] = true
		}
		got, err := catalog.Stats(ctx, w.DB.Client, []gid.DatasetID{w.Dataset.ID, bare.ID}, fields)
		if err != nil || *got[w.Dataset.ID] != all || *got[bare.ID] != (catalog.DatasetStats{}) || len(got) != 2 {
			t.Errorf("%v; %v", err, slices.Collect(maps.Values(got)))
		}
		if _, err := catalog.Stats(t.Context(), w.DB.Client, []gid.DatasetID{w.Dataset.ID}, fields); testkit.Said(err) != "UNAUTHENTICATED not signed in" {
			t.Errorf("without a viewer: %v", err)
		}
	})
}

// TestReadOnlyKeysWriteNothing, whatever the role of their users.
func TestReadOnlyKeysWriteNothing(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	v, _ := access.ViewerFrom(w.As(t.Context(), "owner"))
	v.ReadOnly = true
	ctx := access.WithViewer(t.Context(), v)
	const want = "FORBIDDEN not allowed: this API key only reads"
	for name, do := range map[string]func() error{
		"create a dataset": func() error {
			_, err := catalog.CreateDatasets(ctx, w.DB, []catalog.CreateDatasetInput{{Name: "ships"}}, input)
			return err
		},
		"update labels": func() error {
			change := catalog.LabelChange{ID: w.Labels[0].ID, Input: catalog.UpdateLabelInput{Name: new("x")}}
			_, err := catalog.UpdateLabels(ctx, w.DB, []catalog.LabelChange{change}, inputAt)
			return err
		},
		"delete images": func() error { return catalog.DeleteImages(ctx, w.DB, catalog.One(w.Images[0].ID, nil)) },
		"delete the dataset": func() error {
			return catalog.DeleteDatasets(ctx, w.DB, catalog.One(w.Dataset.ID, nil))
		},
	} {
		if err := do(); testkit.Said(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
