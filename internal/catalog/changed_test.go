package catalog_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestMoves(t *testing.T) {
	t.Parallel()
	one, two, none := new(1), new(2), (*int)(nil)
	for name, tt := range map[string]struct {
		to   graphql.Omittable[*int]
		from *int
		want bool
	}{
		"left alone":         {graphql.Omittable[*int]{}, one, false},
		"left alone at none": {graphql.Omittable[*int]{}, nil, false},
		"to another":         {graphql.OmittableOf(two), one, true},
		"to the same":        {graphql.OmittableOf(new(1)), one, false},
		"from none":          {graphql.OmittableOf(one), nil, true},
		"to none":            {graphql.OmittableOf(none), one, true},
		"none stays none":    {graphql.OmittableOf(none), nil, false},
	} {
		if got := catalog.Moves(tt.to, tt.from); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestTheSameAgain: a change that is sent again changes nothing, and of many rows only those change that differ.
func TestTheSameAgain(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "manager")
		w.Images[0].Update().SetDone(true).SetExtraInformation(rawjson.Object(`{"a":1.0}`)).ExecX(system(t))
		ids := catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{w.Images[0].ID, w.Images[1].ID}}
		in := catalog.UpdateImageInput{
			Done: new(true), ExtraInformation: rawjson.Object(`{"a":1.0}`), BatchID: graphql.OmittableOf(&w.Batch.ID), BaseImageID: graphql.OmittableOf[*gid.ImageID](nil),
		}
		for range 2 {
			if err := catalog.UpdateImages(ctx, w.DB, ids, in); err != nil {
				t.Fatal(err)
			}
			if err := catalog.UpdateDatasets(ctx, w.DB, catalog.One(w.Dataset.ID, nil), catalog.UpdateDatasetInput{Name: new("ships"), Description: new("")}); err != nil {
				t.Fatal(err)
			}
		}
		first, second := w.DB.Image.GetX(ctx, w.Images[0].ID), w.DB.Image.GetX(ctx, w.Images[1].ID)
		if first.Version != 2 || second.Version != 2 || !second.Done || second.ExtraInformation.String() != `{"a":1.0}` {
			t.Errorf("%v; %v", first, second)
		}
		if d := w.DB.Dataset.GetX(ctx, w.Dataset.ID); d.Name != "ships" || d.Version != 2 {
			t.Errorf("%v", d)
		}
	})
}
