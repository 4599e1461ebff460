package work_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

func TestCreateJob(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor  string
		change func(w *testkit.World, in *work.CreateJobInput)
		want   string
		images []string
	}
	testkit.EachWorld(t, map[string]creation{
		"bare": {"manager", func(*testkit.World, *work.CreateJobInput) {}, "", asItWas},
		"whole": {"manager", func(w *testkit.World, in *work.CreateJobInput) {
			in.BatchID, in.AssigneeID, in.ImageIDs = &w.Batch.ID, &w.Users["no member"].ID, imageIDs(w.Images[0], w.Images[2])
		}, "", []string{"v2 the batch another job", asItWas[1], "v2 no batch another job"}},
		"a foreign batch": {"superuser", func(w *testkit.World, in *work.CreateJobInput) { in.BatchID = &w.Foreign.Batch.ID }, "INVALID input.batchId: no such batch in the dataset", asItWas},
		"a foreign assignee": {
			"superuser", func(w *testkit.World, in *work.CreateJobInput) { in.AssigneeID = &w.Users["other workspace"].ID },
			"INVALID input.assigneeId: no such user in the workspace", asItWas,
		},
		"a foreign image": {
			"superuser", func(w *testkit.World, in *work.CreateJobInput) {
				in.ImageIDs = imageIDs(w.Images[2], w.Foreign.Images[2])
			},
			"INVALID input.imageIds: names an image that is not in the dataset", asItWas,
		},
		"as an assignee": {"assignee", func(*testkit.World, *work.CreateJobInput) {}, "FORBIDDEN not allowed to edit jobs", asItWas},
		"as an outsider": {"other workspace", func(*testkit.World, *work.CreateJobInput) {}, "NOT_FOUND dataset not found", asItWas},
	}, func(t *testing.T, w *testkit.World, tt creation) {
		in := work.CreateJobInput{DatasetID: w.Dataset.ID}
		tt.change(w, &in)
		j, err := makeJob(w.As(t.Context(), tt.actor), w, in)
		if testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		if err == nil && *j.OwnerID != w.Users[tt.actor].ID {
			t.Errorf("made %v", j)
		}
		if diff := cmp.Diff(tt.images, where(t, w)); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
		if got := left(t, w); (got == "1 batches, 1 jobs") != (err != nil) {
			t.Errorf("there are %s", got)
		}
	})
}

func TestUpdateJobs(t *testing.T) {
	t.Parallel()
	type update struct {
		actor string
		in    func(w *testkit.World) work.UpdateJobInput
		want  string
		both  bool // of the jobs, of which one is the assignee's
	}
	just := func(in work.UpdateJobInput) func(*testkit.World) work.UpdateJobInput {
		return func(*testkit.World) work.UpdateJobInput { return in }
	}
	done, reviewed, nobody := just(work.UpdateJobInput{Done: new(true)}), just(work.UpdateJobInput{Reviewed: new(true)}),
		just(work.UpdateJobInput{AssigneeID: graphql.OmittableOf[*gid.UserID](nil), BatchID: graphql.OmittableOf[*gid.BatchID](nil)})
	to := func(actor string) func(*testkit.World) work.UpdateJobInput {
		return func(w *testkit.World) work.UpdateJobInput {
			return work.UpdateJobInput{AssigneeID: graphql.OmittableOf(&w.Users[actor].ID)}
		}
	}
	const forbidden = "FORBIDDEN not allowed to "
	testkit.EachWorld(t, map[string]update{
		"done by the assignee":        {"assignee", done, "", false},
		"others' done by an assignee": {"assignee", done, forbidden + "mark as reviewed", true},
		"done by another annotator":   {"annotator", done, forbidden + "mark as reviewed", false},
		"done by a reviewer":          {"reviewer", done, "", true},
		"done by a viewer":            {"viewer", done, forbidden + "annotate", false},
		"reviewed by the assignee":    {"assignee", reviewed, forbidden + "mark as reviewed", false},
		"reviewed by a reviewer":      {"reviewer", reviewed, "", true},
		"assigned by a reviewer":      {"reviewer", to("viewer"), forbidden + "edit jobs", false},
		"assigned by a manager":       {"manager", to("no member"), "", true},
		"to an outsider":              {"superuser", to("other workspace"), "INVALID input.assigneeId: no such user in the workspace", false},
		"given up by the assignee":    {"assignee", nobody, forbidden + "edit jobs", false},
		"to nobody, and of no batch":  {"manager", nobody, "", true},
		"to a foreign batch": {"superuser", func(w *testkit.World) work.UpdateJobInput {
			return work.UpdateJobInput{BatchID: graphql.OmittableOf(&w.Foreign.Batch.ID)}
		}, "INVALID input.batchId: no such batch in the dataset", false},
		"nothing":                      {"assignee", just(work.UpdateJobInput{}), "", false},
		"as a stranger":                {"no member", done, "NOT_FOUND job not found", false},
		"as somebody from next door":   {"other workspace", done, "NOT_FOUND job not found", false},
		"as somebody without a ticket": {"anonymous", done, "UNAUTHENTICATED not signed in", false},
	}, func(t *testing.T, w *testkit.World, tt update) {
		jobs := []*ent.Job{w.Job}
		if tt.both {
			jobs = append(jobs, w.DB.Job.Create().SetDataset(w.Dataset).SetAssignee(w.Users["annotator"]).SaveX(system(t)))
		}
		var targets catalog.Targets[gid.JobID]
		for _, j := range jobs {
			targets.IDs = append(targets.IDs, j.ID)
		}
		in := tt.in(w)
		if err := work.UpdateJobs(w.As(t.Context(), tt.actor), w.DB, targets, in); testkit.Said(err) != tt.want {
			t.Errorf("%v; want %s", err, tt.want)
		}
		for _, j := range jobs {
			now := w.DB.Job.GetX(system(t), j.ID)
			if tt.want != "" || in == (work.UpdateJobInput{}) {
				in, now.UpdatedAt = work.UpdateJobInput{}, j.UpdatedAt
			}
			if got, want := stateOf(now), stateAfter(j, in); got != want {
				t.Errorf("%s; want %s", got, want)
			}
		}
	})
}

func stateOf(j *ent.Job) string {
	return fmt.Sprintf("done %v, reviewed %v, assignee %v, batch %v, v%d", j.Done, j.Reviewed, show(j.AssigneeID), show(j.BatchID), j.Version)
}

// stateAfter is what a change leaves.
func stateAfter(j *ent.Job, in work.UpdateJobInput) string {
	after := *j
	if in != (work.UpdateJobInput{}) {
		after.Version++
	}
	after.Done, after.Reviewed = after.Done || in.Done != nil, after.Reviewed || in.Reviewed != nil
	if id, ok := in.AssigneeID.ValueOK(); ok {
		after.AssigneeID = id
	}
	if id, ok := in.BatchID.ValueOK(); ok {
		after.BatchID = id
	}
	return stateOf(&after)
}

func show[ID any](id *ID) string {
	if id == nil {
		return "none"
	}
	return fmt.Sprint(*id)
}

func TestStaleJobs(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		reviewer := w.As(t.Context(), "reviewer")
		err := work.UpdateJobs(reviewer, w.DB, catalog.One(w.Job.ID, new(2)), work.UpdateJobInput{Done: new(true)})
		if current, ok := testkit.StaleRow(err).(*ent.Job); !strings.HasPrefix(testkit.Said(err), "CONFLICT") || !ok || current.ID != w.Job.ID {
			t.Errorf("%v carries %v", err, testkit.StaleRow(err))
		}
		targets := catalog.Targets[gid.JobID]{IDs: []gid.JobID{w.Job.ID, w.Job.ID}}
		if err := work.UpdateJobs(reviewer, w.DB, targets, work.UpdateJobInput{}); testkit.Said(err) != "INVALID ids[1]: is named twice" {
			t.Errorf("%v", err)
		}
	})
}

// TestManyJobs: the number of statements does not grow with the jobs.
func TestManyJobs(t *testing.T) {
	t.Parallel()
	var statements atomic.Int64
	w := testkit.NewWorld(t, testkit.SQLite(t, database.WithTrace(func(string) { statements.Add(1) })))
	b := stock(t, w, 300)
	manager := w.As(t.Context(), "manager")
	made, err := work.Assign(manager, w.DB, b.ID, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 1})
	if err != nil {
		t.Fatal(err)
	}
	var targets catalog.Targets[gid.JobID]
	for _, j := range made {
		targets.IDs = append(targets.IDs, j.ID)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"update", func() error {
			return work.UpdateJobs(manager, w.DB, targets, work.UpdateJobInput{Done: new(true), AssigneeID: graphql.OmittableOf(&w.Users["annotator"].ID)})
		}},
		{"delete", func() error { return work.DeleteJobs(manager, w.DB, targets) }},
	} {
		statements.Store(0)
		if err := step.do(); err != nil || statements.Load() > 12 {
			t.Errorf("%s: %v, %d statements", step.name, err, statements.Load())
		}
	}
}

// TestDeleteJobs: their images stay, and can be assigned again.
func TestDeleteJobs(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor   string
		targets func(w *testkit.World) catalog.Targets[gid.JobID]
		want    string
		images  []string
		left    string
	}
	one := func(w *testkit.World) catalog.Targets[gid.JobID] { return catalog.One(w.Job.ID, new(1)) }
	testkit.EachWorld(t, map[string]deletion{
		"one":            {"manager", one, "", []string{"v2 the batch no job", asItWas[1], asItWas[2]}, "1 batches, 0 jobs"},
		"stale":          {"manager", func(w *testkit.World) catalog.Targets[gid.JobID] { return catalog.One(w.Job.ID, new(2)) }, "CONFLICT changed since it was read", asItWas, "1 batches, 1 jobs"},
		"a foreign one":  {"manager", func(w *testkit.World) catalog.Targets[gid.JobID] { return catalog.One(w.Foreign.Job.ID, nil) }, "NOT_FOUND job not found", asItWas, "1 batches, 1 jobs"},
		"by an assignee": {"assignee", one, "FORBIDDEN not allowed to edit jobs", asItWas, "1 batches, 1 jobs"},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		err := work.DeleteJobs(w.As(t.Context(), tt.actor), w.DB, tt.targets(w))
		if got := left(t, w); testkit.Said(err) != tt.want || got != tt.left {
			t.Errorf("%v; want %s; left %s", err, tt.want, got)
		}
		if diff := cmp.Diff(tt.images, where(t, w)); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
	})
}

// TestTheSameAgain: a change that is sent again changes nothing.
func TestTheSameAgain(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "manager")
		in := work.UpdateJobInput{Done: new(true), AssigneeID: graphql.OmittableOf(w.Job.AssigneeID), BatchID: graphql.OmittableOf[*gid.BatchID](nil)}
		for range 2 {
			if err := work.UpdateJobs(ctx, w.DB, catalog.One(w.Job.ID, nil), in); err != nil {
				t.Fatal(err)
			}
			if err := work.UpdateBatches(ctx, w.DB, catalog.One(w.Batch.ID, nil), work.UpdateBatchInput{Name: new("second"), Workbench: new(true)}); err != nil {
				t.Fatal(err)
			}
		}
		if j := w.DB.Job.GetX(ctx, w.Job.ID); j.Version != 2 || !j.Done || j.AssigneeID == nil || j.BatchID != nil {
			t.Errorf("%v", j)
		}
		if b := w.DB.Batch.GetX(ctx, w.Batch.ID); b.Version != 2 || b.Name != "second" {
			t.Errorf("%v", b)
		}
	})
}
