package annotate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestCheckShape(t *testing.T) {
	t.Parallel()
	const (
		box, polygon       = annotate.BoundingBox, annotate.Polygon
		width, height      = "data.width: must be a finite number greater than 0", "data.height: must be a finite number greater than 0"
		point, points      = "data.point: must be [x, y], two finite numbers", "data.points: must be a list of at least 3 points"
		second, left, tall = "data.points[1]: must be [x, y], two finite numbers", "data.left: must be a finite number", "data: is longer than 1048576 bytes"
	)
	for _, tt := range []struct{ typ, data, want string }{
		{box, `{"point":[0.1,0.2],"width":0.3,"height":0.4}`, ""},
		{box, `{"height":4e-1,"width":3E-1,"point":[0,1]}`, ""},
		{box, `{"point":[-0.5,1.5],"width":3,"height":1e3}`, ""},                        // over the edge
		{box, `{"point":[0.1,0.2],"width":5e-324,"height":1.7976931348623157e308}`, ""}, // the least and the greatest there is
		{box, `{"point":[0.1,0.2],"width":0.3,"height":0.4,"angle":[null],"x":{"y":1e999}}`, ""},
		{box, `{"point":[0,0],"width":0,"width":0.3,"height":0.4}`, ""}, // the last one counts, as everywhere
		{box, `{"point":[0,0],"width":0.3,"height":0.4,"width":-1}`, width},
		{box, `{"point":[0.1,0.2],"width":0,"height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"width":-0.0,"height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"width":1e-999,"height":0.4}`, width}, // which is 0
		{box, `{"point":[0.1,0.2],"width":-0.3,"height":-0.4}`, width + "; " + height},
		{box, `{"point":[0.1,0.2],"width":1e999,"height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"width":"0.3","height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"width":true,"height":[1]}`, width + "; " + height},
		{box, `{"point":[0.1,0.2],"width":null,"height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"height":0.4}`, width},
		{box, `{"point":[0.1,0.2],"Width":0.3,"height":0.4}`, width}, // JSON tells case apart
		{box, `{"point":[0.1],"width":0.3,"height":0.4}`, point},
		{box, `{"point":[0.1,0.2,0.3],"width":0.3,"height":0.4}`, point},
		{box, `{"point":[],"width":0.3,"height":0.4}`, point},
		{box, `{"point":{"x":0.1,"y":0.2},"width":0.3,"height":0.4}`, point},
		{box, `{"point":[0.1,null],"width":0.3,"height":0.4}`, point},
		{box, `{"point":["0.1",0.2],"width":0.3,"height":0.4}`, point},
		{box, `{"point":[1e999,0.2],"width":0.3,"height":0.4}`, point},
		{box, `{"point":[[0.1],0.2],"width":0.3,"height":0.4}`, point},
		{box, `{"point":"[0,0]","width":0.3,"height":0.4}`, point},
		{box, `{}`, point + "; " + width + "; " + height},
		{box, ``, point + "; " + width + "; " + height},
		{box, `{"points":[[0,0],[0,1],[1,1]]}`, point + "; " + width + "; " + height},
		{polygon, `{"points":[[0,0],[0,1],[1,1]]}`, ""},
		{polygon, `{"left":0,"top":-0.5,"points":[[0,0],[0,1],[1.5,1],[-1,0]]}`, ""},
		{polygon, `{"left":null,"points":[[0,0],[0,1],[1,1]]}`, ""},
		{polygon, `{"points":[[0,0],[0,0],[0,0]]}`, ""}, // people draw such things, and exports tell
		{polygon, `{"points":[[0,0],[0,1]]}`, points},
		{polygon, `{"points":[]}`, points},
		{polygon, `{"points":null}`, points},
		{polygon, `{"points":{"0":[0,0],"1":[0,1],"2":[1,1]}}`, points},
		{polygon, `{}`, points},
		{polygon, `{"Points":[[0,0],[0,1],[1,1]]}`, points},
		{polygon, `{"points":[[0,0],[0],[1]]}`, second},
		{polygon, `{"points":[[0,0],"a",[1,1]]}`, second},
		{polygon, `{"points":[[0,0],[0,1e400],[1,1]]}`, second},
		{polygon, `{"points":[[0,0],[0,true]]}`, second + "; " + points},
		{polygon, `{"left":"0","points":[[0,0],[0,1],[1,1]]}`, left},
		{polygon, `{"left":1e999,"points":[[0,0],[0,1],[1,1]]}`, left},
		{"keypoints", `{}`, ""},
		{"keypoints", `{"width":-1,"points":"none","x":1e999}`, ""}, // what we do not know we keep
		{"Bounding_Box", `{}`, ""},
		{"mask", `{"rle":"` + strings.Repeat("1", annotate.ShapeLength) + `"}`, tall},
		{box, `{"x":"` + strings.Repeat("1", annotate.ShapeLength) + `","point":[0,0],"width":1,"height":1}`, tall},
	} {
		data := rawjson.Object(nil)
		if tt.data != "" {
			data = testkit.Must(rawjson.Parse([]byte(tt.data)))(t)
		}
		if got := annotate.CheckShape(tt.typ, data).Error(); got != tt.want {
			t.Errorf("%s %.80s:\n got %s\nwant %s", tt.typ, tt.data, got, tt.want)
		}
	}
}

// BenchmarkCheckShape checks a box, and a polygon of a hundred points:
//
//	go test -run '^$' -bench CheckShape ./internal/annotate
func BenchmarkCheckShape(b *testing.B) {
	corners := strings.TrimSuffix(strings.Repeat("[0.123456,0.654321],", 100), ",")
	for typ, data := range map[string]string{
		annotate.BoundingBox: `{"point":[0.123456,0.654321],"width":0.25,"height":0.125}`,
		annotate.Polygon:     fmt.Sprintf(`{"points":[%s]}`, corners),
	} {
		b.Run(typ, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if wrong := annotate.CheckShape(typ, rawjson.Object(data)); wrong != nil {
					b.Fatal(wrong)
				}
			}
		})
	}
}
