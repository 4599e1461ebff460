package demo

import (
	"image"
	"image/color"
	"slices"
)

// scene is all that is in a picture: the same scene is the same pixels on every machine.
type scene struct {
	size      image.Point
	gradients []gradient
	backdrop  []layer
	things    []thing
	hour      string // of a harbour's day
}

// gradient is a band of rows.
type gradient struct {
	top, bottom int
	from, to    color.NRGBA
}

// render draws the scene. Things lie over the backdrop and apart from each other, so that
// all of each is seen.
func (s *scene) render() *image.RGBA {
	c := newCanvas(s.size)
	for _, g := range s.gradients {
		c.gradient(g.top, g.bottom, g.from, g.to)
	}
	layers := slices.Clone(s.backdrop)
	for _, t := range s.things {
		layers = append(layers, t.shadow...)
	}
	for _, t := range s.things {
		layers = append(layers, t.body...)
	}
	for _, l := range layers {
		c.fill(l)
	}
	return c.RGBA
}

// Room that is left around things, in pixels.
const (
	gap    = 5
	margin = 3
)

// place adds a thing if there is room for it.
func (s *scene) place(t thing) bool {
	b := t.box()
	inside := b.min.x >= margin && b.min.y >= margin && b.max.x <= float64(s.size.X-margin) && b.max.y <= float64(s.size.Y-margin)
	if !inside || slices.ContainsFunc(s.things, func(other thing) bool { return b.near(other.box(), gap) }) {
		return false
	}
	s.things = append(s.things, t)
	return true
}

// hang adds a thing to the sky if there is room. Its halo lies behind what is painted later.
func (s *scene) hang(t thing) bool {
	halo := t.shadow
	t.shadow = nil
	if !s.place(t) {
		return false
	}
	s.backdrop = append(s.backdrop, halo...)
	return true
}

// paint adds a layer to the backdrop.
func (s *scene) paint(l layer) { s.backdrop = append(s.backdrop, l) }
