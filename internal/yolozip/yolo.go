// Package yolozip writes datasets in the formats that models are trained from.
package yolozip

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
)

// Dataset is what is written.
type Dataset struct {
	Labels []string                // the classes' names, each at the place that boxes give as their class
	Images iter.Seq2[Image, error] // an error is the last of them
}

// Image is a picture and what is on it.
type Image struct {
	Name  string // of the file: unlike the others up to the extension, which says what the file is
	Boxes []Box
	Open  func(ctx context.Context) (io.ReadCloser, error)
}

// YOLO writes a zip for YOLO's detection models, in which all images are one split: the pictures as they are in train/images,
// a row for each box in train/labels, and a data.yaml that points there. It holds one image at a time in memory. Equal
// datasets give equal bytes.
func YOLO(ctx context.Context, w io.Writer, d Dataset) (err error) {
	defer fault.Wrap(&err, "write a YOLO zip")
	z := zip.NewWriter(w)
	if err := addFile(z, "data.yaml", strings.NewReader(dataYAML(d.Labels))); err != nil {
		return err
	}
	for img, err := range d.Images {
		if err != nil {
			return err
		}
		if err := addImage(ctx, z, img); err != nil {
			return err
		}
	}
	return z.Close()
}

// dataYAML names no path, so that trainers look beside the file, and has a val, without which they do not start.
func dataYAML(labels []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "train: train/images\nval: train/images\nnc: %d\n", len(labels))
	if len(labels) == 0 {
		return b.String() + "names: {}\n"
	}
	b.WriteString("names:\n")
	for i, name := range labels {
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(name)) // Go's escapes are among YAML's
	}
	return b.String()
}

func addImage(ctx context.Context, z *zip.Writer, img Image) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	content, err := img.Open(ctx)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := addFile(z, "train/images/"+img.Name, content); err != nil {
		return err
	}
	stem := strings.TrimSuffix(img.Name, path.Ext(img.Name))
	// An image without boxes has an empty file: it is known to show nothing.
	return addFile(z, "train/labels/"+stem+".txt", strings.NewReader(rows(img.Boxes)))
}

// addFile stores without compressing: pictures are compressed, and other bytes of the compressor's would not be equal
// in all versions of it.
func addFile(z *zip.Writer, name string, content io.Reader) error {
	w, err := z.CreateHeader(&zip.FileHeader{
		Name: name, Method: zip.Store,
		Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC), // the first that a zip can tell
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

func rows(boxes []Box) string {
	var b strings.Builder
	for _, box := range boxes {
		b.WriteString(box.row())
	}
	return b.String()
}

// row is the line of a box, "class cx cy w h", or nothing when no part of it is on the image.
func (b Box) row() string {
	b = b.clipped()
	width, height := fraction(b.Right-b.Left), fraction(b.Bottom-b.Top)
	if !(width > 0 && height > 0) {
		return ""
	}
	row := strconv.AppendInt(nil, int64(b.Class), 10)
	for _, v := range []float64{fraction((b.Left + b.Right) / 2), fraction((b.Top + b.Bottom) / 2), width, height} {
		row = strconv.AppendFloat(append(row, ' '), v, 'f', -1, 64)
	}
	return string(append(row, '\n'))
}

// fraction rounds to a billionth, which no picture is wide enough to show.
func fraction(v float64) float64 { return math.Round(v*1e9) / 1e9 }
