// Package split divides images into those that a model is trained with, those that it is watched with meanwhile, and those
// that it is tested with in the end.
package split

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"github.com/datasetgen/datagen/internal/gid"
)

// Side is one of the parts.
type Side int8

// The sides. None is of an image that is in no part yet.
const (
	None Side = iota - 1
	Train
	Val
	Test

	sides = 3
)

// Image is what matters of one.
type Image struct {
	ID        gid.ImageID
	Side      Side // where it is
	Synthetic bool
	Classes   []int32 // of its annotations, each once
	Group     int32   // images of one group come to one side; a number from 0 on
}

// Rules say how images are divided.
type Rules struct {
	Shares          [sides]float64 // of all images, by sides; they add up to 1
	Seed            int64          // another one gives another division of the same shares
	Stratify        bool           // each class is divided by the shares as well, as far as groups let it
	SyntheticsTrain bool           // groups with a generated image are trained with
	Again           bool           // images that are in a part may leave it
}

// Assign returns the sides of the images, in their order, and the groups that lie on more than one side already. What is on a
// side stays there, unless the rules say otherwise, and what is new of its group joins it: of a group that is divided, the
// side with most of it. The same images, in whatever order, give the same sides.
//
// Stratification is that of Sechidis, Tsoumakas and Vlahavas, On the Stratification of Multi-Label Data, 2011, on groups:
// the rarest class first, each group to the side that lacks most of it.
func Assign(images []Image, rules Rules) (assigned []Side, divided []int32) {
	d := newDivision(images, rules)
	for g := range d.groups {
		if d.settle(int32(g)) {
			divided = append(divided, int32(g))
		}
	}
	if rules.Stratify {
		d.stratify()
	}
	d.rest()
	d.fill()
	assigned = make([]Side, len(images))
	for i, img := range images {
		assigned[i] = d.groups[img.Group].side
		if !rules.Again && img.Side != None {
			assigned[i] = img.Side
		}
	}
	return assigned, divided
}

// group is images that come to one side.
type group struct {
	key       uint64 // that the seed makes of the least id, for an order that is nobody's
	least     gid.ImageID
	images    int
	on        [sides]int // images that are on sides already
	synthetic bool
	side      Side
	settled   bool          // it may not be moved
	classes   map[int32]int // how many of the images have annotations of a class
}

// division is one under way.
type division struct {
	rules  Rules
	groups []group
	wanted [sides]float64            // images that sides lack
	lacks  map[int32]*[sides]float64 // images with a class that sides lack
}

func newDivision(images []Image, rules Rules) *division {
	d := &division{rules: rules, lacks: map[int32]*[sides]float64{}}
	for _, img := range images {
		for int(img.Group) >= len(d.groups) {
			d.groups = append(d.groups, group{side: None, least: math.MaxInt})
		}
		d.groups[img.Group].add(img, rules)
	}
	totals := map[int32]int{}
	for i := range d.groups {
		g := &d.groups[i]
		g.key = keyOf(rules.Seed, g.least)
		for c, n := range g.classes {
			totals[c] += n
		}
	}
	for s, share := range rules.Shares {
		d.wanted[s] = share * float64(len(images))
		for c, n := range totals {
			if d.lacks[c] == nil {
				d.lacks[c] = &[sides]float64{}
			}
			d.lacks[c][s] = share * float64(n)
		}
	}
	return d
}

func (g *group) add(img Image, rules Rules) {
	g.images++
	g.least = min(g.least, img.ID)
	g.synthetic = g.synthetic || img.Synthetic
	if !rules.Again && img.Side != None {
		g.on[img.Side]++
	}
	if len(img.Classes) > 0 && g.classes == nil {
		g.classes = make(map[int32]int, len(img.Classes))
	}
	for _, c := range img.Classes {
		g.classes[c]++
	}
}

// keyOf shuffles ids.
func keyOf(seed int64, id gid.ImageID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatInt(seed, 10) + ":" + strconv.Itoa(int(id)))) // it takes everything
	x := h.Sum64()
	x ^= x >> 33 // so that neighbours part
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

// settle puts a group where some of it is, or where the rules want it, and tells whether it lies on several sides.
func (d *division) settle(i int32) (divided bool) {
	g := &d.groups[i]
	most, there := None, 0
	for s := range g.on {
		if g.on[s] > 0 {
			there++
			if most == None || g.on[s] > g.on[most] {
				most = Side(s)
			}
		}
	}
	switch {
	case most != None:
		d.put(g, most)
	case g.images > 0 && g.synthetic && d.rules.SyntheticsTrain:
		d.put(g, Train)
	}
	g.settled = g.side != None
	return there > 1
}

func (d *division) put(g *group, s Side) {
	g.side = s
	d.wanted[s] -= float64(g.images)
	for c, n := range g.classes {
		d.lacks[c][s] -= float64(n)
	}
}

// stratify puts groups with annotations, by their rarest class.
func (d *division) stratify() {
	of, left := map[int32][]int32{}, map[int32]int{}
	for i := range d.groups {
		if d.groups[i].side != None {
			continue
		}
		for c := range d.groups[i].classes {
			of[c] = append(of[c], int32(i))
			left[c]++
		}
	}
	classes := make([]int32, 0, len(left))
	for c := range left {
		classes = append(classes, c)
	}
	slices.SortFunc(classes, func(a, b int32) int { return cmp.Or(left[a]-left[b], int(a-b)) })
	for _, c := range classes {
		d.order(of[c])
		for _, i := range of[c] {
			if g := &d.groups[i]; g.side == None {
				d.put(g, d.best(d.lacks[c]))
			}
		}
	}
}

// order sorts groups: large ones first, which fit least, then by their keys.
func (d *division) order(list []int32) {
	slices.SortFunc(list, func(a, b int32) int {
		return cmp.Or(d.groups[b].images-d.groups[a].images, cmp.Compare(d.groups[a].key, d.groups[b].key), cmp.Compare(d.groups[a].least, d.groups[b].least))
	})
}

// best is the side that lacks most of a class, then of images.
func (d *division) best(lacks *[sides]float64) Side {
	best := None
	for s := range Side(sides) {
		if d.rules.Shares[s] == 0 {
			continue
		}
		if best == None || cmp.Or(cmp.Compare(lacks[s], lacks[best]), cmp.Compare(d.wanted[s], d.wanted[best])) > 0 {
			best = s
		}
	}
	return best
}

// rest puts what is left where most images are lacking.
func (d *division) rest() {
	var left []int32
	for i := range d.groups {
		if d.groups[i].side == None && d.groups[i].images > 0 {
			left = append(left, int32(i))
		}
	}
	d.order(left)
	for _, i := range left {
		d.put(&d.groups[i], d.best(&d.wanted))
	}
}

// fill gives a side that has a share and no image the smallest group of the side with most groups that may be moved. Few
// images leave such sides.
func (d *division) fill() {
	var free [sides][]int32
	var images [sides]int
	for i := range d.groups {
		g := &d.groups[i]
		if g.side == None {
			continue
		}
		images[g.side] += g.images
		if !g.settled {
			free[g.side] = append(free[g.side], int32(i))
		}
	}
	for s := range Side(sides) {
		if d.rules.Shares[s] == 0 || images[s] > 0 {
			continue
		}
		from := Train
		for other := range Side(sides) {
			if len(free[other]) > len(free[from]) {
				from = other
			}
		}
		if len(free[from]) < 2 {
			return
		}
		d.order(free[from])
		last := len(free[from]) - 1
		d.groups[free[from][last]].side = s
		free[from] = free[from][:last]
	}
}
