package foreign

import (
	"cmp"
	"context"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// csv is a table with a row for each shape, as our exports write it with tables of labels and of images beside it, and as
// TensorFlow's Object Detection API and Roboflow do: filename, width, height, class, xmin, ymin, xmax, ymax, in pixels.
func csv() Format {
	return Format{
		Name: "csv", Title: "CSV", Files: "annotations.csv, or *.csv with file names and boxes",
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			tables, err := shapeTables(ctx, t)
			return len(tables) > 0, err
		},
		read: readCSV,
	}
}

// table is a file of comma separated values that is read.
type table struct {
	*stdcsv.Reader

	file    *File
	pieces  *pieces
	columns map[string]int
	row     []string
}

// table opens a file, whose first row names the columns.
func (f *File) table(ctx context.Context) (*table, error) {
	r, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	t := &table{Reader: stdcsv.NewReader(r), file: f, pieces: r, columns: map[string]int{}}
	t.ReuseRecord = true
	names, err := t.Read()
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, byteOrderMark)))
		if _, twice := t.columns[name]; !twice {
			t.columns[name] = i
		}
	}
	t.FieldsPerRecord = len(names)
	return t, nil
}

func (t *table) close() { _ = t.pieces.Close() } // it was only read

// next reads a row.
func (t *table) next() (err error) {
	t.pieces.next()
	t.row, err = t.Read()
	return err
}

// has tells whether there are all the columns.
func (t *table) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { _, ok := t.columns[name]; return !ok })
}

// value is that of the first of the columns that there is.
func (t *table) value(names ...string) string {
	for _, name := range names {
		if i, ok := t.columns[name]; ok {
			return t.row[i]
		}
	}
	return ""
}

// The names that columns have.
var (
	fileColumns  = []string{"file_name", "filename", "file", "image", "image_path", "path"}
	labelColumns = []string{"label", "class", "class_name", "name"}
)

func isShapeTable(t *table) bool {
	named := slices.ContainsFunc(fileColumns, func(c string) bool { return t.has(c) })
	labelled := slices.ContainsFunc(labelColumns, func(c string) bool { return t.has(c) })
	return named && labelled && (t.has("x", "y", "w", "h") || t.has("x", "y", "width", "height") || t.has("xmin", "ymin", "xmax", "ymax"))
}

// shapeTables are the files with shapes.
func shapeTables(ctx context.Context, t *Tree) (files []*File, err error) {
	for _, p := range t.with(".csv") {
		table, err := t.files[p].table(ctx)
		if _, ok := broken(err); ok {
			continue
		}
		if err != nil {
			return nil, err
		}
		if isShapeTable(table) {
			files = append(files, t.files[p])
		}
		table.close()
	}
	return files, nil
}

// csvImages are the images of tables, and their shapes on the disk.
type csvImages struct {
	images []csvImage
	bad    []*Image // of tables some rows of which are none
	places map[csvKey]int
	facts  *spool // one record for each image that images.csv tells of
	shapes *spool
}

// csvKey is what images are told apart by: the folder of the table, and the name of the file.
type csvKey struct{ folder, name string }

// csvImage is what is kept of an image, of which there may be many.
type csvImage struct {
	table, picture *File
	line           int
	name           string
	split          image.Split
	width, height  int
}

func (c csvImage) image() *Image {
	img := &Image{Place: fmt.Sprintf("%s:%d", c.table.Path, c.line), Name: c.name, File: c.picture, Split: c.split, Width: c.width, Height: c.height}
	if c.name == "" {
		img.wrong(img.Place, "names no file")
	}
	return img
}

// csvFacts are what images.csv tells of an image.
type csvFacts struct {
	ID     gid.ImageID
	SHA256 string
	Facts  Facts
}

func readCSV(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	tables, err := shapeTables(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return nil, invalid("has no CSV with columns for file names, labels and boxes")
	}
	d := &Dataset{}
	c := &csvImages{places: map[csvKey]int{}}
	if c.facts, err = d.newSpool(); err != nil {
		return nil, err
	}
	if c.shapes, err = d.newSpool(); err != nil {
		return nil, closing(d, err)
	}
	if err := c.read(ctx, t, d, tables); err != nil {
		return nil, closing(d, err)
	}
	d.Images = func(yield func(*Image, error) bool) {
		for _, img := range c.bad {
			if !yield(img, nil) {
				return
			}
		}
		for i, kept := range c.images {
			img := kept.image()
			err := c.complete(i, img)
			if !yield(img, err) || err != nil {
				return
			}
		}
	}
	return d, nil
}

func (c *csvImages) read(ctx context.Context, t *Tree, d *Dataset, tables []*File) error {
	for _, f := range tables {
		folder := path.Dir(f.Path)
		if labels := t.files[path.Join(folder, "labels.csv")]; labels != nil {
			err := c.rows(ctx, labels, func(row *table) error {
				d.label(Label{Name: row.value("name"), Color: row.value("color")})
				return nil
			})
			if err != nil {
				return err
			}
		}
		if images := t.files[path.Join(folder, "images.csv")]; images != nil {
			if err := c.rows(ctx, images, func(row *table) error { return c.readImage(t, row) }); err != nil {
				return err
			}
		}
		if err := c.rows(ctx, f, func(row *table) error { return c.readShape(t, row) }); err != nil {
			return err
		}
	}
	return nil
}

// rows visits the rows of a table. One that is none is noted, and does not spoil the others.
func (c *csvImages) rows(ctx context.Context, f *File, visit func(*table) error) error {
	bad := &Image{Place: f.Path, Spoils: true}
	r, err := f.table(ctx)
	if err == nil {
		defer r.close()
		for err = r.next(); ; err = r.next() {
			if parse, is := errors.AsType[*stdcsv.ParseError](err); is {
				bad.wrong(fmt.Sprintf("%s:%d", f.Path, parse.Line), "is no row: "+parse.Err.Error())
				continue
			}
			if err != nil {
				break
			}
			if err := visit(r); err != nil {
				return err
			}
		}
	}
	if len(bad.Problems) > 0 {
		c.bad = append(c.bad, bad)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	if message, ok := broken(err); ok {
		return invalid(f.Path + " " + message)
	}
	return err
}

// place is where the image of a row is among all.
func (c *csvImages) place(t *Tree, row *table) (int, error) {
	name := clipped(row.value(fileColumns...))
	key := csvKey{path.Dir(row.file.Path), name}
	if place, ok := c.places[key]; ok {
		return place, nil
	}
	if len(c.images) == maxImages {
		return 0, invalid(fmt.Sprintf("%s has more than %d images", row.file.Path, maxImages))
	}
	line, _ := row.FieldPos(0)
	img := csvImage{table: row.file, picture: t.picture(name, around(row.file.Path)...), line: line, name: name}
	img.split = cmp.Or(splitNamed(row.value("split")), splitIn(row.file.Path))
	if !row.has("x", "y", "width", "height") {
		img.width, img.height = size(row.value("width")), size(row.value("height"))
	}
	c.places[key] = len(c.images)
	c.images = append(c.images, img)
	return len(c.images) - 1, nil
}

func size(text string) int {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return pixels(n)
}

// readImage reads a row of images.csv.
func (c *csvImages) readImage(t *Tree, row *table) error {
	i, err := c.place(t, row)
	if err != nil {
		return err
	}
	told := csvFacts{SHA256: row.value("sha256"), Facts: Facts{
		OriginalName: row.text("original_name"), Prompt: row.text("prompt"), NegativePrompt: row.text("negative_prompt"),
		IsSynthetic: row.truth("is_synthetic"), Done: row.truth("done"), Reviewed: row.truth("reviewed"),
	}}
	if id, err := strconv.Atoi(row.value("image_id")); err == nil {
		told.ID = gid.ImageID(id)
	}
	if tags := row.value("tags"); tags != "" {
		told.Facts.Tags = strings.Split(tags, ";")
	}
	record, err := json.Marshal(told)
	if err != nil {
		return err
	}
	return c.facts.add(i, record)
}

// text is the value of a column, nil when there is none.
func (t *table) text(name string) *string {
	if !t.has(name) {
		return nil
	}
	return new(strings.Clone(t.value(name)))
}

func (t *table) truth(name string) *bool {
	b, err := strconv.ParseBool(t.value(name))
	if err != nil {
		return nil
	}
	return &b
}

// csvShape is a row that waits for its image.
type csvShape struct {
	Line                                                               int
	ID, Label, Type, Points, Confidence, Source, Author, Synthetic, At string
	Box                                                                [4]string
	Corners                                                            bool // the box is two corners, not a corner and a size
}

func (c *csvImages) readShape(t *Tree, row *table) error {
	i, err := c.place(t, row)
	if err != nil {
		return err
	}
	line, _ := row.FieldPos(0)
	s := csvShape{
		Line: line, ID: row.value("annotation_id"), Label: row.value(labelColumns...), Type: row.value("type"), Points: row.value("points"),
		Confidence: row.value("confidence", "score"), Source: row.value("source"), Author: row.value("author"), Synthetic: row.value("is_synthetic"),
		At: row.file.Path,
	}
	switch {
	case row.has("xmin", "ymin", "xmax", "ymax"):
		s.Corners = true
		s.Box = [4]string{row.value("xmin"), row.value("ymin"), row.value("xmax"), row.value("ymax")}
	default:
		s.Box = [4]string{row.value("x"), row.value("y"), row.value("w", "width"), row.value("h", "height")}
	}
	if s.Label == "" && s.Box == [4]string{} {
		return nil // a row for an image that shows nothing
	}
	record, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return c.shapes.add(i, record)
}

// complete gives an image what is on the disk of it.
func (c *csvImages) complete(i int, img *Image) error {
	told, _, err := c.facts.of(i)
	if err != nil {
		return err
	}
	for _, record := range told {
		var facts csvFacts
		if err := json.Unmarshal(record, &facts); err != nil {
			return err
		}
		img.ID, img.SHA256, img.Facts = facts.ID, facts.SHA256, facts.Facts
	}
	records, more, err := c.shapes.of(i)
	if err != nil {
		return err
	}
	img.tooMany(img.Place, more)
	for _, record := range records {
		var s csvShape
		if err := json.Unmarshal(record, &s); err != nil {
			return err
		}
		img.drawRow(&s)
	}
	return nil
}

func (img *Image) drawRow(s *csvShape) {
	place := fmt.Sprintf("%s:%d", s.At, s.Line)
	var v [4]float64
	for i, text := range s.Box {
		var err error
		if v[i], err = strconv.ParseFloat(text, 64); err != nil {
			img.wrong(place, fmt.Sprintf("%q is no number", shown(text)))
			return
		}
	}
	shape := box(v[0], v[1], v[2], v[3])
	if s.Corners {
		shape.Points[1] = Point{v[2], v[3]}
	}
	if s.Points != "" {
		points, err := csvPoints(s.Points)
		if err != nil {
			img.wrong(place, err.Error())
			return
		}
		shape = polygon(points)
	}
	shape.Place, shape.Label, shape.InPixels, shape.Author, shape.IsSynthetic = place, s.Label, true, s.Author, s.Synthetic == "true"
	if id, err := gid.ParseAnnotationID(s.ID); err == nil {
		shape.ID = &id
	}
	if confidence, err := strconv.ParseFloat(s.Confidence, 64); err == nil {
		shape.guessed(confidence)
	}
	if source := annotation.Source(s.Source); annotation.SourceValidator(source) == nil {
		shape.Source = source
	}
	img.add(shape)
}

// csvPoints reads "x y;x y;…".
func csvPoints(text string) ([]Point, error) {
	return cvatPoints(strings.ReplaceAll(text, " ", ","))
}
