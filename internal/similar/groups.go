package similar

import (
	"cmp"
	"context"
	"iter"
	"math/bits"
	"slices"

	"github.com/datasetgen/datagen/internal/gid"
)

// Groups returns the groups of two and more images that lead to one another in steps of at most distance bits, 0 to
// MaxDistance: the largest group first, then by the first id, the ids of each ascending. The same images give the same
// groups in whatever order they come. Its error is that of the context.
//
// It is multi-index hashing: of hashes that differ in at most d bits, cut into d+1 bands, one band is equal.
func Groups(ctx context.Context, items []Item, distance int) ([][]gid.ImageID, error) {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.ID, b.ID))
	})
	g := newGrouping(ctx, sorted, distance)
	g.split(g.points)
	if g.err != nil {
		return nil, g.err
	}
	return g.groups(sorted), nil
}

// point is a hash that one or more images have.
type point struct {
	hash  uint64
	place int32 // among all hashes, in their order
}

// grouping joins points that are near each other.
type grouping struct {
	ctx      context.Context // of the one call that it lives for
	err      error
	distance int
	points   []point
	parents  []int32 // of each place: another in its group, or itself
}

func newGrouping(ctx context.Context, sorted []Item, distance int) *grouping {
	g := &grouping{
		ctx: ctx, distance: distance,
		points: make([]point, 0, len(sorted)), parents: make([]int32, 0, len(sorted)),
	}
	for i, it := range sorted {
		if i > 0 && it.Hash == sorted[i-1].Hash {
			continue
		}
		place := int32(len(g.points)) //nolint:gosec // nobody has two billion images in memory
		g.points = append(g.points, point{it.Hash, place})
		g.parents = append(g.parents, place)
	}
	return g
}

// fewPoints are compared with each other sooner than sorted by their bands.
const fewPoints = 4096

// split joins the points by way of bands, as long as that saves comparisons.
func (g *grouping) split(points []point) {
	if len(points) < fewPoints {
		g.compare(points)
		return
	}
	bands := bandsOf(points, g.distance+1)
	if !saves(points, bands) {
		g.compare(points)
		return
	}
	for _, band := range bands {
		for run := range runs(points, band) {
			g.split(run)
		}
	}
}

// bandsOf shares the bits in which the points differ among n masks. Where there are fewer bits than masks, some are
// empty, and their points all equal.
func bandsOf(points []point, n int) []uint64 {
	differing := uint64(0)
	for _, p := range points {
		differing |= p.hash ^ points[0].hash
	}
	bands := make([]uint64, n)
	for i := 0; differing != 0; i++ {
		bit := differing & -differing
		bands[i%n] |= bit
		differing &^= bit
	}
	return bands
}

// runs yields the points that are equal in a band, after sorting them by it. They may be moved within their run.
func runs(points []point, band uint64) iter.Seq[[]point] {
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.hash&band, b.hash&band) })
	return func(yield func([]point) bool) {
		for len(points) > 0 {
			n := 1
			for n < len(points) && points[n].hash&band == points[0].hash&band {
				n++
			}
			if !yield(points[:n:n]) {
				return
			}
			points = points[n:]
		}
	}
}

// saves tells whether there are at most half as many pairs in the runs of the bands as there are in all: so that
// however hashes are made up, time does not grow beyond that of comparing all with all.
func saves(points []point, bands []uint64) bool {
	pairs := 0
	for _, band := range bands {
		for run := range runs(points, band) {
			pairs += len(run) * len(run)
		}
	}
	return pairs <= len(points)*len(points)/2
}

// compare joins the points that are near each other, whatever their bands. Those in reach of the first come to the
// front, and what is in reach of them after them; a point that was reached is not looked for again, which makes groups
// of thousands quick.
func (g *grouping) compare(points []point) {
	for len(points) > 1 {
		reached := 1
		for next := 0; next < reached && reached < len(points); next++ {
			if g.err = g.ctx.Err(); g.err != nil {
				return
			}
			reached = g.reach(points, next, reached)
		}
		points = points[reached:]
	}
}

// reach moves the points in reach of points[next] to the end of the first reached ones, and returns how many these are then.
func (g *grouping) reach(points []point, next, reached int) int {
	from := points[next]
	for i := reached; i < len(points); i++ {
		if bits.OnesCount64(from.hash^points[i].hash) > g.distance {
			continue
		}
		g.join(from.place, points[i].place)
		points[i], points[reached] = points[reached], points[i]
		reached++
	}
	return reached
}

// join makes the groups of two places one, whose root is its first place.
func (g *grouping) join(a, b int32) {
	a, b = g.root(a), g.root(b)
	g.parents[max(a, b)] = min(a, b)
}

func (g *grouping) root(place int32) int32 {
	for g.parents[place] != place {
		g.parents[place] = g.parents[g.parents[place]]
		place = g.parents[place]
	}
	return place
}

// groups lists the ids of the images that were joined, which come sorted by their hashes.
func (g *grouping) groups(sorted []Item) [][]gid.ImageID {
	sizes := make([]int, len(g.points))
	for root := range g.roots(sorted) {
		sizes[root]++
	}
	members := make(map[int32][]gid.ImageID)
	for root, id := range g.roots(sorted) {
		if sizes[root] > 1 { // most are alone
			members[root] = append(members[root], id)
		}
	}
	var groups [][]gid.ImageID
	for _, ids := range members {
		slices.Sort(ids)
		groups = append(groups, ids)
	}
	slices.SortFunc(groups, func(a, b []gid.ImageID) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return groups
}

// roots yields the root of each image's group, and its id.
func (g *grouping) roots(sorted []Item) iter.Seq2[int32, gid.ImageID] {
	return func(yield func(int32, gid.ImageID) bool) {
		place := int32(-1)
		for i, it := range sorted {
			if i == 0 || it.Hash != sorted[i-1].Hash {
				place++
			}
			if !yield(g.root(place), it.ID) {
				return
			}
		}
	}
}
