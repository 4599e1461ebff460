package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// derived is a prepared document with what old clients read of a dataset.
const derived = `query Derived($dataset: ID!) {
	dataset(id: $dataset) {
		totalWeight annotationPie { name value color } imagePie { name value color }
		images(first: 500, orderBy: {field: CREATED_AT}) { edges { node { totalWeight extension derivativeIds allAnnotations { databaseId label { name } } } } }
		jobs(first: 500) { edges { node { imageIds days span { range start end current } } } }
	}
}`

// run runs an operation of a prepared document as an actor.
func (a api) run(t *testing.T, actor string, p *graph.Prepared, operation string, variables map[string]any) answer {
	t.Helper()
	before := a.statements.Load()
	response := p.Run(a.world.As(t.Context(), actor), operation, nil, variables)
	got := answer{body: string(response.Data), statements: a.statements.Load() - before}
	sent := testkit.Must(json.Marshal(response))(t)
	if err := json.Unmarshal(sent, &got); err != nil {
		t.Fatalf("%v: %s", err, sent)
	}
	return got
}

// change changes the database behind everybody's back.
func (a api) change(t *testing.T, change func(ctx context.Context, db *ent.Client)) {
	t.Helper()
	err := a.db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		change(ctx, tx.Client())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		first, second, third := w.Images[0].ID, w.Images[1].ID, w.Images[2].ID
		var heavy *ent.Image
		a.change(t, func(ctx context.Context, db *ent.Client) {
			db.Image.UpdateOneID(first).SetDone(true).ExecX(ctx)
			db.Image.UpdateOneID(second).SetJobID(w.Job.ID).SetIsSynthetic(true).ExecX(ctx)
			db.Image.UpdateOneID(third).SetBaseImageID(first).ExecX(ctx)
			db.Annotation.UpdateOneID(w.Drawn[0].ID).SetIsSynthetic(true).SetPosition(9000).ExecX(ctx)
			heavy = testkit.NewImage(db, w.Dataset).SetName("x.y.jpeg").SetSize(1_500_000_000).SetBaseImageID(first).SaveX(ctx)
			db.Job.Create().SetDataset(w.Dataset).SetOwner(w.Users["owner"]).SaveX(ctx)
		})
		drawn := func(i int, label string) string {
			return fmt.Sprintf(`{"databaseId": %q, "label": {"name": %q}}`, w.Drawn[i].ID, label)
		}
		want := fmt.Sprintf(`{"dataset": {
			"totalWeight": "1.50 GB",
			"annotationPie": [{"name": "synthetic", "value": 1, "color": "#111411"}, {"name": "real", "value": 3, "color": "#905ef8"}],
			"imagePie": [{"name": "synthetic", "value": 1, "color": "#111411"}, {"name": "real", "value": 3, "color": "#905ef8"}],
			"images": {"edges": [
				{"node": {"totalWeight": "0.00 MB", "extension": "png", "derivativeIds": [%d, %d], "allAnnotations": [%s, %s]}},
				{"node": {"totalWeight": "0.00 MB", "extension": "png", "derivativeIds": [], "allAnnotations": [%s, %s]}},
				{"node": {"totalWeight": "0.00 MB", "extension": "png", "derivativeIds": [], "allAnnotations": []}},
				{"node": {"totalWeight": "1.50 GB", "extension": "jpeg", "derivativeIds": [], "allAnnotations": []}}]},
			"jobs": {"edges": [
				{"node": {"imageIds": [], "days": 0, "span": {"range": "No images", "start": null, "end": null, "current": null}}},
				{"node": {"imageIds": [%d, %d], "days": 0, "span": {"range": "%d-%d", "start": %d, "end": %d, "current": %d}}}]}
		}}`, third, heavy.ID, drawn(2, "cargo"), drawn(0, "sail"), drawn(1, "sail"), drawn(3, "cargo"),
			first, second, first, second, first, second, second)
		var wanted map[string]any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		p := testkit.Must(a.Prepare(derived))(t)
		variables := map[string]any{"dataset": gidOf("Dataset", w.Dataset.ID)}
		for _, actor := range testkit.Actors {
			got := a.run(t, actor, p, "Derived", variables)
			switch actor {
			case "anonymous":
				if got.codes() != "UNAUTHENTICATED" {
					t.Errorf("%s gets %s %v", actor, got.body, got.Errors)
				}
			case "other workspace", "no member":
				if got.body != `{"dataset":null}` {
					t.Errorf("%s gets %s", actor, got.body)
				}
			default:
				if diff := cmp.Diff(wanted, got.Data); diff != "" {
					t.Errorf("%s gets (-want +got):\n%s", actor, diff)
				}
			}
		}
	})
}

// TestDerivedStatements: what old clients read costs the same for many rows as for few, however many there are below one.
func TestDerivedStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		p := testkit.Must(a.Prepare(derived))(t)
		variables := map[string]any{"dataset": gidOf("Dataset", a.world.Dataset.ID)}
		grow(t, a.world, 2)
		few := a.run(t, "viewer", p, "Derived", variables)
		grow(t, a.world, 12)
		growDeep(t, a.world, 1, 700)
		many := a.run(t, "viewer", p, "Derived", variables)
		if len(few.Errors)+len(many.Errors) > 0 {
			t.Fatal(few.Errors, many.Errors)
		}
		if many.statements != few.statements {
			t.Errorf("%d statements for many rows, %d for few", many.statements, few.statements)
		}
		edges := at(t, many.Data, "dataset.images.edges").([]any)
		if all := at(t, edges[len(edges)-1], "node.allAnnotations").([]any); len(all) != 700 {
			t.Errorf("%d annotations, want 700", len(all))
		}
	})
}

// TestDerivativesOutOfSight: an image of a dataset that one may not see is not among the derivatives.
func TestDerivativesOutOfSight(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		elsewhere := w.another(t).Images[0]
		w.change(t, func(ctx context.Context, tx *ent.Tx) error {
			return tx.Image.UpdateOneID(elsewhere.ID).SetBaseImageID(w.Images[0].ID).Exec(ctx)
		})
		p := testkit.Must(s.Prepare(`query Image($id: ID!) { image(id: $id) { derivativeIds } }`))(t)
		for actor, want := range map[string]string{
			"viewer":    `{"image":{"derivativeIds":[]}}`,
			"assignee":  `{"image":{"derivativeIds":[]}}`,
			"admin":     fmt.Sprintf(`{"image":{"derivativeIds":[%d]}}`, elsewhere.ID),
			"no member": `{"image":null}`,
		} {
			got := p.Run(w.As(t.Context(), actor), "Image", nil, map[string]any{"id": gidOf("Image", w.Images[0].ID)})
			if string(got.Data) != want || len(got.Errors) > 0 {
				t.Errorf("%s gets %s %v, want %s", actor, got.Data, got.Errors, want)
			}
		}
	})
}

func TestColleagues(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		p := testkit.Must(a.Prepare(`query Colleagues { colleagues { databaseId workspace { id } } isAuthenticated }`))(t)
		colleagues := func(w *testkit.World) string {
			var all []string
			for _, actor := range testkit.Actors {
				if u := w.Users[actor]; u != nil && u.WorkspaceID == w.Workspace.ID {
					all = append(all, fmt.Sprintf(`{"databaseId":%d,"workspace":{"id":%q}}`, u.ID, gidOf("Workspace", w.Workspace.ID)))
				}
			}
			return fmt.Sprintf(`{"colleagues":[%s],"isAuthenticated":true}`, strings.Join(all, ","))
		}
		for actor, want := range map[string]string{
			"no member": colleagues(a.world), "assignee": colleagues(a.world), "superuser": colleagues(a.world),
			"other workspace": colleagues(a.world.Foreign),
		} {
			if got := a.run(t, actor, p, "Colleagues", nil); got.body != want || len(got.Errors) > 0 || got.statements != 2 {
				t.Errorf("%s gets by %d statements %s %v\nwant by 2 %s", actor, got.statements, got.body, got.Errors, want)
			}
		}
		if got := a.run(t, "anonymous", p, "Colleagues", nil); got.codes() != "UNAUTHENTICATED" {
			t.Errorf("the anonymous get %s %v", got.body, got.Errors)
		}
	})
}
