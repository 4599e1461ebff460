package foreign

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bitmap is the mask as pixels, x first.
func (m mask) bitmap(width, height int) [][]bool {
	set := make([][]bool, width)
	for x := range set {
		set[x] = make([]bool, height)
	}
	across := 0
	for _, b := range m.bands {
		for range b.lines {
			for _, i := range b.set {
				for along := i.first; along < i.last; along++ {
					if m.isColumns {
						set[across][along] = true
					} else {
						set[along][across] = true
					}
				}
			}
			across++
		}
	}
	return set
}

// inside tells by the even-odd rule whether the centre of a pixel is inside some polygons together.
func inside(polygons [][]Point, x, y int) bool {
	odd := false
	px, py := float64(x)+0.5, float64(y)+0.5
	for _, points := range polygons {
		for i, a := range points {
			b := points[(i+1)%len(points)]
			if (a.Y <= py) != (b.Y <= py) && px < a.X+(py-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
				odd = !odd
			}
		}
	}
	return odd
}

// TestOutlines draws random masks again from their outlines: what is outside all of them is not set, and what is inside and not
// set is in a hole. No two outlines cover the same pixel unless one is in a hole of the other.
func TestOutlines(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		width, height := 1+random.IntN(9), 1+random.IntN(9)
		lengths := randomRuns(random, width*height)
		isColumns := n%2 == 0
		lineLength, lines := width, height
		if isColumns {
			lineLength, lines = height, width
		}
		m, ok := runs(lengths, lineLength, lines, isColumns)
		if !ok {
			t.Fatalf("%v are no runs of %d by %d", lengths, width, height)
		}
		polygons, holes := m.outlines()
		set := m.bitmap(width, height)
		unlike := 0
		for x := range width {
			for y := range height {
				switch is := inside(polygons, x, y); {
				case set[x][y] && !is && holes == 0:
					t.Fatalf("runs %v of %d by %d: pixel %d,%d is set and outside %v", lengths, width, height, x, y, polygons)
				case set[x][y] != is:
					unlike++
				}
			}
		}
		if (unlike > 0) != (holes > 0) {
			t.Fatalf("runs %v of %d by %d: %d pixels differ, with %d holes", lengths, width, height, unlike, holes)
		}
	}
}

func randomRuns(random *rand.Rand, all int) (lengths []int) {
	for all > 0 {
		n := min(all, random.IntN(5)*random.IntN(5))
		lengths = append(lengths, n)
		all -= n
	}
	return lengths
}

func TestRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lengths        []int
		length, number int
		ok             bool
	}{
		"all of it":        {[]int{0, 20}, 4, 5, true},
		"nothing":          {[]int{20}, 4, 5, true},
		"too short":        {[]int{1, 2}, 4, 5, false},
		"too long":         {[]int{1, 20}, 4, 5, false},
		"negative":         {[]int{-1, 21}, 4, 5, false},
		"far too large":    {[]int{0, 1 << 40}, 1 << 20, 1 << 20, false},
		"no size":          {nil, 0, 0, false},
		"more than an int": {[]int{1 << 62, 1 << 62, 1 << 62}, 4, 5, false},
	} {
		if _, ok := runs(c.lengths, c.length, c.number, true); ok != c.ok {
			t.Errorf("%s: ok is %v", name, ok)
		}
	}
}

// TestDecodeRLE has what pycocotools encodes.
func TestDecodeRLE(t *testing.T) {
	t.Parallel()
	got, ok := decodeRLE("92203")
	if diff := cmp.Diff([]int{9, 2, 2, 2, 5}, got); diff != "" || !ok {
		t.Error(ok, diff)
	}
	// 300 by 400, a rectangle with a hole, and another one beside it.
	got, ok = decodeRLE("h8:R9000nf4V7lQK" + strings.Repeat("0", 58) + "ZKhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1hNhNX1X1^3" + strings.Repeat("0", 678) + "^m2")
	if !ok || !slices.Equal(got[:6], []int{280, 10, 290, 10, 290, 10}) {
		t.Errorf("begins with %v, %v", got[:min(len(got), 6)], ok)
	}
	for _, bad := range []string{"P", "9 2", "9\x00", strings.Repeat("o", 20)} {
		if got, ok := decodeRLE(bad); ok {
			t.Errorf("%q is %v", bad, got)
		}
	}
}
