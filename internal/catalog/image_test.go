package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// link sets a link, or clears it when id is nil.
func link[ID any](id *ID) graphql.Omittable[*ID] { return graphql.OmittableOf(id) }

type imageUpdate struct {
	actor string
	in    func(w *testkit.World) catalog.UpdateImageInput
	want  string
	check func(w *testkit.World, img *ent.Image) bool // of each image; nil when nothing changes
}

// checkImageUpdates makes each change to the first two images of a world.
func checkImageUpdates(t *testing.T, cases map[string]imageUpdate) {
	t.Helper()
	testkit.EachWorld(t, cases, func(t *testing.T, w *testkit.World, tt imageUpdate) {
		err := catalog.UpdateImages(w.As(t.Context(), tt.actor), w.DB, catalog.Targets[gid.ImageID]{IDs: imageIDs(w.Images[:2])}, tt.in(w))
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		want := "[2 2 1]"
		if tt.check == nil {
			want = "[1 1 1]"
		}
		if got := versions(t, w); got != want {
			t.Errorf("versions %s, want %s", got, want)
		}
		for _, img := range w.Images[:2] {
			if got := w.DB.Image.GetX(system(t), img.ID); tt.check != nil && !tt.check(w, got) {
				t.Errorf("stored %v", got)
			}
		}
	})
}

func just(in catalog.UpdateImageInput) func(*testkit.World) catalog.UpdateImageInput {
	return func(*testkit.World) catalog.UpdateImageInput { return in }
}

func TestUpdateImages(t *testing.T) {
	t.Parallel()
	const forbidden = "FORBIDDEN not allowed to "
	done, reviewed, prompt := just(catalog.UpdateImageInput{Done: new(true)}), just(catalog.UpdateImageInput{Reviewed: new(true)}), just(catalog.UpdateImageInput{Prompt: new("p")})
	isDone := func(_ *testkit.World, img *ent.Image) bool { return img.Done && !img.Reviewed }
	checkImageUpdates(t, map[string]imageUpdate{
		"done by a viewer":           {"viewer", done, forbidden + "annotate", nil},
		"done by an annotator":       {"annotator", done, "", isDone},
		"done by an assignee":        {"assignee", done, "", isDone},
		"done by a stranger":         {"no member", done, "NOT_FOUND image not found", nil},
		"done by an outsider":        {"other workspace", done, "NOT_FOUND image not found", nil},
		"reviewed by an annotator":   {"annotator", reviewed, forbidden + "mark as reviewed", nil},
		"reviewed by a reviewer":     {"reviewer", reviewed, "", func(_ *testkit.World, img *ent.Image) bool { return img.Reviewed && !img.Done }},
		"described by a reviewer":    {"reviewer", prompt, forbidden + "edit images", nil},
		"described by a manager":     {"manager", prompt, "", func(_ *testkit.World, img *ent.Image) bool { return img.Prompt == "p" }},
		"done and more by annotator": {"annotator", just(catalog.UpdateImageInput{Done: new(true), Prompt: new("p")}), forbidden + "edit images", nil},
		"nothing":                    {"annotator", just(catalog.UpdateImageInput{}), "", nil},
		"nothing by a viewer":        {"viewer", just(catalog.UpdateImageInput{}), forbidden + "annotate", nil},
		"all": {"owner", just(catalog.UpdateImageInput{
			OriginalName: new("a/b.png"), Prompt: new("p"), NegativePrompt: new("n"), GenerationType: new("g"), ExtraInformation: rawjson.Object(`{"a":1.50}`),
			IsSynthetic: new(true), Done: new(true), Reviewed: new(true), Split: new(image.SplitVal),
		}), "", func(_ *testkit.World, img *ent.Image) bool {
			return img.OriginalName == "a/b.png" && img.Prompt == "p" && img.NegativePrompt == "n" && img.GenerationType == "g" && img.Split == image.SplitVal &&
				img.ExtraInformation.String() == `{"a":1.50}` && img.IsSynthetic && img.Done && img.Reviewed
		}},
		"with what is too long": {
			"owner", just(catalog.UpdateImageInput{OriginalName: new(strings.Repeat("x", 501)), GenerationType: new("")}),
			"INVALID input.originalName: has 501 characters; at most 500 are allowed; input.generationType: must not be blank", nil,
		},
		"with too much beside it": {
			"owner", just(catalog.UpdateImageInput{ExtraInformation: rawjson.Object(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`)}),
			"INVALID input.extraInformation: is longer than 1048576 bytes", nil,
		},
	})
}

func TestLinkImages(t *testing.T) {
	t.Parallel()
	const noRow = "no such row in the dataset"
	checkImageUpdates(t, map[string]imageUpdate{
		"to a batch, a job, and an image": {"manager", func(w *testkit.World) catalog.UpdateImageInput {
			return catalog.UpdateImageInput{BatchID: link(&w.Batch.ID), JobID: link(&w.Job.ID), BaseImageID: link(&w.Images[2].ID)}
		}, "", func(w *testkit.World, img *ent.Image) bool {
			return *img.BatchID == w.Batch.ID && *img.JobID == w.Job.ID && *img.BaseImageID == w.Images[2].ID
		}},
		"to nothing": {"manager", just(catalog.UpdateImageInput{
			BatchID: link[gid.BatchID](nil), JobID: link[gid.JobID](nil), BaseImageID: link[gid.ImageID](nil),
		}), "", func(_ *testkit.World, img *ent.Image) bool {
			return img.BatchID == nil && img.JobID == nil && img.BaseImageID == nil
		}},
		"to what is foreign": {"manager", func(w *testkit.World) catalog.UpdateImageInput {
			return catalog.UpdateImageInput{BatchID: link(&w.Foreign.Batch.ID), JobID: link(&w.Foreign.Job.ID), BaseImageID: link(&w.Foreign.Images[2].ID)}
		}, "INVALID input.batchId: " + noRow + "; input.jobId: " + noRow + "; input.baseImageId: " + noRow, nil},
		"to what is foreign, by who sees it": {"superuser", func(w *testkit.World) catalog.UpdateImageInput {
			return catalog.UpdateImageInput{BatchID: link(&w.Foreign.Batch.ID)}
		}, "INVALID input.batchId: " + noRow, nil},
		"to what is not there": {"manager", just(catalog.UpdateImageInput{JobID: link(new(gid.JobID(999)))}), "INVALID input.jobId: " + noRow, nil},
		"to itself": {"manager", func(w *testkit.World) catalog.UpdateImageInput {
			return catalog.UpdateImageInput{BaseImageID: link(&w.Images[1].ID)}
		}, "INVALID input.baseImageId: an image is not made from itself", nil},
	})
}

func TestTargetsOfImages(t *testing.T) {
	t.Parallel()
	type update struct {
		targets func(w *testkit.World) catalog.Targets[gid.ImageID]
		want    string
		done    string
	}
	of := func(w *testkit.World, versions ...int) catalog.Targets[gid.ImageID] {
		return catalog.Targets[gid.ImageID]{IDs: imageIDs(w.Images), Versions: versions}
	}
	testkit.EachWorld(t, map[string]update{
		"any versions":   {func(w *testkit.World) catalog.Targets[gid.ImageID] { return of(w) }, "", "[2 2 2]"},
		"their versions": {func(w *testkit.World) catalog.Targets[gid.ImageID] { return of(w, 1, 1, 1) }, "", "[2 2 2]"},
		"one is stale":   {func(w *testkit.World) catalog.Targets[gid.ImageID] { return of(w, 1, 2, 1) }, "CONFLICT changed since it was read", "[1 1 1]"},
		"one is foreign": {func(w *testkit.World) catalog.Targets[gid.ImageID] {
			return catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{w.Images[0].ID, w.Foreign.Images[0].ID}}
		}, "NOT_FOUND image not found", "[1 1 1]"},
		"none": {func(*testkit.World) catalog.Targets[gid.ImageID] { return catalog.Targets[gid.ImageID]{} }, "", "[1 1 1]"},
		"one twice": {func(w *testkit.World) catalog.Targets[gid.ImageID] {
			return catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{w.Images[0].ID, w.Images[0].ID}}
		}, "INVALID ids[1]: is named twice", "[1 1 1]"},
	}, func(t *testing.T, w *testkit.World, tt update) {
		err := catalog.UpdateImages(w.As(t.Context(), "owner"), w.DB, tt.targets(w), catalog.UpdateImageInput{Done: new(true)})
		if got := versions(t, w); testkit.Said(err) != tt.want || got != tt.done {
			t.Errorf("%v; want %s; versions %s", err, tt.want, got)
		}
		if current, ok := testkit.StaleRow(err).(*ent.Image); strings.HasPrefix(tt.want, "CONFLICT") && (!ok || current.ID != w.Images[1].ID) {
			t.Errorf("the conflict carries %v", testkit.StaleRow(err))
		}
	})
}

// TestDeleteImages: what is made from an image outlives it, and has changed.
func TestDeleteImages(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor   string
		targets func(w *testkit.World) catalog.Targets[gid.ImageID]
		want    string
		left    string
	}
	one := func(w *testkit.World) catalog.Targets[gid.ImageID] { return catalog.One(w.Images[0].ID, new(1)) }
	const all = "[1 1 1], 4 annotations"
	testkit.EachWorld(t, map[string]deletion{
		"a base":       {"manager", one, "", "[1 2], 2 annotations"},
		"a derivative": {"manager", func(w *testkit.World) catalog.Targets[gid.ImageID] { return catalog.One(w.Images[2].ID, nil) }, "", "[1 1], 4 annotations"},
		"both": {"owner", func(w *testkit.World) catalog.Targets[gid.ImageID] {
			return catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{w.Images[2].ID, w.Images[0].ID}}
		}, "", "[1], 2 annotations"},
		"stale":         {"owner", func(w *testkit.World) catalog.Targets[gid.ImageID] { return catalog.One(w.Images[0].ID, new(2)) }, "CONFLICT changed since it was read", all},
		"a foreign one": {"owner", func(w *testkit.World) catalog.Targets[gid.ImageID] { return catalog.One(w.Foreign.Images[0].ID, nil) }, "NOT_FOUND image not found", all},
		"as a reviewer": {"reviewer", one, "FORBIDDEN not allowed to edit images", all},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		w.DB.Image.Update().Where(image.ID(w.Images[2].ID)).SetBaseImageID(w.Images[0].ID).AddVersion(-1).ExecX(system(t)) // as made from it
		err := catalog.DeleteImages(w.As(t.Context(), tt.actor), w.DB, tt.targets(w))
		left := fmt.Sprintf("%s, %d annotations", versions(t, w), w.DB.Annotation.Query().Where(annotation.DatasetID(w.Dataset.ID)).CountX(system(t)))
		if testkit.Said(err) != tt.want || left != tt.left {
			t.Errorf("%v; want %s; left %s; want %s", err, tt.want, left, tt.left)
		}
	})
}

// TestTenThousandImages are as many as a call may change or delete.
func TestTenThousandImages(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		targets := catalog.Targets[gid.ImageID]{}
		for range 10 {
			drafts := make([]*ent.ImageCreate, 1000)
			for i := range drafts {
				drafts[i] = testkit.NewImage(w.DB.Client, w.Dataset).SetBaseImageID(w.Images[0].ID)
			}
			targets.IDs = append(targets.IDs, imageIDs(w.DB.Image.CreateBulk(drafts...).SaveX(system(t)))...)
		}
		owner := w.As(t.Context(), "owner")
		if err := catalog.UpdateImages(owner, w.DB, targets, catalog.UpdateImageInput{Done: new(true)}); err != nil {
			t.Fatal(err)
		}
		if n := w.DB.Image.Query().Where(image.DatasetID(w.Dataset.ID), image.Done(true), image.Version(2)).CountX(system(t)); n != 10_000 {
			t.Errorf("%d are done", n)
		}
		if err := catalog.DeleteImages(owner, w.DB, targets); err != nil {
			t.Fatal(err)
		}
		if got := versions(t, w); got != "[1 1 1]" {
			t.Errorf("left %s", got)
		}
		targets.IDs = append(targets.IDs, w.Images[0].ID)
		if err := catalog.DeleteImages(owner, w.DB, targets); testkit.Said(err) != "INVALID ids: has 10001 items; at most 10000 are allowed in one call" {
			t.Errorf("one more: %v", err)
		}
	})
}
