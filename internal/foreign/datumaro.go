package foreign

import (
	"context"
	"encoding/json"
	"fmt"
	"path"

	"github.com/datasetgen/datagen/internal/export"
)

// datumaro is the format of Datumaro's own: annotations/SUBSET.json and images/SUBSET
// (https://open-edge-platform.github.io/datumaro/latest/docs/data-formats/formats/datumaro.html).
func datumaro() Format {
	return Format{
		Name: "datumaro", Title: "Datumaro", Files: "annotations/*.json with items and categories",
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			files, err := jsonFiles(ctx, t, isDatumaro)
			return len(files) > 0, err
		},
		read: readDatumaro,
	}
}

func isDatumaro(h jsonHead) bool {
	_, versioned := h.members["dm_format_version"]
	return versioned || h.members["items"] == '[' || h.members["categories"] == '{'
}

type datumaroCategories struct {
	Label struct {
		Labels list[struct {
			Name string `json:"name"`
		}] `json:"labels"`
	} `json:"label"`
}

type datumaroItem struct {
	ID          string                   `json:"id"`
	Annotations list[datumaroAnnotation] `json:"annotations"`
	Image       struct {
		Path string  `json:"path"`
		Size numbers `json:"size"` // height and width
	} `json:"image"`
}

type datumaroAnnotation struct {
	ID         json.RawMessage `json:"id"`
	Type       string          `json:"type"`
	Label      *int            `json:"label_id"`
	Box        numbers         `json:"bbox"`
	Points     numbers         `json:"points"`
	RLE        json.RawMessage `json:"rle"`
	Attributes json.RawMessage `json:"attributes"`
}

func readDatumaro(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files, err := jsonFiles(ctx, t, isDatumaro)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, invalid("has no JSON with items and categories")
	}
	d := &Dataset{}
	classes := make([][]string, len(files))
	for i, f := range files {
		classes[i], err = f.datumaroLabels(ctx)
		if _, ok := broken(err); err != nil && !ok {
			return nil, err
		}
		for _, name := range classes[i] {
			d.label(Label{Name: name})
		}
	}
	d.Images = func(yield func(*Image, error) bool) {
		for i, f := range files {
			if !f.eachDatumaro(ctx, t, classes[i], yield) {
				return
			}
		}
	}
	return d, nil
}

// datumaroLabels reads the labels of a file, which may stand behind its items.
func (f *File) datumaroLabels(ctx context.Context) (names []string, err error) {
	r, err := f.json(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	err = r.members(func(name string) error {
		if name != "categories" {
			return r.skip()
		}
		var c datumaroCategories
		if err := r.Decode(&c); err != nil {
			return err
		}
		for _, l := range c.Label.Labels.all {
			names = append(names, l.Name)
		}
		return nil
	})
	return names, err
}

func (f *File) eachDatumaro(ctx context.Context, t *Tree, classes []string, yield func(*Image, error) bool) bool {
	return f.each(yield, func(visit func(*Image) error) error {
		r, err := f.json(ctx)
		if err != nil {
			return err
		}
		defer r.close()
		return r.members(func(name string) error {
			if name != "items" {
				return r.skip()
			}
			return r.elements(func(i int) error {
				var item datumaroItem
				unfit, err := r.decode(&item)
				switch {
				case err != nil:
					return err
				case unfit != "":
					return visit(inFile(fmt.Sprintf("%s item number %d", f.Path, i+1), unfit))
				}
				return visit(f.datumaroImage(t, &item, classes))
			})
		})
	})
}

func (f *File) datumaroImage(t *Tree, item *datumaroItem, classes []string) *Image {
	subset := stem(path.Base(f.Path))
	img := &Image{Place: fmt.Sprintf("%s item %s", f.Path, shown(item.ID)), Name: clipped(item.Image.Path), Split: splitNamed(subset)}
	if img.Name == "" {
		img.Name = clipped(item.ID)
	}
	img.File = t.picture(img.Name, around(f.Path)...)
	if len(item.Image.Size) == 2 {
		img.Height, img.Width = pixels(item.Image.Size[0]), pixels(item.Image.Size[1])
	}
	for i := range item.Annotations.all {
		if unfit := item.Annotations.unfit[i]; unfit != "" {
			img.wrong(fmt.Sprintf("%s annotation number %d", img.Place, i+1), unfit)
			continue
		}
		img.drawDatumaro(&item.Annotations.all[i], classes)
	}
	item.Annotations.lack(img, img.Place)
	return img
}

func (img *Image) drawDatumaro(a *datumaroAnnotation, classes []string) {
	like := polygon(nil)
	like.Place, like.InPixels = fmt.Sprintf("%s annotation %s", img.Place, shown(a.ID)), true
	if a.Label == nil || *a.Label < 0 || *a.Label >= len(classes) {
		img.wrong(like.Place, "there is no such label")
		return
	}
	like.Label = classes[*a.Label]
	if score, ok := numberIn(a.Attributes, "score"); ok {
		like.guessed(score)
	}
	points, even := pairs(a.Points)
	switch {
	case a.Type == "bbox" && len(a.Box) == 4:
		s := box(a.Box[0], a.Box[1], a.Box[2], a.Box[3])
		like.IsBox, like.Points = true, s.Points
		img.add(like)
	case a.Type == "polygon" && even:
		like.Points = points
		img.add(like)
	case a.Type == "mask":
		drawRLE(img, like, a.RLE)
	default:
		img.wrong(like.Place, fmt.Sprintf("a %s of this form is not imported: boxes, polygons and masks are", shown(a.Type)))
	}
}
