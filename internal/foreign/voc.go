package foreign

import (
	"context"
	"math"
	"path"
	"strings"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
)

// pascalVOC is the format of the PASCAL VOC challenges: a file of XML for each image, whose pixels count from 1, or from 0 as
// Label Studio and Datumaro write them. ImageSets say which images are trained from.
func pascalVOC() Format {
	return Format{
		Name: "voc", Title: "Pascal VOC", Files: "Annotations/*.xml",
		Options: []export.Option{{Name: "origin", Values: []string{"1", "0"}, Help: "what the first pixel is called: 1, as in the challenges, or 0, as Datumaro and Label Studio have it"}},
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			for _, p := range t.with(".xml") {
				root, _, err := t.files[p].root(ctx)
				if err != nil || root == "annotation" {
					return err == nil, err
				}
			}
			return false, nil
		},
		read: readVOC,
	}
}

func readVOC(ctx context.Context, t *Tree, o export.Options) (*Dataset, error) {
	splits, err := vocSplits(ctx, t)
	if err != nil {
		return nil, err
	}
	d := &Dataset{}
	if d.Labels, err = vocLabels(ctx, t); err != nil {
		return nil, err
	}
	first := 1.0
	if o["origin"] == "0" {
		first = 0
	}
	files := t.with(".xml")
	if len(files) == 0 {
		return nil, invalid("has no XML")
	}
	d.Images = func(yield func(*Image, error) bool) {
		told := map[string]bool{}
		for _, p := range files {
			img, err := readVOCImage(ctx, t, t.files[p], first)
			if err == nil && img.Split == "" {
				img.Split = splits[stem(path.Base(p))]
			}
			if err == nil && img.File != nil {
				told[img.File.Path] = true
			}
			if !yield(img, err) || err != nil {
				return
			}
		}
		for _, p := range t.paths { // pictures of which nothing tells show nothing
			if IsPicture(p) && !told[p] && strings.Contains("/"+p, "/JPEGImages/") {
				if !yield(&Image{Place: p, Name: p, File: t.files[p], Split: splits[stem(path.Base(p))]}, nil) {
					return
				}
			}
		}
	}
	return d, nil
}

// vocSplits are those of images by their names without extension.
func vocSplits(ctx context.Context, t *Tree) (map[string]image.Split, error) {
	splits := map[string]image.Split{}
	for _, name := range []string{"train", "val", "test"} {
		for _, p := range t.called(name + ".txt") {
			if path.Base(path.Dir(p)) != "Main" {
				continue
			}
			text, err := t.files[p].text(ctx)
			if err != nil {
				return nil, err
			}
			for line := range strings.Lines(string(text)) {
				if fields := strings.Fields(line); len(fields) > 0 {
					splits[fields[0]] = splitNamed(name)
				}
			}
		}
	}
	return splits, nil
}

// vocLabels are those that a labelmap.txt lists, in their order: name:colour:parts:actions.
func vocLabels(ctx context.Context, t *Tree) (labels []Label, err error) {
	maps := t.called("labelmap.txt")
	if maps == nil {
		return nil, nil
	}
	text, err := t.files[maps[0]].text(ctx)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "" && name != "background" && !strings.HasPrefix(name, "#") {
			labels = append(labels, Label{Name: name})
		}
	}
	return labels, nil
}

type vocImage struct {
	Name string `xml:"filename"`
	Size struct {
		Width  float64 `xml:"width"`
		Height float64 `xml:"height"`
	} `xml:"size"`
	Objects []struct {
		Name string `xml:"name"`
		Box  *struct {
			Left   float64 `xml:"xmin"`
			Top    float64 `xml:"ymin"`
			Right  float64 `xml:"xmax"`
			Bottom float64 `xml:"ymax"`
		} `xml:"bndbox"`
	} `xml:"object"`
}

func readVOCImage(ctx context.Context, t *Tree, f *File, first float64) (*Image, error) {
	r, err := f.xml(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var told vocImage
	err = r.DecodeElement(&told, nil)
	if message, ok := broken(err); ok {
		return inFile(f.Path, message), nil
	}
	if err != nil {
		return nil, err
	}
	folder := path.Dir(f.Path)
	name := clipped(told.Name)
	if name == "" {
		name = stem(path.Base(f.Path))
	}
	img := &Image{Place: f.Path, Name: name, Width: pixels(told.Size.Width), Height: pixels(told.Size.Height), Split: splitOf(f.Path)}
	folders := []string{path.Join(folder, "..", "JPEGImages"), folder, path.Join(folder, "..", "images")}
	if img.File = t.picture(name, folders...); img.File == nil {
		img.File = t.picture(stem(path.Base(f.Path)), folders...)
	}
	for _, o := range told.Objects {
		if o.Box == nil {
			img.wrong(f.Path, "has an object without a box")
			continue
		}
		// The last pixel is in the box: where it ends is one more when pixels count from 0, and as it is when they count from 1.
		// Label Studio and Datumaro, which count from 0, write where the box ends.
		s := Shape{IsBox: true, Source: annotation.SourceImport}
		s.Points = []Point{{max(o.Box.Left-first, 0), max(o.Box.Top-first, 0)}, {o.Box.Right, o.Box.Bottom}}
		s.Place, s.Label, s.InPixels = f.Path, strings.TrimSpace(o.Name), true
		img.add(s)
	}
	return img, nil
}

// pixels is a size in pixels, or 0 when it is none.
func pixels(v float64) int {
	if v != math.Trunc(v) || v < 1 || v > 1e6 {
		return 0
	}
	return int(v)
}
