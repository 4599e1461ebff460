package foreign

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/export"
)

// cvat is what CVAT calls CVAT for images 1.1: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
func cvat() Format {
	return Format{
		Name: "cvat", Title: "CVAT for images 1.1", Files: "annotations.xml",
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			files, err := cvatFiles(ctx, t)
			return len(files) > 0, err
		},
		read: readCVAT,
	}
}

func cvatFiles(ctx context.Context, t *Tree) (files []*File, err error) {
	for _, p := range t.with(".xml") {
		root, first, err := t.files[p].root(ctx)
		if err != nil {
			return nil, err
		}
		if root == "annotations" && (first == "version" || first == "meta" || first == "image") {
			files = append(files, t.files[p])
			continue
		}
		if root == "annotation" { // Pascal VOC's, of which there may be many
			return nil, nil
		}
	}
	return files, nil
}

type cvatLabel struct {
	Name  string `xml:"name"`
	Color string `xml:"color"`
}

// cvatMeta has the labels of whatever was exported.
type cvatMeta struct {
	Task    []cvatLabel `xml:"task>labels>label"`
	Project []cvatLabel `xml:"project>labels>label"`
	Job     []cvatLabel `xml:"job>labels>label"`
}

type cvatImage struct {
	ID, Name, Subset string
	Width, Height    int
	Shapes           []cvatShape
	More             int // shapes besides
}

type cvatShape struct {
	XMLName  xml.Name
	Label    string  `xml:"label,attr"`
	Source   string  `xml:"source,attr"`
	Left     float64 `xml:"xtl,attr"`
	Top      float64 `xml:"ytl,attr"`
	Right    float64 `xml:"xbr,attr"`
	Bottom   float64 `xml:"ybr,attr"`
	Rotation float64 `xml:"rotation,attr"` // degrees, clockwise, about the centre
	Points   string  `xml:"points,attr"`
	RLE      string  `xml:"rle,attr"` // of the rows of a part of the image
	MaskLeft float64 `xml:"left,attr"`
	MaskTop  float64 `xml:"top,attr"`
	Width    int     `xml:"width,attr"`
	Height   int     `xml:"height,attr"`
	unfit    string
}

// cvatImage reads an image, shape by shape: one that is unfit does not spoil the others.
func (s *xmlStream) cvatImage(e xml.StartElement) (told cvatImage, err error) {
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "id":
			told.ID = shown(a.Value)
		case "name":
			told.Name = clipped(a.Value)
		case "subset":
			told.Subset = clipped(a.Value)
		case "width":
			told.Width = size(a.Value)
		case "height":
			told.Height = size(a.Value)
		}
	}
	for {
		token, err := s.Token()
		if err != nil {
			return told, err
		}
		switch e := token.(type) {
		case xml.EndElement:
			return told, nil
		case xml.StartElement:
			if len(told.Shapes) == maxShapes {
				told.More++
				if err := s.Skip(); err != nil {
					return told, err
				}
				continue
			}
			shape, err := s.cvatShape(e)
			if err != nil {
				return told, err
			}
			told.Shapes = append(told.Shapes, shape)
		}
	}
}

func (s *xmlStream) cvatShape(e xml.StartElement) (shape cvatShape, err error) {
	err = s.DecodeElement(&shape, &e)
	if _, is := errors.AsType[*strconv.NumError](err); is {
		message, _ := broken(err)
		return cvatShape{XMLName: e.Name, unfit: message}, s.Skip()
	}
	return shape, err
}

func readCVAT(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files, err := cvatFiles(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, invalid("has no XML with annotations of CVAT for images")
	}
	d := &Dataset{}
	for _, f := range files { // labels come first in each
		err := f.eachCVAT(ctx, d, func(cvatImage) error { return errEnough })
		if _, ok := broken(err); err != nil && !ok && !errors.Is(err, errEnough) {
			return nil, err
		}
	}
	d.Images = func(yield func(*Image, error) bool) {
		for _, f := range files {
			more := f.each(yield, func(visit func(*Image) error) error {
				return f.eachCVAT(ctx, &Dataset{}, func(told cvatImage) error { return visit(f.cvatImage(t, told)) })
			})
			if !more {
				return
			}
		}
	}
	return d, nil
}

// maxMeta is how long what CVAT says of labels may be, in bytes.
const maxMeta = 8 << 20

// eachCVAT adds the labels of a file and visits its images.
func (f *File) eachCVAT(ctx context.Context, d *Dataset, visit func(cvatImage) error) error {
	r, err := f.xml(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	return r.elements(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "meta":
			r.pieces.left = min(r.pieces.left, maxMeta)
			var meta cvatMeta
			if err := r.DecodeElement(&meta, &e); err != nil {
				return err
			}
			for _, labels := range [][]cvatLabel{meta.Project, meta.Task, meta.Job} {
				for _, l := range labels {
					d.label(Label{Name: l.Name, Color: l.Color})
				}
			}
			return nil
		case "image":
			told, err := r.cvatImage(e)
			if err != nil {
				return err
			}
			return visit(told)
		case "track":
			return invalid("has tracks: of videos nothing is imported; export it as CVAT for images")
		default:
			return r.Skip()
		}
	})
}

func (f *File) cvatImage(t *Tree, told cvatImage) *Image {
	folder := path.Dir(f.Path)
	img := &Image{
		Place: fmt.Sprintf("%s image %s", f.Path, told.ID), Name: told.Name, Width: told.Width, Height: told.Height, Split: splitNamed(told.Subset),
		File: t.picture(told.Name, path.Join(folder, "images"), path.Join(folder, "images", told.Subset), folder),
	}
	for i, s := range told.Shapes {
		place := fmt.Sprintf("%s %s %d", img.Place, shown(s.XMLName.Local), i+1)
		like := Shape{Place: place, Label: s.Label, InPixels: true, Source: annotation.SourceImport}
		if s.Source == "auto" {
			like.Source = annotation.SourceModel
		}
		if s.unfit != "" {
			img.wrong(place, s.unfit)
			continue
		}
		img.drawCVAT(&told.Shapes[i], like)
	}
	img.tooMany(img.Place, told.More)
	return img
}

func (img *Image) drawCVAT(s *cvatShape, like Shape) {
	switch s.XMLName.Local {
	case "box":
		like.IsBox, like.Points = true, []Point{{s.Left, s.Top}, {s.Right, s.Bottom}}
		if math.Mod(s.Rotation, 360) != 0 {
			centre := Point{(s.Left + s.Right) / 2, (s.Top + s.Bottom) / 2}
			like.IsBox, like.Points = false, rotated(like.Points, centre, s.Rotation)
		}
		img.add(like)
	case "polygon":
		points, err := cvatPoints(s.Points)
		if err != nil {
			img.wrong(like.Place, err.Error())
			return
		}
		like.Points = points
		img.add(like)
	case "mask":
		lengths, err := integers(s.RLE)
		m, fits := runs(lengths, s.Width, s.Height, false)
		if err != nil || !fits {
			img.wrong(like.Place, "is a mask that is none")
			return
		}
		img.addMask(m, like, s.MaskLeft, s.MaskTop)
	default:
		img.wrong(like.Place, "of this kind nothing is imported: boxes, polygons and masks are")
	}
}

// rotated are the corners of a box, turned clockwise about a point by so many degrees.
func rotated(box []Point, about Point, degrees float64) []Point {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	corners := []Point{box[0], {box[1].X, box[0].Y}, box[1], {box[0].X, box[1].Y}}
	for i, p := range corners {
		x, y := p.X-about.X, p.Y-about.Y
		corners[i] = Point{about.X + x*cos - y*sin, about.Y + x*sin + y*cos}
	}
	return corners
}

// cvatPoints reads "x,y;x,y;…".
func cvatPoints(text string) (points []Point, err error) {
	if strings.Count(text, ";") >= maxNumbers/2 {
		return nil, fmt.Errorf("has more than %d points", maxNumbers/2)
	}
	for pair := range strings.SplitSeq(text, ";") {
		x, y, ok := strings.Cut(pair, ",")
		var p Point
		if p.X, err = strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil {
			p.Y, err = strconv.ParseFloat(strings.TrimSpace(y), 64)
		}
		if !ok || err != nil {
			return nil, fmt.Errorf("has a point %q that is none", shown(pair))
		}
		points = append(points, p)
	}
	return points, nil
}

// integers reads "1, 2, …".
func integers(text string) (all []int, err error) {
	if strings.Count(text, ",") >= maxRuns {
		return nil, errors.New("has too many numbers")
	}
	for number := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}
