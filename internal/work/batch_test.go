package work_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

// asItWas is where the images of a world are.
var asItWas = []string{"v1 the batch the job", "v1 the batch no job", "v1 no batch no job"}

func TestCreateBatch(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor  string
		in     func(w *testkit.World) work.CreateBatchInput
		want   string
		images []string
	}
	of := func(name string, images ...int) func(w *testkit.World) work.CreateBatchInput {
		return func(w *testkit.World) work.CreateBatchInput {
			in := work.CreateBatchInput{DatasetID: w.Dataset.ID, Name: name}
			for _, i := range images {
				in.ImageIDs = append(in.ImageIDs, w.Images[i].ID)
			}
			return in
		}
	}
	testkit.EachWorld(t, map[string]creation{
		"without images": {"manager", of("b"), "", asItWas},
		"with images":    {"manager", of("b", 1, 2), "", []string{asItWas[0], "v2 another batch no job", "v2 another batch no job"}},
		"an image twice": {"manager", of("b", 2, 2), "", []string{asItWas[0], asItWas[1], "v2 another batch no job"}},
		"a foreign image": {"superuser", func(w *testkit.World) work.CreateBatchInput {
			return work.CreateBatchInput{DatasetID: w.Dataset.ID, Name: "b", ImageIDs: imageIDs(w.Images[2], w.Foreign.Images[0])}
		}, "INVALID input.imageIds: names an image that is not in the dataset", asItWas},
		"too many images": {"manager", func(w *testkit.World) work.CreateBatchInput {
			return work.CreateBatchInput{DatasetID: w.Dataset.ID, Name: "b", ImageIDs: make([]gid.ImageID, 10_001)}
		}, "INVALID input.imageIds: has 10001 items; at most 10000 are allowed in one call", asItWas},
		"no name":       {"manager", of(" "), "INVALID input.name: must not be blank", asItWas},
		"as a reviewer": {"reviewer", of("b", 2), "FORBIDDEN not allowed to edit batches", asItWas},
		"as a stranger": {"no member", of("b", 2), "NOT_FOUND dataset not found", asItWas},
	}, func(t *testing.T, w *testkit.World, tt creation) {
		b, err := makeBatch(w.As(t.Context(), tt.actor), w, tt.in(w))
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if err == nil && (b.Name != "b" || !b.Workbench || b.DatasetID != w.Dataset.ID) {
			t.Errorf("made %v", b)
		}
		if diff := cmp.Diff(tt.images, where(t, w)); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
		if got := left(t, w); (got == "1 batches, 1 jobs") != (err != nil) {
			t.Errorf("there are %s", got)
		}
	})
}

// TestManyAtOnce makes batches and jobs in one call: all of them, or none.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "manager")
		at := func(i int) []any { return []any{"list", i} }
		batches := []work.CreateBatchInput{
			{DatasetID: w.Dataset.ID, Name: "a", ImageIDs: imageIDs(w.Images[2])}, {DatasetID: w.Dataset.ID, Name: "b", ImageIDs: imageIDs(w.Foreign.Images[0])},
		}
		jobs := []work.CreateJobInput{
			{DatasetID: w.Dataset.ID, Done: new(true), ImageIDs: imageIDs(w.Images[2])}, {DatasetID: w.Dataset.ID, BatchID: &w.Foreign.Batch.ID},
		}
		if _, err := work.CreateBatches(ctx, w.DB, batches, at); testkit.Said(err) != "INVALID list[1].imageIds: names an image that is not in the dataset" {
			t.Errorf("batches: %v", err)
		}
		if _, err := work.CreateJobs(ctx, w.DB, jobs, at); testkit.Said(err) != "INVALID list[1].batchId: no such batch in the dataset" {
			t.Errorf("jobs: %v", err)
		}
		if diff := cmp.Diff(asItWas, where(t, w)); diff != "" || left(t, w) != "1 batches, 1 jobs" {
			t.Errorf("there are %s, and images (-want +got):\n%s", left(t, w), diff)
		}
		batches[1].ImageIDs, jobs[1].BatchID = nil, &w.Batch.ID
		madeBatches, err := work.CreateBatches(ctx, w.DB, batches, at)
		if err != nil || len(madeBatches) != 2 || madeBatches[1].Name != "b" {
			t.Errorf("batches: %v, %v", madeBatches, err)
		}
		madeJobs, err := work.CreateJobs(ctx, w.DB, jobs, at)
		if err != nil || len(madeJobs) != 2 || !madeJobs[0].Done || madeJobs[1].Done || left(t, w) != "3 batches, 3 jobs" {
			t.Errorf("jobs: %v, %v", madeJobs, err)
		}
		if _, err := work.CreateJobs(ctx, w.DB, make([]work.CreateJobInput, 101), at); testkit.Said(err) != "INVALID list[100]: is one too many; at most 100 are allowed in one call" {
			t.Errorf("101 jobs: %v", err)
		}
	})
}

func TestUpdateBatch(t *testing.T) {
	t.Parallel()
	type update struct {
		actor    string
		expected *int
		in       work.UpdateBatchInput
		want     string
		stored   string
	}
	testkit.EachWorld(t, map[string]update{
		"name":           {"manager", new(1), work.UpdateBatchInput{Name: new("second")}, "", "second true v2"},
		"workbench":      {"manager", nil, work.UpdateBatchInput{Workbench: new(false)}, "", "first false v2"},
		"nothing":        {"manager", nil, work.UpdateBatchInput{}, "", "first true v1"},
		"stale":          {"manager", new(2), work.UpdateBatchInput{Name: new("second")}, "CONFLICT changed since it was read", "first true v1"},
		"to blank":       {"manager", nil, work.UpdateBatchInput{Name: new("")}, "INVALID input.name: must not be blank", "first true v1"},
		"as an assignee": {"assignee", nil, work.UpdateBatchInput{Name: new("second")}, "FORBIDDEN not allowed to edit batches", "first true v1"},
		"as an outsider": {"other workspace", nil, work.UpdateBatchInput{Name: new("second")}, "NOT_FOUND batch not found", "first true v1"},
	}, func(t *testing.T, w *testkit.World, tt update) {
		err := work.UpdateBatches(w.As(t.Context(), tt.actor), w.DB, catalog.One(w.Batch.ID, tt.expected), tt.in)
		b := w.DB.Batch.GetX(system(t), w.Batch.ID)
		if got := fmt.Sprintf("%s %v v%d", b.Name, b.Workbench, b.Version); testkit.Said(err) != tt.want || got != tt.stored {
			t.Errorf("%v; want %s; stored %s; want %s", err, tt.want, got, tt.stored)
		}
		if current, ok := testkit.StaleRow(err).(*ent.Batch); strings.HasPrefix(tt.want, "CONFLICT") && (!ok || current.ID != w.Batch.ID) {
			t.Errorf("the conflict carries %v", testkit.StaleRow(err))
		}
	})
}

// TestDeleteBatches: images and jobs go with their batch; images of others that were in its jobs are free again, and
// those that were made from its images forget them.
func TestDeleteBatches(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor   string
		targets func(w *testkit.World) catalog.Targets[gid.BatchID]
		want    string
		images  []string
		left    string
	}
	one := func(w *testkit.World) catalog.Targets[gid.BatchID] { return catalog.One(w.Batch.ID, new(1)) }
	all, both := []string{asItWas[0], asItWas[1], "v1 no batch the job"}, "1 batches, 1 jobs"
	testkit.EachWorld(t, map[string]deletion{
		"one":           {"manager", one, "", []string{"v3 no batch no job"}, "0 batches, 0 jobs"},
		"none":          {"manager", func(*testkit.World) catalog.Targets[gid.BatchID] { return catalog.Targets[gid.BatchID]{} }, "", all, both},
		"stale":         {"manager", func(w *testkit.World) catalog.Targets[gid.BatchID] { return catalog.One(w.Batch.ID, new(2)) }, "CONFLICT changed since it was read", all, both},
		"a foreign one": {"manager", func(w *testkit.World) catalog.Targets[gid.BatchID] { return catalog.One(w.Foreign.Batch.ID, nil) }, "NOT_FOUND batch not found", all, both},
		"as a reviewer": {"reviewer", one, "FORBIDDEN not allowed to edit batches", all, both},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		w.DB.Image.UpdateOneID(w.Images[2].ID).SetJobID(w.Job.ID).SetBaseImageID(w.Images[0].ID).AddVersion(-1).ExecX(system(t)) // as from the start
		err := work.DeleteBatches(w.As(t.Context(), tt.actor), w.DB, tt.targets(w))
		if got := left(t, w); testkit.Said(err) != tt.want || got != tt.left {
			t.Errorf("%v; want %s; left %s", err, tt.want, got)
		}
		if diff := cmp.Diff(tt.images, where(t, w)); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
	})
}

func TestStats(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := system(t)
		w.Images[0].Update().SetDone(true).SetReviewed(true).ExecX(ctx)
		w.Images[1].Update().SetIsSynthetic(true).ExecX(ctx)
		bare := w.DB.Batch.Create().SetDataset(w.Dataset).SetName("bare").SaveX(ctx)
		done := w.DB.Job.Create().SetDataset(w.Dataset).SetBatch(w.Batch).SetDone(true).SaveX(ctx)
		batches, err := work.StatsOfBatches(ctx, w.DB.Client, []gid.BatchID{w.Batch.ID, bare.ID})
		if err != nil {
			t.Fatal(err)
		}
		want := work.BatchStats{Images: 2, UnassignedImages: 1, UnassignedSyntheticImages: 1, Jobs: 2, DoneJobs: 1}
		if diff := cmp.Diff(map[gid.BatchID]*work.BatchStats{w.Batch.ID: &want, bare.ID: {}}, batches); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		jobs, err := work.StatsOfJobs(ctx, w.DB.Client, []gid.JobID{w.Job.ID, done.ID})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[gid.JobID]*work.JobStats{w.Job.ID: {Images: 1, DoneImages: 1, ReviewedImages: 1}, done.ID: {}}, jobs); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		if _, err := work.StatsOfJobs(t.Context(), w.DB.Client, []gid.JobID{w.Job.ID}); testkit.Said(err) != "UNAUTHENTICATED not signed in" {
			t.Errorf("without a viewer: %v", err)
		}
	})
}
