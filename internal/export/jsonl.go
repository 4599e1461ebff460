package export

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/datasetgen/datagen/internal/gid"
)

// jsonl is our own format, which loses nothing: dataset.json, images.jsonl with a line for each image, and the pictures.
//
// dataset.json is {"version": 1, "name", "description", "labels": [{"id", "name", "color", "prompt", "negative_prompt"}]}, the
// labels by their order. A line of images.jsonl is {"id", "file", "original_name", "source", "sha256", "width", "height",
// "split", "is_synthetic", "done", "reviewed", "prompt", "negative_prompt", "generation_type", "extra_information",
// "metadata", "tags", "base_image", "created_at", "annotations": [{"id", "label", "type", "data", "author", "source",
// "confidence", "is_synthetic", "created_at"}]}. Ids are those of this server; data has coordinates as fractions of the
// image; what is null or empty is left out.
func jsonl() Format {
	return Format{
		Name: "jsonl", Title: "JSON Lines, lossless", Parts: jsonlParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return everything.check(d, img) },
	}
}

// jsonlVersion is another one whenever readers of the one before cannot read it.
const jsonlVersion = 1

type jsonlDataset struct {
	Version     int          `json:"version"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Labels      []jsonlLabel `json:"labels"`
}

type jsonlLabel struct {
	ID             gid.LabelID `json:"id"`
	Name           string      `json:"name"`
	Color          string      `json:"color"`
	Prompt         string      `json:"prompt,omitempty"`
	NegativePrompt string      `json:"negative_prompt,omitempty"`
}

func jsonlParts(d *Dataset, _ Options) []Part {
	head := jsonlDataset{Version: jsonlVersion, Name: d.Name, Description: d.Description, Labels: []jsonlLabel{}}
	for _, l := range d.Labels {
		head.Labels = append(head.Labels, jsonlLabel(l))
	}
	return []Part{
		Fixed{Name: "dataset.json", Content: append(appendAnyJSON(nil, head), '\n')},
		Series{Name: func(int) string { return "images.jsonl" }, Item: func(img *Image, _ Place) []Piece {
			return []Piece{{Text: append(jsonlImage(d, img), '\n')}}
		}},
		picturesIn("images/"),
	}
}

func jsonlImage(d *Dataset, img *Image) []byte {
	b := strconv.AppendInt([]byte(`{"id":`), int64(img.ID), 10)
	b = append(append(append(b, `,"file":"images/`...), img.FileName()...), '"')
	b = appendMember(b, "original_name", img.OriginalName)
	b = appendMember(b, "source", img.Source)
	b = appendMember(b, "sha256", img.SHA256)
	b = strconv.AppendInt(append(b, `,"width":`...), int64(img.Width), 10)
	b = strconv.AppendInt(append(b, `,"height":`...), int64(img.Height), 10)
	b = appendMember(b, "split", string(img.Split))
	b = strconv.AppendBool(append(b, `,"is_synthetic":`...), img.IsSynthetic)
	b = strconv.AppendBool(append(b, `,"done":`...), img.Done)
	b = strconv.AppendBool(append(b, `,"reviewed":`...), img.Reviewed)
	b = appendMember(b, "prompt", img.Prompt)
	b = appendMember(b, "negative_prompt", img.NegativePrompt)
	b = appendMember(b, "generation_type", img.GenerationType)
	b = append(append(b, `,"extra_information":`...), compacted(img.ExtraInformation)...)
	b = append(append(b, `,"metadata":`...), compacted(img.Metadata)...)
	if len(img.Tags) > 0 {
		b = appendAnyJSON(append(b, `,"tags":`...), img.Tags)
	}
	if img.BaseImageID != nil {
		b = strconv.AppendInt(append(b, `,"base_image":`...), int64(*img.BaseImageID), 10)
	}
	b = append(appendTime(b, img.CreatedAt), `,"annotations":[`...)
	for i := range img.Annotations {
		b = appendJSONLAnnotation(comma(b, i), d, &img.Annotations[i])
	}
	return append(b, "]}"...)
}

func appendJSONLAnnotation(b []byte, d *Dataset, a *Annotation) []byte {
	b = append(append(append(b, `{"id":"`...), a.ID.String()...), `","label":`...)
	b = strconv.AppendInt(b, int64(d.Labels[a.Class].ID), 10)
	b = appendJSON(append(b, `,"type":`...), a.Type)
	b = append(append(b, `,"data":`...), compacted(a.Data)...)
	b = appendMember(b, "author", a.Author)
	b = appendMember(b, "source", string(a.Source))
	if a.Confidence != nil {
		b = appendNumber(append(b, `,"confidence":`...), *a.Confidence)
	}
	b = strconv.AppendBool(append(b, `,"is_synthetic":`...), a.IsSynthetic)
	return append(appendTime(b, a.CreatedAt), '}')
}

// appendMember appends a member that is a text, unless that is empty.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendJSON(b, value)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, `,"created_at":"`...), time.RFC3339Nano), '"')
}

// compacted is an object on one line.
func compacted(o []byte) []byte {
	if len(o) == 0 {
		return []byte("{}")
	}
	for _, c := range o {
		if c == '\n' || c == '\r' {
			return appendAnyJSON(nil, json.RawMessage(o))
		}
	}
	return o
}
