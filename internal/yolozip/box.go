package yolozip

import (
	"math"
	"strconv"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// Box is an upright rectangle around something, in fractions of the upright image. It may reach beyond the image.
type Box struct {
	Class                    int // the place of its label among those of the dataset
	Left, Top, Right, Bottom float64
}

// NewBox returns the box around an annotation of a type, and false when the type is none that has one or the shape is broken.
func NewBox(class int, typ string, data rawjson.Object) (Box, bool) {
	var b Box
	switch typ {
	case annotate.BoundingBox:
		b = rectangle(data)
	case annotate.Polygon:
		b = aroundPolygon(data)
	}
	b.Class = class
	return b, b.Left < b.Right && b.Top < b.Bottom
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

// aroundPolygon reads {"points": [[x, y], …]}.
func aroundPolygon(data rawjson.Object) (b Box) {
	for name, value := range data.Members() {
		if name == "points" {
			b = around(value)
		}
	}
	return b
}

func around(points []byte) Box {
	b := Box{Left: math.Inf(1), Top: math.Inf(1), Right: math.Inf(-1), Bottom: math.Inf(-1)}
	for p := range rawjson.Elements(points) {
		x, y := point(p)
		b.Left, b.Top = min(b.Left, x), min(b.Top, y)
		b.Right, b.Bottom = max(b.Right, x), max(b.Bottom, y)
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

// clipped is the part of the box on the image.
func (b Box) clipped() Box {
	return Box{b.Class, onImage(b.Left), onImage(b.Top), onImage(b.Right), onImage(b.Bottom)}
}

func onImage(x float64) float64 { return min(max(x, 0), 1) }
