package export

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/datasetgen/datagen/ent/image"
)

// pascalVOC is the format of the PASCAL VOC challenges: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/.
func pascalVOC() Format {
	return Format{
		Name: "voc", Title: "Pascal VOC", Parts: vocParts,
		Options: []Option{{"origin", []string{"1", "0"}, "what the first pixel is called: 1, as in the challenges and in detectron2, or 0, as Datumaro and Label Studio have it"}},
		Check: func(d *Dataset, _ Options, img *Image) []Problem {
			problems := (boxes | byName).check(d, img)
			if img.Format != image.FormatJPEG {
				problems = append(problems, Problem{Code: "IMAGE_FORMAT", Severity: Refused, Message: "detectron2 loads JPEGs alone"})
			}
			return problems
		},
	}
}

func vocParts(d *Dataset, o Options) []Part {
	first := 1
	if o["origin"] == "0" {
		first = 0
	}
	parts := []Part{
		Fixed{Name: "labelmap.txt", Content: vocLabels(d)},
		PerImage{Wanted: Wanted{Of: Shapes}, Files: func(img *Image, _ Place) []File {
			return []File{
				{Name: "JPEGImages/" + img.FileName(), Pieces: []Piece{{Object: &img.Object}}},
				{Name: "Annotations/" + img.Stem() + ".xml", Pieces: []Piece{{Text: vocXML(d, img, first)}}},
			}
		}},
	}
	names, of := splitsByName(d, "val")
	for _, name := range names {
		parts = append(parts, vocList(name, of[name]))
	}
	if trained := slices.Concat(of["train"], of["val"]); len(of["train"]) > 0 && len(of["val"]) > 0 {
		parts = append(parts, vocList("trainval", trained))
	}
	return parts
}

// vocList names the images of splits, those that show nothing as well.
func vocList(name string, splits []image.Split) Part {
	return Series{Wanted: Wanted{Splits: splits, Of: Pictures}, Name: func(int) string { return "ImageSets/Main/" + name + ".txt" }, Item: func(img *Image, _ Place) []Piece {
		return []Piece{{Text: []byte(img.Stem() + "\n")}}
	}}
}

// vocLabels are the classes, whose order nothing else tells, with colours as VOC has them: bits of the index in turn.
func vocLabels(d *Dataset) []byte {
	b := []byte("# label:color_rgb:parts:actions\nbackground:0,0,0::\n")
	for i, l := range d.Labels {
		var rgb [3]int
		for bit, rest := 7, i+1; rest > 0 && bit >= 0; bit, rest = bit-1, rest>>3 {
			for c := range rgb {
				rgb[c] |= rest >> c & 1 << bit
			}
		}
		b = fmt.Appendf(b, "%s:%d,%d,%d::\n", oneLine(l.Name), rgb[0], rgb[1], rgb[2])
	}
	return b
}

func vocXML(d *Dataset, img *Image, first int) []byte {
	b := append([]byte("<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>"), img.FileName()...)
	b = append(b, "</filename>\n\t<source><database>"...)
	b = append(appendXML(b, d.Name), "</database></source>\n\t<size><width>"...)
	b = append(strconv.AppendInt(b, int64(img.Width), 10), "</width><height>"...)
	b = append(strconv.AppendInt(b, int64(img.Height), 10), "</height><depth>3</depth></size>\n\t<segmented>0</segmented>\n"...)
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		b = append(appendXML(append(b, "\t<object>\n\t\t<name>"...), d.Labels[a.Class].Name), "</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>"...)
		b = strconv.AppendInt(b, int64(truncated(a)), 10)
		b = append(b, "</truncated>\n\t\t<occluded>0</occluded>\n\t\t<difficult>0</difficult>\n\t\t<bndbox>"...)
		left, right := pixelsOf(box.Left, box.Right, img.Width)
		top, bottom := pixelsOf(box.Top, box.Bottom, img.Height)
		for _, side := range []struct {
			name string
			at   int
		}{{"xmin", left + first}, {"ymin", top + first}, {"xmax", right}, {"ymax", bottom}} {
			b = fmt.Appendf(b, "<%s>%d</%[1]s>", side.name, side.at)
		}
		b = append(b, "</bndbox>\n\t</object>\n"...)
	}
	return append(b, "</annotation>\n"...)
}

// truncated is 1 for a shape that reaches beyond the image.
func truncated(a *Annotation) int {
	if box, _ := a.Box(); box != box.Clipped() {
		return 1
	}
	return 0
}

// pixelsOf are the pixels from the first that a length covers to before the last, of size in all; at least one.
func pixelsOf(from, to float64, size int) (first, last int) {
	first = min(int(math.Round(from*float64(size))), size-1)
	return first, max(int(math.Round(to*float64(size))), first+1)
}

// oneLine is a name without what ends a line or a column of text files.
func oneLine(name string) string {
	return string(slices.Collect(func(yield func(byte) bool) {
		for _, c := range []byte(name) {
			if c == '\n' || c == '\r' || c == ':' {
				c = ' '
			}
			if !yield(c) {
				return
			}
		}
	}))
}

// splitsByName are the splits of a dataset by what a format calls them, in their order. There is a train in any case.
func splitsByName(d *Dataset, val string) (names []string, of map[string][]image.Split) {
	of = map[string][]image.Split{}
	for _, s := range d.Splits {
		name := splitName(s, val)
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = append(of[name], s)
	}
	if len(names) == 0 {
		return []string{"train"}, map[string][]image.Split{"train": {image.SplitTrain}}
	}
	return names, of
}

// splitName is what a split is called: train, test, or what a format says for val. What is in none is trained from.
func splitName(s image.Split, val string) string {
	switch s {
	case image.SplitVal:
		return val
	case image.SplitTest:
		return "test"
	default:
		return "train"
	}
}
