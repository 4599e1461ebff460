package export_test

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// imagesOf yields images that are in memory, which must be sorted by their ids.
func imagesOf(all []*export.Image) export.Images {
	return func(_ context.Context, after gid.ImageID, w export.Wanted) iter.Seq2[*export.Image, error] {
		return func(yield func(*export.Image, error) bool) {
			for _, img := range all {
				if img.ID > after && (len(w.Splits) == 0 || slices.Contains(w.Splits, img.Split)) && !yield(only(img, w.Of), nil) {
					return
				}
			}
		}
	}
}

// only is an image without what is not wanted, so that a part that looks at it all the same is noticed.
func only(img *export.Image, of export.Of) *export.Image {
	less := *img
	less.Annotations = nil
	if of == export.Pictures {
		return &less
	}
	for _, a := range img.Annotations {
		if of == export.Shapes {
			a = export.Annotation{Class: a.Class, Type: a.Type, Data: a.Data, Source: a.Source, Confidence: a.Confidence}
		}
		less.Annotations = append(less.Annotations, a)
	}
	return &less
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
			for img, at := range placed(t, d, p.Wanted, func(img *export.Image) int { return len(img.Annotations) }) {
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

func (r renderer) text(pieces []export.Piece) string {
	var text strings.Builder
	for _, p := range pieces {
		if p.Object != nil {
			text.WriteString(r.content[p.Object.SHA256])
		}
		text.Write(p.Text)
	}
	return text.String()
}

func (r renderer) series(d *export.Dataset, s export.Series) {
	shard, text := 0, slices.Clone(s.Head)
	finish := func(tail []byte) { r.add(s.Name(shard), export.Piece{Text: text}, export.Piece{Text: tail}) }
	for img, at := range placed(r.t, d, s.Wanted, s.Count) {
		if s.MaxSize > 0 && int64(len(text)-len(s.Head)) >= s.MaxSize {
			finish(s.Tail)
			shard, text = shard+1, slices.Clone(s.Head)
		}
		text = append(text, r.text(s.Item(img, at))...)
	}
	last := &s
	for ; last.Next != nil; last = last.Next {
		text = slices.Concat(text, last.Tail, last.Next.Head)
		for img, at := range placed(r.t, d, last.Next.Wanted, last.Next.Count) {
			text = append(text, r.text(last.Next.Item(img, at))...)
		}
	}
	finish(last.Tail)
}

// placed yields the wanted images with their places.
func placed(t *testing.T, d *export.Dataset, w export.Wanted, count func(*export.Image) int) iter.Seq2[*export.Image, export.Place] {
	t.Helper()
	return func(yield func(*export.Image, export.Place) bool) {
		var at export.Place
		for img, err := range d.Images(t.Context(), 0, w) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(img, at) {
				return
			}
			at = at.After(count(img))
		}
	}
}

// TestRender is of the tests' own way to see the files of a format.
func TestRender(t *testing.T) {
	t.Parallel()
	d := &export.Dataset{Images: imagesOf([]*export.Image{
		{ID: 1, OriginalName: "Été à la mer.PNG", Format: image.FormatPNG, Split: image.SplitTrain, Object: export.Object{SHA256: "a"}, Annotations: make([]export.Annotation, 2)},
		{ID: 2, OriginalName: "../..", Format: image.FormatJPEG, Split: image.SplitVal, Object: export.Object{SHA256: "b"}},
		{ID: 3, OriginalName: `C:\cat.webp`, Format: image.FormatWebP, Split: image.SplitTrain, Object: export.Object{SHA256: "c"}},
	})}
	parts := []export.Part{
		export.Fixed{Name: "classes.txt", Content: []byte("cat\n")},
		export.PerImage{Wanted: export.Wanted{Splits: []image.Split{image.SplitTrain}}, Files: func(img *export.Image, _ export.Place) []export.File {
			return []export.File{{Name: img.FileName(), Pieces: []export.Piece{{Object: &img.Object}}}}
		}},
		export.Series{MaxSize: 8, Head: []byte("["), Tail: []byte("]"), Name: strconv.Itoa, Item: func(_ *export.Image, at export.Place) []export.Piece {
			return []export.Piece{{Text: []byte(strconv.Itoa(at.Images) + "+" + strconv.Itoa(at.Annotations) + ";")}}
		}},
	}
	want := map[string]string{
		"classes.txt": "cat\n", "1_ete-a-la-mer.png": "image a", "3_cat.webp": "image c",
		"0": "[0+0;1+2;]", "1": "[2+2;]",
	}
	if diff := cmp.Diff(want, render(t, d, parts, map[string]string{"a": "image a", "c": "image c"})); diff != "" {
		t.Error(diff)
	}
}
