package snapshot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	entsnapshot "github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

const v1 = `"v1" "" v1`

// snapshots lists those of a world: name, note, version.
func snapshots(t *testing.T, w *testkit.World) []string {
	t.Helper()
	var list []string
	for _, s := range w.DB.Snapshot.Query().Where(entsnapshot.DatasetID(w.Dataset.ID)).Order(entsnapshot.ByID()).AllX(system(t)) {
		list = append(list, fmt.Sprintf("%q %q v%d", s.Name, s.Note, s.Version))
	}
	return list
}

func TestCreate(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor string
		in    snapshot.CreateInput
		want  string
		made  []string
	}
	long := strings.Repeat("é", 101)
	testkit.EachWorld(t, map[string]creation{
		"with all":      {"manager", snapshot.CreateInput{Name: new("v2"), Note: new("for the fair")}, "", []string{`"v2" "for the fair" v1`}},
		"with nothing":  {"owner", snapshot.CreateInput{}, "", []string{`"" "" v1`}},
		"a long name":   {"owner", snapshot.CreateInput{Name: &long}, "INVALID input.name: has 101 characters; at most 100 are allowed", nil},
		"NUL":           {"owner", snapshot.CreateInput{Note: new("\x00")}, "INVALID input.note: must not contain the character NUL", nil},
		"as a reviewer": {"reviewer", snapshot.CreateInput{}, "FORBIDDEN not allowed to edit snapshots", nil},
		"as assignee":   {"assignee", snapshot.CreateInput{}, "FORBIDDEN not allowed to edit snapshots", nil},
		"as a stranger": {"no member", snapshot.CreateInput{}, "NOT_FOUND dataset not found", nil},
	}, func(t *testing.T, w *testkit.World, tt creation) {
		_, err := snapshot.Create(w.As(t.Context(), tt.actor), w.DB, w.Dataset.ID, tt.in)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if diff := cmp.Diff(append([]string{v1}, tt.made...), snapshots(t, w)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	type change struct {
		actor    string
		expected *int
		in       snapshot.UpdateInput
		want     string
		stored   string
	}
	testkit.EachWorld(t, map[string]change{
		"all":           {"manager", new(1), snapshot.UpdateInput{Name: new("v2"), Note: new("n")}, "", `"v2" "n" v2`},
		"nothing":       {"owner", nil, snapshot.UpdateInput{}, "", v1},
		"to what it is": {"owner", nil, snapshot.UpdateInput{Name: new("v1")}, "", v1},
		"another one's": {"owner", new(2), snapshot.UpdateInput{Name: new("v2")}, "CONFLICT changed since it was read", v1},
		"a long note":   {"owner", nil, snapshot.UpdateInput{Note: new(strings.Repeat("a", 10_001))}, "INVALID input.note: has 10001 characters; at most 10000 are allowed", v1},
		"as assignee":   {"assignee", nil, snapshot.UpdateInput{Name: new("v2")}, "FORBIDDEN not allowed to edit snapshots", v1},
		"as a stranger": {"no member", nil, snapshot.UpdateInput{Name: new("v2")}, "NOT_FOUND snapshot not found", v1},
	}, func(t *testing.T, w *testkit.World, tt change) {
		err := snapshot.Update(w.As(t.Context(), tt.actor), w.DB, catalog.One(w.Snapshot.ID, tt.expected), tt.in)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if current, ok := testkit.StaleRow(err).(*ent.Snapshot); strings.HasPrefix(tt.want, "CONFLICT") && (!ok || current.Version != 1) {
			t.Errorf("the conflict carries %v", testkit.StaleRow(err))
		}
		if diff := cmp.Diff([]string{tt.stored}, snapshots(t, w)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor   string
		targets func(w *testkit.World) catalog.Targets[gid.SnapshotID]
		want    string
	}
	of := func(version *int) func(*testkit.World) catalog.Targets[gid.SnapshotID] {
		return func(w *testkit.World) catalog.Targets[gid.SnapshotID] { return catalog.One(w.Snapshot.ID, version) }
	}
	testkit.EachWorld(t, map[string]deletion{
		"it":            {"manager", of(new(1)), ""},
		"another one's": {"owner", of(new(2)), "CONFLICT changed since it was read"},
		"one twice": {"owner", func(w *testkit.World) catalog.Targets[gid.SnapshotID] {
			return catalog.Targets[gid.SnapshotID]{IDs: []gid.SnapshotID{w.Snapshot.ID, w.Snapshot.ID}}
		}, "INVALID ids[1]: is named twice"},
		"a foreign one": {"owner", func(w *testkit.World) catalog.Targets[gid.SnapshotID] {
			return catalog.Targets[gid.SnapshotID]{IDs: []gid.SnapshotID{w.Snapshot.ID, w.Foreign.Snapshot.ID}}
		}, "NOT_FOUND snapshot not found"},
		"as a reviewer": {"reviewer", of(nil), "FORBIDDEN not allowed to edit snapshots"},
		"as a stranger": {"no member", of(nil), "NOT_FOUND snapshot not found"},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		if err := snapshot.Delete(w.As(t.Context(), tt.actor), w.DB, tt.targets(w)); testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if n := len(snapshots(t, w)); (n == 0) != (tt.want == "") {
			t.Errorf("%d are left", n)
		}
	})
}
