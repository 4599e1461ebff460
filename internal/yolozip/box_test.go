package yolozip_test

import (
	"testing"

	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/yolozip"
)

func TestNewBox(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ  string
		data rawjson.Object
		want yolozip.Box // of class 3; none when it is the zero Box
	}{
		"box":                   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25}`), yolozip.Box{Class: 3, Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"box in another order":  {"bounding_box", rawjson.Object(`{"height":0.25,"width":0.5,"label":"x","point":[0.25,0.5]}`), yolozip.Box{Class: 3, Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"other names by case":   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25,"Width":0.1}`), yolozip.Box{Class: 3, Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75}},
		"over the edge":         {"bounding_box", rawjson.Object(`{"point":[-0.5,-1],"width":4,"height":8}`), yolozip.Box{Class: 3, Left: -0.5, Top: -1, Right: 3.5, Bottom: 7}},
		"box without a width":   {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"height":0.25}`), yolozip.Box{}},
		"width of 0":            {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0,"height":0.25}`), yolozip.Box{}},
		"negative height":       {"bounding_box", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":-0.25}`), yolozip.Box{}},
		"null":                  {"bounding_box", rawjson.Object(`{"point":null,"width":0.5,"height":0.25}`), yolozip.Box{}},
		"a text":                {"bounding_box", rawjson.Object(`{"point":["0.1",0.5],"width":0.5,"height":0.25}`), yolozip.Box{}},
		"half a point":          {"bounding_box", rawjson.Object(`{"point":[0.25],"width":0.5,"height":0.25}`), yolozip.Box{}},
		"nothing":               {"bounding_box", rawjson.Object(`{}`), yolozip.Box{}},
		"polygon":               {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.5],[0.25,1]]}`), yolozip.Box{Class: 3, Left: 0.25, Top: 0.25, Right: 0.75, Bottom: 1}},
		"polygon with a corner": {"polygon", rawjson.Object(`{"left":0.25,"top":0.25,"points":[[0.5,0.25],[0.75,0.5],[0.25,1]]}`), yolozip.Box{Class: 3, Left: 0.25, Top: 0.25, Right: 0.75, Bottom: 1}},
		"a line":                {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.25]]}`), yolozip.Box{}},
		"no points":             {"polygon", rawjson.Object(`{"points":[]}`), yolozip.Box{}},
		"a broken point":        {"polygon", rawjson.Object(`{"points":[[0.5,0.25],[0.75,0.5],[0.25,null]]}`), yolozip.Box{}},
		"another type":          {"dot", rawjson.Object(`{"point":[0.25,0.5],"width":0.5,"height":0.25}`), yolozip.Box{}},
	} {
		got, ok := yolozip.NewBox(3, tt.typ, tt.data)
		if ok != (tt.want != yolozip.Box{}) || ok && got != tt.want {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, tt.want)
		}
	}
}
