package work

import (
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/predicate"
)

// Unassigned finds batches of which n images are in no job.
func Unassigned(n int) predicate.Batch {
	return func(s *sql.Selector) { s.Where(countUnassigned(s, sql.OpEQ, n)) }
}

// UnassignedGT finds batches of which more than n images are in no job.
func UnassignedGT(n int) predicate.Batch {
	return func(s *sql.Selector) {
		if n == 0 { // the usual question, which one image answers
			s.Where(sql.Exists(unassignedIn(s, image.FieldID)))
			return
		}
		s.Where(countUnassigned(s, sql.OpGT, n))
	}
}

// countUnassigned compares how many images of the selected batch are in no job with n.
func countUnassigned(batches *sql.Selector, op sql.Op, n int) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.Wrap(func(b *sql.Builder) { b.Join(unassignedIn(batches, sql.Count("*"))) }).WriteOp(op).Arg(n)
	})
}

// unassignedIn selects the images of the selected batch that are in no job.
func unassignedIn(batches *sql.Selector, column string) *sql.Selector {
	d := sql.Dialect(batches.Dialect())
	t := d.Table(image.Table).As("unassigned")
	return d.Select(column).From(t).
		Where(sql.ColumnsEQ(t.C(image.FieldBatchID), batches.C(batch.FieldID))).
		Where(sql.IsNull(t.C(image.FieldJobID)))
}
