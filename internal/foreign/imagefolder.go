package foreign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
		Boxes      [][]float64       `json:"bbox"`
		Categories []json.RawMessage `json:"categories"` // names or numbers
		Category   []json.RawMessage `json:"category"`
		Labels     []string          `json:"labels"` // the names of the numbers, in our exports
	} `json:"objects"`
}

func readImageFolder(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files := t.called("metadata.jsonl")
	if files == nil {
		return nil, invalid("has no metadata.jsonl")
	}
	return &Dataset{Images: func(yield func(*Image, error) bool) {
		for _, p := range files {
			if !t.files[p].eachInFolder(ctx, t, yield) {
				return
			}
		}
	}}, nil
}

func (f *File) eachInFolder(ctx context.Context, t *Tree, yield func(*Image, error) bool) bool {
	r, err := f.json(ctx)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer r.close()
	for n := 1; ; n++ {
		var told folderImage
		r.pieces.next()
		err := r.Decode(&told)
		if errors.Is(err, io.EOF) {
			return true
		}
		place := fmt.Sprintf("%s:%d", f.Path, n)
		if _, is := errors.AsType[*json.UnmarshalTypeError](err); is {
			if !yield(inFile(place, "tells of no image"), nil) {
				return false
			}
			continue
		}
		if message, ok := broken(err); ok {
			return yield(inFile(place, message), nil)
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		if !yield(told.image(f, t, place), nil) {
			return false
		}
	}
}

func (told *folderImage) image(f *File, t *Tree, place string) *Image {
	img := &Image{Place: place, Name: told.File, File: t.picture(told.File, path.Dir(f.Path)), Split: splitIn(f.Path)}
	if img.Facts.Prompt = told.Prompt; told.Prompt == nil {
		img.Facts.Prompt = told.Text
	}
	if told.File == "" {
		img.wrong(place, "names no file")
	}
	if told.Objects == nil {
		return img
	}
	classes := told.Objects.Categories
	if classes == nil {
		classes = told.Objects.Category
	}
	for i, b := range told.Objects.Boxes {
		at := fmt.Sprintf("%s box %d", place, i+1)
		if len(b) != 4 {
			img.wrong(at, "is no box of four numbers")
			continue
		}
		s := box(b[0], b[1], b[2], b[3])
		s.Place, s.InPixels, s.Source = at, true, annotation.SourceImport
		switch {
		case i < len(told.Objects.Labels):
			s.Label = told.Objects.Labels[i]
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
