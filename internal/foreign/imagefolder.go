package foreign

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strconv"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/export"
)

// imageFolder is what Hugging Face datasets load with load_dataset("imagefolder"), with a metadata.jsonl in each folder of a
// split (https://huggingface.co/docs/datasets/image_dataset).
func imageFolder() Format {
	return Format{
		Name: "imagefolder", Title: "Hugging Face ImageFolder", Files: "metadata.jsonl beside the pictures",
		detect: func(_ context.Context, t *Tree) (bool, error) { return t.called("metadata.jsonl") != nil, nil },
		read:   readImageFolder,
	}
}

type folderImage struct {
	File    string  `json:"file_name"`
	Prompt  *string `json:"prompt"`
	Text    *string `json:"text"`
	Objects *struct {
		Boxes      list[numbers]         `json:"bbox"`
		Categories list[json.RawMessage] `json:"categories"` // names or numbers
		Category   list[json.RawMessage] `json:"category"`
		Labels     list[string]          `json:"labels"` // the names of the numbers, in our exports
	} `json:"objects"`
}

func readImageFolder(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files := t.called("metadata.jsonl")
	if files == nil {
		return nil, invalid("has no metadata.jsonl")
	}
	return &Dataset{Images: func(yield func(*Image, error) bool) {
		for _, p := range files {
			f := t.files[p]
			if !eachLine(ctx, f, yield, func(told *folderImage, place string) *Image { return told.image(f, t, place) }) {
				return
			}
		}
	}}, nil
}

func (told *folderImage) image(f *File, t *Tree, place string) *Image {
	img := &Image{Place: place, Name: clipped(told.File), File: t.picture(told.File, path.Dir(f.Path)), Split: splitIn(f.Path)}
	if img.Facts.Prompt = told.Prompt; told.Prompt == nil {
		img.Facts.Prompt = told.Text
	}
	if told.File == "" {
		img.wrong(place, "names no file")
	}
	if told.Objects == nil {
		return img
	}
	classes := told.Objects.Categories.all
	if classes == nil {
		classes = told.Objects.Category.all
	}
	told.Objects.Boxes.lack(img, place)
	for i, b := range told.Objects.Boxes.all {
		at := fmt.Sprintf("%s box %d", place, i+1)
		if len(b) != 4 {
			img.wrong(at, "is no box of four numbers")
			continue
		}
		s := box(b[0], b[1], b[2], b[3])
		s.Place, s.InPixels, s.Source = at, true, annotation.SourceImport
		switch {
		case i < len(told.Objects.Labels.all):
			s.Label = told.Objects.Labels.all[i]
		case i < len(classes):
			s.Label = className(classes[i])
		}
		img.add(s)
	}
	return img
}

// className is a name, or a number of which nothing tells the name.
func className(raw []byte) string {
	if name, err := strconv.Unquote(string(raw)); err == nil {
		return name
	}
	return string(raw)
}
