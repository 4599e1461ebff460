package export

import (
	"strconv"

	"github.com/datasetgen/datagen/internal/annotate"
)

// datumaro is the format of Datumaro's own, which converts to many others:
// https://open-edge-platform.github.io/datumaro/latest/docs/data-formats/formats/datumaro.html.
func datumaro() Format {
	return Format{
		Name: "datumaro", Title: "Datumaro", Parts: datumaroParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem {
			return (boxes | polygons | confidences).check(d, img)
		},
	}
}

func datumaroParts(d *Dataset, _ Options) (parts []Part) {
	names, of := splitsByName(d, "val")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name], Of: Shapes}, Name: func(int) string { return "annotations/" + name + ".json" }, Head: datumaroHead(d), Tail: []byte("\n]}\n"), Written: onImages,
			Item: func(img *Image, at Place) []Piece { return []Piece{{Text: datumaroItem(img, at)}} },
		}, picturesIn("images/"+name+"/", of[name]...))
	}
	return parts
}

func datumaroHead(d *Dataset) []byte {
	b := []byte(`{"dm_format_version":"1.0","infos":{},"categories":{"label":{"labels":[`)
	for i, l := range d.Labels {
		b = append(appendJSON(append(comma(b, i), "\n{\"name\":"...), l.Name), `,"parent":"","attributes":[]}`...)
	}
	return append(b, "],\"label_groups\":[],\"attributes\":[]},\"mask\":{\"colormap\":[]}},\n\"items\":["...)
}

// datumaroItem has the size of the image as height and width.
func datumaroItem(img *Image, at Place) []byte {
	b := appendJSON(append(comma(nil, at.Images), "\n{\"id\":"...), img.Stem())
	b = append(b, `,"annotations":[`...)
	n := 0
	for i := range img.Annotations {
		a := &img.Annotations[i]
		if box, ok := a.onImage(); ok {
			b = appendDatumaro(comma(b, n), img, a, box, at.Annotations+n)
			n++
		}
	}
	b = append(strconv.AppendInt(append(b, `],"attr":{"id":`...), int64(img.ID), 10), `},"image":{"path":`...)
	b = append(appendJSON(b, img.FileName()), `,"size":[`...)
	b = strconv.AppendInt(b, int64(img.Height), 10)
	return append(strconv.AppendInt(append(b, ','), int64(img.Width), 10), "]}}"...)
}

func appendDatumaro(b []byte, img *Image, a *Annotation, box Box, id int) []byte {
	w, h := float64(img.Width), float64(img.Height)
	b = append(strconv.AppendInt(append(b, `{"id":`...), int64(id), 10), `,"type":`...)
	isBox := a.Type == annotate.BoundingBox
	if isBox {
		b = append(b, `"bbox"`...)
	} else {
		b = append(b, `"polygon"`...)
	}
	b = append(b, `,"attributes":{`...)
	if a.Confidence != nil {
		b = appendNumber(append(b, `"score":`...), *a.Confidence)
	}
	b = append(strconv.AppendInt(append(b, `},"group":0,"label_id":`...), int64(a.Class), 10), `,"z_order":0,`...)
	if isBox {
		return append(appendNumbers(append(b, `"bbox":[`...), pixels(box.Left*w), pixels(box.Top*h), pixels((box.Right-box.Left)*w), pixels((box.Bottom-box.Top)*h)), "]}"...)
	}
	points, _ := a.outline()
	b = append(b, `"points":[`...)
	for i, p := range points {
		b = appendNumbers(comma(b, i), pixels(p.X*w), pixels(p.Y*h))
	}
	return append(b, "]}"...)
}
