package annotate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// A fact is a change of the first image of a world, which has the annotations Drawn[0] and Drawn[2], of the
// versions 1 and of the first and second label, and what becomes of it.
type fact struct {
	change func(w *testkit.World) annotate.Change
	want   string
}

const (
	noImage      = "no such image in the dataset"
	noLabel      = "no such label in the dataset"
	noAnnotation = "no such annotation in the dataset"
	taken        = "is the id of an annotation elsewhere"
	oneOf        = "must have exactly one of create, update and delete"
)

// checkFacts makes each change alone, in a world of its own: what does not change an annotation changes
// nothing at all, and what does raises the version of the image by one.
func checkFacts(t *testing.T, facts map[string]fact) {
	t.Helper()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		for name, tt := range facts {
			t.Run(name, func(t *testing.T) { tt.check(t, testkit.NewWorld(t, db)) })
		}
	})
}

func (f fact) check(t *testing.T, w *testkit.World) {
	t.Helper()
	before, version := tables(t, w.DB), versionOf(t, w, w.Images[0])
	results, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, []annotate.Change{f.change(w)}, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := outcome(results[0]); got != f.want {
		t.Errorf("%s; want %s", got, f.want)
	}
	switch results[0].Status {
	case annotate.Created, annotate.Updated, annotate.Deleted:
		if got := versionOf(t, w, w.Images[0]); got != version+1 {
			t.Errorf("the image went from version %d to %d", version, got)
		}
	default:
		if diff := cmp.Diff(before, tables(t, w.DB)); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	with := func(change func(w *testkit.World, in *annotate.CreateInput)) func(*testkit.World) annotate.Change {
		return func(w *testkit.World) annotate.Change {
			in := box(w, w.Images[0], 7)
			change(w, in)
			return create(in)
		}
	}
	asDrawn := func(w *testkit.World, in *annotate.CreateInput) {
		in.ID, in.LabelID, in.Data = &w.Drawn[0].ID, w.Drawn[0].LabelID, w.Drawn[0].Data
	}
	checkFacts(t, map[string]fact{
		"new":             {with(func(*testkit.World, *annotate.CreateInput) {}), "CREATED v1"},
		"with an id":      {with(func(_ *testkit.World, in *annotate.CreateInput) { in.ID = newID() }), "CREATED v1"},
		"as it is":        {with(asDrawn), "UNCHANGED v1"},
		"with other data": {with(func(w *testkit.World, in *annotate.CreateInput) { in.ID = &w.Drawn[0].ID }), "UPDATED v2"},
		"with another label": {with(func(w *testkit.World, in *annotate.CreateInput) {
			asDrawn(w, in)
			in.LabelID = w.Labels[1].ID
		}), "UPDATED v2"},
		"of a kind of one's own": {with(func(_ *testkit.World, in *annotate.CreateInput) { in.Type, in.Data = "dots", object(`{"a":[]}`) }), "CREATED v1"},
		"on another image": {
			with(func(w *testkit.World, in *annotate.CreateInput) { in.ID = &w.Drawn[1].ID }),
			"INVALID; create.id: " + taken,
		},
		"in another workspace": {
			with(func(w *testkit.World, in *annotate.CreateInput) { in.ID = &w.Foreign.Drawn[0].ID }),
			"INVALID; create.id: " + taken,
		},
		"a foreign image": {
			with(func(w *testkit.World, in *annotate.CreateInput) { in.ImageID = w.Foreign.Images[0].ID }),
			"INVALID; create.imageId: " + noImage,
		},
		"no image":        {with(func(_ *testkit.World, in *annotate.CreateInput) { in.ImageID = 999 }), "INVALID; create.imageId: " + noImage},
		"a foreign label": {with(func(w *testkit.World, in *annotate.CreateInput) { in.LabelID = w.Foreign.Labels[0].ID }), "INVALID; create.labelId: " + noLabel},
		"no label":        {with(func(_ *testkit.World, in *annotate.CreateInput) { in.LabelID = 999 }), "INVALID; create.labelId: " + noLabel},
		"all wrong": {
			with(func(w *testkit.World, in *annotate.CreateInput) {
				in.ImageID, in.LabelID, in.ID = 999, 999, &w.Drawn[0].ID
			}),
			"INVALID; create.imageId: " + noImage + "; create.labelId: " + noLabel + "; create.id: " + taken,
		},
		"no type": {with(func(_ *testkit.World, in *annotate.CreateInput) { in.Type = " " }), "INVALID; create.type: must not be blank"},
		"a long type": {
			with(func(_ *testkit.World, in *annotate.CreateInput) { in.Type = strings.Repeat("é", 101) }),
			"INVALID; create.type: has 101 characters; at most 100 are allowed",
		},
		"a wrong shape": {
			with(func(_ *testkit.World, in *annotate.CreateInput) {
				in.Data = object(`{"point":[0,0],"width":0,"height":1}`)
			}),
			"INVALID; create.data.width: must be a finite number greater than 0",
		},
		"too sure":     {with(func(_ *testkit.World, in *annotate.CreateInput) { in.Confidence = sure(new(1.5)) }), "INVALID; create.confidence: must be from 0 to 1"},
		"sure enough":  {with(func(_ *testkit.World, in *annotate.CreateInput) { in.Confidence = sure(new(1.0)) }), "CREATED v1"},
		"less than no": {with(func(_ *testkit.World, in *annotate.CreateInput) { in.Confidence = sure(new(-0.1)) }), "INVALID; create.confidence: must be from 0 to 1"},
		"nothing":      {func(*testkit.World) annotate.Change { return annotate.Change{} }, "INVALID; : " + oneOf},
		"two at once": {func(w *testkit.World) annotate.Change {
			return annotate.Change{Create: box(w, w.Images[0], 1), Delete: &annotate.DeleteInput{ID: w.Drawn[0].ID}}
		}, "INVALID; : " + oneOf},
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	with := func(change func(w *testkit.World, in *annotate.UpdateInput)) func(*testkit.World) annotate.Change {
		return func(w *testkit.World) annotate.Change {
			in := annotate.UpdateInput{ID: w.Drawn[0].ID}
			change(w, &in)
			return update(in)
		}
	}
	triangle := object(`{"points":[[0,0],[0,1],[1,1]]}`)
	checkFacts(t, map[string]fact{
		"nothing": {with(func(*testkit.World, *annotate.UpdateInput) {}), "UNCHANGED v1"},
		"what it is": {with(func(w *testkit.World, in *annotate.UpdateInput) {
			in.LabelID, in.Type, in.Data, in.IsSynthetic = &w.Labels[0].ID, new(annotate.BoundingBox), testkit.Box(0), new(false)
			in.Confidence, in.Source = sure(nil), &w.Drawn[0].Source
		}), "UNCHANGED v1"},
		"data":              {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Data = testkit.Box(9) }), "UPDATED v2"},
		"label":             {with(func(w *testkit.World, in *annotate.UpdateInput) { in.LabelID = &w.Labels[1].ID }), "UPDATED v2"},
		"confidence":        {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Confidence = sure(new(0.5)) }), "UPDATED v2"},
		"synthetic":         {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.IsSynthetic = new(true) }), "UPDATED v2"},
		"type and data":     {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Type, in.Data = new(annotate.Polygon), triangle }), "UPDATED v2"},
		"type to one's own": {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Type = new("crate") }), "UPDATED v2"},
		"type without data": {
			with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Type = new(annotate.Polygon) }),
			"INVALID; update.data.points: must be a list of at least 3 points",
		},
		"data without type": {
			with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Data = triangle }),
			"INVALID; update.data.point: must be [x, y], two finite numbers; update.data.width: must be a finite number greater than 0" +
				"; update.data.height: must be a finite number greater than 0",
		},
		"no type":  {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Type = new("") }), "INVALID; update.type: must not be blank"},
		"too sure": {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.Confidence = sure(new(2.0)) }), "INVALID; update.confidence: must be from 0 to 1"},
		"a foreign label": {
			with(func(w *testkit.World, in *annotate.UpdateInput) { in.LabelID = &w.Foreign.Labels[0].ID }),
			"INVALID; update.labelId: " + noLabel,
		},
		"a foreign one": {
			with(func(w *testkit.World, in *annotate.UpdateInput) {
				in.ID, in.Data = w.Foreign.Drawn[0].ID, testkit.Box(9)
			}),
			"INVALID; update.id: " + noAnnotation,
		},
		"one that is not there": {
			with(func(_ *testkit.World, in *annotate.UpdateInput) { in.ID, in.Data = *newID(), testkit.Box(9) }),
			"INVALID; update.id: " + noAnnotation,
		},
		"of the version":      {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.ExpectedVersion, in.Data = new(1), testkit.Box(9) }), "UPDATED v2"},
		"of another version":  {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.ExpectedVersion, in.Data = new(2), testkit.Box(9) }), "CONFLICT v1"},
		"stale, and the same": {with(func(_ *testkit.World, in *annotate.UpdateInput) { in.ExpectedVersion, in.Data = new(2), testkit.Box(0) }), "CONFLICT v1"},
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	checkFacts(t, map[string]fact{
		"one":              {func(w *testkit.World) annotate.Change { return remove(annotate.DeleteInput{ID: w.Drawn[0].ID}) }, "DELETED"},
		"of the version":   {func(w *testkit.World) annotate.Change { return remove(annotate.DeleteInput{w.Drawn[0].ID, new(1)}) }, "DELETED"},
		"another version":  {func(w *testkit.World) annotate.Change { return remove(annotate.DeleteInput{w.Drawn[0].ID, new(2)}) }, "CONFLICT v1"},
		"one that is gone": {func(*testkit.World) annotate.Change { return remove(annotate.DeleteInput{ID: *newID()}) }, "UNCHANGED"},
		"gone, of version": {func(*testkit.World) annotate.Change { return remove(annotate.DeleteInput{*newID(), new(1)}) }, "UNCHANGED"},
		"a foreign one":    {func(w *testkit.World) annotate.Change { return remove(annotate.DeleteInput{ID: w.Foreign.Drawn[0].ID}) }, "UNCHANGED"},
		"foreign and stale": {func(w *testkit.World) annotate.Change {
			return remove(annotate.DeleteInput{w.Foreign.Drawn[0].ID, new(9)})
		}, "UNCHANGED"},
	})
}

// TestDatasetsStayApart for a superuser as well, who sees them all.
func TestDatasetsStayApart(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		foreignImage, foreignLabel, foreignID := box(w, w.Foreign.Images[0], 1), box(w, w.Images[0], 1), box(w, w.Images[0], 1)
		foreignLabel.LabelID, foreignID.ID = w.Foreign.Labels[0].ID, &w.Foreign.Drawn[0].ID
		before := tables(t, w.DB)
		results, err := annotate.Annotate(w.As(t.Context(), "superuser"), w.DB, w.Dataset.ID, []annotate.Change{
			create(foreignImage), create(foreignLabel), create(foreignID),
			update(annotate.UpdateInput{ID: w.Foreign.Drawn[1].ID, Data: testkit.Box(9)}),
			update(annotate.UpdateInput{ID: w.Drawn[0].ID, LabelID: &w.Foreign.Labels[0].ID}),
			remove(annotate.DeleteInput{ID: w.Foreign.Drawn[2].ID}),
		}, false)
		want := []string{
			"INVALID; create.imageId: " + noImage, "INVALID; create.labelId: " + noLabel, "INVALID; create.id: " + taken,
			"INVALID; update.id: " + noAnnotation, "INVALID; update.labelId: " + noLabel, "UNCHANGED",
		}
		if diff := cmp.Diff(want, outcomes(results)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(before, tables(t, w.DB)); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
	})
}

// TestWhatIsStored looks at rows rather than results.
func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		in := box(w, w.Images[2], 3)
		in.Confidence, in.IsSynthetic, in.Data = sure(new(0.1+0.2)), new(true), object(`{"point":[0.10,1e-1],"width":1,"height":2.50,"é":"\\\"{,}"}`)
		made := must(t, w, create(in))[0].Annotation
		a := on(t, w, w.Images[2])[0]
		if a.ID != made.ID || a.Data.String() != in.Data.String() || *a.Confidence != 0.1+0.2 || !a.IsSynthetic || a.Source != "MANUAL" ||
			*a.AuthorID != w.Users["annotator"].ID || a.DatasetID != w.Dataset.ID || !a.CreatedAt.Equal(a.UpdatedAt) || !a.CreatedAt.Equal(made.CreatedAt) {
			t.Errorf("created %+v", a)
		}
		_, err := annotate.Annotate(w.As(t.Context(), "manager"), w.DB, w.Dataset.ID,
			[]annotate.Change{update(annotate.UpdateInput{ID: a.ID, Confidence: sure(nil)})}, true)
		b := on(t, w, w.Images[2])[0]
		if err != nil || b.Confidence != nil || *b.AuthorID != *a.AuthorID || !b.CreatedAt.Equal(a.CreatedAt) || !b.UpdatedAt.After(a.UpdatedAt) ||
			b.Version != 2 || b.Position != a.Position || b.Data.String() != a.Data.String() {
			t.Errorf("%v; updated %+v to %+v", err, a, b)
		}
	})
}

func TestAnnotateNeedsTheRole(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		for actor, want := range map[string]string{
			"anonymous": "UNAUTHENTICATED", "other workspace": "NOT_FOUND", "no member": "NOT_FOUND", "viewer": "FORBIDDEN",
			"annotator": "", "assignee": "", "reviewer": "", "manager": "", "owner": "", "admin": "", "superuser": "",
		} {
			before := tables(t, w.DB)
			_, err := annotate.Annotate(w.As(t.Context(), actor), w.DB, w.Dataset.ID, []annotate.Change{create(box(w, w.Images[2], 1))}, false)
			if got := codeOf(err); got != want {
				t.Errorf("%s: %v", actor, err)
			}
			if changed := before != tables(t, w.DB); changed != (want == "") {
				t.Errorf("%s: changed something: %v", actor, changed)
			}
		}
		v, _ := access.ViewerFrom(annotator(t, w))
		v.ReadOnly = true
		_, err := annotate.Annotate(access.WithViewer(t.Context(), v), w.DB, w.Dataset.ID, []annotate.Change{create(box(w, w.Images[2], 1))}, false)
		if codeOf(err) != "FORBIDDEN" {
			t.Errorf("a key that only reads: %v", err)
		}
	})
}

// TestAnnotateOne is for callers who do not know the dataset.
func TestAnnotateOne(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		wrong := box(w, w.Images[0], 1)
		wrong.Data = object(`{}`)
		for name, tt := range map[string]struct {
			change annotate.Change
			want   string
		}{
			"create":                {create(box(w, w.Images[0], 1)), "CREATED v1"},
			"update":                {update(annotate.UpdateInput{ID: w.Drawn[0].ID, Data: testkit.Box(9)}), "UPDATED v2"},
			"delete":                {remove(annotate.DeleteInput{ID: w.Drawn[3].ID}), "DELETED"},
			"stale update":          {update(annotate.UpdateInput{ID: w.Drawn[1].ID, ExpectedVersion: new(7)}), "CONFLICT changed since it was read"},
			"stale delete":          {remove(annotate.DeleteInput{w.Drawn[1].ID, new(7)}), "CONFLICT changed since it was read"},
			"on a foreign image":    {create(box(w, w.Foreign.Images[0], 1)), "INVALID input.imageId: " + noImage},
			"a foreign label":       {update(annotate.UpdateInput{ID: w.Drawn[0].ID, LabelID: &w.Foreign.Labels[0].ID}), "INVALID input.labelId: " + noLabel},
			"a wrong shape":         {create(wrong), "INVALID input.data.point: must be [x, y], two finite numbers; input.data.width: must be a finite number greater than 0; input.data.height: must be a finite number greater than 0"},
			"update a foreign one":  {update(annotate.UpdateInput{ID: w.Foreign.Drawn[0].ID}), "NOT_FOUND annotation not found"},
			"delete a foreign one":  {remove(annotate.DeleteInput{ID: w.Foreign.Drawn[0].ID}), "NOT_FOUND annotation not found"},
			"delete what is gone":   {remove(annotate.DeleteInput{ID: *newID()}), "NOT_FOUND annotation not found"},
			"update what never was": {update(annotate.UpdateInput{ID: *newID()}), "NOT_FOUND annotation not found"},
		} {
			result, err := annotate.Only(annotator(t, w), w.DB, tt.change)
			got := codeOf(err) + " " + fmt.Sprint(err)
			if err == nil {
				got = outcome(*result)
			}
			if got != tt.want {
				t.Errorf("%s: %s; want %s", name, got, tt.want)
			}
		}
	})
}
