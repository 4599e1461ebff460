package ingest_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// tagged lists the tags and metadata of all images.
func (w *world) tagged(t *testing.T) (list []string) {
	t.Helper()
	for _, img := range w.db.Image.Query().Order(image.ByID()).AllX(access.System(t.Context())) {
		list = append(list, fmt.Sprintf("%s v%d %s", strings.Join(img.Tags, ","), img.Version, strings.ReplaceAll(img.Metadata.String(), " ", "")))
	}
	return list
}

func TestTags(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		first := file("a.png", pngOf(3, 3, 1))
		first.Tags, first.Metadata = []string{"night", " fog", "night"}, rawjson.Object(`{"z":1,"a":true}`)
		second := file("b.png", pngOf(3, 3, 2))
		testkit.Must(w.Create(w.as(t, member.RoleManager), w.dataset, []ingest.ImageInput{first, second}, inList))(t)
		if diff := cmp.Diff([]string{`fog,night v1 {"a":true,"z":1}`, ` v1 {}`}, w.tagged(t)); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}

		zipped := zipOf(packed{name: "a.png", content: pngOf(3, 3, 1)}, packed{name: "b.png", content: pngOf(3, 3, 2)}, packed{name: "c.png", content: pngOf(3, 3, 3)})
		for range 2 { // the second time nothing is left to add
			testkit.Must(w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(zipped),
				ingest.ImportOptions{OnDuplicate: ingest.LinkDuplicates, Tags: []string{"fog", "trip"}}, inInput))(t)
			want := []string{`fog,night,trip v2 {"a":true,"z":1}`, `fog,trip v2 {}`, `fog,trip v1 {}`}
			if diff := cmp.Diff(want, w.tagged(t)); diff != "" {
				t.Errorf("imported (-want +got):\n%s", diff)
			}
		}
	})
}

// TestTagsRefused: what is wrong with tags is said before any picture is looked at.
func TestTagsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		many := make([]string, 60)
		for i := range many {
			many[i] = strconv.Itoa(i)
		}
		others := slices.Clone(many)
		for i := range others {
			others[i] += "x"
		}
		for want, tags := range map[string][2][]string{
			"INVALID options.tags[1]: must not be blank":                             {nil, {"a", ""}},
			"INVALID images[0].tags[0]: must not contain control characters":         {{"a\nb"}, nil},
			"INVALID images[0].tags: has 120 tags; at most 100 are allowed":          {many, others},
			"INVALID images[0].tags[0]: has 101 characters; at most 100 are allowed": {{strings.Repeat("é", 101)}, nil},
		} {
			in := file("a.png", []byte("no picture"))
			in.Tags = tags[0]
			_, err := w.ImportImages(w.as(t, member.RoleManager), w.dataset, []ingest.ImageInput{in}, ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates, Tags: tags[1]}, inList)
			if testkit.Said(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
}
