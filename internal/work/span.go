package work

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// JobSpan is from where to where the images of a job reach, by their ids.
type JobSpan struct {
	Range   string // for people to read
	Start   *int   // nil without images, as is End
	End     *int
	Current *int // the first image that is not done; nil when all are
}

// SpansOfJobs finds from where to where the images of each of the jobs reach.
func SpansOfJobs(ctx context.Context, db *ent.Client, ids []gid.JobID) (_ map[gid.JobID]*JobSpan, err error) {
	defer fault.Wrap(&err, "span jobs")
	var rows []struct {
		JobID   gid.JobID `sql:"job_id"`
		Start   int       `sql:"min"`
		End     int       `sql:"max"`
		Current *int      `sql:"current"`
	}
	err = db.Image.Query().Where(image.JobIDIn(ids...)).GroupBy(image.FieldJobID).
		Aggregate(ent.Min(image.FieldID), ent.Max(image.FieldID), firstUndone).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	spans := make(map[gid.JobID]*JobSpan, len(ids))
	for _, id := range ids {
		spans[id] = &JobSpan{Range: "No images"}
	}
	for _, r := range rows {
		spans[r.JobID] = &JobSpan{Range: fmt.Sprintf("%d-%d", r.Start, r.End), Start: &r.Start, End: &r.End, Current: r.Current}
	}
	return spans, nil
}

func firstUndone(s *sql.Selector) string {
	return sql.As(sql.Min(s.C(image.FieldID))+" FILTER (WHERE NOT "+s.C(image.FieldDone)+")", "current")
}

// Days is how many whole days lie between when a job was made and when it was last changed.
func Days(j *ent.Job) int { return int(j.UpdatedAt.Sub(j.CreatedAt) / (24 * time.Hour)) }
