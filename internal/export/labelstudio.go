package export

import (
	"math"
	"strconv"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/annotate"
)

// labelStudio is what Label Studio imports: https://labelstud.io/guide/tasks. Coordinates are in percent; what models made
// is a prediction. Pictures are named as the local storage that the folder images is served by has them.
func labelStudio() Format {
	return Format{
		Name: "label-studio", Title: "Label Studio", Parts: labelStudioParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem {
			return (boxes | polygons | confidences | byName).check(d, img)
		},
	}
}

func labelStudioParts(d *Dataset, _ Options) []Part {
	return []Part{
		Fixed{Name: "label_config.xml", Content: labelConfig(d)},
		Series{Name: func(int) string { return "tasks.json" }, Head: []byte("["), Tail: []byte("\n]\n"), Item: func(img *Image, at Place) []Piece {
			return []Piece{{Text: labelStudioTask(d, img, at)}}
		}},
		picturesIn("images/"),
	}
}

// labelConfig is the interface that the tasks are for.
func labelConfig(d *Dataset) []byte {
	b := []byte("<View>\n  <Image name=\"image\" value=\"$image\"/>\n")
	for _, control := range []string{"RectangleLabels", "PolygonLabels"} {
		name := "box"
		if control == "PolygonLabels" {
			name = "polygon"
		}
		b = append(append(append(append(append(b, "  <"...), control...), ` name="`...), name...), "\" toName=\"image\">\n"...)
		for _, l := range d.Labels {
			b = appendXML(append(b, `    <Label value="`...), l.Name)
			b = appendXML(append(b, `" background="`...), l.Color)
			b = append(b, "\"/>\n"...)
		}
		b = append(append(append(b, "  </"...), control...), ">\n"...)
	}
	return append(b, "</View>\n"...)
}

func labelStudioTask(d *Dataset, img *Image, at Place) []byte {
	b := strconv.AppendInt(append(comma(nil, at.Images), "\n{\"id\":"...), int64(img.ID), 10)
	b = append(b, `,"data":{"image":`...)
	b = append(appendJSON(b, "/data/local-files/?d=images/"+img.FileName()), `},"meta":{"split":`...)
	b = append(appendJSON(b, splitName(img.Split, "val")), `},"annotations":[{"id":`...)
	b = append(strconv.AppendInt(b, int64(img.ID), 10), `,"was_cancelled":false,"ground_truth":`...)
	b = append(strconv.AppendBool(b, img.Reviewed), `,"result":[`...)
	b = append(appendResults(b, d, img, false), `]}],"predictions":[`...)
	if results := appendResults(nil, d, img, true); len(results) > 0 {
		b = append(append(append(b, `{"model_version":"datagen","result":[`...), results...), "]}"...)
	}
	return append(b, "]}"...)
}

// appendResults appends what models made, or what they did not.
func appendResults(b []byte, d *Dataset, img *Image, byModels bool) []byte {
	n := 0
	for i := range img.Annotations {
		a := &img.Annotations[i]
		if box, ok := a.onImage(); ok && (a.Source == annotation.SourceModel) == byModels {
			b = appendResult(comma(b, n), d, img, a, box)
			n++
		}
	}
	return b
}

func appendResult(b []byte, d *Dataset, img *Image, a *Annotation, box Box) []byte {
	b = append(append(append(b, `{"id":"`...), a.ID.String()...), `","to_name":"image","original_width":`...)
	b = strconv.AppendInt(b, int64(img.Width), 10)
	b = strconv.AppendInt(append(b, `,"original_height":`...), int64(img.Height), 10)
	b = append(b, `,"image_rotation":0,`...)
	if a.Confidence != nil {
		b = append(appendNumber(append(b, `"score":`...), *a.Confidence), ',')
	}
	if a.Type == annotate.BoundingBox {
		b = appendNumber(append(b, `"from_name":"box","type":"rectanglelabels","value":{"x":`...), percent(box.Left))
		b = appendNumber(append(b, `,"y":`...), percent(box.Top))
		b = appendNumber(append(b, `,"width":`...), percent(box.Right-box.Left))
		b = appendNumber(append(b, `,"height":`...), percent(box.Bottom-box.Top))
		b = append(b, `,"rotation":0,"rectanglelabels":[`...)
	} else {
		points, _ := a.outline()
		b = append(b, `"from_name":"polygon","type":"polygonlabels","value":{"points":[`...)
		for i, p := range points {
			b = append(appendNumbers(append(comma(b, i), '['), percent(p.X), percent(p.Y)), ']')
		}
		b = append(b, `],"closed":true,"polygonlabels":[`...)
	}
	return append(appendJSON(b, d.Labels[a.Class].Name), "]}}"...)
}

// percent is a fraction in percent, to a ten-millionth of one.
func percent(v float64) float64 { return math.Round(v*1e9) / 1e7 }
