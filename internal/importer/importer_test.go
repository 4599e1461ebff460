package importer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	boat    = "0 0.5 0.5 0.2 0.4\n"
	buoy    = "1 0.1 0.1 0.1 0.1\n"
	farBuoy = "1 0.8 0.8 0.1 0.1\n"
)

func check(t *testing.T, what, want, got string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// TestSentAgain: an import that is sent again does nothing, in each mode.
func TestSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		f := yolo(boat+buoy, "", boat+boat)
		o := importer.Options{CreateLabels: true}
		check(t, "dry", "images 3+0-0, annotations 4+0~0=0-0, labels boat buoy", summary(w.must(t, f, importer.Options{CreateLabels: true, DryRun: true})))
		if n := len(w.images(t)) + len(w.labelNames(t)) + len(w.drawn(t)); n > 0 {
			t.Fatalf("a dry run made %d things", n)
		}
		check(t, "first", "images 3+0-0, annotations 4+0~0=0-0, labels boat buoy", summary(w.must(t, f, o)))
		again := func(mode importer.Mode) {
			o.Mode = mode
			check(t, string(mode), "images 0+3-0, annotations 0+0~4=0-0, labels ", summary(w.must(t, f, o)))
		}
		before := w.Dump(t)
		again(importer.Append)
		again(importer.Upsert)
		if diff := cmp.Diff(before, w.Dump(t)); diff != "" {
			t.Errorf("changed (-before +after)\n%s", diff)
		}
		before = w.drawn(t)
		again(importer.Replace)
		if diff := cmp.Diff(before, w.drawn(t)); diff != "" {
			t.Errorf("changed (-before +after)\n%s", diff)
		}
		for _, img := range w.images(t) {
			if img.Split != image.SplitTrain {
				t.Errorf("%s is in %s", img.OriginalName, img.Split)
			}
		}
	})
}

// TestModes imports again after an annotator has moved one shape, deleted another and drawn a third.
func TestModes(t *testing.T) {
	t.Parallel()
	moved := `{"point":[0.6,0.6],"width":0.1,"height":0.1}`
	for mode, want := range map[importer.Mode]struct{ summary, moved string }{
		importer.Append:  {"images 0+1-0, annotations 1+0~1=0-0, labels ", "a.png boat bounding_box " + moved},
		importer.Upsert:  {"images 0+1-0, annotations 1+1~0=0-0, labels ", `a.png boat bounding_box {"point":[0.4,0.3],"width":0.2,"height":0.4}`},
		importer.Replace: {"images 0+1-0, annotations 1+1~0=1-0, labels ", `a.png boat bounding_box {"point":[0.4,0.3],"width":0.2,"height":0.4}`},
	} {
		t.Run(string(mode), func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				f := yolo(boat + buoy)
				w.must(t, f, importer.Options{CreateLabels: true})
				rows := testkit.Must(w.DB.Annotation.Query().Where(annotation.DatasetID(w.dataset)).Order(annotation.ByPosition()).All(access.System(t.Context())))(t)
				testkit.Must(annotate.Annotate(w.as(t), w.DB, w.dataset, []annotate.Change{
					{Update: &annotate.UpdateInput{ID: rows[0].ID, Data: rawjson.Object(moved)}},
					{Delete: &annotate.DeleteInput{ID: rows[1].ID}},
					{Create: &annotate.CreateInput{ImageID: rows[0].ImageID, LabelID: rows[1].LabelID, Type: "own", Data: rawjson.Object(`{"by":"hand"}`)}},
				}, true))(t)
				check(t, "dry", want.summary, summary(w.must(t, f, importer.Options{Mode: mode, DryRun: true})))
				before := w.drawn(t)
				r := w.must(t, f, importer.Options{Mode: mode})
				check(t, "again", want.summary, summary(r))
				lines := strings.Join(w.drawn(t), "\n")
				if !strings.Contains(lines, want.moved) {
					t.Errorf("has no %s:\n%s", want.moved, lines)
				}
				if has := strings.Contains(lines, "by"); has != (mode != importer.Replace) {
					t.Errorf("what was drawn by hand is there: %v", has)
				}
				if (r.Before != nil) != (mode == importer.Replace) {
					t.Errorf("the snapshot before is %v", r.Before)
				}
				if r.Before == nil {
					return
				}
				testkit.Must(snapshot.Restore(w.as(t), w.DB, quota.Limits{}, r.Before.ID, snapshot.Selection{}))(t)
				if diff := cmp.Diff(before, w.drawn(t)); diff != "" {
					t.Errorf("restored (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestReplaceKeepsWhatCannotBeReplaced: where something of an image cannot be imported, what is on it stays.
func TestReplaceKeepsWhatCannotBeReplaced(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.must(t, yolo(boat, boat), importer.Options{CreateLabels: true})
		r := w.must(t, yolo(buoy, buoy+"7 0.5 0.5 0.1 0.1\n"), importer.Options{Mode: importer.Replace})
		check(t, "replaced", "images 0+2-0, annotations 2+0~0=1-1, labels ", summary(r))
		want := []string{"labels/train/b.txt:2: there is no class \"7\"", "images/train/b.png: what is on the image stays, since not all of what is to replace it can be imported"}
		if diff := cmp.Diff([]string{want[1], want[0]}, problems(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSamePictureTwice: several pictures of the same bytes are one image, and replacing does not forget the first.
func TestSamePictureTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		f := yolo(boat)
		f["images/val/again.png"], f["labels/val/again.txt"] = f["images/train/a.png"], []byte(boat+buoy)
		for _, want := range []string{"images 1+1-0, annotations 3+0~0=0-0, labels boat buoy", "images 0+2-0, annotations 0+0~3=0-0, labels "} {
			check(t, "replaced", want, summary(w.must(t, f, importer.Options{Mode: importer.Replace, CreateLabels: true})))
		}
	})
}

func TestLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.labels(t, "buoy")
		f := yolo(boat + buoy)
		long := strings.Repeat("long", 26)
		f["data.yaml"] = []byte("names: [boat, buoy, unused, " + long + "]")
		f["labels/train/a.txt"] = append(f["labels/train/a.txt"], "3 0.5 0.5 0.1 0.1\n"...)
		r := w.must(t, f, importer.Options{})
		check(t, "without", "images 1+0-0, annotations 1+0~0=0-2, labels ", summary(r))
		want := []string{
			`labels/train/a.txt:1: the dataset has no label "boat"; have missing labels created`,
			`labels/train/a.txt:3: the dataset has no label "` + long[:100] + `"; have missing labels created`,
		}
		if diff := cmp.Diff(want, problems(r)); diff != "" {
			t.Error(diff)
		}
		r = w.must(t, f, importer.Options{CreateLabels: true})
		check(t, "with", "images 0+1-0, annotations 1+0~1=0-1, labels boat unused", summary(r))
		if diff := cmp.Diff([]string{`labels/train/a.txt:3: a label "` + long[:100] + `" cannot be created`}, problems(r)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"buoy", "boat", "unused"}, w.labelNames(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestUndeclaredLabels: those that no file lists are made as they come.
func TestUndeclaredLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		f := files{"a.png": picture(100, 50, 1), "table.csv": []byte("filename,class,xmin,ymin,xmax,ymax\na.png,zebra,1,2,30,40\na.png,ape,1,2,30,40\na.png,zebra,50,2,70,40\n")}
		o := importer.Options{CreateLabels: true}
		check(t, "dry", "images 1+0-0, annotations 3+0~0=0-0, labels zebra ape", summary(w.must(t, f, importer.Options{CreateLabels: true, DryRun: true})))
		check(t, "wet", "images 1+0-0, annotations 3+0~0=0-0, labels zebra ape", summary(w.must(t, f, o)))
		check(t, "again", "images 0+1-0, annotations 0+0~3=0-0, labels ", summary(w.must(t, f, o)))
	})
}

// TestWithoutPictures finds images by the names that they were uploaded, stored or exported under.
func TestWithoutPictures(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.labels(t, "boat", "buoy")
		w.must(t, yolo("", "", ""), importer.Options{})
		images := w.images(t)
		exported := map[string]string{
			"a.png":        "0 0.5 0.5 0.2 0.4",
			images[1].Name: "0 0.6 0.6 0.2 0.4",
			strconv.Itoa(int(images[2].ID)) + "_c.png": "0 0.7 0.7 0.2 0.4",
			"nobody.png": "0 0.7 0.7 0.2 0.4",
			strconv.Itoa(int(w.Images[0].ID)) + "_foreign.png": "0 0.7 0.7 0.2 0.4", // of another dataset
		}
		f := files{"data.yaml": []byte("names: [boat]")}
		for name, text := range exported {
			f["labels/val/"+strings.TrimSuffix(name, ".png")+".txt"] = []byte(text)
		}
		r := w.must(t, f, importer.Options{Mode: importer.Upsert})
		check(t, "labels alone", "images 0+3-2, annotations 3+0~0=0-0, labels ", summary(r))
		for _, img := range w.images(t) {
			if img.Split != image.SplitVal {
				t.Errorf("%s is in %s", img.OriginalName, img.Split)
			}
		}
		if len(w.drawn(t)) != 3 {
			t.Error(w.drawn(t))
		}
		// A name that two images share names none.
		err := catalog.UpdateImages(w.as(t), w.DB, catalog.One(images[1].ID, nil), catalog.UpdateImageInput{OriginalName: new("a.png")})
		if err != nil {
			t.Fatal(err)
		}
		r = w.must(t, files{"data.yaml": []byte("names: [boat]"), "labels/a.txt": []byte(boat)}, importer.Options{})
		want := []string{"labels/a.txt: several images of the dataset have the name of its picture, which is not among the files"}
		if diff := cmp.Diff(want, problems(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestOtherSize: shapes that are drawn on a picture of another form are not imported; in proportion they are.
func TestOtherSize(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.labels(t, "boat")
		table := func(size string) files {
			return files{"a.png": picture(100, 50, 1), "t.csv": []byte("filename,width,height,class,xmin,ymin,xmax,ymax\na.png," + size + ",boat,20,10,40,30\n")}
		}
		r := w.must(t, table("50,100"), importer.Options{})
		want := []string{"t.csv:2: is drawn on a picture of 50 by 100 pixels, but the picture has 100 by 50"}
		if diff := cmp.Diff(want, problems(r)); diff != "" {
			t.Error(diff)
		}
		check(t, "twice as large", "images 0+1-0, annotations 1+0~0=0-0, labels ", summary(w.must(t, table("200,100"), importer.Options{})))
		if diff := cmp.Diff([]string{`a.png boat bounding_box {"point":[0.2,0.2],"width":0.2,"height":0.4}`}, w.drawn(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAtomic imports nothing when something cannot be, and says what.
func TestAtomic(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		bad := yolo(boat, boat+"9 0.5 0.5 0.1 0.1\n")
		bad["images/train/c.png"] = []byte("no picture")
		before := w.Dump(t)
		_, err := w.run(t, bad, importer.Options{CreateLabels: true, Atomic: true})
		fields, ok := errors.AsType[fault.Fields](err)
		if !ok || len(fields) != 2 || fields[0].Path[1] != "labels/train/b.txt:2" || fields[1].Path[1] != "images/train/c.png" {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff(before, w.Dump(t)); diff != "" || len(w.images(t)) > 0 {
			t.Errorf("changed %s", diff)
		}
		check(t, "good", "images 2+0-0, annotations 2+0~0=0-0, labels boat buoy", summary(w.must(t, yolo(boat, boat), importer.Options{CreateLabels: true, Atomic: true})))
	})
}

// TestQuota: an atomic import that does not fit adds nothing, another what fits.
func TestQuota(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of, quota.Limits{Images: 2})
		f := yolo(boat, boat, boat)
		for _, o := range []importer.Options{{CreateLabels: true, Atomic: true}, {DryRun: true}} {
			if _, err := w.run(t, f, o); !errors.Is(err, fault.QuotaExceeded) || len(w.images(t)) > 0 {
				t.Errorf("%+v: error %v with %d images", o, err, len(w.images(t)))
			}
		}
	})
}

// TestBrokenOff breaks an import off after each of its groups, and sends it again: it is as if it had not been.
func TestBrokenOff(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.labels(t, "boat", "buoy")
		const n = 250
		f := files{"data.yaml": []byte("names: [boat, buoy]")}
		for i := range n {
			name := strconv.Itoa(i)
			f["images/"+name+".png"] = picture(20, 20, i)
			f["labels/"+name+".txt"] = []byte(boat + buoy)
		}
		list := testkit.Must(w.pictures.ZippedFiles(bytes.NewReader(testkit.ZipOf(f)), int64(len(testkit.ZipOf(f))), "a.zip"))(t)
		for _, after := range []int{1, 101} {
			ctx, cancel := context.WithCancel(w.as(t))
			told := 0
			_, err := w.Import(ctx, w.dataset, list, importer.Options{Mode: importer.Append}, func(*importer.Result) error {
				if told++; told == after {
					cancel()
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("after %d: error %v", after, err)
			}
		}
		r := w.must(t, f, importer.Options{})
		if r.Created+r.Matched != n || r.Annotations.Created+r.Annotations.Unchanged != 2*n || r.Matched < 100 {
			t.Error(summary(r))
		}
		if images, drawn := len(w.images(t)), len(w.drawn(t)); images != n || drawn != 2*n {
			t.Errorf("%d images and %d annotations", images, drawn)
		}
	})
}

// TestBothAtOnce runs the same import twice at once.
func TestBothAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.labels(t, "boat", "buoy")
		f := yolo(boat+buoy, boat, farBuoy)
		errs := make(chan error)
		for range 2 {
			go func() {
				_, err := w.run(t, f, importer.Options{})
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if images, drawn := len(w.images(t)), len(w.drawn(t)); images != 3 || drawn != 4 {
			t.Errorf("%d images and %d annotations", images, drawn)
		}
	})
}

// TestReport: the images of which something is not imported come first, and all name what they are.
func TestReport(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		f := yolo(boat, "x")
		f["images/train/c.png"] = []byte("no picture")
		r := w.must(t, f, importer.Options{CreateLabels: true})
		var got []string
		for _, result := range r.Results {
			line := result.Name + " " + string(result.Status)
			if result.Image != nil {
				line += " with an image"
			}
			got = append(got, line)
		}
		want := []string{"images/train/b.png CREATED with an image", "images/train/c.png INVALID", "images/train/a.png CREATED with an image"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			f    files
			o    importer.Options
			want string
		}{
			"no dataset":     {files{"a.png": picture(1, 1, 1)}, importer.Options{}, "options.format: looks like none of"},
			"no such format": {yolo(boat), importer.Options{Format: "excel"}, "options.format: is none of jsonl,"},
			"no such option": {yolo(boat), importer.Options{FormatOptions: choices("origin", "0")}, "options.formatOptions.origin: is no option of yolo"},
			"option twice":   {yolo(boat), importer.Options{Format: "voc", FormatOptions: choices("origin", "0", "origin", "0")}, "options.formatOptions.origin: is chosen more than once"},
			"another format": {yolo(boat), importer.Options{Format: "jsonl"}, "has no dataset.json"},
		} {
			if _, err := w.run(t, c.f, c.o); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		in := ingest.ZipInput{Data: new("AAAA")}
		if _, err := w.ImportZip(w.as(t), w.dataset, in, importer.Options{}, nowhere); !errors.Is(err, fault.Invalid) {
			t.Errorf("no zip: error %v", err)
		}
		if _, err := w.ImportZip(w.As(t.Context(), "annotator"), w.Dataset.ID, in, importer.Options{}, nowhere); !errors.Is(err, fault.Forbidden) {
			t.Errorf("an annotator: error %v", err)
		}
	})
}

// TestReplaceKeepsWhatMayBeMeant: where a row cannot be read, nobody knows which image it is of, and all stays.
func TestReplaceKeepsWhatMayBeMeant(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const head = "filename,class,xmin,ymin,xmax,ymax\n"
		f := files{"a.png": picture(100, 50, 1), "boxes.csv": []byte(head + "a.png,boat,1,1,9,9\na.png,boat,20,20,40,40\n")}
		w.must(t, f, importer.Options{CreateLabels: true})
		f["boxes.csv"] = []byte(head + "a.png,boat,1,1,9,9\na.png,boat,20,20,40\n")
		r := w.must(t, f, importer.Options{Mode: importer.Replace})
		check(t, "replaced", "images 0+1-1, annotations 0+0~1=0-0, labels ", summary(r))
		want := []string{"boxes.csv:2: what is on the image stays, since not all of what is to replace it can be imported", "boxes.csv:3: is no row: wrong number of fields"}
		if diff := cmp.Diff(want, problems(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestManyOnOneImage: what is there is found among many that are not, each once, also when it has moved by less than a pixel.
func TestManyOnOneImage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const rows = 3000
		text := func(from int, by float64) string {
			var b strings.Builder
			for i := range rows {
				fmt.Fprintf(&b, "0 %.7f %.7f 0.02 0.02\n", 0.1+0.0002*float64((from+i)%rows)+by, 0.1+0.2*float64((from+i)/rows)+by)
			}
			return b.String()
		}
		f := yolo(text(0, 0))
		f["images/train/a.png"] = picture(8000, 40, 1)
		check(t, "first", "images 1+0-0, annotations 3000+0~0=0-0, labels boat buoy", summary(w.must(t, f, importer.Options{CreateLabels: true})))
		f["labels/train/a.txt"] = []byte(text(0, 0.00002))
		check(t, "near", "images 0+1-0, annotations 0+0~3000=0-0, labels ", summary(w.must(t, f, importer.Options{})))
		f["labels/train/a.txt"] = []byte(text(rows/2, 0))
		check(t, "some", "images 0+1-0, annotations 1500+0~1500=0-0, labels ", summary(w.must(t, f, importer.Options{})))
	})
}

// TestAtOnce: imports of the same files at once add nothing twice, labels and annotations neither.
func TestAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		f := files{
			"dataset.json": []byte(`{"version":1,"labels":[{"id":1,"name":"boat"},{"id":2,"name":"buoy"},{"id":3,"name":"boat"}]}`), // of which two share a name
			"a.png":        picture(100, 50, 1),
			"images.jsonl": []byte(`{"file":"a.png","annotations":[` +
				`{"label":1,"type":"dot","data":{"n":1}},{"label":2,"type":"dot","data":{"n":2}},{"label":3,"type":"dot","data":{"n":3}},{"label":3,"type":"dot","data":{"n":4}}]}`),
		}
		var group errgroup.Group
		for range 4 {
			group.Go(func() error {
				_, err := w.run(t, f, importer.Options{CreateLabels: true})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		check(t, "labels", "boat buoy boat", strings.Join(w.labelNames(t), " "))
		if got := w.drawn(t); len(got) != 4 {
			t.Errorf("annotations:\n%s", strings.Join(got, "\n"))
		}
	})
}

// TestManyProblems: a report tells a part of very many problems, and how many there are.
func TestManyProblems(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const images, wrong, told = 300, 120, 20_000
		var b strings.Builder
		b.WriteString(`{"categories":[],"images":[`)
		for i := range images {
			fmt.Fprintf(&b, `{"id":%d,"file_name":"%d.png"},`, i, i)
		}
		b.WriteString(`{"id":-1,"file_name":"a.png"}],"annotations":[`)
		for i := range images * wrong {
			fmt.Fprintf(&b, `{"id":%d,"image_id":%d},`, i, i/wrong)
		}
		b.WriteString(`{"id":-1,"image_id":-1}]}`)
		f := files{"a.json": []byte(b.String()), "a.png": picture(10, 10, 1)}
		r := w.must(t, f, importer.Options{})
		listed, more := 0, 0
		for _, result := range r.Results {
			listed += len(result.Problems)
			more += result.MoreProblems
		}
		if all := images*(wrong+1) + 1; listed != told || listed+more != all {
			t.Errorf("lists %d problems and has %d more; there are %d", listed, more, all)
		}
		_, err := w.run(t, f, importer.Options{Atomic: true})
		fields, ok := errors.AsType[fault.Fields](err)
		if n := len(fields); !ok || n < 1000 || n > 1000+wrong {
			t.Errorf("complains about %d problems: %.200v", n, err)
		}
	})
}
