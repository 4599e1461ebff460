package catalog

import (
	"fmt"
	"regexp"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// maxSums is how many hashes may be asked for in one call.
const maxSums = 1000

var sum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckSums complains, under path, about SHA-256 hashes that are none, or too many.
func CheckSums(sums []string, path string) error {
	var c fault.Check
	if len(sums) > maxSums {
		c.That(false, fmt.Sprintf("has %d items; at most %d are allowed in one call", len(sums), maxSums), path)
		return c.Err()
	}
	for i, s := range sums {
		c.That(sum.MatchString(s), "must be 64 hex digits in lower case", path, i)
	}
	return c.Err()
}

// FirstWith finds, for each of the SHA-256 hashes, the first image of the dataset that was uploaded with it.
func FirstWith(dataset gid.DatasetID, sums []string) predicate.Image {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(image.Table).As("uploaded")
		s.Where(sql.In(s.C(image.FieldID), sql.Dialect(s.Dialect()).Select(sql.Min(t.C(image.FieldID))).From(t).
			Where(sql.And(sql.EQ(t.C(image.FieldDatasetID), dataset), sql.In(t.C(image.FieldSha256), texts(sums)...))).
			GroupBy(t.C(image.FieldSha256))))
	}
}

func texts(list []string) []any {
	vs := make([]any, len(list))
	for i, s := range list {
		vs[i] = s
	}
	return vs
}
