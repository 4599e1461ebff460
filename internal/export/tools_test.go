package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	stdimage "image"
	"image/jpeg"
	"image/png"
	"maps"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// tools are the readers of tools.py, by what they read: how near they are to what was drawn, in pixels, and whether they tell
// classes by their names, and splits.
var tools = map[string]struct {
	near     float64
	names    bool
	noSplits bool // it does not read them
}{
	"yolo": {near: 0.01}, "yolo-segmentation": {near: 0.01},
	"coco": {near: 0.01}, "coco-masks-rle": {near: 0.01}, "coco-layout-roboflow": {near: 0.01},
	"voc-origin-0": {near: 1, names: true}, "cvat": {near: 0.01, names: true, noSplits: true}, "datumaro": {near: 0.01, names: true},
	"label-studio": {near: 0.01}, "openimages": {near: 0.01}, "createml": {near: 0.01, names: true}, "csv": {near: 0.01},
	"imagefolder": {near: 0.01}, "webdataset": {near: 0.01}, "tfrecord": {near: 0.01},
}

// pictures is a dataset of pictures that can be loaded, and what is drawn on them, by split and file.
func pictures(t *testing.T) (*export.Dataset, map[string]string, map[string]map[string][]row) {
	t.Helper()
	d := &export.Dataset{
		Name: "ships", Labels: []export.Label{{ID: 1, Name: "sail", Color: "#102030"}, {ID: 2, Name: "cargo ship", Color: "#112233"}, {ID: 5, Name: "buoy é", Color: "#445566"}},
		Splits: []image.Split{image.SplitTrain, image.SplitVal, image.SplitTest, image.SplitNone},
	}
	content, drawn := map[string]string{}, map[string]map[string][]row{}
	var images []*export.Image
	for i := range 12 {
		img := &export.Image{
			ID: gid.ImageID(i + 1), OriginalName: fmt.Sprintf("Pic train %d.x", i), Format: image.FormatPNG, Width: 100 + 7*i, Height: 60 + 5*i,
			Split: d.Splits[i%4], SHA256: strings.Repeat("0", 64),
		}
		var b bytes.Buffer
		pixels := stdimage.NewRGBA(stdimage.Rect(0, 0, img.Width, img.Height))
		if i%3 == 0 {
			img.Format = image.FormatJPEG
			testkit.Must(0, jpeg.Encode(&b, pixels, nil))(t)
		} else {
			testkit.Must(0, png.Encode(&b, pixels))(t)
		}
		img.Object = objectOf(b.Bytes())
		content[img.Object.SHA256] = b.String()
		split := map[image.Split]string{image.SplitVal: "val", image.SplitTest: "test"}[img.Split]
		if split == "" {
			split = "train"
		}
		if drawn[split] == nil {
			drawn[split] = map[string][]row{}
		}
		rows := []row{}
		for j := range i % 4 {
			x, y, w, h := 0.05*float64(j+1), 0.1, 0.3, 0.25+0.01*float64(i)
			a := export.Annotation{ID: gid.NewAnnotationID(), Class: (i + j) % 3, Type: "bounding_box", Data: rawjson.Object(fmt.Sprintf(`{"point":[%v,%v],"width":%v,"height":%v}`, x, y, w, h))}
			if j == 1 {
				a.Type, a.Data = "polygon", rawjson.Object(fmt.Sprintf(`{"points":[[%v,%v],[%v,%v],[%v,%v]]}`, x, y, x+w, y, x, y+h))
			}
			img.Annotations = append(img.Annotations, a)
			rows = append(rows, row{d.Labels[a.Class].Name, a.Class, [4]float64{x * float64(img.Width), y * float64(img.Height), w * float64(img.Width), h * float64(img.Height)}})
		}
		drawn[split][img.Stem()] = rows
		images = append(images, img)
	}
	d.Images = imagesOf(images)
	return d, content, drawn
}

// row is what is drawn: a class, and its box in pixels.
type row struct {
	name  string
	class int
	box   [4]float64
}

// TestTools loads exports with the tools that they are for. It takes DATAGEN_TEST_PYTHON, a Python that has
// testdata/tools/requirements.txt installed; .ci/formats makes one.
func TestTools(t *testing.T) {
	python := os.Getenv("DATAGEN_TEST_PYTHON")
	if python == "" {
		t.Skip("DATAGEN_TEST_PYTHON is not set")
	}
	all := variants(t)
	for name, tool := range tools {
		t.Run(name, func(t *testing.T) {
			v := all[name]
			d, content, drawn := pictures(t)
			dir := t.TempDir()
			write(t, dir+"/export", render(t, d, v.Parts(d, v.Options), content))
			command := exec.CommandContext(t.Context(), python, "testdata/tools/tools.py", name, dir+"/export")
			command.Env = append(os.Environ(), "HF_HOME="+dir+"/hf", "HF_DATASETS_OFFLINE=1")
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var read map[string]map[string][][5]any
			last := bytes.TrimSpace(out)
			if err := json.Unmarshal(last[bytes.LastIndexByte(last, '\n')+1:], &read); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if tool.noSplits {
				read, drawn = merged(read), merged(drawn)
			}
			for split, images := range drawn {
				if len(read[split]) != len(images) {
					t.Errorf("%s has %d images, want %d", split, len(read[split]), len(images))
				}
				for stem, want := range images {
					got := read[split][stem]
					if len(got) != len(want) {
						t.Errorf("%s/%s: %v, want %v", split, stem, got, want)
						continue
					}
					for i, w := range want {
						w.compare(t, stem, got[i], tool.names, tool.near)
					}
				}
			}
		})
	}
}

// merged is what there is in one split.
func merged[R any](splits map[string]map[string][]R) map[string]map[string][]R {
	all := map[string][]R{}
	for _, images := range splits {
		maps.Copy(all, images)
	}
	return map[string]map[string][]R{"all": all}
}

func (w row) compare(t *testing.T, stem string, got [5]any, byName bool, near float64) {
	t.Helper()
	class := any(float64(w.class))
	if byName {
		class = w.name
	}
	if got[0] != class {
		t.Errorf("%s: class %v, want %v", stem, got[0], class)
	}
	for i, want := range w.box {
		if v, ok := got[i+1].(float64); !ok || math.Abs(v-want) > near {
			t.Errorf("%s: %v, want %v", stem, got[1:], w.box)
			return
		}
	}
}
