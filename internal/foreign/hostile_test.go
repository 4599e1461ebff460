package foreign_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/foreign"
)

// TestHostile reads what is made to cost more than it weighs. It is refused, or read, in little memory.
func TestHostile(t *testing.T) {
	var aliases, entities strings.Builder
	aliases.WriteString("a: &a [x,x,x,x,x,x,x,x,x]\n")
	entities.WriteString(`<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">`)
	for i := range 9 {
		fmt.Fprintf(&aliases, "%c: &%[1]c [%s]\n", 'b'+i, strings.Repeat("*"+string(rune('a'+i))+",", 9))
		fmt.Fprintf(&entities, `<!ENTITY %c "%s">`, 'b'+i, strings.Repeat("&"+string(rune('a'+i))+";", 9))
	}
	entities.WriteString(`]><annotations><version>1.1</version><image id="0" name="&j;"/></annotations>`)
	const deep = 500_000
	for name, c := range map[string]struct {
		format string
		files  map[string]string
	}{
		"aliases":                {"yolo", map[string]string{"data.yaml": aliases.String() + "names: *j\n"}},
		"deep YAML":              {"yolo", map[string]string{"data.yaml": "names: " + strings.Repeat("[", deep)}},
		"deep YAML of lists":     {"yolo", map[string]string{"data.yaml": "names:\n" + strings.Repeat("- ", deep)}},
		"long YAML":              {"yolo", map[string]string{"data.yaml": "names: [" + strings.Repeat("a,", deep*2) + "]"}},
		"names that are none":    {"yolo", map[string]string{"data.yaml": "names: {0: [a, b]}"}},
		"a number without end":   {"yolo", map[string]string{"data.yaml": "names: {999999999: a}"}},
		"entities":               {"cvat", map[string]string{"annotations.xml": entities.String()}},
		"deep XML":               {"cvat", map[string]string{"annotations.xml": "<annotations><version>1</version>" + strings.Repeat("<image>", deep)}},
		"deep XML to skip":       {"cvat", map[string]string{"annotations.xml": "<annotations><version>1</version>" + strings.Repeat("<x>", deep)}},
		"deep JSON":              {"coco", map[string]string{"a.json": `{"images":` + strings.Repeat("[", deep)}},
		"deep JSON to skip":      {"coco", map[string]string{"a.json": `{"images":[],"info":` + strings.Repeat("[", deep)}},
		"deep JSON in an object": {"coco", map[string]string{"a.json": `{"annotations":[{"x":` + strings.Repeat(`{"a":`, deep)}},
		"deep JSON in tasks":     {"label-studio", map[string]string{"a.json": `[{"data":` + strings.Repeat(`{"a":`, deep)}},
		"deep labels":            {"label-studio", map[string]string{"a.json": "[]", "label_config.xml": "<View>" + strings.Repeat("<View>", 20_000)}},
		"large masks": {"coco", map[string]string{"a.json": `{"images":[{"id":1,"file_name":"a.png"}],"categories":[{"id":1,"name":"a"}],"annotations":[` +
			strings.TrimSuffix(strings.Repeat(`{"image_id":1,"category_id":1,"segmentation":{"counts":[0,4294836225],"size":[65535,65535]}},`, 50), ",") + `]}`}},
		"a mask in pieces": {"coco", map[string]string{"a.json": `{"images":[{"id":1,"file_name":"a.png"}],"categories":[{"id":1,"name":"a"}],"annotations":[` +
			`{"image_id":1,"category_id":1,"segmentation":{"counts":[` + strings.TrimSuffix(strings.Repeat("1,1,", deep), ",") + `],"size":[1000,1000]}}]}`}},
		"rows without end": {"yolo", map[string]string{"data.yaml": "names: [a]", "labels/a.txt": strings.Repeat("7 .5 .5 .1 .1\n", deep)}},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for _, f := range foreign.Formats() {
				if f.Name == c.format {
					readAll(t, f, c.files)
				}
			}
			runtime.ReadMemStats(&after)
			const most = 1 << 30 // all that was allocated, one after the other
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("allocated %d MB", used>>20)
			}
		})
	}
}

func readAll(t *testing.T, f foreign.Format, files map[string]string) {
	t.Helper()
	d, err := f.Read(t.Context(), tree(t, files), nil)
	if err != nil {
		if !isInvalid(err) {
			t.Fatal(err)
		}
		return
	}
	defer d.Close()
	for _, err := range d.Images {
		if err != nil {
			t.Fatal(err)
		}
	}
}
