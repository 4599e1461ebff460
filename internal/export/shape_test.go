package export_test

import (
	"testing"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/rawjson"
)

func TestBox(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ  string
		data rawjson.Object
		want export.Box // none when it is the zero Box
	}{
		"box":                   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25}`), export.Box{Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"box in another order":  {"bounding_box", rawjson.Object(`{"height":0.25,"width":0.5,"label":"x","point":[0.25,0.5]}`), export.Box{Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"other names by case":   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25,"Width":0.1}`), export.Box{Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"over the edge":         {"bounding_box", rawjson.Object(`{"point":[-0.5,-1],"width":4,"height":8}`), export.Box{Left: -0.5, Top: -1, Right: 3.5, Bottom: 7}},
		"box without a width":   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"height":0.25}`), export.Box{}},
		"width of 0":            {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0,"height":0.25}`), export.Box{}},
		"negative height":       {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":-0.25}`), export.Box{}},
		"null":                  {"bounding_box", rawjson.Object(`{"point":null,"width":0.5,"height":0.25}`), export.Box{}},
		"a text":                {"bounding_box", rawjson.Object(`{"point":["0.1",0.5],"width":0.5,"height":0.25}`), export.Box{}},
		"half a point":          {"bounding_box", rawjson.Object(`{"point":[0.25],"width":0.5,"height":0.25}`), export.Box{}},
		"nothing":               {"bounding_box", rawjson.Object(`{}`), export.Box{}},
		"polygon":               {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.5],[0.25,1]]}`), export.Box{Left: 0.25, Top: 0.25, Right: 0.75, Bottom: 1}},
		"polygon with a corner": {"polygon", rawjson.Object(`{"left":0.25,"top":0.25,"points":[[0.5,0.25],[0.75,0.5],[0.25,1]]}`), export.Box{Left: 0.25, Top: 0.25, Right: 0.75, Bottom: 1}},
		"a line":                {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.25]]}`), export.Box{}},
		"no points":             {"polygon", rawjson.Object(`{"points":[]}`), export.Box{}},
		"a broken point":        {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.5],[0.25,null]]}`), export.Box{}},
		"another type":          {"dot", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25}`), export.Box{}},
	} {
		got, ok := (&export.Annotation{Type: tt.typ, Data: tt.data}).Box()
		if ok != (tt.want != export.Box{}) || ok && got != tt.want {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, tt.want)
		}
	}
}
