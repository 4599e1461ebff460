package work_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

func TestAssign(t *testing.T) {
	t.Parallel()
	type assignment struct {
		images, perJob int
		people         []string
		jobs           []string // "assignee: images" of each job, in order
		want           string
	}
	two := []string{"annotator", "reviewer"}
	testkit.EachWorld(t, map[string]assignment{
		"even":              {4, 2, two, []string{"annotator: 2", "reviewer: 2"}, ""},
		"remainder":         {5, 2, two, []string{"annotator: 2", "reviewer: 2", "annotator: 1"}, ""},
		"one each":          {3, 1, two, []string{"annotator: 1", "reviewer: 1", "annotator: 1"}, ""},
		"more people":       {1, 9, two, []string{"annotator: 1"}, ""},
		"one person twice":  {4, 2, []string{"viewer", "viewer"}, []string{"viewer: 2", "viewer: 2"}, ""},
		"to a colleague":    {1, 1, []string{"no member"}, []string{"no member: 1"}, ""},
		"more than a chunk": {2001, 2000, two, []string{"annotator: 2000", "reviewer: 1"}, ""},
		"nothing to do":     {0, 1, two, nil, ""},
		"nobody":            {1, 1, nil, nil, "INVALID input.userIds: must name at least one assignee"},
		"no images per job": {1, 0, two, nil, "INVALID input.imagesPerJob: must be at least 1"},
		"less than none":    {1, -1, nil, nil, "INVALID input.imagesPerJob: must be at least 1; input.userIds: must name at least one assignee"},
		"an outsider":       {1, 1, []string{"annotator", "other workspace"}, nil, "INVALID input.userIds[1]: no such user in the workspace"},
	}, func(t *testing.T, w *testkit.World, tt assignment) {
		b := stock(t, w, tt.images)
		users := make([]gid.UserID, len(tt.people))
		for i, actor := range tt.people {
			users[i] = w.Users[actor].ID
		}
		made, err := work.Assign(w.As(t.Context(), "manager"), w.DB, b.ID, work.Assignment{UserIDs: users, ImagesPerJob: tt.perJob})
		if testkit.Said(err) != tt.want || len(made) != len(tt.jobs) {
			t.Errorf("%d jobs, %v; want %s", len(made), err, tt.want)
		}
		if diff := cmp.Diff(tt.jobs, jobsOf(t, w, b)); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		checkCut(t, w, b, tt.want == "")
	})
}

// jobsOf lists the jobs of a batch: whose they are, and of how many images.
func jobsOf(t *testing.T, w *testkit.World, b *ent.Batch) []string {
	t.Helper()
	names := map[gid.UserID]string{}
	for name, u := range w.Users {
		names[u.ID] = name
	}
	var list []string
	for _, j := range w.DB.Job.Query().Where(job.BatchID(b.ID)).Order(job.ByID()).AllX(system(t)) {
		if *j.OwnerID != w.Users["manager"].ID || j.DatasetID != w.Dataset.ID {
			t.Errorf("made %v", j)
		}
		list = append(list, fmt.Sprintf("%s: %d", names[*j.AssigneeID], j.QueryImages().CountX(system(t))))
	}
	return list
}

// checkCut checks that images went into jobs in the order of their ids, which is a change of each.
func checkCut(t *testing.T, w *testkit.World, b *ent.Batch, assigned bool) {
	t.Helper()
	last := gid.JobID(0)
	for _, img := range w.DB.Image.Query().Where(image.BatchID(b.ID)).Order(image.ByID()).AllX(system(t)) {
		switch {
		case !assigned && (img.JobID != nil || img.Version != 1):
			t.Fatalf("an assignment that failed changed %v", img)
		case assigned && (img.Version != 2 || *img.JobID < last || !img.UpdatedAt.After(img.CreatedAt)):
			t.Fatalf("assigned %v after job %d", img, last)
		case assigned:
			last = *img.JobID
		}
	}
}

// TestAssignTakesWhatIsLeft: images that are in a job stay there.
func TestAssignTakesWhatIsLeft(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		for _, want := range [][]string{{"v1 the batch the job", "v2 the batch another job", "v1 no batch no job"}, {"v1 the batch the job", "v2 the batch another job", "v1 no batch no job"}} {
			if _, err := work.Assign(w.As(t.Context(), "manager"), w.DB, w.Batch.ID, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 5}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, where(t, w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

func TestAssignNeedsTheRole(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		for actor, want := range map[string]string{
			"anonymous": "UNAUTHENTICATED not signed in", "other workspace": "NOT_FOUND batch not found", "no member": "NOT_FOUND batch not found",
			"viewer": "FORBIDDEN not allowed to edit jobs", "assignee": "FORBIDDEN not allowed to edit jobs", "reviewer": "FORBIDDEN not allowed to edit jobs",
			"manager": "", "admin": "",
		} {
			_, err := work.Assign(w.As(t.Context(), actor), w.DB, w.Batch.ID, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 1})
			if testkit.Said(err) != want {
				t.Errorf("%s: %v; want %s", actor, err, want)
			}
		}
	})
}

// TestAssignManyJobs makes as many as one call may, in few statements.
func TestAssignManyJobs(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int64
			w := testkit.NewWorld(t, open(t, database.WithTrace(func(string) { statements.Add(1) })))
			b := stock(t, w, 10_001)
			a := work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID, w.Users["annotator"].ID}, ImagesPerJob: 1}
			if _, err := work.Assign(w.As(t.Context(), "owner"), w.DB, b.ID, a); testkit.Said(err) != "INVALID input.imagesPerJob: would make 10001 jobs; at most 10000 are allowed" {
				t.Errorf("%v", err)
			}
			last := w.DB.Image.Query().Where(image.BatchID(b.ID)).Order(image.ByID()).AllX(system(t))[10_000]
			last.Update().ClearBatchID().ExecX(system(t))
			statements.Store(0)
			made, err := work.Assign(w.As(t.Context(), "owner"), w.DB, b.ID, a)
			if n := statements.Load(); err != nil || len(made) != 10_000 || n > 40 {
				t.Errorf("%v: %d jobs by %d statements", err, len(made), n)
			}
		})
	}
}

// TestAssignInParallel has eight people assign one batch at once, while another puts some of its images into a job of
// their own: none is assigned twice, or out of that job.
func TestAssignInParallel(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		b := stock(t, w, 40)
		images := w.DB.Image.Query().Where(image.BatchID(b.ID)).Order(image.ByID()).AllX(system(t))
		taken := imageIDs(images[10:20]...)
		manager := w.As(t.Context(), "manager")
		var (
			wg   sync.WaitGroup
			made atomic.Int64
			own  *ent.Job
		)
		wg.Go(func() {
			var err error
			if own, err = makeJob(manager, w, work.CreateJobInput{DatasetID: w.Dataset.ID, ImageIDs: taken}); err != nil {
				t.Error(err)
			}
		})
		for range 8 {
			wg.Go(func() {
				jobs, err := work.Assign(manager, w.DB, b.ID, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 7})
				if err != nil {
					t.Error(err)
				}
				made.Add(int64(len(jobs)))
			})
		}
		wg.Wait()
		for _, img := range w.DB.Image.Query().Where(image.BatchID(b.ID)).AllX(system(t)) {
			its := slices.Contains(taken, img.ID) // for good: who makes a job takes images out of others
			if img.JobID == nil || its != (*img.JobID == own.ID) || img.Version > 2 && !its || img.Version > 3 {
				t.Errorf("image %d is of version %d, in job %v", img.ID, img.Version, img.JobID)
			}
		}
		if n := made.Load(); n != 5 && n != 6 {
			t.Errorf("%d jobs of 40 or 30 images by 7", n)
		}
	})
}

// TestAssignedImagesStay puts an image into another job at the moment when an assignment that has found it in none is
// about to make its own. That waits, and then takes the image.
func TestAssignedImagesStay(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var meet atomic.Pointer[func()]
			w := testkit.NewWorld(t, open(t, database.WithTrace(func(statement string) {
				if do := meet.Load(); do != nil && strings.Contains(statement, "INSERT INTO") && meet.CompareAndSwap(do, nil) {
					(*do)()
				}
			})))
			manager := w.As(t.Context(), "manager")
			var wg sync.WaitGroup
			var own *ent.Job
			takeIt := func() {
				wg.Go(func() {
					var err error
					if own, err = makeJob(manager, w, work.CreateJobInput{DatasetID: w.Dataset.ID, ImageIDs: imageIDs(w.Images[1])}); err != nil {
						t.Error(err)
					}
				})
				time.Sleep(300 * time.Millisecond) // in which it would be done
			}
			meet.Store(&takeIt)
			if _, err := work.Assign(manager, w.DB, w.Batch.ID, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 1}); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			if img := w.DB.Image.GetX(system(t), w.Images[1].ID); meet.Load() != nil || *img.JobID != own.ID || img.Version != 3 {
				t.Errorf("the image is %v", img)
			}
		})
	}
}

func TestAssignWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	_, err := work.Assign(w.As(t.Context(), "manager"), w.DB, 999, work.Assignment{UserIDs: []gid.UserID{w.Users["viewer"].ID}, ImagesPerJob: 1})
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}
