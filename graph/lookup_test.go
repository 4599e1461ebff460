package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/testkit"
)

// lookUps follow the selection below a row that is asked for by its id.
var lookUps = map[string]string{
	"label":      `label(id: $label) { name annotations(first: 50) { totalCount edges { node { image { name } author { email } } } } }`,
	"image":      `image(id: $image, datasetId: $dataset) { name annotations(first: 50) { edges { node { label { name } } } } derivatives { edges { node { batch { name } } } } }`,
	"annotation": `annotation(id: $annotation, datasetId: $dataset, imageId: $image) { data image { annotations(first: 50) { edges { node { label { name } } } } } }`,
	"batch":      `batch(id: $batch, datasetId: $dataset) { images(first: 50) { edges { node { job { done } } } } jobs { edges { node { assignee { email } } } } }`,
	"job":        `job(id: $job, datasetId: $dataset) { assignee { email } images(first: 50) { edges { node { batch { name } } } } }`,
	"snapshot":   `snapshot(id: $snapshot, datasetId: $dataset) { name dataset { labels { edges { node { annotations(first: 50) { edges { node { data } } } } } } } }`,
}

// TestLookUpStatements: as many for many rows below the one as for few.
func TestLookUpStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		s := &accessServer{Gateway: a.Gateway, db: a.db}
		ask := func(name string) (accessReply, int64) {
			before := a.statements.Load()
			got := s.send(a.world.As(t.Context(), "assignee"), t, "query", lookUps[name], rowsOf(a.world))
			if len(got.Errors) > 0 || isNothing(got.Data) {
				t.Fatal(got.body)
			}
			return got, a.statements.Load() - before
		}
		a.change(t, func(ctx context.Context, db *ent.Client) { growBelow(ctx, db, a.world, 1) })
		few, sizes := map[string]int64{}, map[string]int{}
		for name := range lookUps {
			got, statements := ask(name)
			few[name], sizes[name] = statements, len(got.body)
		}
		a.change(t, func(ctx context.Context, db *ent.Client) { growBelow(ctx, db, a.world, 12) })
		for name := range lookUps {
			got, statements := ask(name)
			if statements != few[name] || statements > 6 {
				t.Errorf("%s: %d statements for many rows, %d for few", name, statements, few[name])
			}
			if len(got.body) <= sizes[name] {
				t.Errorf("%s: no more rows than before: %s", name, got.body)
			}
		}
	})
}

// growBelow adds n rows below each of those that look-ups ask for.
func growBelow(ctx context.Context, db *ent.Client, w *testkit.World, n int) {
	for i := range n {
		testkit.NewImage(db, w.Dataset).SetBatch(w.Batch).SetJob(w.Job).SetBaseImage(w.Images[0]).SaveX(ctx)
		drawn(db, w.Dataset, w.Images[0], w.Labels[0], i).SetAuthor(w.Users["owner"]).SaveX(ctx)
	}
}

// TestLabelStats: a label's stats are of what carries it, and take one statement.
func TestLabelStats(t *testing.T) {
	t.Parallel()
	const all = `annotations syntheticAnnotations realAnnotations images syntheticImages realImages`
	query := func(stats string) string {
		return fmt.Sprintf(`query($dataset: ID!) { dataset(id: $dataset) { labels(orderBy: {field: ORDER}) { edges { node { name stats { %s } } } } } }`, stats)
	}
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		a.change(t, func(ctx context.Context, db *ent.Client) {
			db.Image.UpdateOneID(w.Images[1].ID).SetIsSynthetic(true).ExecX(ctx)
			db.Annotation.UpdateOneID(w.Drawn[0].ID).SetIsSynthetic(true).ExecX(ctx)
			drawn(db, w.Dataset, w.Images[0], w.Labels[0], 1).SaveX(ctx)
			drawn(db, w.Dataset, w.Images[1], w.Labels[0], 2).SetIsSynthetic(true).SaveX(ctx)
			db.Label.Create().SetDataset(w.Dataset).SetName("mast").SetColor("red").SetOrder(9).SaveX(ctx)
		})
		variables := map[string]any{"dataset": gidOf("Dataset", w.Dataset.ID)}
		counts := func(n ...float64) map[string]any {
			return map[string]any{
				"annotations": n[0], "syntheticAnnotations": n[1], "realAnnotations": n[0] - n[1],
				"images": n[2], "syntheticImages": n[3], "realImages": n[2] - n[3],
			}
		}
		got := a.mustAsk(t, "assignee", query(all), variables)
		edges := at(t, got.Data, "dataset.labels.edges").([]any)
		var stats []any
		for _, e := range edges {
			stats = append(stats, at(t, e, "node.stats"))
		}
		if diff := cmp.Diff([]any{counts(4, 2, 2, 1), counts(2, 0, 2, 1), counts(0, 0, 0, 0)}, stats); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
		without := strings.Replace(query(""), "stats {  }", "", 1)
		if n := got.statements - a.mustAsk(t, "assignee", without, variables).statements; n != 1 {
			t.Errorf("stats take %d statements, want 1", n)
		}
		if got := a.mustAsk(t, "no member", query(all), variables); !isNothing(got.Data) {
			t.Errorf("a stranger gets %s", got.body)
		}
	})
}

func TestSyntheticAnnotations(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		a.change(t, func(ctx context.Context, db *ent.Client) {
			db.Annotation.UpdateOneID(a.world.Drawn[0].ID).SetIsSynthetic(true).ExecX(ctx)
		})
		const query = `query($dataset: ID!) { dataset(id: $dataset) { stats { annotations syntheticAnnotations } } }`
		got := a.mustAsk(t, "assignee", query, map[string]any{"dataset": gidOf("Dataset", a.world.Dataset.ID)})
		if want := `{"data":{"dataset":{"stats":{"annotations":4,"syntheticAnnotations":1}}}}`; got.body != want {
			t.Errorf("%s, want %s", got.body, want)
		}
	})
}

// TestUnassignedFilter finds batches by how many of their images are in no job.
func TestUnassignedFilter(t *testing.T) {
	t.Parallel()
	const query = `query($dataset: ID!, $where: BatchWhereInput!) {
		dataset(id: $dataset) { batches(where: $where, orderBy: {field: CREATED_AT}) { totalCount edges { node { name } } } } }`
	eachDatabase(t, func(t *testing.T, a api) {
		a.change(t, func(ctx context.Context, db *ent.Client) {
			w := a.world // its batch has one image in no job
			db.Batch.Create().SetDataset(w.Dataset).SetName("empty").SaveX(ctx)
			two := db.Batch.Create().SetDataset(w.Dataset).SetName("two").SaveX(ctx)
			testkit.NewImage(db, w.Dataset).SetBatch(two).SaveX(ctx)
			testkit.NewImage(db, w.Dataset).SetBatch(two).SaveX(ctx)
		})
		for name, tt := range map[string]struct {
			where map[string]any
			want  []any
		}{
			"none":           {map[string]any{"unassignedImages": 0}, []any{"empty"}},
			"one":            {map[string]any{"unassignedImages": 1}, []any{"first"}},
			"two":            {map[string]any{"unassignedImages": 2}, []any{"two"}},
			"fewer":          {map[string]any{"unassignedImages": -1}, nil},
			"any":            {map[string]any{"unassignedImagesGT": 0}, []any{"first", "two"}},
			"more than one":  {map[string]any{"unassignedImagesGT": 1}, []any{"two"}},
			"more than many": {map[string]any{"unassignedImagesGT": 2}, nil},
			"more than -1":   {map[string]any{"unassignedImagesGT": -1}, []any{"first", "empty", "two"}},
			"null":           {map[string]any{"unassignedImages": nil, "unassignedImagesGT": nil}, []any{"first", "empty", "two"}},
			"both":           {map[string]any{"unassignedImages": 1, "unassignedImagesGT": 0}, []any{"first"}},
			"not":            {map[string]any{"not": map[string]any{"unassignedImages": 1}}, []any{"empty", "two"}},
			"or": {map[string]any{"or": []any{
				map[string]any{"unassignedImages": 0}, map[string]any{"unassignedImagesGT": 1},
			}}, []any{"empty", "two"}},
		} {
			got := a.mustAsk(t, "assignee", query, map[string]any{"dataset": gidOf("Dataset", a.world.Dataset.ID), "where": tt.where})
			var names []any
			for _, e := range at(t, got.Data, "dataset.batches.edges").([]any) {
				names = append(names, at(t, e, "node.name"))
			}
			if diff := cmp.Diff(tt.want, names); diff != "" || at(t, got.Data, "dataset.batches.totalCount") != float64(len(names)) {
				t.Errorf("%s (-want +got):\n%s\n%s", name, diff, got.body)
			}
		}
	})
}
