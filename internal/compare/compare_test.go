package compare_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/compare"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world has two snapshots between which something of each kind has changed, and has changed once more since.
type world struct {
	*testkit.World
	first, second *ent.Snapshot
}

func newWorld(t *testing.T, of *testkit.World) *world {
	t.Helper()
	w := &world{World: of}
	ctx := w.As(t.Context(), "manager")
	w.first = testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
	w.change(ctx, t)
	w.second = testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
	testkit.Must(annotate.Replace(ctx, w.DB, w.Images[1].ID, nil, nil))(t)
	if err := catalog.DeleteLabels(ctx, w.DB, catalog.One(w.Labels[0].ID, nil)); err != nil {
		t.Fatal(err)
	}
	return w
}

// change deletes image 0 with two annotations, changes image 2 there and back, gives label 1 another name and image 1
// another split, adds an image with an annotation, and of the two annotations on image 1 moves one and relabels the other.
func (w *world) change(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, err := range []error{
		catalog.DeleteImages(ctx, w.DB, catalog.One(w.Images[0].ID, nil)),
		catalog.UpdateImages(ctx, w.DB, catalog.One(w.Images[2].ID, nil), catalog.UpdateImageInput{Done: new(true)}),
		catalog.UpdateImages(ctx, w.DB, catalog.One(w.Images[2].ID, nil), catalog.UpdateImageInput{Done: new(false)}),
		catalog.UpdateImages(ctx, w.DB, catalog.One(w.Images[1].ID, nil), catalog.UpdateImageInput{OriginalName: new("new.png")}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	testkit.Must(catalog.UpdateLabels(ctx, w.DB, []catalog.LabelChange{{ID: w.Labels[1].ID, Input: catalog.UpdateLabelInput{Name: new("crate")}}}, func(i int) []any { return []any{i} }))(t)
	fresh := testkit.NewImage(w.DB.Client, w.Dataset).SaveX(access.System(ctx))
	w.Images = append(w.Images, fresh)
	testkit.Must(annotate.Annotate(ctx, w.DB, w.Dataset.ID, []annotate.Change{
		{Create: &annotate.CreateInput{ImageID: fresh.ID, LabelID: w.Labels[0].ID, Type: "dot", Data: rawjson.Object("{}")}},
		{Update: &annotate.UpdateInput{ID: w.Drawn[1].ID, Data: rawjson.Object(`{"point":[0.101,0.1],"width":0.2,"height":0.3}`)}},
		{Update: &annotate.UpdateInput{ID: w.Drawn[3].ID, LabelID: &w.Labels[0].ID}},
	}, true))(t)
}

func (w *world) compare(t *testing.T, from, to *ent.Snapshot) *compare.Comparison {
	t.Helper()
	var ids [2]gid.SnapshotID
	for i, s := range []*ent.Snapshot{from, to} {
		if s != nil {
			ids[i] = s.ID
		}
	}
	return testkit.Must(compare.New(w.As(t.Context(), "viewer"), w.DB, ids[0], ids[1]))(t)
}

func TestCounts(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		a, author := w.Labels, &w.Users["annotator"].ID
		manager := &w.Users["manager"].ID
		for name, tt := range map[string]struct {
			from, to *ent.Snapshot
			want     compare.Counts
		}{
			"forth": {w.first, w.second, compare.Counts{
				Images: compare.ChangeCounts{Added: 1, Removed: 1, Changed: 1}, Labels: compare.ChangeCounts{Changed: 1},
				Annotations: compare.AnnotationChangeCounts{Added: 1, Removed: 2, Moved: 1, Relabelled: 1},
				ByLabel: []compare.LabelChangeCounts{
					{LabelID: a[0].ID, Annotations: compare.AnnotationChangeCounts{Added: 1, Removed: 1, Moved: 1, Relabelled: 1}},
					{LabelID: a[1].ID, Annotations: compare.AnnotationChangeCounts{Removed: 1}, Lost: 1},
				},
				ByAuthor: []compare.AuthorChangeCounts{
					{AuthorID: author, Annotations: compare.AnnotationChangeCounts{Removed: 2, Moved: 1, Relabelled: 1}},
					{AuthorID: manager, Annotations: compare.AnnotationChangeCounts{Added: 1}},
				},
			}},
			"back": {w.second, w.first, compare.Counts{
				Images: compare.ChangeCounts{Added: 1, Removed: 1, Changed: 1}, Labels: compare.ChangeCounts{Changed: 1},
				Annotations: compare.AnnotationChangeCounts{Added: 2, Removed: 1, Moved: 1, Relabelled: 1},
				ByLabel: []compare.LabelChangeCounts{
					{LabelID: a[0].ID, Annotations: compare.AnnotationChangeCounts{Added: 1, Removed: 1, Moved: 1}, Lost: 1},
					{LabelID: a[1].ID, Annotations: compare.AnnotationChangeCounts{Added: 1, Relabelled: 1}},
				},
				ByAuthor: []compare.AuthorChangeCounts{
					{AuthorID: author, Annotations: compare.AnnotationChangeCounts{Added: 2, Moved: 1, Relabelled: 1}},
					{AuthorID: manager, Annotations: compare.AnnotationChangeCounts{Removed: 1}},
				},
			}},
			"with itself": {w.first, w.first, compare.Counts{}},
			"to now": {w.second, nil, compare.Counts{
				Labels: compare.ChangeCounts{Removed: 1}, Annotations: compare.AnnotationChangeCounts{Removed: 3},
				ByLabel: []compare.LabelChangeCounts{{LabelID: a[0].ID, Annotations: compare.AnnotationChangeCounts{Removed: 3}}},
				ByAuthor: []compare.AuthorChangeCounts{
					{AuthorID: author, Annotations: compare.AnnotationChangeCounts{Removed: 2}},
					{AuthorID: manager, Annotations: compare.AnnotationChangeCounts{Removed: 1}},
				},
			}},
			"from now": {nil, w.first, compare.Counts{
				Images: compare.ChangeCounts{Added: 1, Removed: 1, Changed: 1}, Labels: compare.ChangeCounts{Added: 1, Changed: 1},
				Annotations: compare.AnnotationChangeCounts{Added: 4},
				ByLabel: []compare.LabelChangeCounts{
					{LabelID: a[0].ID, Annotations: compare.AnnotationChangeCounts{Added: 2}},
					{LabelID: a[1].ID, Annotations: compare.AnnotationChangeCounts{Added: 2}},
				},
				ByAuthor: []compare.AuthorChangeCounts{{AuthorID: author, Annotations: compare.AnnotationChangeCounts{Added: 4}}},
			}},
		} {
			got := testkit.Must(w.compare(t, tt.from, tt.to).Counts(w.As(t.Context(), "viewer")))(t)
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestImages(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		ctx := w.As(t.Context(), "viewer")
		c := w.compare(t, w.first, w.second)
		want := []string{
			fmt.Sprint(w.Images[0].ID, compare.Removed, compare.AnnotationChangeCounts{Removed: 2}),
			fmt.Sprint(w.Images[1].ID, compare.Changed, compare.AnnotationChangeCounts{Moved: 1, Relabelled: 1}),
			fmt.Sprint(w.Images[3].ID, compare.Added, compare.AnnotationChangeCounts{Added: 1}),
		}
		if diff := cmp.Diff(want, texts(testkit.Must(c.Images(ctx, 100, 0))(t))); diff != "" {
			t.Errorf("all (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[1:2], texts(testkit.Must(c.Images(ctx, 1, w.Images[0].ID))(t))); diff != "" {
			t.Errorf("a page (-want +got):\n%s", diff)
		}
		same := fmt.Sprint(w.Images[1].ID, compare.Same, compare.AnnotationChangeCounts{Removed: 2})
		if got := texts(testkit.Must(w.compare(t, w.second, nil).Images(ctx, 100, 0))(t)); got[0] != same {
			t.Errorf("%s, want %s", got[0], same)
		}
	})
}

func texts(differences []*compare.ImageDifference) (all []string) {
	for _, d := range differences {
		all = append(all, fmt.Sprint(d.ID, d.Kind, d.Annotations))
	}
	return all
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		ctx := w.As(t.Context(), "viewer")
		on := testkit.Must(w.compare(t, w.first, w.second).AnnotationsOn(ctx, []gid.ImageID{w.Images[0].ID, w.Images[1].ID, w.Images[3].ID}, 100))(t)
		for _, d := range slices.Concat(on[w.Images[0].ID], on[w.Images[1].ID], on[w.Images[3].ID]) {
			d.Before, _ = w.DB.Annotation.Get(testkit.Must(snapshot.At(ctx, w.DB, w.first.ID))(t), d.ID)
			d.After, _ = w.DB.Annotation.Get(testkit.Must(snapshot.At(ctx, w.DB, w.second.ID))(t), d.ID)
		}
		if gone := on[w.Images[0].ID]; len(gone) != 2 || gone[0].Kind != compare.Removed || gone[0].After != nil || gone[1].Before.ID != w.Drawn[2].ID || gone[0].IoU() != nil {
			t.Errorf("removed: %+v", gone)
		}
		changed := on[w.Images[1].ID]
		if len(changed) != 2 || !changed[0].Moved || changed[0].Relabelled || changed[1].Moved || !changed[1].Relabelled {
			t.Fatalf("changed: %+v", changed)
		}
		// 0.001 to 0.201 became 0.101 to 0.301: of 0.3, 0.1 is common.
		if got := changed[0].IoU(); got == nil || math.Abs(*got-1.0/3) > 1e-9 {
			t.Errorf("moved with an IoU of %v", got)
		}
		if got := changed[1].IoU(); got == nil || math.Abs(*got-1) > 1e-9 || changed[1].Before.LabelID != w.Labels[1].ID || changed[1].After.LabelID != w.Labels[0].ID {
			t.Errorf("relabelled: %+v, IoU %v", changed[1], got)
		}
		if added := on[w.Images[3].ID]; len(added) != 1 || added[0].Before != nil || added[0].After == nil || added[0].Kind != compare.Added {
			t.Errorf("added: %+v", added)
		}
	})
}
