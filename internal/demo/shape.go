package demo

import (
	"encoding/json"
	"fmt"
	"image"
	"math"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// boundingBox and outline are what annotations hold, in fractions of the picture.
type (
	boundingBox struct {
		Point  [2]float64 `json:"point"`
		Width  float64    `json:"width"`
		Height float64    `json:"height"`
	}
	outline struct {
		Points [][2]float64 `json:"points"`
	}
)

// fraction is v of whole, to a millionth.
func fraction(v float64, whole int) float64 { return math.Round(v/float64(whole)*1e6) / 1e6 }

func fractions(p point, size image.Point) [2]float64 {
	return [2]float64{fraction(p.x, size.X), fraction(p.y, size.Y)}
}

func (b box) in(size image.Point) boundingBox {
	return boundingBox{
		Point:  fractions(b.min, size),
		Width:  fraction(b.max.x-b.min.x, size.X),
		Height: fraction(b.max.y-b.min.y, size.Y),
	}
}

func (p polygon) in(size image.Point) outline {
	o := outline{Points: make([][2]float64, len(p))}
	for i, v := range p {
		o.Points[i] = fractions(v, size)
	}
	return o
}

// annotation returns the type and the data of the shape that marks the thing in a picture
// of that size: its outline where it has one, else its tight box.
func (t thing) annotation(size image.Point) (typ string, data rawjson.Object, err error) {
	var shape any = t.box().in(size)
	typ = annotate.BoundingBox
	if t.outline != nil {
		shape, typ = t.outline.in(size), annotate.Polygon
	}
	data, err = json.Marshal(shape)
	if err != nil {
		return "", nil, fmt.Errorf("mark a %s: %w", t.label, err)
	}
	return typ, data, nil
}
