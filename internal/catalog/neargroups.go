package catalog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/sibling"
	"github.com/datasetgen/datagen/internal/similar"
)

// NearDuplicateGroups are groups of images that look alike.
type NearDuplicateGroups struct {
	TotalCount int
	Groups     []*NearDuplicateGroup // a page of them
}

// NearDuplicateGroup is a group of images, each of which looks like another one of them.
type NearDuplicateGroup struct {
	Count    int
	IDs      []gid.ImageID  // ascending
	Siblings *sibling.Group // the groups that were found together, this one among them
}

// Page is the part of a list that has First items after the first Offset ones.
type Page struct{ Offset, First int }

func (p Page) check() error {
	var c fault.Check
	c.That(p.Offset >= 0, "must not be negative", "offset")
	c.AddErr(CheckFirst(p.First))
	return c.Err()
}

func (p Page) of(groups [][]gid.ImageID) *NearDuplicateGroups {
	start := min(p.Offset, len(groups))
	end := start + min(p.First, len(groups)-start)
	page := &NearDuplicateGroups{TotalCount: len(groups), Groups: make([]*NearDuplicateGroup, 0, end-start)}
	for _, ids := range groups[start:end] {
		page.Groups = append(page.Groups, &NearDuplicateGroup{Count: len(ids), IDs: ids})
	}
	return page
}

// grouping is what groups come from: a distance, and all images with their hashes, by their sum. So the groups of the
// next page are at hand, and never those of images that have changed.
type grouping struct {
	distance int
	images   [sha256.Size]byte
}

const (
	keptGroupings = 8
	maxGrouped    = 2_000_000 // images in one search, which take some 200 MB
)

// Groups finds, in each of the datasets, the groups of images that lead to one another in steps of at most distance
// bits, 0 to similar.MaxDistance, the largest group first, and returns a page of them.
func (n *NearDuplicates) Groups(ctx context.Context, datasets []gid.DatasetID, distance int, page Page) (_ map[gid.DatasetID]*NearDuplicateGroups, err error) {
	defer fault.Wrap(&err, "group near duplicates")

	if err := cmp.Or(checkDistance(distance), page.check()); err != nil {
		return nil, err
	}
	found := make(map[gid.DatasetID]*NearDuplicateGroups, len(datasets))
	err = n.search(ctx, func(ctx context.Context) error {
		images, err := n.images(ctx, datasets)
		for _, dataset := range datasets {
			if err != nil {
				break
			}
			var groups [][]gid.ImageID
			groups, err = n.group(ctx, images[dataset], distance)
			found[dataset] = page.of(groups)
		}
		return err
	})
	join(ctx, found)
	return found, err
}

// images reads all hashes of the datasets.
func (n *NearDuplicates) images(ctx context.Context, datasets []gid.DatasetID) (map[gid.DatasetID][]similar.Item, error) {
	images, count := make(map[gid.DatasetID][]similar.Item), 0
	err := n.eachHash(ctx, datasets, func(dataset gid.DatasetID, it similar.Item) error {
		if count++; count > maxGrouped {
			return fmt.Errorf("%w: at most %d images are grouped at once", fault.TooLarge, maxGrouped)
		}
		images[dataset] = append(images[dataset], it)
		return nil
	})
	return images, err
}

// group groups images that come in their order.
func (n *NearDuplicates) group(ctx context.Context, images []similar.Item, distance int) ([][]gid.ImageID, error) {
	sum := sha256.New()
	var row [16]byte
	for _, it := range images {
		binary.LittleEndian.PutUint64(row[:8], it.Hash)
		binary.LittleEndian.PutUint64(row[8:], uint64(it.ID)) //nolint:gosec // ids are positive
		sum.Write(row[:])
	}
	key := grouping{distance, [sha256.Size]byte(sum.Sum(nil))}
	if groups, ok := n.grouped.Get(key); ok {
		return groups, nil
	}
	groups, err := similar.Groups(ctx, images, distance)
	if err == nil {
		n.grouped.Add(key, groups)
	}
	return groups, err
}

// join tells the groups of each other, see package sibling.
func join(ctx context.Context, found map[gid.DatasetID]*NearDuplicateGroups) {
	var members []any
	for _, page := range found {
		for _, g := range page.Groups {
			members = append(members, g)
		}
	}
	family := sibling.NewGroup(ctx, members)
	for _, page := range found {
		for _, g := range page.Groups {
			g.Siblings = family
		}
	}
}
