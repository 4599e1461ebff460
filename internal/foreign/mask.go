package foreign

import (
	"cmp"
	"slices"
)

// interval is some pixels of a row or a column, from the first to before the last.
type interval struct{ first, last int }

// band is some lines of a bitmap that are alike: rows or columns, with the intervals that are set, in order and apart from each
// other.
type band struct {
	lines int
	set   []interval
}

// mask is a bitmap. However large it is, it takes no more than its run lengths do.
type mask struct {
	bands     []band
	isColumns bool
	runs      int
}

const (
	maxSide      = 1 << 16 // of masks, in pixels
	maxRuns      = 100_000 // of one mask
	maxImageRuns = 5_000_000
)

// runs makes a mask of run lengths, the first of which counts what is not set, along lines of that length. It is false
// when they do not add up to so many lines.
func runs(lengths []int, lineLength, lines int, isColumns bool) (mask, bool) {
	if lineLength < 1 || lines < 1 || lineLength > maxSide || lines > maxSide || len(lengths) > maxRuns {
		return mask{}, false
	}
	m := mask{isColumns: isColumns, runs: len(lengths)}
	left, at := lineLength*lines, 0 // pixels that are to come, and how many of the present line are there
	var line []interval
	for i, n := range lengths {
		if n < 0 || n > left {
			return mask{}, false
		}
		left -= n
		for n > 0 {
			if whole := n / lineLength; at == 0 && whole > 0 {
				m.add(whole, i%2 == 1, lineLength)
				n -= whole * lineLength
				continue
			}
			piece := min(n, lineLength-at)
			if i%2 == 1 {
				line = joined(line, interval{at, at + piece})
			}
			at, n = at+piece, n-piece
			if at == lineLength {
				m.bands = append(m.bands, band{1, line})
				at, line = 0, nil
			}
		}
	}
	return m, left == 0 && at == 0
}

// add adds lines that are set, or not, as a whole.
func (m *mask) add(lines int, set bool, lineLength int) {
	b := band{lines: lines}
	if set {
		b.set = []interval{{0, lineLength}}
	}
	m.bands = append(m.bands, b)
}

// joined adds an interval after the others, to the last of them if they touch.
func joined(line []interval, i interval) []interval {
	if n := len(line); n > 0 && line[n-1].last == i.first {
		line[n-1].last = i.last
		return line
	}
	return append(line, i)
}

// corner is a corner of pixels: along the lines, and across them.
type corner struct{ along, across int }

// outlines are the polygons along the edges of the pixels that are set, one for each part of the mask whose pixels are
// next to each other, and how many holes there are in them.
func (m mask) outlines() (polygons [][]Point, holes int) {
	next := m.edges()
	starts := make([]corner, 0, len(next))
	for c := range next {
		starts = append(starts, c)
	}
	slices.SortFunc(starts, func(a, b corner) int { return cmp.Or(cmp.Compare(a.across, b.across), cmp.Compare(a.along, b.along)) })
	for _, start := range starts {
		for len(next[start]) > 0 {
			loop := walk(next, start)
			if area(loop) < 0 {
				holes++
				continue
			}
			polygons = append(polygons, m.points(loop))
		}
	}
	return polygons, holes
}

// edges are where to go from each corner so that what is set stays on the same side.
func (m mask) edges() map[corner][]corner {
	next := map[corner][]corner{}
	link := func(from, to corner) { next[from] = append(next[from], to) }
	across := 0
	var before []interval
	for _, b := range append(slices.Clip(m.bands), band{}) { // beyond the last one nothing is set
		for _, i := range b.set {
			link(corner{i.first, across + b.lines}, corner{i.first, across})
			link(corner{i.last, across}, corner{i.last, across + b.lines})
		}
		for _, i := range without(b.set, before) {
			link(corner{i.first, across}, corner{i.last, across})
		}
		for _, i := range without(before, b.set) {
			link(corner{i.last, across}, corner{i.first, across})
		}
		across += b.lines
		before = b.set
	}
	return next
}

// without is what is in a and not in b.
func without(a, b []interval) (left []interval) {
	for _, i := range a {
		for len(b) > 0 && b[0].last <= i.first { // nor does it touch what comes after i
			b = b[1:]
		}
		for _, o := range b {
			if o.first >= i.last {
				break
			}
			if o.first > i.first {
				left = append(left, interval{i.first, o.first})
			}
			i.first = o.last
			if i.first >= i.last {
				break
			}
		}
		if i.first < i.last {
			left = append(left, i)
		}
	}
	return left
}

// walk follows edges from a corner until it is back, and removes them. Where two parts touch at a corner it turns so that
// it stays on the same part. The first corner of a loop is none of those: whatever touches it there lies before it.
func walk(next map[corner][]corner, start corner) (loop []corner) {
	from, at := start, start
	for {
		choices := next[at]
		i := 0
		if len(choices) == 2 && turn(from, at, choices[1]) > turn(from, at, choices[0]) {
			i = 1
		}
		to := choices[i]
		next[at] = slices.Delete(choices, i, i+1)
		loop = append(loop, at)
		from, at = at, to
		if at == start {
			return straightened(loop)
		}
	}
}

// turn is positive for a turn towards what is set.
func turn(a, b, c corner) int {
	return (b.along-a.along)*(c.across-b.across) - (b.across-a.across)*(c.along-b.along)
}

// straightened leaves out corners at which nothing turns.
func straightened(loop []corner) (kept []corner) {
	for i, c := range loop {
		if turn(loop[(i+len(loop)-1)%len(loop)], c, loop[(i+1)%len(loop)]) != 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// area is twice that of a loop, negative when it goes around a hole.
func area(loop []corner) (sum int) {
	for i, a := range loop {
		b := loop[(i+1)%len(loop)]
		sum += a.along*b.across - b.along*a.across
	}
	return sum
}

func (m mask) points(loop []corner) []Point {
	points := make([]Point, len(loop))
	for i, c := range loop {
		points[i] = Point{float64(c.along), float64(c.across)}
		if m.isColumns {
			points[i] = Point{float64(c.across), float64(c.along)}
		}
	}
	return points
}

// addMask adds the parts of a mask to an image as polygons, which are like the shape otherwise, moved by so much.
func (img *Image) addMask(m mask, like Shape, left, top float64) {
	if img.runs += m.runs; img.runs > maxImageRuns || len(img.Shapes) == maxShapes {
		img.wrong(like.Place, "the image has more masks than can be imported")
		return
	}
	polygons, holes := m.outlines()
	for _, points := range polygons {
		part := like
		part.IsBox, part.Points, part.InPixels = false, points, true
		for i := range points {
			points[i].X += left
			points[i].Y += top
		}
		img.add(part)
	}
	switch {
	case len(polygons) == 0:
		img.wrong(like.Place, "is an empty mask")
	case len(polygons) > 1:
		img.note(like.Place, "the mask is in several parts, each of which becomes a polygon")
	}
	if holes > 0 {
		img.note(like.Place, "the mask has holes, which are filled")
	}
}

// decodeRLE reads the run lengths that pycocotools writes as a text: numbers in groups of five bits, each after the second
// as what it is more than the last but one (https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c).
func decodeRLE(text string) (lengths []int, ok bool) {
	for i := 0; i < len(text); {
		n, shift := 0, 0
		for {
			if i == len(text) || shift > 60 || text[i] < 48 || text[i] > 48+63 {
				return nil, false
			}
			c := int(text[i]) - 48
			i++
			n |= (c & 0x1f) << shift
			shift += 5
			if c&0x20 == 0 {
				if c&0x10 != 0 {
					n |= -1 << shift
				}
				break
			}
		}
		if k := len(lengths); k > 2 {
			n += lengths[k-2]
		}
		if lengths = append(lengths, n); len(lengths) > maxRuns {
			return nil, false
		}
	}
	return lengths, true
}
