package annotate_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestCalls sends several changes at once, once atomic and once not.
func TestCalls(t *testing.T) {
	t.Parallel()
	good := func(w *testkit.World) annotate.Change { return create(box(w, w.Images[0], 1)) }
	bad := func(w *testkit.World) annotate.Change {
		in := box(w, w.Images[0], 1)
		in.LabelID = 999
		return create(in)
	}
	stale := func(w *testkit.World) annotate.Change {
		return update(annotate.UpdateInput{ID: w.Drawn[0].ID, ExpectedVersion: new(7), Data: testkit.Box(9)})
	}
	same := func(w *testkit.World) annotate.Change {
		return update(annotate.UpdateInput{ID: w.Drawn[2].ID, Data: testkit.Box(9)})
	}
	for name, tt := range map[string]struct {
		changes []func(*testkit.World) annotate.Change
		each    []string // when not atomic
		code    string   // when atomic
		says    string
	}{
		"nothing":    {nil, []string{}, "", ""},
		"all good":   {[]func(*testkit.World) annotate.Change{good, same, good}, []string{"CREATED v1", "UPDATED v2", "CREATED v1"}, "", ""},
		"one is bad": {[]func(*testkit.World) annotate.Change{good, bad, same}, []string{"CREATED v1", "INVALID; create.labelId: " + noLabel, "UPDATED v2"}, "INVALID", "changes[1].create.labelId: " + noLabel},
		"two are bad": {
			[]func(*testkit.World) annotate.Change{bad, bad},
			[]string{"INVALID; create.labelId: " + noLabel, "INVALID; create.labelId: " + noLabel},
			"INVALID", "changes[0].create.labelId: " + noLabel + "; changes[1].create.labelId: " + noLabel,
		},
		"one is stale":      {[]func(*testkit.World) annotate.Change{good, stale}, []string{"CREATED v1", "CONFLICT v1"}, "CONFLICT", "changed since it was read"},
		"stale and bad":     {[]func(*testkit.World) annotate.Change{stale, bad}, []string{"CONFLICT v1", "INVALID; create.labelId: " + noLabel}, "INVALID", "changes[1].create.labelId: " + noLabel},
		"the same one, two": {[]func(*testkit.World) annotate.Change{same, same}, []string{"UPDATED v2", "INVALID; update.id: is changed twice in one call"}, "INVALID", "changes[1].update.id: is changed twice in one call"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
				changes := make([]annotate.Change, len(tt.changes))
				for i, change := range tt.changes {
					changes[i] = change(w)
				}
				before := tables(t, w.DB)
				_, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, changes, true)
				if codeOf(err) != tt.code || err != nil && err.Error() != tt.says {
					t.Errorf("atomic: %v; want %s", err, tt.says)
				}
				if err != nil {
					if diff := cmp.Diff(before, tables(t, w.DB)); diff != "" {
						t.Fatalf("a call that failed changed something (-before +after):\n%s", diff)
					}
					results, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, changes, false)
					if diff := cmp.Diff(tt.each, outcomes(results)); diff != "" || err != nil {
						t.Errorf("each: %v (-want +got):\n%s", err, diff)
					}
				}
			})
		})
	}
}

// TestConflictsTellThePresent: whoever was too late learns what is there now.
func TestConflictsTellThePresent(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		must(t, w, update(annotate.UpdateInput{ID: w.Drawn[0].ID, Data: testkit.Box(5)}))
		late := annotate.UpdateInput{ID: w.Drawn[0].ID, ExpectedVersion: new(1), Data: testkit.Box(6)}
		_, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, []annotate.Change{update(late)}, true)
		if current, ok := testkit.StaleRow(err).(*ent.Annotation); !ok || current.Version != 2 || current.Data.String() != testkit.Box(5).String() {
			t.Errorf("%v carries %v", err, testkit.StaleRow(err))
		}
		_, err = annotate.Replace(annotator(t, w), w.DB, w.Images[0].ID, nil, new(1))
		if current, ok := testkit.StaleRow(err).(*ent.Image); !ok || current.Version != 2 || current.ID != w.Images[0].ID {
			t.Errorf("%v carries %v", err, testkit.StaleRow(err))
		}
	})
}

// TestResend sends a call again whose answer was lost: all is as it is to be.
func TestResend(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		changes := []annotate.Change{
			create(box(w, w.Images[0], 1)), create(box(w, w.Images[2], 2)),
			update(annotate.UpdateInput{ID: w.Drawn[0].ID, LabelID: &w.Labels[1].ID, Data: testkit.Box(7)}),
			remove(annotate.DeleteInput{ID: w.Drawn[1].ID}),
		}
		changes[0].Create.ID, changes[1].Create.ID = newID(), newID()
		must(t, w, changes...)
		before := tables(t, w.DB)
		again := outcomes(must(t, w, changes...))
		if diff := cmp.Diff([]string{"UNCHANGED v1", "UNCHANGED v1", "UNCHANGED v2", "UNCHANGED"}, again); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, tables(t, w.DB)); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
	})
}

// TestAnIDIsFreeAgain deletes an annotation and draws another one of its id elsewhere, one call after the other.
func TestAnIDIsFreeAgain(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		must(t, w, remove(annotate.DeleteInput{ID: w.Drawn[0].ID}))
		in := box(w, w.Images[2], 1)
		in.ID = &w.Drawn[0].ID
		must(t, w, create(in))
		if a := on(t, w, w.Images[2]); len(a) != 1 || a[0].ID != w.Drawn[0].ID || a[0].Version != 1 {
			t.Errorf("%v", a)
		}
	})
}

// TestNewOnesComeLast, also after one that a server placed whose clock was ahead.
func TestNewOnesComeLast(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ahead := time.Now().Add(time.Hour).UnixNano()
		w.DB.Annotation.UpdateOneID(w.Drawn[2].ID).SetPosition(ahead).ExecX(access.System(t.Context()))
		var want []string
		for range 3 {
			var changes []annotate.Change
			for i := range 3 {
				in := box(w, w.Images[0], len(want)+i)
				changes = append(changes, create(in), create(box(w, w.Images[1], i)))
				want = append(want, in.Data.String())
			}
			want = slices.Compact(want)
			must(t, w, changes...)
		}
		var got []string
		for _, a := range on(t, w, w.Images[0])[2:] {
			got = append(got, a.Data.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestTenThousandChanges mixes all kinds on a hundred images. The number of statements does not grow with them.
func TestTenThousandChanges(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int64
			w := testkit.NewWorld(t, open(t, database.WithTrace(func(string) { statements.Add(1) })))
			images := make([]*ent.Image, 100)
			for i := range images {
				images[i] = testkit.NewImage(w.DB.Client, w.Dataset).SaveX(access.System(t.Context()))
			}
			changes := make([]annotate.Change, 6000)
			for i := range changes {
				changes[i] = create(box(w, images[i%100], i))
			}
			drawn := must(t, w, changes...)
			changes = mixed(w, images, drawn)
			statements.Store(0)
			results := must(t, w, changes...)
			if n := statements.Load(); n > 40 {
				t.Errorf("%d statements", n)
			}
			checkMixed(t, w, images, results)
		})
	}
}

// mixed are 4,000 creations, 3,000 changes, and 3,000 deletions, in turns; every third of the changes is none.
func mixed(w *testkit.World, images []*ent.Image, drawn []annotate.Result) []annotate.Change {
	changes := make([]annotate.Change, 0, annotate.MaxChanges)
	for i := range 4000 {
		changes = append(changes, create(box(w, images[i%100], i)))
		if i < 3000 {
			old := drawn[2*i].Annotation
			data := testkit.Box(2*i + 1)
			if i%3 == 0 {
				data = old.Data
			}
			changes = append(changes, update(annotate.UpdateInput{ID: old.ID, ExpectedVersion: new(1), Data: data}),
				remove(annotate.DeleteInput{*drawn[2*i+1].ID, new(1)}))
		}
	}
	return changes
}

func checkMixed(t *testing.T, w *testkit.World, images []*ent.Image, results []annotate.Result) {
	t.Helper()
	became := map[annotate.Status]int{}
	for _, r := range results {
		became[r.Status]++
	}
	want := map[annotate.Status]int{annotate.Created: 4000, annotate.Updated: 2000, annotate.Unchanged: 1000, annotate.Deleted: 3000}
	if diff := cmp.Diff(want, became); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ctx := access.System(t.Context())
	ids := make([]gid.ImageID, len(images))
	for i, img := range images {
		ids[i] = img.ID
	}
	var versions []struct {
		Version, Count int
	}
	w.DB.Annotation.Query().Where(annotation.DatasetID(w.Dataset.ID), annotation.ImageIDIn(ids...)).
		GroupBy(annotation.FieldVersion).Aggregate(ent.Count()).ScanX(ctx, &versions)
	slices.SortFunc(versions, func(a, b struct{ Version, Count int }) int { return a.Version - b.Version })
	if got := fmt.Sprint(versions); got != "[{1 5000} {2 2000}]" {
		t.Errorf("annotations by version: %s", got)
	}
	raised := w.DB.Image.Query().Where(image.IDIn(ids...), image.Version(3)).CountX(ctx)
	if raised != len(images) {
		t.Errorf("%d images are of version 3, want %d", raised, len(images))
	}
}

func TestTooManyChanges(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	const says = "has 10001 items; at most 10000 are allowed in one call"
	_, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, make([]annotate.Change, annotate.MaxChanges+1), false)
	if codeOf(err) != "INVALID" || err.Error() != "changes: "+says {
		t.Errorf("%v", err)
	}
	_, err = annotate.Replace(annotator(t, w), w.DB, w.Images[0].ID, make([]annotate.Input, annotate.MaxChanges+1), nil)
	if codeOf(err) != "INVALID" || err.Error() != "annotations: "+says {
		t.Errorf("%v", err)
	}
}
