package importer_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is an empty dataset, and an importer into it.
type world struct {
	*testkit.World
	*importer.Importer

	store    storage.Store
	pictures *ingest.Pipeline
	dataset  gid.DatasetID
}

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) { test(t, newWorld(t, of, quota.Limits{})) })
}

func newWorld(t *testing.T, of *testkit.World, limits quota.Limits) *world {
	t.Helper()
	w := &world{World: of, store: storage.NewMemory()}
	w.pictures = ingest.New(ingest.Options{DB: w.DB, Store: w.store, Preparer: imaging.NewDecoder(imaging.DefaultMemory), MaxUpload: 1 << 20, Quota: limits})
	w.Importer = importer.New(w.DB, w.pictures)
	w.dataset = w.newDataset(t)
	return w
}

func (w *world) newDataset(t *testing.T) gid.DatasetID {
	t.Helper()
	made := testkit.Must(catalog.CreateDatasets(w.as(t), w.DB, []catalog.CreateDatasetInput{{Name: "imported"}}, nowhere))(t)
	return made[0].ID
}

func nowhere(int) []any { return []any{"input"} }

// as is the context of the owner of datasets.
func (w *world) as(t *testing.T) context.Context { return w.As(t.Context(), "owner") }

// labels makes labels of those names.
func (w *world) labels(t *testing.T, names ...string) {
	t.Helper()
	var inputs []catalog.CreateLabelInput
	for i, name := range names {
		inputs = append(inputs, catalog.CreateLabelInput{Name: name, Color: "red", Order: new(i)})
	}
	testkit.Must(catalog.CreateLabels(w.as(t), w.DB, w.dataset, inputs, nowhere))(t)
}

// picture is a PNG of a size, of its own colour.
func picture(width, height, shade int) []byte {
	var b bytes.Buffer
	img := stdimage.NewPaletted(stdimage.Rect(0, 0, width, height), color.Palette{color.RGBA{R: uint8(shade), G: uint8(shade >> 8), B: 7, A: 255}})
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func photo(width, height, shade int) []byte {
	var b bytes.Buffer
	img := stdimage.NewGray(stdimage.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(shade + i%7)
	}
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// files are texts and pictures of a dataset.
type files map[string][]byte

// yolo is a dataset of one class, boat, with a picture for each text of labels: a, b and so on.
func yolo(labels ...string) files {
	f := files{"data.yaml": []byte("names: [boat, buoy]\n")}
	for i, text := range labels {
		name := string(rune('a' + i))
		f["images/train/"+name+".png"] = picture(100+i, 50, i)
		f["labels/train/"+name+".txt"] = []byte(text)
	}
	return f
}

// run imports files as a zip.
func (w *world) run(t *testing.T, f files, o importer.Options) (*importer.Report, error) {
	t.Helper()
	if o.Mode == "" {
		o.Mode = importer.Append
	}
	in := ingest.ZipInput{Data: new(base64.StdEncoding.EncodeToString(testkit.ZipOf(f)))}
	return w.ImportZip(w.as(t), w.dataset, in, o, nowhere)
}

func (w *world) must(t *testing.T, f files, o importer.Options) *importer.Report {
	t.Helper()
	return testkit.Must(w.run(t, f, o))(t)
}

// summary is what became of an import, on one line.
func summary(r *importer.Report) string {
	a := r.Annotations
	return fmt.Sprintf("images %d+%d-%d, annotations %d+%d~%d=%d-%d, labels %s",
		r.Created, r.Matched, r.Invalid, a.Created, a.Updated, a.Unchanged, a.Deleted, a.Invalid, strings.Join(r.Labels, " "))
}

// problems are all that were told, as lines.
func problems(r *importer.Report) (lines []string) {
	for _, result := range r.Results {
		for _, p := range result.Problems {
			lines = append(lines, p.Place+": "+p.Message)
		}
	}
	slices.Sort(lines)
	return lines
}

// drawn are the annotations of the dataset, as lines.
func (w *world) drawn(t *testing.T) (lines []string) {
	t.Helper()
	ctx := access.System(t.Context())
	rows := testkit.Must(w.DB.Annotation.Query().Where(annotation.DatasetID(w.dataset)).WithLabel().WithImage().
		Order(annotation.ByImageID(), annotation.ByPosition(), annotation.ByID()).All(ctx))(t)
	for _, a := range rows {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", a.Edges.Image.OriginalName, a.Edges.Label.Name, a.Type, a.Data))
	}
	return lines
}

func (w *world) images(t *testing.T) []*ent.Image {
	t.Helper()
	return testkit.Must(w.DB.Image.Query().Where(image.DatasetID(w.dataset)).Order(image.ByID()).All(access.System(t.Context())))(t)
}

func (w *world) labelNames(t *testing.T) (names []string) {
	t.Helper()
	rows := testkit.Must(w.DB.Label.Query().Where(label.DatasetID(w.dataset)).Order(label.ByOrder(), label.ByID()).All(access.System(t.Context())))(t)
	for _, l := range rows {
		names = append(names, l.Name)
	}
	return names
}

func choices(namesAndValues ...string) (all []*export.Choice) {
	for i := 0; i < len(namesAndValues); i += 2 {
		all = append(all, &export.Choice{Name: namesAndValues[i], Value: namesAndValues[i+1]})
	}
	return all
}
