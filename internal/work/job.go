package work

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// CreateJobInput is a job to make, of images that may be in another one so far.
type CreateJobInput struct {
	DatasetID  gid.DatasetID
	BatchID    *gid.BatchID
	AssigneeID *gid.UserID
	Done       *bool
	Reviewed   *bool
	ImageIDs   []gid.ImageID
}

// UpdateJobInput is what to change in a job; what is nil or not set stays.
type UpdateJobInput struct {
	AssigneeID graphql.Omittable[*gid.UserID]
	BatchID    graphql.Omittable[*gid.BatchID]
	Done       *bool
	Reviewed   *bool
}

// CreateJobs makes jobs and hands them to their assignees, if they name any. Complaints about them are found under at.
func CreateJobs(ctx context.Context, db *database.DB, jobs []CreateJobInput, at fault.Places) ([]*ent.Job, error) {
	if err := checkCount(len(jobs), at); err != nil {
		return nil, err
	}
	var c fault.Check
	for i, in := range jobs {
		checkImages(&c, in.ImageIDs, at.Of(i, "imageIds"))
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (made []*ent.Job, err error) {
		for i, in := range jobs {
			j, err := createJob(ctx, db, tx, in, at, i)
			if err != nil {
				return nil, err
			}
			made = append(made, j)
		}
		return made, nil
	})
}

func createJob(ctx context.Context, db *database.DB, tx *ent.Tx, in CreateJobInput, at fault.Places, i int) (*ent.Job, error) {
	if err := access.Allow(ctx, tx.Client(), in.DatasetID, access.EditJobs); err != nil {
		return nil, err
	}
	if err := db.ShareDataset(ctx, tx, in.DatasetID); err != nil {
		return nil, err
	}
	if err := checkParts(ctx, tx, in.DatasetID, in.AssigneeID, in.BatchID, at, i); err != nil {
		return nil, err
	}
	create := tx.Job.Create().SetDatasetID(in.DatasetID).SetNillableBatchID(in.BatchID).SetNillableAssigneeID(in.AssigneeID).
		SetNillableDone(in.Done).SetNillableReviewed(in.Reviewed)
	if v, ok := access.ViewerFrom(ctx); ok {
		create.SetOwnerID(v.UserID)
	}
	j, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	return j, take(ctx, tx, in.DatasetID, in.ImageIDs, at.Of(i, "imageIds"), func(u *ent.ImageUpdate) { u.SetJobID(j.ID) })
}

// checkParts checks that assignee and batch, if given, go with the dataset.
func checkParts(
	ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, assignee *gid.UserID, in *gid.BatchID, at fault.Places, i int,
) error {
	if in != nil {
		found, err := tx.Batch.Query().Where(batch.ID(*in), batch.DatasetID(dataset)).Exist(ctx)
		if err != nil {
			return err
		}
		if !found {
			return fault.InvalidAt("no such batch in the dataset", at.Of(i, "batchId")...)
		}
	}
	if assignee == nil {
		return nil
	}
	d, err := tx.Dataset.Get(ctx, dataset)
	if err != nil {
		return err
	}
	return catalog.CheckColleague(ctx, tx.Client(), d, *assignee, at.Of(i, "assigneeId")...)
}

// UpdateJobs makes the same change to each of the jobs. Its assignee may say
// that a job is done; the rest is for reviewers and managers.
func UpdateJobs(ctx context.Context, db *database.DB, targets catalog.Targets[gid.JobID], in UpdateJobInput) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		jobs, err := lockJobs(ctx, tx, targets, access.Read)
		if err != nil {
			return err
		}
		for dataset, mine := range ownJobs(ctx, jobs) {
			if err := access.Allow(ctx, tx.Client(), dataset, in.actions(mine)...); err != nil {
				return err
			}
			if err := checkParts(ctx, tx, dataset, in.AssigneeID.Value(), in.BatchID.Value(), theInput, 0); err != nil {
				return err
			}
		}
		ids := catalog.Changed(jobs, func(j *ent.Job) gid.JobID { return j.ID }, func(j *ent.Job) bool {
			return catalog.Differs(in.Done, j.Done) || catalog.Differs(in.Reviewed, j.Reviewed) ||
				catalog.Moves(in.AssigneeID, j.AssigneeID) || catalog.Moves(in.BatchID, j.BatchID)
		})
		if len(ids) == 0 {
			return nil
		}
		return change(tx.Job.Update().Where(job.IDIn(ids...)), in).Exec(ctx)
	})
}

// theInput is the place of what all items of a list share.
func theInput(int) []any { return []any{"input"} }

// ownJobs tells of each dataset whether its jobs are all assigned to the viewer.
func ownJobs(ctx context.Context, jobs []*ent.Job) map[gid.DatasetID]bool {
	v, _ := access.ViewerFrom(ctx)
	own := map[gid.DatasetID]bool{}
	for _, j := range jobs {
		all, seen := own[j.DatasetID]
		own[j.DatasetID] = (all || !seen) && j.AssigneeID != nil && *j.AssigneeID == v.UserID
	}
	return own
}

// actions are those that the change needs, of jobs that are the viewer's own or not.
func (in UpdateJobInput) actions(mine bool) []access.Action {
	actions := []access.Action{access.Annotate}
	if in.Done != nil && !mine || in.Reviewed != nil {
		actions = append(actions, access.MarkReviewed)
	}
	if in.AssigneeID.IsSet() || in.BatchID.IsSet() {
		actions = append(actions, access.EditJobs)
	}
	return actions
}

func change(u *ent.JobUpdate, in UpdateJobInput) *ent.JobUpdate {
	u.SetNillableDone(in.Done).SetNillableReviewed(in.Reviewed)
	if id, ok := in.AssigneeID.ValueOK(); ok {
		catalog.SetOrClear(id, u.SetAssigneeID, u.ClearAssigneeID)
	}
	if id, ok := in.BatchID.ValueOK(); ok {
		catalog.SetOrClear(id, u.SetBatchID, u.ClearBatchID)
	}
	return u
}

// DeleteJobs deletes jobs; their images stay, and can be assigned again.
func DeleteJobs(ctx context.Context, db *database.DB, targets catalog.Targets[gid.JobID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := lockJobs(ctx, tx, targets, access.EditJobs); err != nil {
			return err
		}
		return removeJobs(ctx, tx, job.IDIn(targets.IDs...))
	})
}

// removeJobs deletes the jobs that where finds, freeing their images first.
func removeJobs(ctx context.Context, tx *ent.Tx, where predicate.Job) error {
	if err := tx.Image.Update().Where(image.HasJobWith(where)).ClearJobID().Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Job.Delete().Where(where).Exec(ctx)
	return err
}

func lockJobs(ctx context.Context, tx *ent.Tx, targets catalog.Targets[gid.JobID], actions ...access.Action) ([]*ent.Job, error) {
	if err := database.ShareDatasetsOf(ctx, tx, job.Table, targets.IDs); err != nil {
		return nil, err
	}
	q := tx.Job.Query().Where(job.IDIn(targets.IDs...)).Order(job.ByID())
	q.Modify(database.Lock)
	jobs, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.Hold(ctx, tx, "job", targets, jobs, func(j *ent.Job) catalog.Held[gid.JobID] {
		return catalog.Held[gid.JobID]{ID: j.ID, Dataset: j.DatasetID, Version: j.Version}
	}, actions...)
}
