package foreign_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// treeIn is the files below a folder.
func treeIn(t *testing.T, folder string) *foreign.Tree {
	t.Helper()
	files := map[string]string{}
	for _, p := range testkit.Must(filepath.Glob(folder + "/*"))(t) {
		readFolder(t, folder, p, files)
	}
	return tree(t, files)
}

func readFolder(t *testing.T, folder, path string, files map[string]string) {
	t.Helper()
	if below, err := filepath.Glob(path + "/*"); err == nil && len(below) > 0 {
		for _, p := range below {
			readFolder(t, folder, p, files)
		}
		return
	}
	name := filepath.ToSlash(strings.TrimPrefix(path, folder+string(filepath.Separator)))
	files[name] = string(testkit.Must(os.ReadFile(path))(t))
}

// tree is files by their paths.
func tree(t testing.TB, files map[string]string) *foreign.Tree {
	t.Helper()
	var list []*foreign.File
	for path, text := range files {
		list = append(list, &foreign.File{Path: path, Size: int64(len(text)), Stream: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}})
	}
	return testkit.Must(foreign.NewTree(list))(t)
}

// told is what a tree says, as lines for people.
func told(t testing.TB, format foreign.Format, files *foreign.Tree, options map[string]string) string {
	t.Helper()
	d := testkit.Must(format.Read(t.Context(), files, options))(t)
	defer d.Close()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	line := func(v any) {
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range d.Labels {
		line(map[string]any{"label": l})
	}
	for img, err := range d.Images {
		if err != nil {
			t.Fatal(err)
		}
		shapes, problems := img.Shapes, img.Problems
		head := *img
		head.Shapes, head.Problems, head.File = nil, nil, nil
		picture := ""
		if img.File != nil {
			picture = img.File.Path
		}
		b.WriteString(compact(t, map[string]any{"image": head, "picture": picture}) + "\n")
		for _, s := range shapes {
			typ, data := s.Geometry(cmp.Or(img.Width, 1000), cmp.Or(img.Height, 1000)) // where nothing tells, the picture would
			b.WriteString("  " + compact(t, map[string]any{"place": s.Place, "id": s.ID, "label": s.Label, "type": typ, "data": data, "confidence": s.Confidence, "source": s.Source, "author": s.Author}) + "\n")
		}
		for _, p := range problems {
			b.WriteString("  ! " + compact(t, p) + "\n")
		}
	}
	return b.String()
}

// compact is a value as JSON without what is empty.
func compact(t testing.TB, v any) string {
	t.Helper()
	var m any
	raw := testkit.Must(json.Marshal(v))(t)
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(pruned(m)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func pruned(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for name, value := range m {
		value = pruned(value)
		below, isMap := value.(map[string]any)
		if value == nil || value == "" || value == 0.0 || value == false || isMap && len(below) == 0 {
			delete(m, name)
		} else {
			m[name] = value
		}
	}
	return m
}

// TestRead reads whatever is below testdata: a folder for each form of a format, which begins with the format's name. What was
// read is compared with the file READ in the folder. Each is detected as what it is.
func TestRead(t *testing.T) {
	t.Parallel()
	folders := testkit.Must(filepath.Glob("testdata/*/READ"))(t)
	if *update {
		folders = testkit.Must(filepath.Glob("testdata/*"))(t)
	}
	if len(folders) == 0 {
		t.Fatal("there is nothing to read")
	}
	for _, folder := range folders {
		if filepath.Base(folder) == "READ" {
			folder = filepath.Dir(folder)
		}
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			checkGolden(t, folder)
		})
	}
}

func checkGolden(t *testing.T, folder string) {
	t.Helper()
	files := treeIn(t, folder)
	format := testkit.Must(foreign.Detect(t.Context(), files))(t)
	if name, _, _ := strings.Cut(filepath.Base(folder), "."); format.Name != name {
		t.Errorf("detected as %s, want %s", format.Name, name)
	}
	got := told(t, format, files, nil)
	golden := filepath.Join(folder, "READ")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(string(testkit.Must(os.ReadFile(golden))(t)), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestOwnExports: what package export writes is known by its files.
func TestOwnExports(t *testing.T) {
	t.Parallel()
	const golden = "../export/testdata/golden"
	for _, f := range foreign.Formats() {
		var folders []string
		for _, variant := range testkit.Must(os.ReadDir(golden))(t) {
			if variant.Name() == f.Name || strings.HasPrefix(variant.Name(), f.Name+"-") {
				folders = append(folders, variant.Name())
			}
		}
		if len(folders) == 0 {
			t.Errorf("there is no export as %s", f.Name)
		}
		for _, folder := range folders {
			t.Run(folder, func(t *testing.T) {
				t.Parallel()
				files := treeIn(t, filepath.Join(golden, folder))
				if got := testkit.Must(foreign.Detect(t.Context(), files))(t); got.Name != f.Name {
					t.Errorf("detected as %s, want %s", got.Name, f.Name)
				}
				text := told(t, f, files, nil)
				if n := strings.Count(text, `"picture":`); n != 4 {
					t.Errorf("has %d pictures, want 4", n)
				}
				if os.Getenv("SHOW") != "" {
					t.Log("\n" + text)
				}
			})
		}
	}
}

func isInvalid(err error) bool { return errors.Is(err, fault.Invalid) }

// TestNoFormat: files that are no dataset are none in any format.
func TestNoFormat(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"nothing":       {},
		"pictures":      {"a.jpg": "x"},
		"other JSON":    {"package.json": `{"name": "x", "files": []}`},
		"broken JSON":   {"a.json": `{"images`},
		"other XML":     {"pom.xml": `<project/>`},
		"other CSV":     {"a.csv": "a,b\n1,2\n"},
		"empty CSV":     {"a.csv": ""},
		"text alone":    {"README.txt": "hello"},
		"several YAMLs": {"a.yaml": "x: 1", "b.yaml": "x: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := foreign.Detect(t.Context(), tree(t, files))
			if err == nil || !slices.Contains([]string{"format: looks like none of jsonl, csv, imagefolder, cvat, voc, coco, datumaro, label-studio, yolo"}, err.Error()) {
				t.Errorf("detected as %q with error %v", f.Name, err)
			}
		})
	}
}
