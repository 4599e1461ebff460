package graph

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/sibling"
)

// filter returns what adds a condition to a filter of images.
func filter(where *ent.ImageWhereInput) func(predicate.Image, error) error {
	return func(p predicate.Image, err error) error {
		where.AddPredicates(p)
		return err
	}
}

// tags are the first of the tags of a dataset, counted for all of its siblings at once.
func (r *Resolver) tags(ctx context.Context, d *ent.Dataset, first int) ([]*catalog.TagCount, error) {
	if first < 1 || first > catalog.MaxTagCounts {
		return nil, fault.InvalidAt(fmt.Sprintf("must be between 1 and %d", catalog.MaxTagCounts), "first")
	}
	counts, err := sibling.Load(ctx, d.Siblings, "tags", d, datasetID, func(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID][]*catalog.TagCount, error) {
		return catalog.TagCounts(ctx, r.DB, ids)
	})
	return counts[:min(first, len(counts))], err
}
