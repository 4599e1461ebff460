package graph

import (
	"context"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/graph/model"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
)

// nearDuplicatesOf finds the near duplicates of each of the images.
func (r *Resolver) nearDuplicatesOf(distance, first int) func(context.Context, []catalog.HashedImage) (map[catalog.HashedImage][]*model.NearDuplicate, error) {
	return func(ctx context.Context, of []catalog.HashedImage) (map[catalog.HashedImage][]*model.NearDuplicate, error) {
		near, err := r.NearDuplicates.Of(ctx, of, distance, first)
		if err != nil {
			return nil, err
		}
		var ids []gid.ImageID
		for _, list := range near {
			for _, n := range list {
				ids = append(ids, n.ID)
			}
		}
		images, err := r.imagesWithin(ctx, "image", ids)
		found := make(map[catalog.HashedImage][]*model.NearDuplicate, len(of))
		for _, img := range of {
			found[img] = []*model.NearDuplicate{}
			for _, n := range near[img] {
				if other := images[n.ID]; other != nil { // nil when it was deleted meanwhile
					found[img] = append(found[img], &model.NearDuplicate{Distance: n.Distance, Image: other})
				}
			}
		}
		return found, err
	}
}

// imagesWithin reads images with what is selected of them in the field of that name below the present one.
func (r *Resolver) imagesWithin(ctx context.Context, field string, ids []gid.ImageID) (map[gid.ImageID]*ent.Image, error) {
	places := within(ctx, field)
	if places == nil {
		places = []context.Context{ctx}
	}
	return r.imagesAt(places, ids)
}

// imagesAt reads images with what is selected below any of the places. There may be more than a statement takes
// parameters, which on SQLite is 32,766.
func (r *Resolver) imagesAt(places []context.Context, ids []gid.ImageID) (map[gid.ImageID]*ent.Image, error) {
	const most = 30_000
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found := make(map[gid.ImageID]*ent.Image, len(ids))
	for chunk := range slices.Chunk(ids, most) {
		rows, err := collectAt(places, r.DB.Image.Query().Where(image.IDIn(chunk...)), "Image")
		if err != nil {
			return nil, err
		}
		for _, img := range rows {
			found[img.ID] = img
		}
	}
	return found, nil
}

func itself[R any](row R) R { return row }

// imagesOfGroups finds the first images of each of the groups.
func (r *Resolver) imagesOfGroups(first int) func(context.Context, []*catalog.NearDuplicateGroup) (map[*catalog.NearDuplicateGroup][]*ent.Image, error) {
	return func(ctx context.Context, groups []*catalog.NearDuplicateGroup) (map[*catalog.NearDuplicateGroup][]*ent.Image, error) {
		if err := catalog.CheckFirst(first); err != nil {
			return nil, err
		}
		var ids []gid.ImageID
		for _, g := range groups {
			ids = append(ids, g.IDs[:min(first, len(g.IDs))]...)
		}
		images, err := r.imagesAt([]context.Context{ctx}, ids)
		found := make(map[*catalog.NearDuplicateGroup][]*ent.Image, len(groups))
		for _, g := range groups {
			found[g] = []*ent.Image{}
			for _, id := range g.IDs[:min(first, len(g.IDs))] {
				if img := images[id]; img != nil { // nil when it was deleted meanwhile
					found[g] = append(found[g], img)
				}
			}
		}
		return found, err
	}
}

// existingImages finds the first image of a dataset that was uploaded with each of the hashes, in the order of these.
func (r *Resolver) existingImages(ctx context.Context, dataset gid.DatasetID, sums []string) ([]*ent.Image, error) {
	if err := catalog.CheckSums(sums, "sha256"); err != nil {
		return nil, err
	}
	q := r.DB.Image.Query().Where(catalog.FirstWith(dataset, sums))
	q.Modify(reading(image.FieldSha256))
	rows, err := collect(ctx, q, "Image")
	return ordered(rows, err, sums, func(img *ent.Image) string { return img.Sha256 })
}
