package export

import (
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/annotate"
)

// holds says what a format holds of an image, as a set.
type holds uint

const (
	boxes           holds = 1 << iota // as they are
	polygons                          // as they are
	polygonsAsMasks                   // of a polygon, the pixels in it are written
	boxesAsPolygons                   // a box is written as the polygon around it
	shapes                            // of whatever type, beside the image as well
	confidences
	authors
	sources
	prompts
	negativePrompts
	tags
	metadata
	byName // classes are told by their names alone

	everything = boxes | polygons | shapes | confidences | authors | sources | prompts | negativePrompts | tags | metadata
)

func (h holds) has(what holds) bool { return h&what != 0 }

// check tells what of an image a format that holds so much does not hold as it is.
func (h holds) check(d *Dataset, img *Image) (problems []Problem) {
	if lost := h.lost(img); len(lost) > 0 {
		problems = append(problems, Problem{Code: "DETAILS_LOST", Severity: Lost, Message: "not written: " + strings.Join(lost, ", ")})
	}
	for i := range img.Annotations {
		a := &img.Annotations[i]
		if p, ok := h.shape(a); ok && !h.has(shapes) {
			problems = append(problems, p)
		}
		if h.has(byName) && d.sharesName(a.Class) {
			problems = append(problems, Problem{"NAME_SHARED", Changed, a, "another label has the same name, and becomes the same class"})
		}
	}
	return problems
}

// sharesName tells a class that another has the name of.
func (d *Dataset) sharesName(class int) bool {
	d.count.Do(func() {
		d.named = map[string]int{}
		for _, l := range d.Labels {
			d.named[l.Name]++
		}
	})
	return d.named[d.Labels[class].Name] > 1
}

// shape tells what becomes of a shape that is not written as it is.
func (h holds) shape(a *Annotation) (Problem, bool) {
	box, isShape := a.Box()
	_, seen := a.onImage()
	_, isPolygon := a.Polygon()
	switch {
	case !isShape:
		return Problem{"SHAPE_LOST", Lost, a, "a " + a.Type + " of this form cannot be written"}, true
	case !seen:
		return Problem{"BESIDE_IMAGE", Lost, a, "no part of it is on the image"}, true
	case box != box.Clipped():
		return Problem{"CLIPPED", Changed, a, "what is beside the image is cut off"}, true
	case isPolygon && h.has(polygonsAsMasks):
		return Problem{"POLYGON_AS_MASK", Changed, a, "of the polygon, the pixels are written whose centres are in it"}, true
	case isPolygon && !h.has(polygons):
		return Problem{"POLYGON_AS_BOX", Changed, a, "of the polygon, the box around it is written"}, true
	case a.Type == annotate.BoundingBox && h.has(boxesAsPolygons):
		return Problem{"BOX_AS_POLYGON", Changed, a, "the box is written as a polygon with four corners"}, true
	}
	return Problem{}, false
}

// lost are the details that there are of an image, and that are not held.
func (h holds) lost(img *Image) (lost []string) {
	has := func(any func(a *Annotation) bool) bool {
		return slices.ContainsFunc(img.Annotations, func(a Annotation) bool { return any(&a) })
	}
	for _, d := range []struct {
		what  holds
		name  string
		there bool
	}{
		{prompts, "prompts", img.Prompt != ""},
		{negativePrompts, "negative prompts", img.NegativePrompt != ""},
		{tags, "tags", len(img.Tags) > 0},
		{metadata, "metadata", len(img.Metadata) > len("{}") || len(img.ExtraInformation) > len("{}") || img.BaseImageID != nil},
		{sources, "whether it was generated", img.IsSynthetic || has(func(a *Annotation) bool { return a.IsSynthetic })},
		{confidences, "confidence of models", has(func(a *Annotation) bool { return a.Confidence != nil })},
		{authors, "authors", has(func(a *Annotation) bool { return a.Author != "" })},
	} {
		if d.there && !h.has(d.what) {
			lost = append(lost, d.name)
		}
	}
	return lost
}
