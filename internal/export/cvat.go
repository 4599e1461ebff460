package export

import (
	"strconv"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/annotate"
)

// cvat is what CVAT calls CVAT for images 1.1: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
func cvat() Format {
	return Format{
		Name: "cvat", Title: "CVAT for images 1.1", Parts: cvatParts,
		Options: []Option{{"subsets", []string{"without", "with"}, "whether splits are written, as CVAT's projects have them; Datumaro and CVAT's tasks read what is without"}},
		Check: func(d *Dataset, o Options, img *Image) []Problem {
			problems := (boxes | polygons | byName).check(d, img)
			if img.Split != image.SplitNone && o["subsets"] == "without" {
				problems = append(problems, Problem{Code: "SPLIT_LOST", Severity: Lost, Message: "in which split it is, is not written"})
			}
			return problems
		},
	}
}

func cvatParts(d *Dataset, o Options) []Part {
	subset, dir := func(*Image) string { return "" }, func(*Image) string { return "images/" }
	if o["subsets"] == "with" {
		subset = func(img *Image) string { return splitName(img.Split, "val") }
		dir = func(img *Image) string { return "images/" + splitName(img.Split, "val") + "/" }
	}
	return []Part{
		Series{Wanted: Wanted{Of: Shapes}, Name: func(int) string { return "annotations.xml" }, Head: cvatHead(d), Item: func(img *Image, at Place) []Piece {
			return []Piece{{Text: cvatImage(d, img, at.Images, subset(img))}}
		}, Tail: []byte("</annotations>\n")},
		PerImage{Wanted: Wanted{Of: Pictures}, Files: func(img *Image, _ Place) []File {
			return []File{{Name: dir(img) + img.FileName(), Pieces: []Piece{{Object: &img.Object}}}}
		}},
	}
}

// cvatHead has the labels, which must be there before what has them.
func cvatHead(d *Dataset) []byte {
	b := []byte("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n<version>1.1</version>\n<meta><task><name>")
	b = append(appendXML(b, d.Name), "</name><labels>\n"...)
	for _, l := range d.Labels {
		b = appendXML(append(b, "<label><name>"...), l.Name)
		if isHexColor(l.Color) {
			b = append(append(append(b, "</name><color>"...), l.Color...), "</color><type>any</type><attributes></attributes></label>\n"...)
			continue
		}
		b = append(b, "</name><type>any</type><attributes></attributes></label>\n"...)
	}
	return append(b, "</labels></task></meta>\n"...)
}

// isHexColor tells a colour as CVAT has them, #1a2b3c.
func isHexColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	_, err := strconv.ParseUint(s[1:], 16, 32)
	return err == nil
}

func cvatImage(d *Dataset, img *Image, id int, subset string) []byte {
	b := strconv.AppendInt([]byte(`<image id="`), int64(id), 10)
	b = append(append(b, `" name="`...), img.FileName()...)
	if subset != "" {
		b = append(append(b, `" subset="`...), subset...)
	}
	b = append(b, `" width="`...)
	b = strconv.AppendInt(b, int64(img.Width), 10)
	b = append(strconv.AppendInt(append(b, `" height="`...), int64(img.Height), 10), "\">\n"...)
	for i := range img.Annotations {
		b = appendCVAT(b, d, img, &img.Annotations[i])
	}
	return append(b, "</image>\n"...)
}

// appendCVAT appends a box or a polygon, with two decimals of a pixel as CVAT itself writes.
func appendCVAT(b []byte, d *Dataset, img *Image, a *Annotation) []byte {
	box, ok := a.onImage()
	if !ok {
		return b
	}
	w, h := float64(img.Width), float64(img.Height)
	source := "manual"
	if a.Confidence != nil {
		source = "auto"
	}
	shape, isBox := "polygon", a.Type == annotate.BoundingBox
	if isBox {
		shape = "box"
	}
	b = append(append(append(b, '<'), shape...), ` label="`...)
	b = append(append(appendXML(b, d.Labels[a.Class].Name), `" source="`...), source...)
	b = append(b, `" occluded="0"`...)
	if isBox {
		for _, side := range []struct {
			name string
			at   float64
		}{{"xtl", box.Left * w}, {"ytl", box.Top * h}, {"xbr", box.Right * w}, {"ybr", box.Bottom * h}} {
			b = append(append(append(b, ' '), side.name...), `="`...)
			b = append(strconv.AppendFloat(b, side.at, 'f', 2, 64), '"')
		}
	} else {
		points, _ := a.outline()
		b = append(b, ` points="`...)
		for i, p := range points {
			if i > 0 {
				b = append(b, ';')
			}
			b = strconv.AppendFloat(b, p.X*w, 'f', 2, 64)
			b = strconv.AppendFloat(append(b, ','), p.Y*h, 'f', 2, 64)
		}
		b = append(b, '"')
	}
	return append(append(append(b, " z_order=\"0\"></"...), shape...), ">\n"...)
}
