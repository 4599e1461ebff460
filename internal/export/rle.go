package export

import (
	"math"
	"slices"
	"strconv"
)

// appendRLE appends the area of a polygon, whose corners are in pixels, as the members area and segmentation of COCO's: how many
// pixels are outside and inside in turn, column after column, and outside first. A pixel is inside when its centre is, by the
// even-odd rule.
func appendRLE(b []byte, points []Point, width, height int) []byte {
	runs := maskRuns(points, width, height)
	covered := 0
	for _, r := range runs {
		covered += r[1] - r[0]
	}
	b = strconv.AppendInt(append(b, `"area":`...), int64(covered), 10)
	b = strconv.AppendInt(append(b, `,"segmentation":{"size":[`...), int64(height), 10)
	b = strconv.AppendInt(append(b, ','), int64(width), 10)
	b = append(b, `],"counts":[`...)
	at := 0
	for _, r := range runs {
		b = strconv.AppendInt(b, int64(r[0]-at), 10)
		b = append(strconv.AppendInt(append(b, ','), int64(r[1]-r[0]), 10), ',')
		at = r[1]
	}
	return append(strconv.AppendInt(b, int64(width*height-at), 10), "]}"...)
}

// maskRuns are the runs of pixels that are inside, as places in all columns one after the other.
func maskRuns(points []Point, width, height int) (runs [][2]int) {
	for x := range width {
		for _, r := range columnRuns(points, float64(x)+0.5, height) {
			first, last := x*height+r[0], x*height+r[1]
			if n := len(runs); n > 0 && runs[n-1][1] == first { // it goes on from the column before
				runs[n-1][1] = last
				continue
			}
			runs = append(runs, [2]int{first, last})
		}
	}
	return runs
}

// columnRuns are the runs of pixels in a column whose centres are inside, each from its first to before its last.
func columnRuns(points []Point, x float64, height int) (runs [][2]int) {
	var crossings []float64
	for i, p := range points {
		q := points[(i+1)%len(points)]
		if (p.X <= x) != (q.X <= x) {
			crossings = append(crossings, p.Y+(x-p.X)/(q.X-p.X)*(q.Y-p.Y))
		}
	}
	slices.Sort(crossings)
	for i := 0; i+1 < len(crossings); i += 2 {
		first, last := int(math.Ceil(crossings[i]-0.5)), int(math.Ceil(crossings[i+1]-0.5))
		first, last = max(first, 0), min(last, height)
		if first < last {
			runs = append(runs, [2]int{first, last})
		}
	}
	return runs
}
