package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
)

// complaints are the fields of the first error, as path: message.
func (a answer) complaints() (lines []string) {
	if len(a.Errors) == 0 {
		return nil
	}
	fields, _ := a.Errors[0].Extensions["fields"].([]any)
	for _, f := range fields {
		field := f.(map[string]any)
		var path strings.Builder
		for _, p := range field["path"].([]any) {
			fmt.Fprintf(&path, "/%v", p)
		}
		lines = append(lines, path.String()+" "+field["message"].(string))
	}
	return lines
}

// TestInputErrors: what is wrong with an input is said of each item and field, and nothing is changed.
func TestInputErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ö", 101)
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		variables := map[string]any{
			"d": gidOf("Dataset", w.Dataset.ID), "image": gidOf("Image", w.Images[0].ID), "label": gidOf("Label", w.Labels[0].ID),
			"drawn": gidOf("Annotation", w.Drawn[0].ID), "theirs": gidOf("Label", w.Foreign.Labels[0].ID), "theirDrawn": gidOf("Annotation", w.Foreign.Drawn[0].ID),
			"none": gidOf("Annotation", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"), "long": long, "owner": gidOf("Member", w.DB.Member.Query().Where(member.DatasetID(w.Dataset.ID), member.RoleEQ(member.RoleOwner)).OnlyIDX(access.System(t.Context()))), "batch": gidOf("Batch", w.Batch.ID), "user": gidOf("User", w.Users["annotator"].ID),
		}
		for operation, want := range map[string][]string{
			`createDataset(input: {name: ""}) { id }`:                                                                  {"/input/name must not be blank"},
			`createDataset(input: {name: $long}) { id }`:                                                               {"/input/name has 101 characters; at most 100 are allowed"},
			`createLabel(datasetId: "x", input: {name: "a", color: "b"}) { id }`:                                       {`/datasetId "x" is not an id`},
			`createLabel(datasetId: $image, input: {name: "a", color: "b"}) { id }`:                                    {fmt.Sprintf("/datasetId %q is an id of Image, not of Dataset", variables["image"])},
			`createLabels(datasetId: $d, labels: [{name: "a", color: "b"}, {name: "", color: $long}]) { id }`:          {"/labels/1/name must not be blank", "/labels/1/color has 101 characters; at most 100 are allowed"},
			`createAnnotation(input: {imageId: $image, labelId: $label, type: "bounding_box", data: {}}) { id }`:       {"/input/data/point must be [x, y], two finite numbers", "/input/data/width must be a finite number greater than 0", "/input/data/height must be a finite number greater than 0"},
			`createAnnotation(input: {imageId: $image, labelId: $theirs, type: "x", data: {}}) { id }`:                 {"/input/labelId no such label in the dataset"},
			`createAnnotation(input: {id: $theirDrawn, imageId: $image, labelId: $label, type: "x", data: {}}) { id }`: {"/input/id is the id of an annotation elsewhere"},
			`updateAnnotation(input: {id: $drawn, data: {point: [0, 0], width: -1, height: 1}}) { id }`:                {"/input/data/width must be a finite number greater than 0"},
			`updateAnnotation(input: {id: $drawn, confidence: 2}) { id }`:                                              {"/input/confidence must be from 0 to 1"},
			`annotate(datasetId: $d, changes: [{delete: {id: $drawn}}, {}, {update: {id: $none, type: "y"}}, {create: {imageId: $image, labelId: $label, type: "polygon", data: {points: [[0, 0], [1, 1]]}}}]) { results { id } }`: {
				"/changes/1 must have exactly one of create, update and delete", "/changes/2/update/id no such annotation in the dataset", "/changes/3/create/data/points must be a list of at least 3 points",
			},
			`replaceAnnotations(imageId: $image, annotations: [{labelId: $theirs, type: "x", data: {}}, {id: $theirDrawn, labelId: $label, type: "x", data: {}}]) { created }`: {
				"/annotations/0/labelId no such label in the dataset", "/annotations/1/id is the id of an annotation elsewhere",
			},
			`updateImages(ids: [$image, "x"], input: {done: true}) { id }`:                       {`/ids/1 "x" is not an id`},
			`updateImages(ids: [$image, $image], input: {done: true}) { id }`:                    {"/ids/1 is named twice"},
			`updateImages(ids: [$image], expectedVersions: [1, 2], input: {done: true}) { id }`:  {"/expectedVersions must have as many items as ids"},
			`createImage(datasetId: $d, input: {data: "data:image/png;base64,aGVsbG8="}) { id }`: {"/input/data not a PNG, JPEG, WebP or GIF picture"},
			`createImage(datasetId: $d, input: {}) { id }`:                                       {"/input must have one of file, data and upload"},
			`importZip(datasetId: $d, input: {data: "aGVsbG8="}) { created }`:                    {"/input/data not a zip"},
			`importZip(datasetId: $d, input: {}) { created }`:                                    {"/input must have one of file, data and upload"},
			`assignBatch(id: $batch, input: {userIds: [], imagesPerJob: 0}) { id }`:              {"/input/imagesPerJob must be at least 1", "/input/userIds must name at least one assignee"},
			`deleteLabels(ids: ["x", "y"])`:                                                      {`/ids/0 "x" is not an id`, `/ids/1 "y" is not an id`},
			`deleteMember(id: $owner)`:                                                           {"/id the owner stays; OWNER is given by transferDataset"},
			`updateMember(id: $owner, role: VIEWER) { id }`:                                      {"/id the owner stays; OWNER is given by transferDataset"},
			`createUser(input: {email: "no address", password: "short"}) { id }`:                 {"/input/email is not an e-mail address", "/input/password must have at least 8 characters"},
		} {
			a.checkRefused(t, operation, variables, want)
		}
	})
}

// checkRefused sends a mutation as the workspace's admin, who may do it.
func (a api) checkRefused(t *testing.T, operation string, variables map[string]any, want []string) {
	t.Helper()
	mutation, used := declare(operation, variables)
	before := rowsIn(t, a)
	got := a.ask(t, "admin", mutation, used)
	if got.codes() != "INVALID" {
		t.Errorf("%s\n%s", operation, got.body)
	}
	if diff := cmp.Diff(want, got.complaints()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", operation, diff)
	}
	if after := rowsIn(t, a); after != before {
		t.Errorf("%s changed %s to %s", operation, before, after)
	}
}

// declare makes a mutation of a field, with the variables that it uses: $long is a text, the others are ids.
func declare(field string, variables map[string]any) (mutation string, used map[string]any) {
	var declared []string
	used = map[string]any{}
	for _, name := range accessNames(field) {
		typ := "ID!"
		if name == "long" {
			typ = "String!"
		}
		declared = append(declared, "$"+name+": "+typ)
		used[name] = variables[name]
	}
	if declared == nil {
		return "mutation { " + field + " }", used
	}
	return "mutation (" + strings.Join(declared, ", ") + ") { " + field + " }", used
}

// rowsIn counts what the database holds, and adds up versions.
func rowsIn(t *testing.T, a api) string {
	t.Helper()
	ctx := access.System(t.Context())
	versions := 0
	for _, img := range a.db.Image.Query().AllX(ctx) {
		versions += img.Version
	}
	return fmt.Sprintf("%d datasets, %d labels, %d images (versions %d), %d annotations, %d jobs, %d users", a.db.Dataset.Query().CountX(ctx),
		a.db.Label.Query().CountX(ctx), a.db.Image.Query().CountX(ctx), versions, a.db.Annotation.Query().CountX(ctx), a.db.Job.Query().CountX(ctx), a.db.User.Query().CountX(ctx))
}

// TestStaleWrites: each write of a row that takes a version refuses another one, with the row as it is.
func TestStaleWrites(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		ids := map[string]string{
			"Dataset": gidOf("Dataset", w.Dataset.ID), "Label": gidOf("Label", w.Labels[0].ID), "Image": gidOf("Image", w.Images[0].ID),
			"Annotation": gidOf("Annotation", w.Drawn[0].ID), "Batch": gidOf("Batch", w.Batch.ID), "Job": gidOf("Job", w.Job.ID),
			"Member": gidOf("Member", w.Member.ID), "User": gidOf("User", w.Users["viewer"].ID),
		}
		for operation, typ := range map[string]string{
			`updateDataset(id: $id, expectedVersion: 7, input: {name: "x"}) { id }`:                                "Dataset",
			`transferDataset(id: $id, userId: $user, expectedVersion: 7) { id }`:                                   "Dataset",
			`deleteDataset(id: $id, expectedVersion: 7)`:                                                           "Dataset",
			`updateLabel(id: $id, expectedVersion: 7, input: {name: "x"}) { id }`:                                  "Label",
			`updateLabels(changes: [{id: $id, expectedVersion: 7, input: {name: "x"}}]) { id }`:                    "Label",
			`deleteLabel(id: $id, expectedVersion: 7)`:                                                             "Label",
			`deleteLabels(ids: [$id], expectedVersions: [7])`:                                                      "Label",
			`updateImage(id: $id, expectedVersion: 7, input: {done: true}) { id }`:                                 "Image",
			`updateImages(ids: [$id], expectedVersions: [7], input: {done: true}) { id }`:                          "Image",
			`deleteImage(id: $id, expectedVersion: 7)`:                                                             "Image",
			`deleteImages(ids: [$id], expectedVersions: [7])`:                                                      "Image",
			`replaceAnnotations(imageId: $id, annotations: [], expectedVersion: 7) { deleted }`:                    "Image",
			`updateAnnotation(input: {id: $id, expectedVersion: 7, type: "x"}) { id }`:                             "Annotation",
			`deleteAnnotation(id: $id, expectedVersion: 7)`:                                                        "Annotation",
			`annotate(datasetId: $dataset, changes: [{delete: {id: $id, expectedVersion: 7}}]) { results { id } }`: "Annotation",
			`updateBatch(id: $id, expectedVersion: 7, input: {name: "x"}) { id }`:                                  "Batch",
			`deleteBatch(id: $id, expectedVersion: 7)`:                                                             "Batch",
			`updateJob(id: $id, expectedVersion: 7, input: {done: true}) { id }`:                                   "Job",
			`deleteJob(id: $id, expectedVersion: 7)`:                                                               "Job",
			`updateMember(id: $id, expectedVersion: 7, role: REVIEWER) { id }`:                                     "Member",
			`deleteMember(id: $id, expectedVersion: 7)`:                                                            "Member",
			`updateUser(id: $id, expectedVersion: 7, input: {firstName: "x"}) { id }`:                              "User",
			`disableUser(id: $id, expectedVersion: 7) { id }`:                                                      "User",
		} {
			query := "mutation($id: ID!) { " + operation + " }"
			query = strings.NewReplacer("$user", `"`+gidOf("User", w.Users["annotator"].ID)+`"`, "$dataset", `"`+ids["Dataset"]+`"`).Replace(query)
			before := rowsIn(t, a)
			got := a.ask(t, "admin", query, map[string]any{"id": ids[typ]})
			current, _ := got.Errors[0].Extensions["current"].(map[string]any)
			if got.codes() != "CONFLICT" || current["id"] != ids[typ] || current["version"] != 1.0 {
				t.Errorf("%s: %s", operation, got.body)
			}
			if after := rowsIn(t, a); after != before {
				t.Errorf("%s changed %s to %s", operation, before, after)
			}
		}
	})
}

// TestStaleItemsBesideOthers: without atomic, what is stale or invalid is told, and the rest is made.
func TestStaleItemsBesideOthers(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		ids := map[string]any{
			"d": gidOf("Dataset", w.Dataset.ID), "one": gidOf("Annotation", w.Drawn[0].ID), "two": gidOf("Annotation", w.Drawn[1].ID), "image": gidOf("Image", w.Images[2].ID),
			"theirs": gidOf("Label", w.Foreign.Labels[0].ID), "label": gidOf("Label", w.Labels[0].ID), "mine": gidOf("Annotation", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
		}
		got := a.mustAsk(t, "annotator", `mutation($d: ID!, $one: ID!, $two: ID!, $image: ID!, $label: ID!, $theirs: ID!, $mine: ID!) { annotate(datasetId: $d, atomic: false, changes: [
			{update: {id: $one, expectedVersion: 7, type: "x"}}, {update: {id: $two, expectedVersion: 1, type: "x"}},
			{create: {imageId: $image, labelId: $theirs, type: "x", data: {}}}, {create: {id: $mine, imageId: $image, labelId: $label, type: "x", data: {}}}]) {
			results { status id version annotation { type } problems { path message } } } }`, ids)
		want := []any{
			map[string]any{"status": "CONFLICT", "id": ids["one"], "version": 1.0, "annotation": map[string]any{"type": "bounding_box"}, "problems": []any{}},
			map[string]any{"status": "UPDATED", "id": ids["two"], "version": 2.0, "annotation": map[string]any{"type": "x"}, "problems": []any{}},
			map[string]any{"status": "INVALID", "id": nil, "version": nil, "annotation": nil, "problems": []any{
				map[string]any{"path": "create.labelId", "message": "no such label in the dataset"},
			}},
			map[string]any{"status": "CREATED", "id": ids["mine"], "version": 1.0, "annotation": map[string]any{"type": "x"}, "problems": []any{}},
		}
		if diff := cmp.Diff(want, at(t, got.Data, "annotate.results")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestNodes: ids in any mix, in their order, null for what is not there, or not to be seen, or no id.
func TestNodes(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		ids := []string{
			gidOf("Image", w.Images[1].ID), gidOf("Annotation", w.Drawn[2].ID), gidOf("Image", 99999), gidOf("Image", w.Foreign.Images[0].ID),
			gidOf("Image", w.Images[0].ID), gidOf("Image", w.Images[1].ID), gidOf("User", w.Users["owner"].ID), gidOf("Workspace", w.Foreign.Workspace.ID),
		}
		got := a.mustAsk(t, "viewer", `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids})
		var answered []any
		for _, n := range at(t, got.Data, "nodes").([]any) {
			if n != nil {
				n = at(t, n, "id")
			}
			answered = append(answered, n)
		}
		if diff := cmp.Diff([]any{ids[0], ids[1], nil, nil, ids[4], ids[5], ids[6], nil}, answered); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, id := range []string{"", "x", "SW1hZ2U6", gidOf("Image", "x"), gidOf("Image", "1 or 1"), gidOf("Ship", 1), gidOf("Session", 1), gidOf("Image", "99999999999999999999")} {
			if got := a.ask(t, "viewer", `query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": id}); got.codes() != "INVALID" {
				t.Errorf("node %q: %s", id, got.body)
			}
		}
		if got := a.ask(t, "viewer", `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": make([]string, 501)}); got.codes() != "INVALID" {
			t.Errorf("501 nodes: %.300s", got.body)
		}
	})
}

// TestAnswersOfWrites selects edges below what each mutation answers: they come with it, and the change is made once.
func TestAnswersOfWrites(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		w := a.world
		ids := map[string]any{
			"d": gidOf("Dataset", w.Dataset.ID), "i": gidOf("Image", w.Images[2].ID), "l": gidOf("Label", w.Labels[0].ID), "b": gidOf("Batch", w.Batch.ID),
			"j": gidOf("Job", w.Job.ID), "m": gidOf("Member", w.Member.ID), "a": gidOf("Annotation", w.Drawn[0].ID), "u": gidOf("User", w.Users["no member"].ID),
		}
		for operation, want := range map[string]string{
			`createAnnotation(input: {imageId: $i, labelId: $l, type: "t", data: {}}) { label { name } image { dataset { name } } dataset { name } author { email } }`:          `"label":{"name":"sail"}`,
			`updateAnnotation(input: {id: $a, type: "t"}) { label { name } image { id } author { email } }`:                                                                     `"label":{"name":"sail"}`,
			`replaceAnnotations(imageId: $i, annotations: [{labelId: $l, type: "t", data: {}}]) { image { dataset { name } } annotations { label { name } author { email } } }`: `"label":{"name":"sail"}`,
			`annotate(datasetId: $d, changes: [{create: {imageId: $i, labelId: $l, type: "t", data: {}}}]) { results { annotation { label { name } image { name } } } }`:        `"label":{"name":"sail"}`,
			`createDataset(input: {name: "x"}) { owner { email } workspace { name } members { edges { node { user { email } } } } }`:                                            `"members":{"edges":[{"node":{"user":{"email"`,
			`updateDataset(id: $d, input: {name: "y"}) { owner { email } labels { totalCount } }`:                                                                               `"labels":{"totalCount":`,
			`createLabel(datasetId: $d, input: {name: "n", color: "red"}) { dataset { name } annotations { totalCount } }`:                                                      `"totalCount":0`,
			`updateLabel(id: $l, input: {name: "sail"}) { dataset { name } annotations { totalCount } }`:                                                                        `"dataset":{"name"`,
			`createBatch(input: {datasetId: $d, name: "n", imageIds: [$i]}) { dataset { name } images { totalCount edges { node { name } } } stats { images } }`:                `"stats":{"images":1}`,
			`updateBatch(id: $b, input: {name: "n"}) { jobs { totalCount } images { totalCount } }`:                                                                             `"jobs":{"totalCount":`,
			`createJob(input: {datasetId: $d, batchId: $b, assigneeId: $u, imageIds: [$i]}) { batch { name } owner { email } assignee { email } images { totalCount } }`:        `"images":{"totalCount":1}`,
			`updateJob(id: $j, input: {done: true}) { batch { name } assignee { email } stats { images } }`:                                                                     `"stats":{"images":1}`,
			`createMember(datasetId: $d, input: {userId: $u, role: VIEWER}) { user { email } dataset { name } }`:                                                                `"dataset":{"name"`,
			`updateMember(id: $m, role: REVIEWER) { user { email } dataset { name } }`:                                                                                          `"dataset":{"name"`,
			`updateImage(id: $i, input: {done: true}) { dataset { name } batch { name } labels { name } annotations { totalCount edges { node { label { name } } } } }`:         `"dataset":{"name"`,
			`updateUser(id: $u, input: {firstName: "N"}) { workspace { name } jobs { totalCount } }`:                                                                            `"workspace":{"name"`,
		} {
			mutation, used := declare(operation, ids)
			if got := a.ask(t, "admin", mutation, used); len(got.Errors) > 0 || !strings.Contains(got.body, want) {
				t.Errorf("%s: %s; want %s", operation, got.body, want)
			}
		}
	})
}
