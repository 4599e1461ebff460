package snapshot_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// restorable is the content of the dataset but for what a restoration leaves as it is, or gives anew: when a row was
// written, how often, and its batch and job, which may be gone.
func restorable(ctx context.Context, t *testing.T, w *testkit.World) []string {
	t.Helper()
	lines := testkit.Must(content(ctx, w.DB.Client, w.Dataset.ID, "born", "version", "updated_at", "batch_id", "job_id"))(t)
	return lines[:len(lines)-2] // the name and description of a dataset stay
}

// TestRestoreAll undoes whatever has happened, and that again.
func TestRestoreAll(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		m := &model{World: w, copies: map[gid.SnapshotID][]string{}}
		ctx, rng := w.As(t.Context(), "owner"), rand.New(rand.NewPCG(3, uint64(w.Dataset.ID)))
		for range 5 {
			s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{Name: new("s")}))(t)
			then := restorable(ctx, t, w)
			if diff := m.play(ctx, t, rng, 40); diff != "" {
				t.Fatal(diff)
			}
			changed := restorable(ctx, t, w)
			done := testkit.Must(snapshot.Restore(ctx, w.DB, quota.Limits{}, s.ID, snapshot.Selection{}))(t)
			if diff := gocmp.Diff(then, restorable(ctx, t, w)); diff != "" {
				t.Fatalf("restored (-then +now):\n%s", diff)
			}
			checkCounts(t, w)
			if done.Before.Name != "Before restoring s" || done.Images+done.Labels+done.Annotations == 0 {
				t.Errorf("%+v", done)
			}
			testkit.Must(snapshot.Restore(ctx, w.DB, quota.Limits{}, done.Before.ID, snapshot.Selection{}))(t)
			if diff := gocmp.Diff(changed, restorable(ctx, t, w)); diff != "" {
				t.Fatalf("restored back (-then +now):\n%s", diff)
			}
			checkCounts(t, w)
		}
	})
}

// checkCounts compares what is counted of a dataset with what there is: images, and the bytes of those that a snapshot
// sees as well. The three of a world were never counted.
func checkCounts(t *testing.T, w *testkit.World) {
	t.Helper()
	counted := fmt.Sprintf("SELECT COALESCE(sum(images), 0) + 3, COALESCE(sum(bytes), 0) + 3000 FROM dataset_counts WHERE dataset_id = %d", w.Dataset.ID)
	there := fmt.Sprintf(`SELECT (SELECT count(*) FROM images WHERE dataset_id = %[1]d), (SELECT COALESCE(sum(size), 0) FROM (
		SELECT id, size FROM images WHERE dataset_id = %[1]d UNION SELECT id, size FROM images_history WHERE dataset_id = %[1]d) held)`, w.Dataset.ID)
	if got, want := numbers(t, w, counted), numbers(t, w, there); got != want {
		t.Errorf("counted %v; there are %v", got, want)
	}
}

func numbers(t *testing.T, w *testkit.World, query string) (n [2]int) {
	t.Helper()
	rows := testkit.Must(w.DB.QueryContext(system(t), query))(t)
	for rows.Next() {
		if err := rows.Scan(&n[0], &n[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRestoreSome restores an image or a label of those that were all deleted or changed.
func TestRestoreSome(t *testing.T) {
	t.Parallel()
	type restoration struct {
		selection func(w *testkit.World) snapshot.Selection
		images    []int // of the world, that are as they were
		labels    []int
		drawn     []int
		done      string
	}
	testkit.EachWorld(t, map[string]restoration{
		"a deleted image": {
			func(w *testkit.World) snapshot.Selection {
				return snapshot.Selection{Images: []gid.ImageID{w.Images[0].ID}}
			},
			[]int{0, 2},
			[]int{1},
			[]int{0, 2},
			"1 1 2",
		},
		"a changed image": {
			func(w *testkit.World) snapshot.Selection {
				return snapshot.Selection{Images: []gid.ImageID{w.Images[1].ID}}
			},
			[]int{1, 2},
			[]int{1},
			[]int{1, 3},
			"1 1 4",
		},
		"a deleted label": {
			func(w *testkit.World) snapshot.Selection {
				return snapshot.Selection{Labels: []gid.LabelID{w.Labels[1].ID}}
			},
			[]int{2},
			[]int{1},
			[]int{3},
			"0 1 1",
		},
		"a changed label": {
			func(w *testkit.World) snapshot.Selection {
				return snapshot.Selection{Labels: []gid.LabelID{w.Labels[0].ID}}
			},
			[]int{2},
			[]int{0},
			[]int{1},
			"0 1 3",
		},
		"an image and a label": {
			func(w *testkit.World) snapshot.Selection {
				return snapshot.Selection{Images: []gid.ImageID{w.Images[0].ID}, Labels: []gid.LabelID{w.Labels[1].ID}}
			},
			[]int{0, 2},
			[]int{1},
			[]int{0, 2, 3},
			"1 1 3",
		},
	}, func(t *testing.T, w *testkit.World, tt restoration) {
		ctx := w.As(t.Context(), "manager")
		then := restorable(ctx, t, w)
		s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
		for _, err := range []error{
			catalog.DeleteImages(ctx, w.DB, catalog.One(w.Images[0].ID, nil)),
			catalog.UpdateImages(ctx, w.DB, catalog.One(w.Images[1].ID, nil), catalog.UpdateImageInput{OriginalName: new("other")}),
			catalog.DeleteLabels(ctx, w.DB, catalog.One(w.Labels[1].ID, nil)),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		testkit.Must(catalog.UpdateLabels(ctx, w.DB, []catalog.LabelChange{{ID: w.Labels[0].ID, Input: catalog.UpdateLabelInput{Name: new("hull")}}}, func(i int) []any { return []any{i} }))(t)
		testkit.Must(annotate.Replace(ctx, w.DB, w.Images[1].ID, []annotate.Input{
			{LabelID: w.Labels[0].ID, Type: "dot", Data: testkit.Box(9)}, {LabelID: w.Labels[0].ID, Type: "dot", Data: testkit.Box(8)},
		}, nil))(t)
		done := testkit.Must(snapshot.Restore(ctx, w.DB, quota.Limits{}, s.ID, tt.selection(w)))(t)
		if got := fmt.Sprint(done.Images, done.Labels, done.Annotations); got != tt.done {
			t.Errorf("done: %s, want %s", got, tt.done)
		}
		now := restorable(ctx, t, w)
		for _, list := range []struct {
			table string
			ids   []string
		}{
			{"images", idsAt(w.Images, tt.images, func(img *ent.Image) string { return strconv.Itoa(img.DatabaseID()) })},
			{"labels", idsAt(w.Labels, tt.labels, func(l *ent.Label) string { return strconv.Itoa(l.DatabaseID()) })},
			{"annotations", idsAt(w.Drawn, tt.drawn, (*ent.Annotation).DatabaseID)},
		} {
			var same []string
			for _, line := range now {
				if id, ok := strings.CutPrefix(line, list.table+"|id="); ok && slices.Contains(then, line) {
					id, _, _ = strings.Cut(id, "|")
					same = append(same, id)
				}
			}
			slices.Sort(same)
			if diff := gocmp.Diff(list.ids, same); diff != "" {
				t.Errorf("%s as they were (-want +got):\n%s", list.table, diff)
			}
		}
	})
}

func idsAt[R any](rows []R, places []int, id func(R) string) (ids []string) {
	for _, i := range places {
		ids = append(ids, id(rows[i]))
	}
	slices.Sort(ids)
	return ids
}

// TestRestoreTakenIDs restores annotations whose ids other ones have taken: on an image that came since, and in another
// workspace, where they stay.
func TestRestoreTakenIDs(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "manager")
		then := restorable(ctx, t, w)
		s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
		if err := catalog.DeleteImages(ctx, w.DB, catalog.One(w.Images[1].ID, nil)); err != nil {
			t.Fatal(err)
		}
		var taken []*ent.Annotation
		for _, a := range w.Drawn {
			if a.ImageID == w.Images[1].ID {
				taken = append(taken, a)
			}
		}
		if len(taken) < 2 {
			t.Fatalf("%d annotations were on the image", len(taken))
		}
		take := func(there *testkit.World, img gid.ImageID, id gid.AnnotationID) {
			t.Helper()
			create := &annotate.CreateInput{ID: &id, ImageID: img, LabelID: there.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(7)}
			results := testkit.Must(annotate.Annotate(there.As(t.Context(), "owner"), w.DB, there.Dataset.ID, []annotate.Change{{Create: create}}, true))(t)
			if results[0].Status != annotate.Created {
				t.Fatalf("%+v", results[0])
			}
		}
		again := testkit.NewImage(w.DB.Client, w.Dataset).SaveX(system(t))
		take(w, again.ID, taken[0].ID)
		take(w.Foreign, w.Foreign.Images[0].ID, taken[1].ID)
		foreign := testkit.Must(content(system(t), w.DB.Client, w.Foreign.Dataset.ID))(t)

		done := testkit.Must(snapshot.Restore(ctx, w.DB, quota.Limits{}, s.ID, snapshot.Selection{}))(t)
		if want := len(taken) + 1; done.Annotations != want { // one of which went
			t.Errorf("restored %d annotations, want %d", done.Annotations, want)
		}
		now := restorable(ctx, t, w)
		id := taken[1].DatabaseID()
		for i, line := range then { // the only one that has another id
			if rest, is := strings.CutPrefix(line, "annotations|id="+id); is {
				n := slices.IndexFunc(now, func(line string) bool { return strings.HasSuffix(line, rest) && !slices.Contains(then, line) })
				if n < 0 {
					t.Fatalf("%s is not there:\n%s", line, strings.Join(now, "\n"))
				}
				then[i] = now[n]
			}
		}
		slices.Sort(then)
		slices.Sort(now)
		if diff := gocmp.Diff(then, now); diff != "" {
			t.Errorf("restored (-then +now):\n%s", diff)
		}
		if diff := gocmp.Diff(foreign, testkit.Must(content(system(t), w.DB.Client, w.Foreign.Dataset.ID))(t)); diff != "" {
			t.Errorf("elsewhere (-then +now):\n%s", diff)
		}
	})
}
