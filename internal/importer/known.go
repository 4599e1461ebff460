package importer

import (
	"math"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// known finds annotations of an image by what they look like, so that many are found among many.
type known struct {
	width, height float64 // of the image
	exact         map[likeness][]*ent.Annotation
	near          map[spot][]outlined
}

// likeness is all that a shape is.
type likeness struct {
	label     gid.LabelID
	typ, data string
}

// spot is where shapes of a label and type are, so that those which are no further than a pixel from each other are on one spot, or
// on neighbours.
type spot struct {
	label       gid.LabelID
	typ         string
	corners     int
	first, last pixel
}

// pixel is one that a corner is on.
type pixel struct{ x, y int }

type outlined struct {
	*ent.Annotation

	outline []export.Point
}

// newKnown knows annotations of an image, of several that are alike the first first.
func newKnown(img *ent.Image, all []*ent.Annotation) *known {
	k := &known{float64(img.Width), float64(img.Height), map[likeness][]*ent.Annotation{}, map[spot][]outlined{}}
	for _, a := range all {
		l := likeness{a.LabelID, a.Type, string(a.Data)}
		k.exact[l] = append(k.exact[l], a)
		if o := outline(a.Type, a.Data); len(o) > 0 {
			s := spot{a.LabelID, a.Type, len(o), k.pixel(o[0]), k.pixel(o[len(o)-1])}
			k.near[s] = append(k.near[s], outlined{a, o})
		}
	}
	return k
}

func (k *known) pixel(p export.Point) pixel {
	return pixel{int(math.Floor(p.X * k.width)), int(math.Floor(p.Y * k.height))}
}

// same finds an annotation that is the shape: of its label and type, and nowhere further from it than a pixel.
func (c *canvas) same(in *annotate.CreateInput) *ent.Annotation {
	if len(c.existing) == 0 {
		return nil
	}
	if c.known == nil {
		c.known = newKnown(c.row, c.existing)
	}
	l := likeness{in.LabelID, in.Type, string(in.Data)}
	list := c.known.exact[l]
	for len(list) > 0 && c.taken[list[0].ID] {
		list = list[1:]
	}
	if c.known.exact[l] = list; len(list) > 0 {
		return list[0]
	}
	return c.close(in)
}

// close finds an annotation that is nearly the shape.
func (c *canvas) close(in *annotate.CreateInput) *ent.Annotation {
	o := outline(in.Type, in.Data)
	if len(o) == 0 {
		return nil
	}
	k := c.known
	first, last := k.pixel(o[0]), k.pixel(o[len(o)-1])
	for a := range around(first) {
		for b := range around(last) {
			list := k.near[spot{in.LabelID, in.Type, len(o), a, b}]
			for _, known := range list {
				if !c.taken[known.ID] && k.isClose(known.outline, o) {
					return known.Annotation
				}
			}
		}
	}
	return nil
}

// around goes through a pixel and its neighbours.
func around(p pixel) func(yield func(pixel) bool) {
	return func(yield func(pixel) bool) {
		for _, x := range [...]int{0, -1, 1} {
			for _, y := range [...]int{0, -1, 1} {
				if !yield(pixel{p.x + x, p.y + y}) {
					return
				}
			}
		}
	}
}

// isClose tells outlines of as many corners that are nowhere further from each other than a pixel.
func (k *known) isClose(a, b []export.Point) bool {
	for i := range a {
		if math.Abs(a[i].X-b[i].X)*k.width > 1 || math.Abs(a[i].Y-b[i].Y)*k.height > 1 {
			return false
		}
	}
	return true
}
