package graph_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// treeBelow is what a snapshot and a dataset have by the same names, followed in all directions.
const treeBelow = `
	stats { images syntheticImages annotatedImages doneImages annotations syntheticAnnotations labels size }
	thumbnail { id name labels { name } }
	labels(orderBy: {field: NAME}) { totalCount edges { cursor node { id name color order stats { images syntheticImages realAnnotations }
		annotations(first: 2) { totalCount edges { node { id data image { name } } } } } } }
	images(first: 10, where: {nameNEQ: ""}) { totalCount pageInfo { hasNextPage } edges { cursor node {
		id databaseId createdAt updatedAt version name split datasetId baseImageId tags url thumbnailUrl(width: 100)
		dataset { id name stats { images annotations } viewerRole tags { tag count } images(first: 2) { totalCount edges { node { name } } } }
		batch { id name stats { images } } labels { id name dataset { name } }
		nearDuplicates(first: 2) { distance image { id name annotations { totalCount } } }
		annotations(first: 10) { totalCount edges { node { id databaseId data labelId label { id name stats { images } } author { email } image { id name } } } }
	} } }
	annotations(last: 3) { totalCount edges { node { id data image { name dataset { name } } label { color } } } }`

const (
	snapshotTree = `query($snapshot: ID!) { tree: snapshot(id: $snapshot) {` + treeBelow + `} }`
	datasetTree  = `query($dataset: ID!) { tree: dataset(id: $dataset) {` + treeBelow + `} }`
)

// upset changes whatever the world's snapshot sees.
func upset(ctx context.Context, t *testing.T, w *testkit.World) {
	t.Helper()
	db := w.DB
	owner := w.As(ctx, "owner")
	_, relabelled := catalog.UpdateLabels(owner, db, []catalog.LabelChange{{ID: w.Labels[0].ID, Input: catalog.UpdateLabelInput{Name: new("hull"), Order: new(7)}}}, func(i int) []any { return []any{i} })
	for _, err := range []error{
		catalog.UpdateDatasets(owner, db, catalog.One(w.Dataset.ID, nil), catalog.UpdateDatasetInput{Name: new("ships"), Description: new("other")}),
		relabelled,
		catalog.UpdateImages(owner, db, catalog.One(w.Images[1].ID, nil), catalog.UpdateImageInput{OriginalName: new("x"), Tags: []string{"new"}, Done: new(true)}),
		catalog.DeleteImages(owner, db, catalog.One(w.Images[0].ID, nil)),
		catalog.DeleteLabels(owner, db, catalog.One(w.Labels[1].ID, nil)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	grow(t, w, 3)
}

// inSnapshot are the ids, cursors aside, and the addresses of what is in a snapshot.
var (
	anyID   = regexp.MustCompile(`"(id|datasetId|baseImageId|labelId)":"([\w-]+)"`)
	address = regexp.MustCompile(`(&snapshot=\d+)?&signature=[\w-]+`)
)

// asLive makes an answer of a snapshot look like one of the dataset. All ids in it must name the snapshot.
func asLive(t *testing.T, body string, snapshot gid.SnapshotID) string {
	t.Helper()
	body = anyID.ReplaceAllStringFunc(body, func(member string) string {
		id := anyID.FindStringSubmatch(member)[2]
		bare, in, err := gid.Split(id)
		if err != nil || in != snapshot {
			typ, key, _ := gid.Decode(id)
			t.Errorf("%s:%s does not name snapshot %d: %v", typ, key, snapshot, err)
		}
		return strings.Replace(member, id, bare, 1)
	})
	return address.ReplaceAllString(body, "")
}

// TestSnapshotTree reads a snapshot before and after all that it sees has changed.
func TestSnapshotTree(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		vars := map[string]any{"snapshot": gidOf("Snapshot", a.world.Snapshot.ID), "dataset": gidOf("Dataset", a.world.Dataset.ID)}
		live := a.mustAsk(t, "viewer", datasetTree, vars)
		before := a.mustAsk(t, "viewer", snapshotTree, vars)
		if diff := cmp.Diff(address.ReplaceAllString(live.body, ""), asLive(t, before.body, a.world.Snapshot.ID)); diff != "" {
			t.Errorf("the snapshot is not what the dataset is (-dataset +snapshot):\n%s", diff)
		}
		upset(t.Context(), t, a.world)
		after := a.mustAsk(t, "viewer", snapshotTree, vars)
		if diff := cmp.Diff(before.body, after.body); diff != "" {
			t.Errorf("the snapshot has changed (-before +after):\n%s", diff)
		}
		if now := a.mustAsk(t, "viewer", datasetTree, vars); now.body == live.body {
			t.Error("the dataset has not changed")
		}
	})
}

// TestSnapshotStatements: as many for many rows as for few.
func TestSnapshotStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		grow(t, a.world, 2)
		small := a.freeze(t)
		grow(t, a.world, 20)
		large := a.freeze(t)
		few := a.mustAsk(t, "viewer", snapshotTree, map[string]any{"snapshot": small})
		many := a.mustAsk(t, "viewer", snapshotTree, map[string]any{"snapshot": large})
		if few.statements != many.statements || len(many.body) <= len(few.body) {
			t.Errorf("%d statements for %d bytes, %d for %d", few.statements, len(few.body), many.statements, len(many.body))
		}
	})
}

// freeze makes a snapshot of the world's dataset, as a client does, and returns its id.
func (a api) freeze(t *testing.T) string {
	t.Helper()
	got := a.mustAsk(t, "manager", `mutation($id: ID!) { createSnapshot(datasetId: $id, input: {name: "s"}) { id name datasetName } }`,
		map[string]any{"id": gidOf("Dataset", a.world.Dataset.ID)})
	return at(t, got.Data, "createSnapshot.id").(string)
}

// TestIDsInSnapshots: whatever takes an id answers as of then, and no mutation takes one.
func TestIDsInSnapshots(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		within := func(snapshot any, typ string, id any) string { return gidOf(typ, fmt.Sprintf("%v@%v", id, snapshot)) }
		s := w.Snapshot.ID
		vars := map[string]any{
			"image": within(s, "Image", w.Images[0].ID), "label": within(s, "Label", w.Labels[1].ID), "dataset": within(s, "Dataset", w.Dataset.ID),
			"drawn": within(s, "Annotation", w.Drawn[0].ID), "live": gidOf("Image", w.Images[1].ID), "snapshot": gidOf("Snapshot", s),
			"theirs": within(w.Foreign.Snapshot.ID, "Image", w.Foreign.Images[0].ID), "mixed": within(s, "Image", w.Foreign.Images[0].ID),
			"none": within(999999, "Image", w.Images[1].ID), "gone": gidOf("Image", w.Images[0].ID),
		}
		upset(t.Context(), t, w)
		for query, want := range map[string]string{
			`query($image: ID!) { node(id: $image) { ... on Image { annotations { totalCount } dataset { name } } } }`:                                                                               `{"node":{"annotations":{"totalCount":2},"dataset":{"name":"boats"}}}`,
			`query($image: ID!, $dataset: ID!) { image(id: $image, datasetId: $dataset) { annotations { totalCount } } }`:                                                                            `{"image":{"annotations":{"totalCount":2}}}`,
			`query($label: ID!) { label(id: $label) { name stats { images } } }`:                                                                                                                     `{"label":{"name":"cargo","stats":{"images":2}}}`,
			`query($drawn: ID!) { annotation(id: $drawn) { label { name } } }`:                                                                                                                       `{"annotation":{"label":{"name":"sail"}}}`,
			`query($dataset: ID!) { dataset(id: $dataset) { name images { totalCount } } }`:                                                                                                          `{"dataset":{"name":"boats","images":{"totalCount":3}}}`,
			`query($snapshot: ID!, $label: ID!) { snapshot(id: $snapshot) { images(where: {hasLabelIn: [$label]}) { totalCount } dataset { name } } }`:                                               `{"snapshot":{"images":{"totalCount":2},"dataset":{"name":"ships"}}}`,
			`query($image: ID!, $theirs: ID!, $live: ID!, $gone: ID!, $mixed: ID!, $none: ID!) { nodes(ids: [$image, $theirs, $live, $gone, $mixed, $none]) { ... on Image { dataset { name } } } }`: `{"nodes":[{"dataset":{"name":"boats"}},null,{"dataset":{"name":"ships"}},null,null,null]}`,
			`query($theirs: ID!, $mixed: ID!) { node(id: $theirs) { id } image(id: $mixed) { id } }`:                                                                                                 `{"node":null,"image":null}`,
		} {
			got := a.mustAsk(t, "viewer", query, vars)
			if !strings.Contains(got.body, `"data":`+want) {
				t.Errorf("%s\n%s\nwant %s", query, got.body, want)
			}
		}
		for _, mutation := range []string{
			`mutation($image: ID!) { updateImage(id: $image, input: {done: true}) { id } }`,
			`mutation($image: ID!) { deleteImages(ids: [$image]) }`,
			`mutation($image: ID!) { updateImage(id: $image, input: {baseImageId: $image}) { id } }`,
			`mutation($image: ID!, $label: ID!) { createAnnotation(input: {imageId: $image, labelId: $label, type: "dot", data: {}}) { id } }`,
			`mutation($dataset: ID!) { createSnapshot(datasetId: $dataset, input: {}) { id } }`,
		} {
			if got := a.ask(t, "owner", mutation, vars); got.codes() != "INVALID" || !strings.Contains(got.body, "in a snapshot, which nothing changes") {
				t.Errorf("%s\n%s", mutation, got.body)
			}
		}
	})
}

// TestArchivesAlone: of older snapshots there is nothing else.
func TestArchivesAlone(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	var old *ent.Snapshot
	a.change(t, func(ctx context.Context, db *ent.Client) {
		old = db.Snapshot.Create().SetDataset(a.world.Dataset).SaveX(ctx)
	})
	got := a.mustAsk(t, "viewer", `query($id: ID!, $image: ID!) { snapshot(id: $id) { stats { images } thumbnail { id } labels { totalCount } images { totalCount } annotations { totalCount } } node(id: $image) { id } }`,
		map[string]any{"id": gidOf("Snapshot", old.ID), "image": gidOf("Image", fmt.Sprintf("%d@%d", a.world.Images[0].ID, old.ID))})
	if want := `{"snapshot":{"stats":null,"thumbnail":null,"labels":null,"images":null,"annotations":null},"node":null}`; !strings.Contains(got.body, want) {
		t.Error(got.body)
	}
}

// TestCompareSnapshots follows what has changed into rows as they were and as they are.
func TestCompareSnapshots(t *testing.T) {
	t.Parallel()
	const query = `query($from: ID, $to: ID) { compareSnapshots(from: $from, to: $to) {
		images { added removed changed } labels { added removed changed } annotations { added removed moved relabelled changed }
		byLabel { label { id name annotations { totalCount } } lost annotations { added removed } } byAuthor { author { email } annotations { added removed } }
		changedImages(first: 100) { kind annotations { added removed } before { id originalName labels { name } } after { id originalName tags annotations { totalCount } }
			changedAnnotations { kind moved iou before { id label { name stats { images } } author { email } } after { label { name } image { name } } } } } }`
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		upset(t.Context(), t, w)
		vars := map[string]any{"from": gidOf("Snapshot", w.Snapshot.ID)}
		few := a.mustAsk(t, "viewer", query, vars)
		for path, want := range map[string]any{
			"images.added": 9.0, "images.removed": 1.0, "images.changed": 1.0, "labels.added": 3.0, "labels.removed": 1.0, "labels.changed": 1.0,
			"annotations.added": 18.0, "annotations.removed": 3.0, "annotations.moved": 0.0,
			"byLabel.0.label.name": "hull", "byLabel.1.label.name": "cargo", "byLabel.1.annotations.removed": 2.0,
			"byLabel.1.label.id":         gidOf("Label", fmt.Sprintf("%d@%d", w.Labels[1].ID, w.Snapshot.ID)),
			"changedImages.0.kind":       "REMOVED",
			"changedImages.0.after":      nil,
			"changedImages.0.before.id":  gidOf("Image", fmt.Sprintf("%d@%d", w.Images[0].ID, w.Snapshot.ID)),
			"changedImages.1.after.tags": []any{"new"}, "changedImages.1.before.originalName": "", "changedImages.1.annotations.removed": 1.0,
			"changedImages.0.changedAnnotations.0.before.label.name": "sail", "changedImages.0.changedAnnotations.0.kind": "REMOVED",
			"changedImages.2.kind": "ADDED", "changedImages.2.before": nil, "changedImages.2.changedAnnotations.0.before": nil,
		} {
			if diff := cmp.Diff(want, at(t, few.Data, "compareSnapshots."+path)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		grow(t, w, 9)
		if many := a.mustAsk(t, "viewer", query, vars); many.statements != few.statements || len(many.body) <= len(few.body) {
			t.Errorf("%d statements for %d bytes, %d for %d", few.statements, len(few.body), many.statements, len(many.body))
		}
		for _, of := range []map[string]any{{}, {"from": vars["from"], "to": gidOf("Dataset", 1)}} {
			if got := a.ask(t, "viewer", query, of); got.codes() != "INVALID" {
				t.Errorf("%v: %s", of, got.body)
			}
		}
		theirs := map[string]any{"from": vars["from"], "to": gidOf("Snapshot", w.Foreign.Snapshot.ID)}
		if got := a.ask(t, "viewer", query, theirs); got.codes() != "NOT_FOUND" {
			t.Errorf("theirs: %s", got.body)
		}
	})
}
