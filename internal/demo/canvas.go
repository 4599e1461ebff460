package demo

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// maxSide is the longest side of a picture, in pixels. Up to it package vector counts in
// integers, and all machines draw the same pixels.
const maxSide = 512

// grain is how many steps there are in a pixel. Coordinates lie on steps, so that the last
// bits of a float, in which processors differ, are in no picture.
const grain = 16

// point is a place in a picture, in pixels from its top left corner.
type point struct{ x, y float64 }

// on returns the point on the grain that is next to (x, y).
func on(x, y float64) point { return point{snap(x), snap(y)} }

// snap rounds to the grain. What lies between two steps goes up on all machines, though
// some see it a bit below.
func snap(v float64) float64 { return math.Round(v*grain+1e-6) / grain }

// polygon is a closed line through points, clockwise as one sees it. Where
// polygons of one layer overlap they are one area.
type polygon []point

// rect is the rectangle with these sides.
func rect(left, top, right, bottom float64) polygon {
	return polygon{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
}

// corners are those of a disc. A multiple of four, it touches its box on all sides.
const corners = 48

// disc is the circle, or the ellipse, about (x, y) with these radii.
func disc(x, y, rx, ry float64) polygon {
	p := make(polygon, corners)
	for i := range p {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		p[i] = point{x + rx*cos, y + ry*sin}
	}
	return p
}

// moved returns the polygon made size times as large, mirrored if so, and carried to (x, y).
func (p polygon) moved(x, y, size float64, mirrored bool) polygon {
	if p == nil {
		return nil
	}
	wide := size
	if mirrored {
		wide = -size
	}
	q := make(polygon, len(p))
	for i, v := range p {
		q[i] = on(x+v.x*wide, y+v.y*size)
	}
	return q
}

// box is a rectangle along the sides of a picture.
type box struct{ min, max point }

// around returns the tight box of polygons.
func around(polygons ...polygon) box {
	b := box{point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}}
	for _, p := range polygons {
		for _, v := range p {
			b.min = point{min(b.min.x, v.x), min(b.min.y, v.y)}
			b.max = point{max(b.max.x, v.x), max(b.max.y, v.y)}
		}
	}
	return b
}

// pixels returns the pixels that the box touches.
func (b box) pixels() image.Rectangle {
	return image.Rect(int(math.Floor(b.min.x)), int(math.Floor(b.min.y)), int(math.Ceil(b.max.x)), int(math.Ceil(b.max.y)))
}

// near tells whether two boxes are less than gap pixels apart.
func (b box) near(c box, gap float64) bool {
	return b.min.x < c.max.x+gap && c.min.x < b.max.x+gap && b.min.y < c.max.y+gap && c.min.y < b.max.y+gap
}

// rgb is the opaque colour of a number such as 0xRRGGBB.
func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 0xff} //nolint:gosec // G115: each takes its eight bits
}

// faded returns the colour with an opacity of 0 to 255.
func faded(c color.NRGBA, opacity uint8) color.NRGBA {
	c.A = opacity
	return c
}

// mix returns the colour that is part/whole of the way from a to b, as opaque as a.
func mix(a, b color.NRGBA, part, whole int) color.NRGBA {
	channel := func(from, to uint8) uint8 {
		return uint8((int(from)*(whole-part) + int(to)*part + whole/2) / whole) //nolint:gosec // G115: between two bytes
	}
	return color.NRGBA{channel(a.R, b.R), channel(a.G, b.G), channel(a.B, b.B), a.A}
}

// layer is an area of one colour.
type layer struct {
	ink    color.NRGBA
	shapes []polygon
	glows  bool // keeps its colour in the dark
}

func area(ink color.NRGBA, shapes ...polygon) layer { return layer{ink: ink, shapes: shapes} }

func light(ink color.NRGBA, shapes ...polygon) layer {
	return layer{ink: ink, shapes: shapes, glows: true}
}

// canvas is a picture that is being drawn.
type canvas struct {
	*image.RGBA
	raster vector.Rasterizer
}

func newCanvas(size image.Point) *canvas {
	return &canvas{RGBA: image.NewRGBA(image.Rectangle{Max: size})}
}

// gradient colours the rows from top to before bottom, from one colour to the other.
func (c *canvas) gradient(top, bottom int, from, to color.NRGBA) {
	for y := top; y < bottom; y++ {
		ink := mix(from, to, y-top, max(bottom-top-1, 1))
		row := c.Pix[c.PixOffset(0, y):c.PixOffset(0, y+1)]
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = ink.R, ink.G, ink.B, 0xff
		}
	}
}

// fill draws a layer over what there is, with smooth edges.
func (c *canvas) fill(l layer) {
	r := around(l.shapes...).pixels().Intersect(c.Rect)
	if r.Empty() {
		return
	}
	c.raster.Reset(r.Dx(), r.Dy())
	place := func(p point) (x, y float32) {
		return float32(p.x - float64(r.Min.X)), float32(p.y - float64(r.Min.Y))
	}
	for _, p := range l.shapes {
		c.raster.MoveTo(place(p[0]))
		for _, v := range p[1:] {
			c.raster.LineTo(place(v))
		}
		c.raster.ClosePath()
	}
	c.raster.Draw(c.RGBA, r, image.NewUniform(l.ink), image.Point{})
}
