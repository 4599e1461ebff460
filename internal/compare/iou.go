package compare

import (
	"github.com/peterstace/simplefeatures/geom"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/export"
)

// maxCorners is how many corners polygons may have to be laid over each other, which takes time that grows faster than they do.
const maxCorners = 1000

// iou is the intersection over union of two shapes, in fractions of the image; nil unless both are boxes or polygons that
// have an area and do not cross themselves.
func iou(a, b *ent.Annotation) *float64 {
	p, q := area(a), area(b)
	if p == nil || q == nil {
		return nil
	}
	common, err := geom.Intersection(*p, *q)
	if err != nil {
		return nil
	}
	shared := common.Area()
	union := p.Area() + q.Area() - shared
	if union <= 0 {
		return nil
	}
	return new(shared / union)
}

// area is what a box or a polygon covers, nil when it is neither or broken.
func area(a *ent.Annotation) *geom.Geometry {
	shape := export.Annotation{Type: a.Type, Data: a.Data}
	var corners []export.Point
	if a.Type == annotate.Polygon {
		corners, _ = shape.Polygon()
	} else if box, ok := shape.Box(); ok {
		corners = []export.Point{{X: box.Left, Y: box.Top}, {X: box.Right, Y: box.Top}, {X: box.Right, Y: box.Bottom}, {X: box.Left, Y: box.Bottom}}
	}
	if len(corners) == 0 || len(corners) > maxCorners {
		return nil
	}
	coordinates := make([]float64, 0, 2*len(corners)+2)
	for _, c := range append(corners, corners[0]) {
		coordinates = append(coordinates, c.X, c.Y)
	}
	ring := geom.NewLineString(geom.NewSequence(coordinates, geom.DimXY))
	polygon := geom.NewPolygon([]geom.LineString{ring})
	if polygon.Validate() != nil {
		return nil
	}
	g := polygon.AsGeometry()
	return &g
}
