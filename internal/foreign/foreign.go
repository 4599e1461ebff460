// Package foreign reads datasets out of the files of other tools, and of our own exports. What each format looks like, and
// where files in the wild stray from it, stands with its reader.
package foreign

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"strconv"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// Dataset is what files say. Close it after use.
type Dataset struct {
	Labels []Label // those that are declared, in their order; shapes may have others
	Images Images

	places map[string]int // of labels, by their names
	spools []*spool
}

// Images yields images in an order that the files alone decide. An image is only good until the next one. An error is the
// last that is yielded: the files cannot be read. What is wrong with what they say is among the Problems of images.
type Images = iter.Seq2[*Image, error]

// Weight is about how many bytes what is told of the image takes.
func (img *Image) Weight() int {
	f := img.Facts
	n := len(img.Name) + len(f.ExtraInformation) + len(f.Metadata)
	for _, text := range []*string{f.OriginalName, f.Prompt, f.NegativePrompt, f.GenerationType} {
		if text != nil {
			n += len(*text)
		}
	}
	for _, tag := range f.Tags {
		n += len(tag) + 16
	}
	for i := range img.Shapes {
		s := &img.Shapes[i]
		n += 200 + 16*len(s.Points) + len(s.Place) + len(s.Label) + len(s.Data) + len(s.Author)
	}
	return n
}

// Label is a class.
type Label struct {
	Key                    string // by which shapes name it; empty when that is the name
	Name                   string
	Color                  string // as CSS writes it; empty when the files do not say
	Prompt, NegativePrompt string
}

// Image is a picture and what is drawn on it, or a file of which no image could be read: then it has neither Name nor File.
type Image struct {
	Place    string // where the files tell of it
	Name     string // of its file, as they tell it, with folders or without, and perhaps without extension
	File     *File  // the picture, nil when it is not among the files
	ID       gid.ImageID
	SHA256   string // of the file as it was once uploaded, in hex; empty when the files do not say
	Width    int    // pixels; 0 when the files do not say
	Height   int
	Split    image.Split // empty when the files do not say
	Facts    Facts
	Shapes   []Shape
	Problems []Problem
	Unlisted int  // of what is not imported besides, when that is much
	Spoils   bool // what could not be read may be of any image of the files
	runs     int  // of masks that were drawn
}

// Facts are what our own formats know of an image besides. What is nil is not told.
type Facts struct {
	OriginalName, Prompt, NegativePrompt, GenerationType *string
	ExtraInformation, Metadata                           rawjson.Object
	Tags                                                 []string
	IsSynthetic, Done, Reviewed                          *bool
	BaseImageID                                          gid.ImageID // another Image.ID; 0 for none
}

// Problem is why something in the files is not imported, or not as it stands there.
type Problem struct {
	Place   string // such as labels/train/7.txt:3
	Message string
	Lost    bool // it is not imported
}

// Shape is a labelled shape on an image: a box, whose points are two opposite corners, or a polygon, or if Type is set whatever
// that type is.
type Shape struct {
	Place       string
	ID          *gid.AnnotationID // nil when the files have none of ours
	Label       string            // the Key of its label
	IsBox       bool
	Points      []Point
	InPixels    bool // the points; otherwise they are fractions of the image
	Type        string
	Data        rawjson.Object
	Confidence  *float64
	Source      annotation.Source
	Author      string // an email address; empty when the files do not say
	IsSynthetic bool
}

// Point is a place on an image.
type Point struct{ X, Y float64 }

// Geometry returns the type and the data of an annotation, of a shape on an image of that size in pixels.
func (s *Shape) Geometry(width, height int) (typ string, data rawjson.Object) {
	if s.Type != "" {
		return s.Type, s.Data
	}
	w, h := 1.0, 1.0
	if s.InPixels {
		w, h = float64(width), float64(height)
	}
	if s.IsBox {
		a, b := s.Points[0], s.Points[1]
		return annotate.BoundingBox, boxData(min(a.X, b.X)/w, min(a.Y, b.Y)/h, max(a.X, b.X)/w, max(a.Y, b.Y)/h)
	}
	out := []byte(`{"points":[`)
	for i, p := range s.Points {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendPoint(append(out, '['), p.X/w, p.Y/h), ']')
	}
	return annotate.Polygon, append(out, "]}"...)
}

func boxData(left, top, right, bottom float64) rawjson.Object {
	b := append(appendPoint([]byte(`{"point":[`), left, top), `],"width":`...)
	b = appendNumber(b, right-left)
	return append(appendNumber(append(b, `,"height":`...), bottom-top), '}')
}

func appendPoint(b []byte, x, y float64) []byte {
	return appendNumber(append(appendNumber(b, x), ','), y)
}

// appendNumber appends a number to a billionth: what comes from pixels and decimals has no more to it.
func appendNumber(b []byte, v float64) []byte {
	return strconv.AppendFloat(b, cmp.Or(math.Round(v*1e9)/1e9, 0), 'f', -1, 64) // 0 for -0
}

// wrong notes that something is not imported.
func (img *Image) wrong(place, message string) {
	if len(img.Problems) == maxProblems {
		img.Unlisted++
		return
	}
	img.Problems = append(img.Problems, Problem{place, message, true})
}

// tooMany notes that so many shapes or the like are not imported, since there are too many.
func (img *Image) tooMany(place string, more int) {
	if more > 0 {
		img.wrong(place, fmt.Sprintf("has %d more than it may have", more))
		img.Unlisted += more - 1
	}
}

// note notes that something is not imported as it stands there.
func (img *Image) note(place, message string) {
	if len(img.Problems) < maxProblems {
		img.Problems = append(img.Problems, Problem{place, message, false})
	}
}

// maxProblems is how many problems of an image are listed.
const maxProblems = 1000

// maxShapes is how many shapes an image may have, so that those of one fit in memory.
const maxShapes = 100_000

// add adds a shape, unless there are too many, or its numbers are none.
func (img *Image) add(s Shape) {
	if len(img.Shapes) == maxShapes {
		img.wrong(s.Place, "the image has more than 100,000 shapes")
		return
	}
	if problem := s.check(); problem != "" {
		img.wrong(s.Place, problem)
		return
	}
	img.Shapes = append(img.Shapes, s)
}

// check returns what is wrong with the points of a shape.
func (s *Shape) check() string {
	for _, p := range s.Points {
		if !isFinite(p.X) || !isFinite(p.Y) {
			return "has a coordinate that is no number"
		}
	}
	switch {
	case s.Type != "":
		return ""
	case s.Label == "":
		return "has no label"
	case s.IsBox && (s.Points[0].X == s.Points[1].X || s.Points[0].Y == s.Points[1].Y):
		return "is a box without width or height"
	case !s.IsBox && len(s.Points) < 3:
		return "is a polygon of less than three points"
	}
	return ""
}

// isFinite tells numbers that coordinates can be.
func isFinite(v float64) bool { return !math.IsNaN(v) && math.Abs(v) <= 1e9 }

// invalid is an error about what the files say as a whole.
func invalid(message string) error { return fault.InvalidAt(message) }

// inFile is an Image that stands for a file of which none could be read, with the reason.
func inFile(place, message string) *Image {
	return &Image{Place: place, Problems: []Problem{{place, message, true}}}
}

// box is a shape whose corner and size are given.
func box(x, y, w, h float64) Shape {
	return Shape{IsBox: true, Points: []Point{{x, y}, {x + w, y + h}}, Source: annotation.SourceImport}
}

func polygon(points []Point) Shape { return Shape{Points: points, Source: annotation.SourceImport} }

// pairs makes points of x, y, x, y, … and is false when there is one number too many.
func pairs(numbers []float64) ([]Point, bool) {
	points := make([]Point, len(numbers)/2)
	for i := range points {
		points[i] = Point{numbers[2*i], numbers[2*i+1]}
	}
	return points, len(numbers)%2 == 0
}

// guessed marks a shape as one that a model is that sure of. What is no such number is left out.
func (s *Shape) guessed(confidence float64) {
	if confidence >= 0 && confidence <= 1 {
		s.Confidence, s.Source = &confidence, annotation.SourceModel
	}
}
