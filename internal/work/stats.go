package work

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// BatchStats are counts of the images and jobs of a batch.
type BatchStats struct {
	Images                    int
	UnassignedImages          int // in no job
	UnassignedSyntheticImages int
	Jobs                      int
	DoneJobs                  int
}

// JobStats are counts of the images of a job.
type JobStats struct {
	Images         int
	DoneImages     int
	ReviewedImages int
}

// StatsOfBatches counts the images and jobs of each of the batches.
func StatsOfBatches(ctx context.Context, db *ent.Client, ids []gid.BatchID) (_ map[gid.BatchID]*BatchStats, err error) {
	defer fault.Wrap(&err, "count what is in batches")
	var images []struct {
		BatchID    gid.BatchID `sql:"batch_id"`
		Count      int         `sql:"count"`
		Unassigned int         `sql:"unassigned"`
		Synthetic  int         `sql:"synthetic"`
	}
	err = db.Image.Query().Where(image.BatchIDIn(ids...)).GroupBy(image.FieldBatchID).Aggregate(
		ent.Count(),
		unassigned("", "unassigned"),
		unassigned(image.FieldIsSynthetic, "synthetic"),
	).Scan(ctx, &images)
	if err != nil {
		return nil, err
	}
	var jobs []struct {
		BatchID gid.BatchID `sql:"batch_id"`
		Count   int         `sql:"count"`
		Done    int         `sql:"done_jobs"`
	}
	err = db.Job.Query().Where(job.BatchIDIn(ids...)).GroupBy(job.FieldBatchID).
		Aggregate(ent.Count(), catalog.CountIf(job.FieldDone, "done_jobs")).Scan(ctx, &jobs)
	if err != nil {
		return nil, err
	}
	stats := make(map[gid.BatchID]*BatchStats, len(ids))
	for _, id := range ids {
		stats[id] = &BatchStats{}
	}
	for _, r := range images {
		s := stats[r.BatchID]
		s.Images, s.UnassignedImages, s.UnassignedSyntheticImages = r.Count, r.Unassigned, r.Synthetic
	}
	for _, r := range jobs {
		stats[r.BatchID].Jobs, stats[r.BatchID].DoneJobs = r.Count, r.Done
	}
	return stats, nil
}

// unassigned counts images in no job, of those in which a boolean column, if given, is true.
func unassigned(column, as string) ent.AggregateFunc {
	return func(s *sql.Selector) string {
		condition := s.C(image.FieldJobID) + " IS NULL"
		if column != "" {
			condition += " AND " + s.C(column)
		}
		return sql.As("COUNT(*) FILTER (WHERE "+condition+")", as)
	}
}

// StatsOfJobs counts the images of each of the jobs.
func StatsOfJobs(ctx context.Context, db *ent.Client, ids []gid.JobID) (_ map[gid.JobID]*JobStats, err error) {
	defer fault.Wrap(&err, "count what is in jobs")
	var images []struct {
		JobID    gid.JobID `sql:"job_id"`
		Count    int       `sql:"count"`
		Done     int       `sql:"done_images"`
		Reviewed int       `sql:"reviewed_images"`
	}
	err = db.Image.Query().Where(image.JobIDIn(ids...)).GroupBy(image.FieldJobID).Aggregate(
		ent.Count(),
		catalog.CountIf(image.FieldDone, "done_images"),
		catalog.CountIf(image.FieldReviewed, "reviewed_images"),
	).Scan(ctx, &images)
	if err != nil {
		return nil, err
	}
	stats := make(map[gid.JobID]*JobStats, len(ids))
	for _, id := range ids {
		stats[id] = &JobStats{}
	}
	for _, r := range images {
		*stats[r.JobID] = JobStats{r.Count, r.Done, r.Reviewed}
	}
	return stats, nil
}
