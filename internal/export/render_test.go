package export_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// imagesOf yields images that are in memory, which must be sorted by their ids.
func imagesOf(all []*export.Image) export.Images {
	return func(_ context.Context, after gid.ImageID, splits ...image.Split) iter.Seq2[*export.Image, error] {
		return func(yield func(*export.Image, error) bool) {
			for _, img := range all {
				if img.ID > after && (len(splits) == 0 || slices.Contains(splits, img.Split)) && !yield(img, nil) {
					return
				}
			}
		}
	}
}

// render returns the files of an export by their names. The content of an object is what content has under its hash.
func render(t *testing.T, d *export.Dataset, parts []export.Part, content map[string]string) map[string]string {
	t.Helper()
	r := renderer{t, content, map[string]string{}}
	for _, part := range parts {
		switch p := part.(type) {
		case export.Fixed:
			r.add(p.Name, export.Piece{Text: p.Content})
		case export.PerImage:
			for img, at := range placed(t, d, p.Splits) {
				for _, f := range p.Files(img, at) {
					r.add(f.Name, f.Pieces...)
				}
			}
		case export.Series:
			r.series(d, p)
		}
	}
	return r.files
}

type renderer struct {
	t       *testing.T
	content map[string]string
	files   map[string]string
}

func (r renderer) add(name string, pieces ...export.Piece) {
	r.t.Helper()
	if _, is := r.files[name]; is {
		r.t.Errorf("two files %q", name)
	}
	r.files[name] = r.text(pieces)
}

func (r renderer) text(pieces []export.Piece) (text string) {
	for _, p := range pieces {
		if p.Object != nil {
			text += r.content[p.Object.SHA256]
		}
		text += string(p.Text)
	}
	return text
}

func (r renderer) series(d *export.Dataset, s export.Series) {
	shard, text := 0, string(s.Head)
	for img, at := range placed(r.t, d, s.Splits) {
		if s.MaxSize > 0 && int64(len(text)-len(s.Head)) >= s.MaxSize {
			r.add(s.Name(shard), export.Piece{Text: []byte(text)}, export.Piece{Text: s.Tail})
			shard, text = shard+1, string(s.Head)
		}
		text += r.text(s.Item(img, at))
	}
	r.add(s.Name(shard), export.Piece{Text: []byte(text)}, export.Piece{Text: s.Tail})
}

// placed yields the images of some splits with their places.
func placed(t *testing.T, d *export.Dataset, splits []image.Split) iter.Seq2[*export.Image, export.Place] {
	t.Helper()
	return func(yield func(*export.Image, export.Place) bool) {
		var at export.Place
		for img, err := range d.Images(t.Context(), 0, splits...) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(img, at) {
				return
			}
			at.Images++
			at.Annotations += len(img.Annotations)
		}
	}
}
