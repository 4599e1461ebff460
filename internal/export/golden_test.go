package export_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a dataset with whatever formats stumble over: names that need escapes and are shared, images of all splits and
// of none, that show nothing, shapes beside the image, across its edge, broken, and of a type of one's own.
func sample(t *testing.T) (*export.Dataset, map[string]string) {
	t.Helper()
	content := map[string]string{}
	object := func(text string) export.Object {
		o := objectOf([]byte(text))
		content[o.SHA256] = text
		return o
	}
	n := 0
	drawn := func(class int, typ, data string) export.Annotation {
		n++
		return export.Annotation{
			ID: testkit.Must(gid.ParseAnnotationID(fmt.Sprintf("00000000-0000-7000-8000-%012d", n)))(t), Class: class, Type: typ, Data: rawjson.Object(data),
			Author: "ann@example.com", Source: annotation.SourceManual, CreatedAt: time.Date(2026, 1, 2, 3, 4, n, 0, time.UTC),
		}
	}
	modelled := drawn(2, "bounding_box", `{"point":[0.5,0.5],"width":0.25,"height":0.125}`)
	modelled.Source, modelled.Confidence, modelled.Author, modelled.IsSynthetic = annotation.SourceModel, new(0.875), "", true
	created := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	base := gid.ImageID(1)
	images := []*export.Image{
		{
			ID: 1, Name: "a.jpg", OriginalName: "Été, \"à\" la <mer>.JPG", Source: "https://example.com/é", SHA256: strings.Repeat("a", 64), Object: object("first picture"),
			Format: image.FormatJPEG, Width: 640, Height: 480, Split: image.SplitTrain, Tags: []string{"a;b", "sea"}, Metadata: rawjson.Object(`{"k":1}`), Prompt: "a \"sea\"\nwith ships", GenerationType: "text2image",
			CreatedAt: created, Done: true, Reviewed: true,
			Annotations: []export.Annotation{
				drawn(0, "bounding_box", `{"point":[0.1,0.2],"width":0.3,"height":0.4}`),
				drawn(1, "polygon", `{"points":[[0.25,0.25],[0.75,0.25],[0.5,0.75]]}`),
				drawn(3, "note", `{"text":"x\u00e9"}`),
				modelled,
			},
		},
		{ID: 2, Name: "b.png", OriginalName: "nothing.png", SHA256: strings.Repeat("b", 64), Object: object("second"), Format: image.FormatPNG, Width: 9, Height: 30, Split: image.SplitVal, CreatedAt: created},
		{
			ID: 5, Name: "c.webp", OriginalName: `C:\dir\cat.v2.webp`, SHA256: strings.Repeat("c", 64), Object: object("third, which is made from the first"), Format: image.FormatWebP, Width: 333, Height: 77,
			Split: image.SplitNone, IsSynthetic: true, BaseImageID: &base, CreatedAt: created,
			Annotations: []export.Annotation{
				drawn(2, "bounding_box", `{"point":[-0.1,-0.1],"width":0.3,"height":0.3}`),
				drawn(2, "bounding_box", `{"point":[1.1,0.1],"width":0.3,"height":0.3}`),
				drawn(0, "polygon", `{"points":[[0.5,0.5],[1.5,0.5]]}`),
				drawn(1, "polygon", `{"points":[[0.9,0.5],[1.2,0.5],[1.2,0.9],[0.9,0.9]]}`),
				drawn(0, "bounding_box", `{"point":[0.3333333333333,0.1],"width":0.0000001,"height":0.5}`),
			},
		},
		{ID: 9, Name: "d.gif", OriginalName: "", SHA256: strings.Repeat("d", 64), Object: object("fourth"), Format: image.FormatGIF, Width: 100, Height: 100, Split: image.SplitTest, CreatedAt: created},
	}
	return &export.Dataset{
		Name: "Ships & <boats>", Description: "two\nlines",
		Labels: []export.Label{{ID: 7, Name: "sail \"tall\": é", Color: "#12ab34", Prompt: "p"}, {ID: 3, Name: "cargo", Color: "red"}, {ID: 4, Name: "cargo", Color: "#000000"}, {ID: 9, Name: "a\n<b>,'c'", Color: "x\"y"}},
		Splits: []image.Split{image.SplitTrain, image.SplitVal, image.SplitTest, image.SplitNone},
		Images: imagesOf(images),
	}, content
}

// objectOf is what is known of a file that is kept.
func objectOf(content []byte) export.Object {
	sum := sha256.Sum256(content)
	return export.Object{
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), CRC32: crc32.ChecksumIEEE(content),
		CRC32C: crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)),
	}
}

// variants are the formats, and each again with its other options.
func variants(t *testing.T) map[string]struct {
	export.Format
	export.Options
} {
	t.Helper()
	all := map[string]struct {
		export.Format
		export.Options
	}{}
	for _, f := range export.Formats() {
		all[f.Name] = struct {
			export.Format
			export.Options
		}{f, testkit.Must(f.Choose(nil))(t)}
		for _, o := range f.Options {
			for _, value := range o.Values[1:] {
				all[f.Name+"-"+o.Name+"-"+value] = struct {
					export.Format
					export.Options
				}{f, testkit.Must(f.Choose(map[string]string{o.Name: value}))(t)}
			}
		}
	}
	return all
}

// TestGolden compares the files of each format with those in testdata, and what is said of losses.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, v := range variants(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, content := sample(t)
			files := render(t, d, v.Parts(d, v.Options), content)
			var problems strings.Builder
			for img, err := range d.Images(t.Context(), 0, export.Wanted{}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range v.Check(d, v.Options, img) {
					fmt.Fprintf(&problems, "image %d", img.ID)
					if p.Annotation != nil {
						fmt.Fprintf(&problems, ", annotation %s", p.Annotation.ID)
					}
					fmt.Fprintf(&problems, ": %s %s: %s\n", p.Severity, p.Code, p.Message)
				}
			}
			files["PROBLEMS"] = problems.String()
			dir := filepath.Join("testdata", "golden", name)
			if *update {
				write(t, dir, files)
			}
			if diff := cmp.Diff(read(t, dir), files); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
		})
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDuplicates: of equal rows Ultralytics keeps one.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	box := export.Annotation{Type: "bounding_box", Data: rawjson.Object(`{"point":[0.1,0.2],"width":0.3,"height":0.4}`)}
	other := box
	other.Class = 1
	img := &export.Image{ID: 1, Format: image.FormatPNG, Width: 100, Height: 100, Annotations: []export.Annotation{box, other, box}}
	for _, name := range []string{"yolo", "yolo-segmentation"} {
		f := testkit.Must(export.FormatOf(name))(t)
		var found []int
		for _, p := range f.Check(&export.Dataset{Labels: make([]export.Label, 2)}, nil, img) {
			if p.Code == "DUPLICATE" && p.Annotation == &img.Annotations[2] {
				found = append(found, 2)
			}
		}
		if len(found) != 1 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
