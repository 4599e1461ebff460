package export

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent/image"
)

// yoloDetection is what Ultralytics' detection models are trained from: https://docs.ultralytics.com/datasets/detect/.
func yoloDetection() Format {
	return Format{Name: "yolo", Title: "YOLO detection", Check: checkYOLO(boxes, appendYOLOBox), Parts: func(d *Dataset, _ Options) []Part {
		return yoloParts(d, (*Image).Stem, appendYOLOBox)
	}}
}

// yoloSegmentation is what Ultralytics' segmentation models are trained from: https://docs.ultralytics.com/datasets/segment/.
// Boxes are polygons there as well: of a file that has both, all rows are read as polygons.
func yoloSegmentation() Format {
	return Format{Name: "yolo-segmentation", Title: "YOLO segmentation", Check: checkYOLO(polygons|boxesAsPolygons, appendYOLOPolygon), Parts: func(d *Dataset, _ Options) []Part {
		return yoloParts(d, (*Image).Stem, appendYOLOPolygon)
	}}
}

// LegacyYOLO is YOLO detection with pictures under the names that the server gave them, as clients of the service before
// this one know them.
func LegacyYOLO() Format {
	return Format{Name: "yolo-legacy", Title: "YOLO detection", Check: checkYOLO(boxes, appendYOLOBox), Parts: func(d *Dataset, _ Options) []Part {
		return yoloParts(d, func(img *Image) string { return strings.TrimSuffix(img.Name, path.Ext(img.Name)) }, appendYOLOBox)
	}}
}

func yoloParts(d *Dataset, stem func(*Image) string, appendRow func([]byte, *Annotation) []byte) []Part {
	return []Part{
		Fixed{Name: "data.yaml", Content: []byte(dataYAML(d))},
		PerImage{Wanted: Wanted{Of: Shapes}, Files: func(img *Image, _ Place) []File {
			dir, name := splitName(img.Split, "val"), stem(img)
			return []File{
				{Name: dir + "/images/" + name + extensions[img.Format], Pieces: []Piece{{Object: &img.Object}}},
				// An image without boxes has an empty file: it is known to show nothing.
				{Name: dir + "/labels/" + name + ".txt", Pieces: []Piece{{Text: yoloRows(img, appendRow)}}},
			}
		}},
	}
}

// dataYAML names no path, so that trainers look beside the file, and has a train and a val, without which they do not start.
func dataYAML(d *Dataset) string {
	var dirs []string
	for _, s := range d.Splits {
		dirs = append(dirs, splitName(s, "val"))
	}
	or := func(dir, other string) string {
		if slices.Contains(dirs, dir) {
			return dir
		}
		return other
	}
	train := or("train", or("val", or("test", "train")))
	var b strings.Builder
	fmt.Fprintf(&b, "train: %s/images\nval: %s/images\n", train, or("val", train))
	if slices.Contains(dirs, "test") {
		b.WriteString("test: test/images\n")
	}
	fmt.Fprintf(&b, "nc: %d\n", len(d.Labels))
	if len(d.Labels) == 0 {
		return b.String() + "names: {}\n"
	}
	b.WriteString("names:\n")
	for i, l := range d.Labels {
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(l.Name)) // Go's escapes are among YAML's
	}
	return b.String()
}

// yoloRows are the lines of an image.
func yoloRows(img *Image, appendRow func([]byte, *Annotation) []byte) (rows []byte) {
	for i := range img.Annotations {
		rows = appendRow(rows, &img.Annotations[i])
	}
	return rows
}

// appendYOLOBox appends "class cx cy w h", or nothing when no part of the box is on the image.
func appendYOLOBox(b []byte, a *Annotation) []byte {
	box, ok := a.onImage()
	if !ok {
		return b
	}
	b = strconv.AppendInt(b, int64(a.Class), 10)
	for _, v := range []float64{(box.Left + box.Right) / 2, (box.Top + box.Bottom) / 2, box.Right - box.Left, box.Bottom - box.Top} {
		b = appendNumber(append(b, ' '), fraction(v))
	}
	return append(b, '\n')
}

// appendYOLOPolygon appends "class x1 y1 x2 y2 …", or nothing when no part of the shape is on the image.
func appendYOLOPolygon(b []byte, a *Annotation) []byte {
	points, ok := a.outline()
	if !ok {
		return b
	}
	b = strconv.AppendInt(b, int64(a.Class), 10)
	for _, p := range points {
		b = appendNumber(append(b, ' '), fraction(p.X))
		b = appendNumber(append(b, ' '), fraction(p.Y))
	}
	return append(b, '\n')
}

// checkYOLO tells what Ultralytics does not load.
func checkYOLO(h holds, appendRow func([]byte, *Annotation) []byte) func(*Dataset, Options, *Image) []Problem {
	return func(d *Dataset, _ Options, img *Image) []Problem {
		const least = 10 // pixels
		problems := h.check(d, img)
		if img.Width < least || img.Height < least {
			problems = append(problems, Problem{Code: "IMAGE_TOO_SMALL", Severity: Refused, Message: "the picture is less than 10 pixels wide or high"})
		}
		if img.Format == image.FormatGIF {
			problems = append(problems, Problem{Code: "IMAGE_FORMAT", Severity: Refused, Message: "GIFs are not loaded"})
		}
		rows := make(map[string]bool, len(img.Annotations))
		for i := range img.Annotations {
			a := &img.Annotations[i]
			row := string(appendRow(nil, a))
			if rows[row] && row != "" {
				problems = append(problems, Problem{"DUPLICATE", Refused, a, "its row is equal to another of the image, and is dropped"})
			}
			rows[row] = true
		}
		return problems
	}
}
