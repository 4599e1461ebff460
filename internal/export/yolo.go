package export

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/annotate"
)

// yoloDetection is what Ultralytics' detection models are trained from: https://docs.ultralytics.com/datasets/detect/.
func yoloDetection() Format {
	return Format{Name: "yolo", Title: "YOLO detection", Check: checkYOLO, Parts: func(d *Dataset, _ Options) []Part {
		return yoloParts(d, (*Image).Stem)
	}}
}

// LegacyYOLO is YOLO detection with pictures under the names that the server gave them, as clients of the service before
// this one know them.
func LegacyYOLO() Format {
	return Format{Name: "yolo-legacy", Title: "YOLO detection", Check: checkYOLO, Parts: func(d *Dataset, _ Options) []Part {
		return yoloParts(d, func(img *Image) string { return strings.TrimSuffix(img.Name, extension(img.Name)) })
	}}
}

func extension(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[dot:]
	}
	return ""
}

func yoloParts(d *Dataset, stem func(*Image) string) []Part {
	return []Part{
		Fixed{Name: "data.yaml", Content: []byte(dataYAML(d))},
		PerImage{Files: func(img *Image, _ Place) []File {
			dir, name := yoloDir(img.Split), stem(img)
			return []File{
				{Name: dir + "/images/" + name + extensions[img.Format], Pieces: []Piece{{Object: &img.Object}}},
				// An image without boxes has an empty file: it is known to show nothing.
				{Name: dir + "/labels/" + name + ".txt", Pieces: []Piece{{Text: yoloRows(img)}}},
			}
		}},
	}
}

// yoloDir is where a split is. What is in none is trained from.
func yoloDir(s image.Split) string {
	switch s {
	case image.SplitVal:
		return "val"
	case image.SplitTest:
		return "test"
	default:
		return "train"
	}
}

// dataYAML names no path, so that trainers look beside the file, and has a train and a val, without which they do not start.
func dataYAML(d *Dataset) string {
	var dirs []string
	for _, s := range d.Splits {
		dirs = append(dirs, yoloDir(s))
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

// yoloRows are a line for each box, "class cx cy w h", but for those of which no part is on the image.
func yoloRows(img *Image) (rows []byte) {
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.Box()
		if !ok {
			continue
		}
		box = box.Clipped()
		width, height := fraction(box.Right-box.Left), fraction(box.Bottom-box.Top)
		if !(width > 0 && height > 0) {
			continue
		}
		rows = strconv.AppendInt(rows, int64(a.Class), 10)
		for _, v := range []float64{fraction((box.Left + box.Right) / 2), fraction((box.Top + box.Bottom) / 2), width, height} {
			rows = strconv.AppendFloat(append(rows, ' '), v, 'f', -1, 64)
		}
		rows = append(rows, '\n')
	}
	return rows
}

// checkYOLO tells what has no box, or another than is written, and what Ultralytics does not load.
func checkYOLO(_ *Dataset, _ Options, img *Image) (problems []Problem) {
	const least = 10 // pixels
	if img.Width < least || img.Height < least {
		problems = append(problems, Problem{Code: "IMAGE_TOO_SMALL", Severity: Refused, Message: "the picture is less than 10 pixels wide or high"})
	}
	if img.Format == image.FormatGIF {
		problems = append(problems, Problem{Code: "IMAGE_FORMAT", Severity: Refused, Message: "GIFs are not loaded"})
	}
	for i := range img.Annotations {
		a := &img.Annotations[i]
		add := func(code string, severity Severity, message string) {
			problems = append(problems, Problem{code, severity, a, message})
		}
		box, ok := a.Box()
		on := box.Clipped()
		switch {
		case !ok:
			add("NO_BOX", Lost, "a "+a.Type+" has no box")
		case fraction(on.Right-on.Left) <= 0 || fraction(on.Bottom-on.Top) <= 0:
			add("BESIDE_IMAGE", Lost, "no part of it is on the image")
		case on != box:
			add("CLIPPED", Changed, "what is beside the image is cut off")
		case a.Type == annotate.Polygon:
			add("POLYGON_AS_BOX", Changed, "of the polygon, the box around it is written")
		}
	}
	return problems
}

// fraction rounds to a billionth, which no picture is wide enough to show.
func fraction(v float64) float64 { return math.Round(v*1e9) / 1e9 }
