package export

import (
	"math"
	"slices"
	"strconv"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// Box is an upright rectangle, in fractions of the upright image. It may reach beyond the image.
type Box struct{ Left, Top, Right, Bottom float64 }

// Point is a place on an image, in fractions of the upright image. It may lie beside the image.
type Point struct{ X, Y float64 }

// Box returns the box of a bounding box, or the one around a polygon, and false when the shape is another or broken.
func (a *Annotation) Box() (Box, bool) {
	var b Box
	switch a.Type {
	case annotate.BoundingBox:
		b = rectangle(a.Data)
	case annotate.Polygon:
		points, ok := a.Polygon()
		if !ok {
			return Box{}, false
		}
		b = around(points)
	}
	return b, b.Left < b.Right && b.Top < b.Bottom
}

// Polygon returns the corners of a polygon, three at least, and false when the shape is another or broken.
func (a *Annotation) Polygon() ([]Point, bool) {
	if a.Type != annotate.Polygon {
		return nil, false
	}
	points := corners(a.Data)
	broken := slices.ContainsFunc(points, func(p Point) bool { return math.IsNaN(p.X) || math.IsNaN(p.Y) })
	return points, len(points) >= 3 && !broken
}

// rectangle reads {"point": [left, top], "width": …, "height": …}.
func rectangle(data rawjson.Object) Box {
	var b Box
	var width, height float64
	for name, value := range data.Members() {
		switch name {
		case "point":
			b.Left, b.Top = point(value)
		case "width":
			width = number(value)
		case "height":
			height = number(value)
		}
	}
	b.Right, b.Bottom = b.Left+width, b.Top+height
	return b
}

// corners reads {"points": [[x, y], …]}.
func corners(data rawjson.Object) (points []Point) {
	for name, value := range data.Members() {
		if name != "points" {
			continue
		}
		points = points[:0]
		for p := range rawjson.Elements(value) {
			x, y := point(p)
			points = append(points, Point{x, y})
		}
	}
	return points
}

func around(points []Point) Box {
	b := Box{Left: math.Inf(1), Top: math.Inf(1), Right: math.Inf(-1), Bottom: math.Inf(-1)}
	for _, p := range points {
		b.Left, b.Top = min(b.Left, p.X), min(b.Top, p.Y)
		b.Right, b.Bottom = max(b.Right, p.X), max(b.Bottom, p.Y)
	}
	return b
}

// point reads [x, y]; what is none has coordinates that are no numbers.
func point(b []byte) (x, y float64) {
	x, y = math.NaN(), math.NaN()
	i := 0
	for v := range rawjson.Elements(b) {
		switch i {
		case 0:
			x = number(v)
		case 1:
			y = number(v)
		}
		i++
	}
	return x, y
}

func number(b []byte) float64 {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// Clipped is the part of the box on the image.
func (b Box) Clipped() Box {
	return Box{onImage(b.Left), onImage(b.Top), onImage(b.Right), onImage(b.Bottom)}
}

func onImage(x float64) float64 { return min(max(x, 0), 1) }

// visibility is the part of a shape's box that is on the image, once that is known.
type visibility struct {
	box       Box
	known, is bool
}

// onImage is the box around a shape, as far as it is on the image, and false when it has none or no part of it is. It is
// asked for several times, by what counts shapes and by what writes them.
func (a *Annotation) onImage() (Box, bool) {
	if !a.visible.known {
		box, ok := a.Box()
		box = box.Clipped()
		a.visible = visibility{box, true, ok && fraction(box.Right-box.Left) > 0 && fraction(box.Bottom-box.Top) > 0}
	}
	return a.visible.box, a.visible.is
}

// outline are the corners of a shape, each of them moved onto the image, and false when it has none or no part of it is on the
// image.
func (a *Annotation) outline() ([]Point, bool) {
	box, ok := a.onImage()
	if !ok {
		return nil, false
	}
	points, ok := a.Polygon()
	if !ok {
		return []Point{{box.Left, box.Top}, {box.Right, box.Top}, {box.Right, box.Bottom}, {box.Left, box.Bottom}}, true
	}
	for i, p := range points {
		points[i] = Point{onImage(p.X), onImage(p.Y)}
	}
	return points, true
}

// area is that of a polygon, in whatever its corners are in, squared.
func area(points []Point) float64 {
	sum := 0.0
	for i, p := range points {
		q := points[(i+1)%len(points)]
		sum += p.X*q.Y - q.X*p.Y
	}
	return math.Abs(sum) / 2
}
