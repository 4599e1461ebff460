package annotate

import (
	"fmt"
	"math"
	"strconv"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// The shapes that the server knows. Others are kept as they come.
const (
	BoundingBox = "bounding_box"
	Polygon     = "polygon"
)

// shapeLength bounds one shape, in bytes.
const shapeLength = 1 << 20

// checkShape returns what is wrong with a shape of a type, with paths from data down. Coordinates are fractions
// of the upright image; those outside 0…1 pass, since people draw over its edge.
// Members that a type does not have are kept.
func checkShape(typ string, data rawjson.Object) fault.Fields {
	var c fault.Check
	if len(data) > shapeLength {
		c.That(false, fmt.Sprintf("is longer than %d bytes", shapeLength), "data")
	}
	switch typ {
	case BoundingBox:
		checkBox(&c, data)
	case Polygon:
		checkPolygon(&c, data)
	}
	return c.Fields()
}

// checkBox checks a bounding box: {"point": its top left corner, "width": …, "height": …}.
func checkBox(c *fault.Check, data rawjson.Object) {
	var point, width, height []byte
	for name, value := range data.Members() {
		switch name {
		case "point":
			point = value
		case "width":
			width = value
		case "height":
			height = value
		}
	}
	c.That(isPoint(point), notPoint, "data", "point")
	c.That(number(width) > 0, notSize, "data", "width")
	c.That(number(height) > 0, notSize, "data", "height")
}

// checkPolygon checks a polygon: {"points": [its corners], "left": …, "top": …}, of
// which the last two may be absent or null.
func checkPolygon(c *fault.Check, data rawjson.Object) {
	corners := 0
	for name, value := range data.Members() {
		switch name {
		case "points":
			corners = checkCorners(c, value)
		case "left", "top":
			c.That(!math.IsNaN(number(value)) || string(value) == "null", "must be a finite number", "data", name)
		}
	}
	c.That(corners >= 3, "must be a list of at least 3 points", "data", "points")
}

// checkCorners returns how many there are. It names the first one that is wrong, since there may be many.
func checkCorners(c *fault.Check, points []byte) (n int) {
	wrong := -1
	for point := range rawjson.Elements(points) {
		if wrong < 0 && !isPoint(point) {
			wrong = n
		}
		n++
	}
	c.That(wrong < 0, notPoint, "data", "points", wrong)
	return n
}

const (
	notPoint = "must be [x, y], two finite numbers"
	notSize  = "must be a finite number greater than 0"
)

func isPoint(b []byte) bool {
	n := 0
	for v := range rawjson.Elements(b) {
		if n++; math.IsNaN(number(v)) {
			return false
		}
	}
	return n == 2
}

// number is the value of a JSON number, or NaN when b is none, or too great for a float64.
func number(b []byte) float64 {
	if len(b) == 0 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}
