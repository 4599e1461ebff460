package demo

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestPixels keeps pictures the same, on every machine and from version to version: what
// tutorials show of the demo is what people see.
func TestPixels(t *testing.T) {
	t.Parallel()
	const golden = "testdata/pixels.golden"
	var got strings.Builder
	for _, s := range allShots() {
		fmt.Fprintf(&got, "%-18s %v %2d things %x\n", s.name, s.size, len(s.things), sha256.Sum256(s.render().Pix))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := string(testkit.Must(os.ReadFile(golden))(t))
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("pixels (-want +got):\n%s", diff)
	}
}

// TestBoxesAreTight takes the things out of each scene and looks at which pixels change: in
// each box some within a pixel of each of its sides, and none outside all boxes. No two
// boxes share a pixel, so what changes in one is its own thing's.
func TestBoxesAreTight(t *testing.T) {
	t.Parallel()
	for _, s := range allShots() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			empty := *s.scene
			empty.things = slices.Clone(s.things)
			for i := range empty.things {
				empty.things[i].body = nil
			}
			a, b := s.render(), empty.render()
			for i, th := range s.things {
				r := th.box().pixels()
				if got := changed(a, b, r); !r.Inset(1).In(got) || !r.In(a.Rect) {
					t.Errorf("thing %d, a %s: is drawn on %v, and its box is %v", i, th.label, got, r)
				}
				for j, other := range s.things[:i] {
					if r.Overlaps(other.box().pixels()) {
						t.Errorf("things %d and %d overlap", i, j)
					}
				}
			}
			for _, th := range s.things {
				draw.Draw(a, th.box().pixels(), b, th.box().pixels().Min, draw.Src)
			}
			if got := changed(a, b, a.Rect); !got.Empty() {
				t.Errorf("outside of all boxes something is drawn in %v", got)
			}
		})
	}
}

// changed returns the least rectangle within r outside which two pictures are the same.
func changed(a, b *image.RGBA, r image.Rectangle) (least image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if i := a.PixOffset(x, y); !bytes.Equal(a.Pix[i:i+4], b.Pix[i:i+4]) {
				least = least.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return least
}

// TestOutlines compares the area within an outline with the area that is painted.
func TestOutlines(t *testing.T) {
	t.Parallel()
	outlined := map[string]bool{}
	for _, s := range allShots() {
		for i, th := range s.things {
			if th.outline == nil {
				continue
			}
			outlined[th.label] = true
			if around(th.outline) != th.box() {
				t.Errorf("%s, thing %d, a %s: outline spans %v, box is %v", s.name, i, th.label, around(th.outline), th.box())
			}
			if d := difference(silhouette(area(white, th.outline)), silhouette(th.body...)); d > .05 {
				t.Errorf("%s, thing %d, a %s: outline and paint differ by %.0f%%", s.name, i, th.label, 100*d)
			}
		}
	}
	if want := (map[string]bool{boat: true, house: true, lighthouse: true, star: true}); !cmp.Equal(outlined, want) {
		t.Errorf("outlined are %v, want %v", outlined, want)
	}
}

// silhouette is what layers cover, in white on black.
func silhouette(layers ...layer) *image.RGBA {
	c := &canvas{RGBA: image.NewRGBA(thing{body: layers}.box().pixels())}
	for _, l := range layers {
		c.fill(area(rgb(0xffffff), l.shapes...))
	}
	return c.RGBA
}

// difference is where two silhouettes differ, as a share of what the second covers.
func difference(a, b *image.RGBA) float64 {
	differs, covered := 0.0, 0.0
	for i := range b.Pix {
		differs += math.Abs(float64(a.Pix[i]) - float64(b.Pix[i]))
		covered += float64(b.Pix[i])
	}
	return differs / covered
}

// TestVariants: what a variant's base shows, it shows at the same place.
func TestVariants(t *testing.T) {
	t.Parallel()
	bases := generatedShots()
	for _, v := range variantShots() {
		want, got := whereabouts(bases[v.base]), whereabouts(v)
		if v.generationType == "inpainting" {
			got = got[:len(got)-1]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, made from %s (-base +variant):\n%s", v.name, bases[v.base].name, diff)
		}
	}
}

// whereabouts says where things other than the sun are.
func whereabouts(s shot) (all []string) {
	for _, th := range s.things {
		if th.label != sun {
			all = append(all, fmt.Sprint(th.label, th.box()))
		}
	}
	return all
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		labels []string
		want   string
	}{
		"empty":           {nil, "a harbour at noon, flat illustration"},
		"one":             {[]string{boat}, "a harbour at noon, a boat, flat illustration"},
		"several kinds":   {[]string{tree, boat, boat}, "a harbour at noon, two boats, a tree, flat illustration"},
		"the hour has it": {[]string{sun, buoy}, "a harbour at noon, a buoy, flat illustration"},
		"a crowd":         {slices.Repeat([]string{house}, 7), "a harbour at noon, 7 houses, flat illustration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scene{hour: "at noon"}
			for _, label := range tt.labels {
				s.things = append(s.things, thing{label: label})
			}
			if got := s.describe(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
