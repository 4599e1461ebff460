package catalog_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// labels lists those of a world: name, colour, order, prompts, version.
func labels(t *testing.T, w *testkit.World) []string {
	t.Helper()
	var list []string
	for _, l := range w.DB.Label.Query().Where(label.DatasetID(w.Dataset.ID)).Order(label.ByID()).AllX(system(t)) {
		list = append(list, fmt.Sprintf("%s %s %d %q %q v%d", l.Name, l.Color, l.Order, l.Prompt, l.NegativePrompt, l.Version))
	}
	return list
}

const (
	sail  = `sail #123456 0 "" "" v1`
	cargo = `cargo #123456 1 "" "" v1`
)

func TestCreateLabels(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor  string
		labels []catalog.CreateLabelInput
		want   string
		made   []string
	}
	tug := catalog.CreateLabelInput{Name: "tug", Color: "red"}
	testkit.EachWorld(t, map[string]creation{
		"one":      {"manager", []catalog.CreateLabelInput{tug}, "", []string{`tug red 0 "" "" v1`}},
		"nothing":  {"manager", nil, "", nil},
		"two":      {"owner", []catalog.CreateLabelInput{tug, {"buoy", "blue", new(-3), new("a"), new("b")}}, "", []string{`tug red 0 "" "" v1`, `buoy blue -3 "a" "b" v1`}},
		"one name": {"owner", []catalog.CreateLabelInput{tug, tug}, "", []string{`tug red 0 "" "" v1`, `tug red 0 "" "" v1`}}, // as the old service let them
		"bad ones": {
			"owner",
			[]catalog.CreateLabelInput{tug, {Name: "", Color: " "}, {Name: "x", Color: "y", Order: new(math.MaxInt32 + 1)}},
			"INVALID list[1].name: must not be blank; list[1].color: must not be blank; list[2].order: is out of range", nil,
		},
		"as a reviewer": {"reviewer", []catalog.CreateLabelInput{tug}, "FORBIDDEN not allowed to edit labels", nil},
		"as a stranger": {"no member", []catalog.CreateLabelInput{tug}, "NOT_FOUND dataset not found", nil},
	}, func(t *testing.T, w *testkit.World, tt creation) {
		made, err := catalog.CreateLabels(w.As(t.Context(), tt.actor), w.DB, w.Dataset.ID, tt.labels, at)
		if testkit.Said(err) != tt.want || err == nil && len(made) != len(tt.made) {
			t.Errorf("%d made, %v; want %s", len(made), err, tt.want)
		}
		if diff := cmp.Diff(append([]string{sail, cargo}, tt.made...), labels(t, w)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestTenThousandLabels are as many as a call may make, and more than a statement has parameters for.
func TestTenThousandLabels(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		var in []catalog.CreateLabelInput
		for i := range 10_000 {
			in = append(in, catalog.CreateLabelInput{Name: fmt.Sprintf("label %d", i), Color: "red"})
		}
		owner := w.As(t.Context(), "owner")
		made, err := catalog.CreateLabels(owner, w.DB, w.Dataset.ID, in, at)
		if err != nil || len(made) != len(in) || made[9999].Name != "label 9999" || made[9999].ID <= made[0].ID {
			t.Fatalf("%d made, %v", len(made), err)
		}
		changes := make([]catalog.LabelChange, len(made))
		targets := catalog.Targets[gid.LabelID]{}
		for i, l := range made {
			changes[i] = catalog.LabelChange{ID: l.ID, ExpectedVersion: new(1), Input: catalog.UpdateLabelInput{Order: new(i + 1)}}
			targets.IDs, targets.Versions = append(targets.IDs, l.ID), append(targets.Versions, 2)
		}
		if _, err := catalog.UpdateLabels(owner, w.DB, changes, inputAt); err != nil {
			t.Fatal(err)
		}
		if l := w.DB.Label.GetX(system(t), made[7].ID); l.Order != 8 || l.Version != 2 {
			t.Errorf("updated to %v", l)
		}
		if err := catalog.DeleteLabels(owner, w.DB, targets); err != nil {
			t.Fatal(err)
		}
		if n := len(labels(t, w)); n != 2 {
			t.Errorf("%d are left", n)
		}
		if _, err := catalog.CreateLabels(owner, w.DB, w.Dataset.ID, append(in, in[0]), at); testkit.Said(err) != "INVALID labels: has 10001 items; at most 10000 are allowed in one call" {
			t.Errorf("one more: %v", err)
		}
	})
}

func TestUpdateLabels(t *testing.T) {
	t.Parallel()
	type update struct {
		actor   string
		changes func(w *testkit.World) []catalog.LabelChange
		want    string
		stored  []string
	}
	change := func(changes ...catalog.UpdateLabelInput) func(*testkit.World) []catalog.LabelChange {
		return func(w *testkit.World) []catalog.LabelChange {
			list := make([]catalog.LabelChange, len(changes))
			for i, in := range changes {
				list[i] = catalog.LabelChange{ID: w.Labels[i].ID, Input: in}
			}
			return list
		}
	}
	testkit.EachWorld(t, map[string]update{
		"one": {"manager", change(catalog.UpdateLabelInput{Name: new("tug")}), "", []string{`tug #123456 0 "" "" v2`, cargo}},
		"each in its way": {
			"owner", change(catalog.UpdateLabelInput{Order: new(5)}, catalog.UpdateLabelInput{Color: new("red"), Prompt: new(`"p"`), NegativePrompt: new("n")}),
			"",
			[]string{`sail #123456 5 "" "" v2`, `cargo red 1 "\"p\"" "n" v2`},
		},
		"nothing":       {"owner", change(catalog.UpdateLabelInput{}), "", []string{sail, cargo}},
		"to what it is": {"owner", change(catalog.UpdateLabelInput{Name: new("sail"), Order: new(0)}), "", []string{sail, cargo}},
		"of the versions": {"owner", func(w *testkit.World) []catalog.LabelChange {
			return []catalog.LabelChange{{w.Labels[0].ID, new(1), catalog.UpdateLabelInput{Name: new("tug")}}}
		}, "", []string{`tug #123456 0 "" "" v2`, cargo}},
		"one is stale": {"owner", func(w *testkit.World) []catalog.LabelChange {
			return []catalog.LabelChange{
				{w.Labels[0].ID, nil, catalog.UpdateLabelInput{Name: new("tug")}}, {w.Labels[1].ID, new(2), catalog.UpdateLabelInput{Name: new("tug")}},
			}
		}, "CONFLICT changed since it was read", []string{sail, cargo}},
		"one is foreign": {"owner", func(w *testkit.World) []catalog.LabelChange {
			return []catalog.LabelChange{
				{w.Labels[0].ID, nil, catalog.UpdateLabelInput{Name: new("tug")}}, {w.Foreign.Labels[0].ID, nil, catalog.UpdateLabelInput{Name: new("tug")}},
			}
		}, "NOT_FOUND label not found", []string{sail, cargo}},
		"one twice": {"owner", func(w *testkit.World) []catalog.LabelChange {
			return []catalog.LabelChange{{ID: w.Labels[0].ID}, {ID: w.Labels[0].ID}}
		}, "INVALID changes[1].id: is named twice", []string{sail, cargo}},
		"to blank":     {"owner", change(catalog.UpdateLabelInput{Name: new(" ")}), "INVALID changes[0].input.name: must not be blank", []string{sail, cargo}},
		"as annotator": {"annotator", change(catalog.UpdateLabelInput{Name: new("tug")}), "FORBIDDEN not allowed to edit labels", []string{sail, cargo}},
		"as stranger":  {"no member", change(catalog.UpdateLabelInput{Name: new("tug")}), "NOT_FOUND label not found", []string{sail, cargo}},
	}, func(t *testing.T, w *testkit.World, tt update) {
		foreign := w.DB.Label.GetX(system(t), w.Foreign.Labels[0].ID)
		changed, err := catalog.UpdateLabels(w.As(t.Context(), tt.actor), w.DB, tt.changes(w), inputAt)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if current, ok := testkit.StaleRow(err).(*ent.Label); strings.HasPrefix(tt.want, "CONFLICT") && (!ok || current.ID != w.Labels[1].ID) {
			t.Errorf("the conflict carries %v", testkit.StaleRow(err))
		}
		if diff := cmp.Diff(tt.stored, labels(t, w)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, l := range changed { // what is answered is what is stored
			if got := w.DB.Label.GetX(system(t), l.ID); got.Version != l.Version || got.Name != l.Name || !got.UpdatedAt.Equal(l.UpdatedAt) {
				t.Errorf("answered %v, stored %v", l, got)
			}
		}
		if got := w.DB.Label.GetX(system(t), foreign.ID); got.Version != foreign.Version {
			t.Errorf("a foreign label became %v", got)
		}
	})
}

// TestDeleteLabels: annotations go with their label, which is a change of their images and of no others.
func TestDeleteLabels(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor    string
		targets  func(w *testkit.World) catalog.Targets[gid.LabelID]
		want     string
		left     string
		versions string
	}
	one := func(w *testkit.World) catalog.Targets[gid.LabelID] { return catalog.One(w.Labels[0].ID, new(1)) }
	const all = "2 labels, 4 annotations"
	testkit.EachWorld(t, map[string]deletion{
		"one": {"manager", one, "", "1 labels, 2 annotations", "[2 2 1]"},
		"both": {"owner", func(w *testkit.World) catalog.Targets[gid.LabelID] {
			return catalog.Targets[gid.LabelID]{IDs: []gid.LabelID{w.Labels[1].ID, w.Labels[0].ID}}
		}, "", "0 labels, 0 annotations", "[2 2 1]"},
		"none":          {"owner", func(*testkit.World) catalog.Targets[gid.LabelID] { return catalog.Targets[gid.LabelID]{} }, "", all, "[1 1 1]"},
		"stale":         {"owner", func(w *testkit.World) catalog.Targets[gid.LabelID] { return catalog.One(w.Labels[0].ID, new(2)) }, "CONFLICT changed since it was read", all, "[1 1 1]"},
		"a foreign one": {"owner", func(w *testkit.World) catalog.Targets[gid.LabelID] { return catalog.One(w.Foreign.Labels[0].ID, nil) }, "NOT_FOUND label not found", all, "[1 1 1]"},
		"as a reviewer": {"reviewer", one, "FORBIDDEN not allowed to edit labels", all, "[1 1 1]"},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		err := catalog.DeleteLabels(w.As(t.Context(), tt.actor), w.DB, tt.targets(w))
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		left := fmt.Sprintf("%d labels, %d annotations", len(labels(t, w)), w.DB.Annotation.Query().Where(annotation.DatasetID(w.Dataset.ID)).CountX(system(t)))
		if got := versions(t, w); left != tt.left || got != tt.versions {
			t.Errorf("%s, images of the versions %s; want %s, %s", left, got, tt.left, tt.versions)
		}
		if n := w.DB.Label.Query().Where(label.DatasetID(w.Foreign.Dataset.ID)).CountX(system(t)); n != 2 {
			t.Errorf("%d foreign labels are left", n)
		}
	})
}
