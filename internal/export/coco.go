package export

import (
	"strconv"
)

// coco is the format of the COCO challenges: https://cocodataset.org/#format-data.
func coco() Format {
	return Format{
		Name: "coco", Title: "COCO", Parts: cocoParts,
		Options: []Option{
			{"layout", []string{"instances", "roboflow"}, "where files are: annotations/instances_train.json and images/train, or train/_annotations.coco.json beside the pictures, as Roboflow and RF-DETR have it"},
			{"masks", []string{"polygons", "rle"}, "how shapes are written: as polygons, or as bitmaps with run lengths"},
		},
		Check: func(d *Dataset, o Options, img *Image) []Problem {
			if o["masks"] == "rle" {
				return (boxes | polygonsAsMasks | confidences).check(d, img)
			}
			return (boxes | polygons | confidences).check(d, img)
		},
	}
}

func cocoParts(d *Dataset, o Options) (parts []Part) {
	val, pictures, file := "val", func(split string) string { return "images/" + split + "/" }, func(split string) string { return "annotations/instances_" + split + ".json" }
	if o["layout"] == "roboflow" {
		val, pictures, file = "valid", func(split string) string { return split + "/" }, func(split string) string { return split + "/_annotations.coco.json" }
	}
	names, of := splitsByName(d, val)
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name], Of: Pictures}, Name: func(int) string { return file(name) }, Head: cocoHead(d), Item: cocoImage, Tail: []byte("\n]"),
			Next: &Series{Wanted: Wanted{Splits: of[name], Of: Shapes}, Head: []byte(",\n\"annotations\":["), Item: cocoAnnotations(o["masks"] == "rle"), Written: onImages, Tail: []byte("\n]}\n")},
		}, picturesIn(pictures(name), of[name]...))
	}
	return parts
}

// cocoHead is what comes before the images. Ids of categories begin at 1: readers take 0 for none.
func cocoHead(d *Dataset) []byte {
	b := append([]byte(`{"info":{"description":`), appendJSON(nil, d.Name)...)
	b = append(b, "},\n\"licenses\":[],\n\"categories\":["...)
	for i, l := range d.Labels {
		b = append(comma(b, i), "\n{\"id\":"...)
		b = strconv.AppendInt(b, int64(i+1), 10)
		b = append(appendJSON(append(b, `,"name":`...), l.Name), `,"supercategory":""}`...)
	}
	return append(b, "\n],\n\"images\":["...)
}

func comma(b []byte, before int) []byte {
	if before > 0 {
		return append(b, ',')
	}
	return b
}

func cocoImage(img *Image, at Place) []Piece {
	b := append(comma(nil, at.Images), "\n{\"id\":"...)
	b = strconv.AppendInt(b, int64(img.ID), 10)
	b = appendJSON(append(b, `,"file_name":`...), img.FileName())
	b = strconv.AppendInt(append(b, `,"width":`...), int64(img.Width), 10)
	b = strconv.AppendInt(append(b, `,"height":`...), int64(img.Height), 10)
	return []Piece{{Text: append(b, '}')}}
}

// onImages counts the annotations of an image of which some part is on it.
func onImages(img *Image) (n int) {
	for i := range img.Annotations {
		if _, ok := img.Annotations[i].onImage(); ok {
			n++
		}
	}
	return n
}

// cocoAnnotations writes the annotations of an image. Their ids are their places in the file, from 1 on.
func cocoAnnotations(rle bool) func(*Image, Place) []Piece {
	return func(img *Image, at Place) []Piece {
		var b []byte
		id := at.Annotations
		for i := range img.Annotations {
			a := &img.Annotations[i]
			if box, ok := a.onImage(); ok {
				id++
				b = appendCOCO(comma(b, id-1), img, a, box, id, rle)
			}
		}
		return []Piece{{Text: b}}
	}
}

func appendCOCO(b []byte, img *Image, a *Annotation, box Box, id int, rle bool) []byte {
	w, h := float64(img.Width), float64(img.Height)
	width, height := pixels((box.Right-box.Left)*w), pixels((box.Bottom-box.Top)*h)
	b = strconv.AppendInt(append(b, "\n{\"id\":"...), int64(id), 10)
	b = strconv.AppendInt(append(b, `,"image_id":`...), int64(img.ID), 10)
	b = strconv.AppendInt(append(b, `,"category_id":`...), int64(a.Class+1), 10)
	b = appendNumbers(append(b, `,"bbox":[`...), pixels(box.Left*w), pixels(box.Top*h), width, height)
	b = append(b, `],"iscrowd":0,`...)
	points, isPolygon := a.Polygon()
	if isPolygon {
		points, _ = a.outline()
	}
	for i, p := range points {
		points[i] = Point{pixels(p.X * w), pixels(p.Y * h)}
	}
	switch {
	case !isPolygon:
		b = append(appendNumber(append(b, `"area":`...), pixels(width*height)), `,"segmentation":[]`...)
	case rle:
		b = appendRLE(b, points, img.Width, img.Height)
	default:
		b = append(appendNumber(append(b, `"area":`...), pixels(area(points))), `,"segmentation":[[`...)
		for i, p := range points {
			b = appendNumbers(comma(b, i), p.X, p.Y)
		}
		b = append(b, "]]"...)
	}
	if a.Confidence != nil {
		b = appendNumber(append(b, `,"score":`...), *a.Confidence)
	}
	return append(b, '}')
}
