package demo

import (
	"image/color"
	"math"
	"slices"
)

// The labels of what is drawn.
const (
	boat       = "boat"
	buoy       = "buoy"
	house      = "house"
	lighthouse = "lighthouse"
	tree       = "tree"
	sun        = "sun"
	star       = "star"
	moon       = "moon"
	planet     = "planet"
)

// model is how a thing looks that is one unit high. It stands on its origin.
type model struct {
	label   string
	outline polygon // of all of it; nil for what is annotated by its box
	shadow  []layer // what it casts on its surroundings and is not part of it
	body    []layer
}

// thing is a model at its place in a picture.
type thing model

// stand returns the model as a thing at (x, y), size pixels high.
func (m model) stand(x, y, size float64, mirrored bool) thing {
	moved := func(layers []layer) []layer {
		layers = slices.Clone(layers)
		for i, l := range layers {
			layers[i].shapes = slices.Clone(l.shapes)
			for j, p := range l.shapes {
				layers[i].shapes[j] = p.moved(x, y, size, mirrored)
			}
		}
		return layers
	}
	return thing{m.label, m.outline.moved(x, y, size, mirrored), moved(m.shadow), moved(m.body)}
}

// box returns the tight box of the thing.
func (t thing) box() box {
	var shapes []polygon
	for _, l := range t.body {
		shapes = append(shapes, l.shapes...)
	}
	return around(shapes...)
}

// tinted returns the thing in the light of an hour.
func (t thing) tinted(h hour) thing {
	t.body = slices.Clone(t.body)
	for i, l := range t.body {
		if !l.glows {
			t.body[i].ink = mix(l.ink, h.shade, h.shadePercent, 100)
		}
	}
	return t
}

var (
	white = rgb(0xfbfaf5)
	wood  = rgb(0x5d4037)
	glass = rgb(0x37526b)
	lamp  = rgb(0xffd97a)
)

// mirrorImage is what of a hull shows in the water below it.
func mirrorImage(left, right float64) []layer {
	return []layer{
		area(faded(rgb(0x10253a), 46), disc((left+right)/2, .015, (right-left)/2, .05)),
		area(faded(rgb(0x10253a), 30), disc((left+right)/2, .06, (right-left)*.36, .035)),
	}
}

// sailboat has a mast with a flag, and a sail on either side of it.
func sailboat(hull, sail, flag color.NRGBA) model {
	return model{
		label: boat,
		outline: polygon{
			{-.42, -.20},
			{-.016, -.20},
			{-.016, -.26},
			{-.35, -.26},
			{-.016, -.86},
			{-.016, -1},
			{.016, -1},
			{.15, -.96},
			{.016, -.92},
			{.016, -.90},
			{.42, -.26},
			{.016, -.26},
			{.016, -.20},
			{.50, -.20},
			{.36, 0},
			{-.32, 0},
		},
		shadow: mirrorImage(-.42, .46),
		body: []layer{
			area(wood, rect(-.016, -1, .016, -.20)),
			area(flag, polygon{{.016, -1}, {.15, -.96}, {.016, -.92}}),
			area(sail, polygon{{.016, -.90}, {.42, -.26}, {.016, -.26}}),
			area(mix(sail, rgb(0x30486b), 16, 100), polygon{{-.016, -.86}, {-.016, -.26}, {-.35, -.26}}),
			area(hull, polygon{{-.42, -.20}, {.50, -.20}, {.36, 0}, {-.32, 0}}),
			area(white, polygon{{-.42, -.20}, {.50, -.20}, {.472, -.16}, {-.40, -.16}}),
		},
	}
}

// trawler has a cabin and a high bow.
func trawler(hull, cabin, window color.NRGBA, lit bool) model {
	pane := layer{window, []polygon{rect(-.30, -.56, -.20, -.44), rect(-.14, -.56, -.04, -.44)}, lit}
	return model{
		label: boat,
		outline: polygon{
			{-.62, -.26},
			{-.36, -.26},
			{-.36, -.62},
			{-.42, -.62},
			{-.42, -.68},
			{-.25, -.68},
			{-.25, -1},
			{-.215, -1},
			{-.215, -.68},
			{.09, -.68},
			{.09, -.62},
			{.03, -.62},
			{.03, -.26},
			{.34, -.26},
			{.66, -.42},
			{.48, 0},
			{-.52, 0},
		},
		shadow: mirrorImage(-.60, .60),
		body: []layer{
			area(wood, rect(-.25, -1, -.215, -.68)),
			area(cabin, rect(-.36, -.62, .03, -.26)),
			pane,
			area(mix(hull, white, 35, 100), rect(-.42, -.68, .09, -.62)),
			area(hull, polygon{{-.62, -.26}, {.34, -.26}, {.66, -.42}, {.48, 0}, {-.52, 0}}),
			area(mix(hull, rgb(0x101820), 40, 100), polygon{{-.551, -.08}, {.514, -.08}, {.48, 0}, {-.52, 0}}),
		},
	}
}

// marker is a buoy with a ball on top.
func marker(paint color.NRGBA) model {
	return model{
		label:  buoy,
		shadow: mirrorImage(-.34, .34),
		body: []layer{
			area(paint, polygon{{-.21, -.16}, {-.07, -.74}, {.07, -.74}, {.21, -.16}}),
			area(white, polygon{{-.164, -.35}, {-.116, -.55}, {.116, -.55}, {.164, -.35}}),
			area(mix(paint, rgb(0x101820), 30, 100), polygon{{-.24, -.18}, {.24, -.18}, {.32, 0}, {-.32, 0}}),
			area(paint, disc(0, -.86, .14, .14)),
		},
	}
}

// cottage is a house with a door, two windows and a chimney.
func cottage(wall, roof, window color.NRGBA, lit bool) model {
	return model{
		label: house,
		outline: polygon{
			{-.45, 0},
			{-.45, -.52},
			{-.58, -.52},
			{0, -1},
			{.20, -.8345},
			{.20, -.98},
			{.34, -.98},
			{.34, -.7186},
			{.58, -.52},
			{.45, -.52},
			{.45, 0},
		},
		shadow: []layer{area(faded(rgb(0x0c1c10), 40), disc(.05, 0, .60, .06))},
		body: []layer{
			area(mix(roof, rgb(0x202020), 35, 100), rect(.20, -.98, .34, -.60)),
			area(wall, rect(-.45, -.53, .45, 0)),
			area(mix(roof, rgb(0x202020), 30, 100), rect(-.11, -.34, .11, 0)),
			{window, []polygon{rect(-.35, -.38, -.19, -.20), rect(.19, -.38, .35, -.20)}, lit},
			area(roof, polygon{{-.58, -.52}, {0, -1}, {.58, -.52}}),
		},
	}
}

// beacon is a lighthouse with stripes.
func beacon(stripe color.NRGBA, lit bool) model {
	flame := layer{mix(lamp, white, 30, 100), []polygon{rect(-.05, -.90, .05, -.82)}, true}
	m := model{
		label: lighthouse,
		outline: polygon{
			{-.14, 0},
			{-.0875, -.77},
			{-.13, -.77},
			{-.13, -.81},
			{-.07, -.81},
			{-.07, -.91},
			{-.10, -.91},
			{0, -1},
			{.10, -.91},
			{.07, -.91},
			{.07, -.81},
			{.13, -.81},
			{.13, -.77},
			{.0875, -.77},
			{.14, 0},
		},
		body: []layer{area(white, polygon{{-.14, 0}, {-.0875, -.77}, {.0875, -.77}, {.14, 0}})},
	}
	for _, y := range []float64{-.06, -.32, -.58} {
		m.body = append(m.body, area(stripe, towerBand(y, y-.13)))
	}
	m.body = append(
		m.body,
		area(rgb(0x2e3440), rect(-.13, -.81, .13, -.77), rect(-.07, -.91, .07, -.81)),
		flame,
		area(stripe, polygon{{-.10, -.91}, {0, -1}, {.10, -.91}}),
	)
	if lit {
		beam := polygon{{0, -.86}, {-4, -1.40}, {-4, -.66}}
		m.shadow = []layer{light(faded(lamp, 42), beam), light(faded(lamp, 60), disc(0, -.86, .16, .16))}
	}
	return m
}

// towerBand is the part of a lighthouse's tower between two heights.
func towerBand(bottom, top float64) polygon {
	half := func(y float64) float64 { return .14 + y*(.14-.0875)/.77 }
	return polygon{{-half(bottom), bottom}, {-half(top), top}, {half(top), top}, {half(bottom), bottom}}
}

// pine is a tree of three tiers.
func pine(green color.NRGBA) model {
	tier := func(shade int, bottom, top, half float64) layer {
		return area(mix(green, rgb(0x0d1f1a), shade, 100), polygon{{-half, bottom}, {0, top}, {half, bottom}})
	}
	return model{
		label:  tree,
		shadow: []layer{area(faded(rgb(0x0c1c10), 40), disc(.03, 0, .24, .035))},
		body: []layer{
			area(wood, rect(-.05, -.20, .05, 0)),
			tier(22, -.14, -.62, .34),
			tier(11, -.38, -.82, .27),
			tier(0, -.62, -1, .19),
		},
	}
}

// broadleaf is a tree with a round crown.
func broadleaf(green color.NRGBA) model {
	return model{
		label:  tree,
		shadow: []layer{area(faded(rgb(0x0c1c10), 40), disc(.04, 0, .30, .04))},
		body: []layer{
			area(wood, rect(-.05, -.45, .05, 0)),
			area(mix(green, rgb(0x0d1f1a), 20, 100), disc(0, -.64, .36, .36)),
			area(green, disc(-.07, -.70, .25, .25)),
		},
	}
}

// ball is a round thing in the sky with a halo, one unit wide.
func ball(label string, ink color.NRGBA) model {
	m := model{label: label, body: []layer{light(ink, disc(0, 0, .5, .5))}}
	for _, r := range []float64{1.5, 1.05, .74} {
		m.shadow = append(m.shadow, light(faded(ink, 24), disc(0, 0, r, r)))
	}
	return m
}

// craters makes a ball a moon.
func craters(m model, ink color.NRGBA) model {
	m.body = append(m.body, light(ink, disc(-.16, -.12, .11, .11), disc(.14, .10, .15, .15), disc(-.10, .26, .07, .07), disc(.18, -.26, .06, .06)))
	return m
}

// ringed is a planet with a ring.
func ringed(ink, ring color.NRGBA) model {
	const rx, ry = .98, .17
	front := polygon{}
	for _, v := range disc(0, 0, rx, ry) { // the half that passes before the planet
		if v.y > -1e-9 {
			front = append(front, v)
		}
	}
	for _, v := range slices.Backward(disc(0, 0, rx*.78, ry*.62)) {
		if v.y > -1e-9 {
			front = append(front, v)
		}
	}
	return model{
		label: planet,
		body: []layer{
			light(mix(ring, rgb(0x101030), 35, 100), disc(0, 0, rx, ry)),
			light(ink, disc(0, 0, .5, .5)),
			light(mix(ink, white, 30, 100), disc(-.13, -.17, .16, .12)),
			light(ring, front),
		},
	}
}

// spark is a star of five points, turned by an angle in radians.
func spark(ink color.NRGBA, angle float64) model {
	outline := make(polygon, 10)
	for i := range outline {
		r := .5
		if i%2 == 1 {
			r = .21
		}
		sin, cos := math.Sincos(angle + float64(i)*math.Pi/5)
		outline[i] = point{r * cos, r * sin}
	}
	return model{
		label:   star,
		outline: outline,
		shadow:  []layer{light(faded(ink, 26), disc(0, 0, .62, .62))},
		body:    []layer{light(ink, outline)},
	}
}
