package importer_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestRoundTrip exports a dataset in each format that is imported as well, with each of its options, imports it into
// another dataset, and finds what the loss report of the export says can be found there. Imported into the dataset that it
// was exported from, it is there already.
func TestRoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.fill(t)
		source := w.dataset
		exports := download.New(w.DB, w.store, testkit.Must(auth.NewKeys("0123456789abcdef0123456789abcdef"))(t))
		for _, f := range export.Formats() {
			for _, asked := range variants(f) {
				reads, err := foreign.FormatOf(strings.TrimSuffix(f.Name, "-segmentation"))
				if err != nil {
					continue // it is not imported
				}
				t.Run(fmt.Sprint(f.Name, asked), func(t *testing.T) {
					w.dataset = source
					options := testkit.Must(f.Choose(asked))(t)
					zip := w.export(t, exports, download.Request{Dataset: source, Format: f, Options: options})
					o := importer.Options{Mode: importer.Append}
					if origin, ok := options["origin"]; ok {
						o.FormatOptions = choices("origin", origin)
					}
					before := w.read(t, source)
					in := ingest.ZipInput{Data: new(base64.StdEncoding.EncodeToString(zip))}
					again := testkit.Must(w.ImportZip(w.as(t), source, in, o, nowhere))(t)
					if again.Created > 0 || again.Invalid > 0 || again.Matched != 5 {
						t.Errorf("into the same dataset: %s %v", summary(again), problems(again))
					}
					w.dataset = w.newDataset(t)
					o.CreateLabels = true
					report := testkit.Must(w.ImportZip(w.as(t), w.dataset, in, o, nowhere))(t)
					if report.Format != reads.Name || report.Created != 5 {
						t.Errorf("%s: %s %v", report.Format, summary(report), problems(report))
					}
					compare(t, f, options, before, w.read(t, w.dataset))
					w.dataset = source
					w.undo(t, again)
				})
			}
		}
	})
}

// undo removes what an import has added to the dataset.
func (w *world) undo(t *testing.T, r *importer.Report) {
	t.Helper()
	if r.Annotations.Created == 0 {
		return
	}
	ctx := access.System(t.Context())
	testkit.Must(w.DB.Annotation.Delete().Where(annotation.DatasetID(w.dataset), annotation.SourceEQ(annotation.SourceImport)).Exec(ctx))(t)
}

// variants are the options of a format: none, and each value that is not the first.
func variants(f export.Format) []map[string]string {
	all := []map[string]string{nil}
	for _, o := range f.Options {
		for _, value := range o.Values[1:] {
			all = append(all, map[string]string{o.Name: value})
		}
	}
	return all
}

// fill makes a dataset with whatever formats may lose.
func (w *world) fill(t *testing.T) {
	t.Helper()
	w.labels(t, `sail "tall"`, "cargo", "Ün & <i>")
	inputs := []ingest.ImageInput{
		{Data: data(photo(64, 48, 10)), OriginalName: new("é t.jpg"), Split: new(image.SplitTrain), Prompt: new("a boat"), Tags: []string{"sea", "sky"}, Done: new(true)},
		{Data: data(picture(100, 60, 2)), OriginalName: new("b.png"), Split: new(image.SplitVal), IsSynthetic: new(true), Metadata: rawjson.Object(`{"n":1}`)},
		{Data: data(picture(33, 77, 3)), OriginalName: new("b.png"), Split: new(image.SplitTest), NegativePrompt: new("no"), Reviewed: new(true)},
		{Data: data(picture(50, 50, 4)), OriginalName: new("nothing"), Split: new(image.SplitTrain)},
		{Data: data(picture(640, 480, 5)), OriginalName: new("e.v2.png"), Split: new(image.SplitVal)},
	}
	made := testkit.Must(w.pictures.Create(w.as(t), w.dataset, inputs, nowhere))(t)
	w.DB.Image.UpdateOne(made[4]).SetBaseImageID(made[1].ID).ExecX(access.System(t.Context()))
	labels := testkit.Must(w.DB.Dataset.GetX(w.as(t), w.dataset).QueryLabels().IDs(w.as(t)))(t)
	annotator := w.Users["annotator"].ID
	draw := func(on, label int, typ, data string) annotate.Change {
		return annotate.Change{Create: &annotate.CreateInput{ImageID: made[on].ID, LabelID: labels[label], Type: typ, Data: rawjson.Object(data), Author: &annotator}}
	}
	modelled := draw(0, 2, "bounding_box", `{"point":[0.5,0.5],"width":0.25,"height":0.125}`)
	modelled.Create.Confidence, modelled.Create.Source = graphql.OmittableOf(new(0.875)), new(annotation.SourceModel)
	testkit.Must(annotate.Annotate(w.as(t), w.DB, w.dataset, []annotate.Change{
		draw(0, 0, "bounding_box", `{"point":[0.125,0.25],"width":0.3,"height":0.4}`),
		draw(0, 1, "polygon", `{"points":[[0.25,0.25],[0.75,0.25],[0.5,0.75]]}`),
		draw(0, 2, "note", `{"text":"x"}`),
		modelled,
		draw(1, 2, "bounding_box", `{"point":[-0.1,-0.1],"width":0.5,"height":0.5}`),
		draw(1, 2, "bounding_box", `{"point":[1.1,0.1],"width":0.3,"height":0.3}`),
		draw(2, 1, "polygon", `{"points":[[0.7,0.5],[1.2,0.5],[1.2,0.9],[0.7,0.9]]}`),
		draw(4, 0, "polygon", `{"points":[[0.1,0.1],[0.9,0.1],[0.9,0.9],[0.5,0.5],[0.1,0.9]]}`),
		draw(4, 0, "bounding_box", `{"point":[0.1,0.2],"width":0.3,"height":0.4}`),
		draw(4, 0, "bounding_box", `{"point":[0.6,0.2],"width":0.3,"height":0.4}`),
	}, true))(t)
}

func data(picture []byte) *string { return new(base64.StdEncoding.EncodeToString(picture)) }

func (w *world) export(t *testing.T, exports *download.Service, r download.Request) []byte {
	t.Helper()
	a := testkit.Must(exports.Open(w.as(t), r))(t)
	defer a.Close()
	return testkit.Must(io.ReadAll(a))(t)
}

// content is a dataset, and its images by the hashes of their files.
type content struct {
	*export.Dataset
	images map[string]*export.Image
}

func (w *world) read(t *testing.T, id gid.DatasetID) content {
	t.Helper()
	s := testkit.Must(snapshot.Create(w.as(t), w.DB, id, snapshot.CreateInput{}))(t)
	d := testkit.Must(archive.NewReader(w.DB, w.store).Dataset(w.as(t), snapshot.MomentOf(s), archive.Filter{}))(t)
	c := content{d, map[string]*export.Image{}}
	for img, err := range d.Images(w.as(t), 0, export.Wanted{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept := *img
		kept.Annotations = slices.Clone(img.Annotations)
		c.images[img.Object.SHA256] = &kept
	}
	return c
}

// compare holds what came out against what went in, as the loss report has it.
func compare(t *testing.T, f export.Format, o export.Options, before, after content) {
	t.Helper()
	if len(after.images) != len(before.images) {
		t.Errorf("%d images of %d", len(after.images), len(before.images))
	}
	for sum, img := range before.images {
		got := after.images[sum]
		if got == nil {
			t.Errorf("%s is not there", img.OriginalName)
			continue
		}
		problems := f.Check(before.Dataset, o, img)
		var want, is []shape
		for i := range img.Annotations {
			if s, ok := expected(f, before.Dataset, img, &img.Annotations[i], problems); ok {
				want = append(want, s)
			}
		}
		for i := range got.Annotations {
			is = append(is, shapeOf(after.Dataset, got, &got.Annotations[i]))
		}
		m := matcher{tolerance: tolerance(f), asMasks: o["masks"] == "rle", lost: details(problems), image: img}
		m.match(t, want, is)
		compareFacts(t, details(problems), problems, img, got)
	}
}

// tolerance is how far coordinates may be apart, in pixels.
func tolerance(f export.Format) float64 {
	switch f.Name {
	case "voc":
		return 0.51
	case "cvat":
		return 0.0051
	}
	return 1e-4
}

// details are what is lost of an image besides shapes.
func details(problems []export.Problem) (lost []string) {
	for _, p := range problems {
		if p.Code == "DETAILS_LOST" {
			lost = strings.Split(strings.TrimPrefix(p.Message, "not written: "), ", ")
		}
	}
	return lost
}

// shape is an annotation, with its corners in pixels, or its data if it has none.
type shape struct {
	label, typ string
	points     []export.Point
	data       string
	confidence float64
	source     annotation.Source
	author     string
}

func shapeOf(d *export.Dataset, img *export.Image, a *export.Annotation) shape {
	s := shape{label: d.Labels[a.Class].Name, typ: a.Type, data: string(a.Data), source: a.Source, author: a.Author}
	if a.Confidence != nil {
		s.confidence = *a.Confidence
	}
	if points, ok := a.Polygon(); ok {
		s.points, s.data = points, ""
	} else if b, ok := a.Box(); ok {
		s.points, s.data = []export.Point{{X: b.Left, Y: b.Top}, {X: b.Right, Y: b.Bottom}}, ""
	}
	for i := range s.points {
		s.points[i].X *= float64(img.Width)
		s.points[i].Y *= float64(img.Height)
	}
	return s
}

// expected is what the problems of an annotation leave of it.
func expected(f export.Format, d *export.Dataset, img *export.Image, a *export.Annotation, problems []export.Problem) (shape, bool) {
	s := shapeOf(d, img, a)
	clip := func() {
		for i, p := range s.points {
			s.points[i] = export.Point{X: min(max(p.X, 0), float64(img.Width)), Y: min(max(p.Y, 0), float64(img.Height))}
		}
	}
	for _, p := range problems {
		if p.Annotation == nil || p.Annotation.ID != a.ID {
			continue
		}
		switch p.Code {
		case "SHAPE_LOST", "BESIDE_IMAGE":
			return shape{}, false
		case "CLIPPED":
			clip()
		}
	}
	box := export.Annotation{Type: a.Type, Data: a.Data}
	switch {
	case s.typ == annotate.Polygon && !slices.Contains([]string{"coco", "yolo-segmentation", "cvat", "label-studio", "csv", "jsonl", "datumaro"}, f.Name):
		b, _ := box.Box()
		b = b.Clipped()
		s.typ, s.points = annotate.BoundingBox, []export.Point{{X: b.Left * float64(img.Width), Y: b.Top * float64(img.Height)}, {X: b.Right * float64(img.Width), Y: b.Bottom * float64(img.Height)}}
	case s.typ == annotate.BoundingBox && f.Name == "yolo-segmentation":
		a, b := s.points[0], s.points[1]
		s.typ, s.points = annotate.Polygon, []export.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}
	}
	return s, true
}

// matcher tells which shapes are the same.
type matcher struct {
	tolerance float64 // pixels
	asMasks   bool    // polygons were written as the pixels in them
	lost      []string
	image     *export.Image
}

// match finds each shape that is wanted once.
func (m matcher) match(t *testing.T, want, is []shape) {
	t.Helper()
	for _, s := range want {
		i := slices.IndexFunc(is, func(o shape) bool { return m.same(s, o) })
		if i < 0 {
			t.Errorf("%s has no %+v", m.image.OriginalName, s)
			continue
		}
		is = slices.Delete(is, i, i+1)
	}
	for _, s := range is {
		t.Errorf("%s has %+v besides", m.image.OriginalName, s)
	}
}

func (m matcher) same(s, o shape) bool {
	if s.label != o.label || s.typ != o.typ || s.data != o.data {
		return false
	}
	if !slices.Contains(m.lost, "confidence of models") && s.confidence != o.confidence {
		return false
	}
	if !slices.Contains(m.lost, "authors") && (s.author != o.author || s.source != o.source) {
		return false
	}
	if m.asMasks && s.typ == annotate.Polygon {
		return slices.Equal(m.pixels(s.points), m.pixels(o.points))
	}
	return len(s.points) == len(o.points) && !slices.ContainsFunc(indexes(s.points), func(i int) bool {
		return math.Abs(s.points[i].X-o.points[i].X) > m.tolerance || math.Abs(s.points[i].Y-o.points[i].Y) > m.tolerance
	})
}

func indexes[T any](list []T) []int { return slices.Collect(maps.Keys(maps.Collect(slices.All(list)))) }

// pixels are those whose centres are in a polygon.
func (m matcher) pixels(points []export.Point) (in []int) {
	for y := range m.image.Height {
		for x := range m.image.Width {
			odd := false
			px, py := float64(x)+0.5, float64(y)+0.5
			for i, a := range points {
				b := points[(i+1)%len(points)]
				if (a.X <= px) != (b.X <= px) && py >= a.Y+(px-a.X)/(b.X-a.X)*(b.Y-a.Y) {
					odd = !odd
				}
			}
			if odd {
				in = append(in, y*m.image.Width+x)
			}
		}
	}
	return in
}

// compareFacts compares what is known of an image, as far as it is not said to be lost.
func compareFacts(t *testing.T, lost []string, problems []export.Problem, before, after *export.Image) {
	t.Helper()
	facts := func(img *export.Image) map[string]any {
		all := map[string]any{
			"split": img.Split, "prompts": img.Prompt, "negative prompts": img.NegativePrompt, "tags": img.Tags,
			"metadata": string(img.Metadata) + strconv.FormatBool(img.BaseImageID != nil), "whether it was generated": img.IsSynthetic,
		}
		for name := range all {
			if slices.Contains(lost, name) {
				delete(all, name)
			}
		}
		if slices.ContainsFunc(problems, func(p export.Problem) bool { return p.Code == "SPLIT_LOST" }) {
			delete(all, "split")
		}
		return all
	}
	want, is := facts(before), facts(after)
	for name := range is {
		if _, ok := want[name]; !ok {
			delete(is, name)
		}
	}
	if diff := cmp.Diff(want, is); diff != "" {
		t.Errorf("%s (-exported +imported)\n%s", before.OriginalName, diff)
	}
}
