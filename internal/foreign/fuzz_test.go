package foreign_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/testkit"
)

// FuzzRead holds that no content of a file makes a reader fail otherwise than by saying what is wrong, and that all shapes it
// finds are some.
func FuzzRead(f *testing.F) {
	for _, folder := range testkit.Must(filepath.Glob("testdata/*.*"))(f) {
		err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "READ" {
				return err
			}
			if text := testkit.Must(os.ReadFile(path))(f); len(text) > 1 {
				f.Add(text)
			}
			return nil
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range foreign.Formats() {
			readAnything(t, name, string(text))
		}
	})
}

// places are where files of each format lie that the text may be.
func places(format, text string) []map[string]string {
	switch format {
	case "yolo":
		return []map[string]string{{"data.yaml": text, "labels/a.txt": text}, {"data.yaml": "names: [a, b]", "images/a.jpg": "", "labels/a.txt": text}, {"classes.txt": text, "labels/a.txt": "0 .5 .5 1 1"}}
	case "csv":
		return []map[string]string{{"annotations.csv": text}, {"annotations.csv": "file_name,label,x,y,w,h,points\n" + text, "images.csv": text, "labels.csv": text}}
	case "jsonl":
		return []map[string]string{{"dataset.json": text, "images.jsonl": text}, {"dataset.json": `{"version":1,"labels":[{"id":1,"name":"a"}]}`, "images.jsonl": text}}
	case "imagefolder":
		return []map[string]string{{"train/metadata.jsonl": text}}
	case "voc":
		return []map[string]string{{"Annotations/a.xml": text, "labelmap.txt": text, "ImageSets/Main/train.txt": text}}
	case "cvat":
		return []map[string]string{{"annotations.xml": text}}
	case "label-studio":
		return []map[string]string{{"tasks.json": text, "label_config.xml": text}, {"tasks.json": text}}
	}
	return []map[string]string{{"annotations/instances_train.json": text}}
}

func readAnything(t *testing.T, f foreign.Format, text string) {
	t.Helper()
	for _, files := range places(f.Name, text) {
		d, err := f.Read(t.Context(), tree(t, files), nil)
		if err != nil {
			if !isInvalid(err) {
				t.Fatalf("%s: %v", f.Name, err)
			}
			continue
		}
		for img, err := range d.Images {
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			for _, s := range img.Shapes {
				if typ, data := s.Geometry(100, 100); typ == "" || len(data) == 0 || s.Label == "" {
					t.Fatalf("%s: a shape %q %s of label %q", f.Name, typ, data, s.Label)
				}
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
