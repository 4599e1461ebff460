package foreign

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestList: of a list no more is kept than an image may have, and what is unfit does not spoil the rest.
func TestList(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":   {"null", "[] map[] 0 <nil>"},
		"empty":     {" [ ] ", "[] map[] 0 <nil>"},
		"numbers":   {"[1, 2]", "[1 2] map[] 0 <nil>"},
		"unfit":     {`[1, "b", 3, 4.5]`, "[1 0 3 0] map[1:has a string for a value at byte 3 3:has a number 4.5 for a value at byte 3] 0 <nil>"},
		"an object": {`{}`, "[] map[] 0 json: cannot unmarshal object into Go value of type []struct {}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l list[int]
			err := json.Unmarshal([]byte(tt.text), &l)
			if got := fmt.Sprint(l.all, l.unfit, l.more, err); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	var l list[struct{}]
	if err := json.Unmarshal([]byte("["+strings.Repeat("{},", maxShapes+4)+"{}]"), &l); err != nil || len(l.all) != maxShapes || l.more != 5 {
		t.Errorf("%d and %d more, %v", len(l.all), l.more, err)
	}
	img := &Image{}
	l.lack(img, "here")
	if n := len(img.Problems) + img.Unlisted; n != 5 {
		t.Errorf("%d are counted as lost", n)
	}
	var n numbers
	if err := json.Unmarshal([]byte("["+strings.Repeat("1,", maxNumbers)+"1]"), &n); err == nil {
		t.Errorf("has %d numbers", len(n))
	}
}

// TestShown: of what files say people see the beginning, and what is kept is short.
func TestShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1<<20)
	if got := shown(long); utf8.RuneCountInString(got) != 101 || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
	if got := shown("é"); got != "é" {
		t.Errorf("%q", got)
	}
	if a, b := key([]byte(long)), key([]byte(long+"x")); len(a) > 64 || a == b {
		t.Errorf("%q and %q", a, b)
	}
}

// TestLongPlaces: places of shapes do not repeat ids that are long.
func TestLongPlaces(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("i", 1<<20)
	task := &lsTask{ID: json.RawMessage(id), Data: json.RawMessage(`{"image":"a.jpg"}`), Annotations: list[lsAnnotation]{all: []lsAnnotation{{Result: json.RawMessage("[{}]")}}}}
	tree, err := NewTree(nil)
	if err != nil {
		t.Fatal(err)
	}
	for format, img := range map[string]*Image{
		"label-studio": (&File{Path: "a.json"}).task(tree, task, 0),
		"datumaro":     (&File{Path: "a.json"}).datumaroImage(tree, &datumaroItem{ID: id, Annotations: list[datumaroAnnotation]{all: make([]datumaroAnnotation, 1)}}, nil),
	} {
		if len(img.Problems) != 1 || len(img.Problems[0].Place) > 1000 || len(img.Name) > 5000 {
			t.Errorf("%s: %d problems, name of %d bytes", format, len(img.Problems), len(img.Name))
		}
	}
}

// TestSpoolWeight: of a group no more is read than a piece may have.
func TestSpoolWeight(t *testing.T) {
	t.Parallel()
	d := &Dataset{}
	defer d.Close()
	s, err := d.newSpool()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := s.add(0, make([]byte, maxPiece/3)); err != nil {
			t.Fatal(err)
		}
	}
	records, more, err := s.of(0)
	if len(records) != 3 || more != 2 || err != nil {
		t.Errorf("%d records and %d more, %v", len(records), more, err)
	}
}
