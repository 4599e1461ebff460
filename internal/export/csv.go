package export

import (
	"bytes"
	stdcsv "encoding/csv"
	"strconv"
	"strings"
)

// csv is three tables, and the pictures: labels.csv, images.csv with those that show nothing as well, and annotations.csv
// with a row for each annotation. Boxes are in pixels, from the upper left corner of the image; points of polygons are
// "x y;x y;…" in pixels.
func csv() Format {
	return Format{
		Name: "csv", Title: "CSV", Parts: csvParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem {
			return (boxes | polygons | confidences | authors | sources | prompts | negativePrompts | tags).check(d, img)
		},
	}
}

func csvParts(d *Dataset, _ Options) []Part {
	labels := csvRow("class", "id", "name", "color")
	for i, l := range d.Labels {
		labels = append(labels, csvRow(strconv.Itoa(i), strconv.Itoa(int(l.ID)), l.Name, l.Color)...)
	}
	return []Part{
		Fixed{Name: "labels.csv", Content: labels},
		Series{
			Wanted: Wanted{Of: Pictures}, Name: func(int) string { return "images.csv" },
			Head: csvRow("image_id", "file_name", "original_name", "split", "width", "height", "is_synthetic", "done", "reviewed", "sha256", "source", "tags", "prompt", "negative_prompt"),
			Item: func(img *Image, _ Place) []Piece { return []Piece{{Text: csvImage(img)}} },
		},
		Series{
			Name: func(int) string { return "annotations.csv" },
			Head: csvRow("annotation_id", "image_id", "file_name", "split", "width", "height", "label", "class", "type", "x", "y", "w", "h", "points", "confidence", "source", "author", "is_synthetic"),
			Item: func(img *Image, _ Place) []Piece { return []Piece{{Text: csvAnnotations(d, img)}} },
		},
		picturesIn("images/"),
	}
}

// csvRow is a line by RFC 4180, but for its end, which is a line feed.
func csvRow(values ...string) []byte {
	var b bytes.Buffer
	w := stdcsv.NewWriter(&b)
	_ = w.Write(values) // a buffer takes everything
	w.Flush()
	return b.Bytes()
}

func csvImage(img *Image) []byte {
	return csvRow(strconv.Itoa(int(img.ID)), img.FileName(), img.OriginalName, strings.ToLower(string(img.Split)), strconv.Itoa(img.Width), strconv.Itoa(img.Height),
		strconv.FormatBool(img.IsSynthetic), strconv.FormatBool(img.Done), strconv.FormatBool(img.Reviewed), img.SHA256, img.Source, strings.Join(img.Tags, ";"), img.Prompt, img.NegativePrompt)
}

// csvAnnotations writes fields that need no quotes without looking for any: it is asked for a million rows.
func csvAnnotations(d *Dataset, img *Image) (b []byte) {
	before := append(strconv.AppendInt([]byte{','}, int64(img.ID), 10), ',')
	before = append(append(before, img.FileName()...), ',')
	before = append(append(before, strings.ToLower(string(img.Split))...), ',')
	before = append(strconv.AppendInt(before, int64(img.Width), 10), ',')
	before = append(strconv.AppendInt(before, int64(img.Height), 10), ',')
	w, h := float64(img.Width), float64(img.Height)
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		b = append(append(b, a.ID.String()...), before...)
		b = append(appendCSV(b, d.Labels[a.Class].Name), ',')
		b = append(strconv.AppendInt(b, int64(a.Class), 10), ',')
		b = append(appendCSV(b, a.Type), ',')
		b = append(appendNumbers(b, pixels(box.Left*w), pixels(box.Top*h), pixels((box.Right-box.Left)*w), pixels((box.Bottom-box.Top)*h)), ',')
		if _, isPolygon := a.Polygon(); isPolygon {
			points, _ := a.outline()
			for i, p := range points {
				if i > 0 {
					b = append(b, ';')
				}
				b = appendNumber(append(appendNumber(b, pixels(p.X*w)), ' '), pixels(p.Y*h))
			}
		}
		b = append(b, ',')
		if a.Confidence != nil {
			b = appendNumber(b, *a.Confidence)
		}
		b = append(append(append(b, ','), string(a.Source)...), ',')
		b = append(appendCSV(b, a.Author), ',')
		b = append(strconv.AppendBool(b, a.IsSynthetic), '\n')
	}
	return b
}

// appendCSV appends a field, in quotes if it needs them.
func appendCSV(b []byte, value string) []byte {
	if !strings.ContainsAny(value, "\",\r\n") && !strings.HasPrefix(value, " ") {
		return append(b, value...)
	}
	return append(append(append(b, '"'), strings.ReplaceAll(value, `"`, `""`)...), '"')
}
