package catalog_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// hasTags tells whether images have these tags.
func hasTags(tags ...string) func(*testkit.World, *ent.Image) bool {
	return func(_ *testkit.World, img *ent.Image) bool { return slices.Equal(img.Tags, tags) }
}

func TestTagImages(t *testing.T) {
	t.Parallel()
	const too = "has 101 tags; at most 100 are allowed"
	many := make([]string, 101)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	checkImageUpdates(t, map[string]imageUpdate{
		"all":            {"manager", just(catalog.UpdateImageInput{Tags: []string{"b", " a\u00a0", "b", "Ä", "a"}}), "", hasTags("a", "b", "Ä")},
		"none again":     {"manager", just(catalog.UpdateImageInput{Tags: []string{}}), "", nil},
		"one more":       {"manager", just(catalog.UpdateImageInput{AddTags: []string{" x "}}), "", hasTags("x")},
		"one more, done": {"manager", just(catalog.UpdateImageInput{AddTags: []string{"x"}, Done: new(true)}), "", hasTags("x")},
		"one less":       {"manager", just(catalog.UpdateImageInput{RemoveTags: []string{"x"}}), "", nil},
		"nothing":        {"manager", just(catalog.UpdateImageInput{AddTags: []string{}, RemoveTags: []string{}}), "", nil},
		"by a reviewer":  {"reviewer", just(catalog.UpdateImageInput{AddTags: []string{"x"}}), "FORBIDDEN not allowed to edit images", nil},
		"too many":       {"manager", just(catalog.UpdateImageInput{Tags: many}), "INVALID input.tags: " + too, nil},
		"many, twice":    {"manager", just(catalog.UpdateImageInput{Tags: append(many[1:], many[1:]...)}), "", func(_ *testkit.World, img *ent.Image) bool { return len(img.Tags) == 100 }},
		"blank ones": {
			"manager", just(catalog.UpdateImageInput{AddTags: []string{"a", " ", "b\tc", strings.Repeat("é", 101)}}),
			"INVALID input.addTags[1]: must not be blank; input.addTags[2]: must not contain control characters; input.addTags[3]: has 101 characters; at most 100 are allowed", nil,
		},
		"all, and more": {
			"manager", just(catalog.UpdateImageInput{Tags: []string{"a"}, AddTags: []string{"b"}}),
			"INVALID input.tags: says all tags; addTags and removeTags must be absent", nil,
		},
		"added and removed": {
			"manager", just(catalog.UpdateImageInput{AddTags: []string{"a", "b"}, RemoveTags: []string{"c", " b"}}), "INVALID input.removeTags[1]: is added as well", nil,
		},
	})
}

// TestTagsOfEach adds and removes tags of images that have others.
func TestTagsOfEach(t *testing.T) {
	t.Parallel()
	full := make([]string, 100)
	for i := range full {
		full[i] = fmt.Sprintf("%03d", i)
	}
	type tagging struct {
		in                     catalog.UpdateImageInput
		want, tags1, tags2, at string
	}
	testkit.EachWorld(t, map[string]tagging{
		"add":            {catalog.UpdateImageInput{AddTags: []string{"b"}}, "", "[a b]", "[b]", "[3 2 1]"},
		"remove":         {catalog.UpdateImageInput{RemoveTags: []string{"a", "z"}}, "", "[]", "[]", "[3 1 1]"},
		"add and remove": {catalog.UpdateImageInput{AddTags: []string{"c"}, RemoveTags: []string{"a"}}, "", "[c]", "[c]", "[3 2 1]"},
		"add one there":  {catalog.UpdateImageInput{AddTags: []string{"a"}}, "", "[a]", "[a]", "[2 2 1]"},
		"add too many":   {catalog.UpdateImageInput{AddTags: full}, "INVALID input.addTags: image %d would have 101 tags; at most 100 are allowed", "[a]", "[]", "[2 1 1]"},
	}, func(t *testing.T, w *testkit.World, tt tagging) {
		ctx := w.As(t.Context(), "owner")
		first := catalog.One(w.Images[0].ID, nil)
		if err := catalog.UpdateImages(ctx, w.DB, first, catalog.UpdateImageInput{Tags: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
		err := catalog.UpdateImages(ctx, w.DB, catalog.Targets[gid.ImageID]{IDs: imageIDs(w.Images[:2])}, tt.in)
		if want := strings.ReplaceAll(tt.want, "%d", fmt.Sprint(w.Images[0].ID)); testkit.Said(err) != want {
			t.Errorf("%v; want %s", err, want)
		}
		for i, want := range []string{tt.tags1, tt.tags2} {
			if got := fmt.Sprint(w.DB.Image.GetX(access.System(ctx), w.Images[i].ID).Tags); got != want {
				t.Errorf("image %d has %s, want %s", i, got, want)
			}
		}
		if got := versions(t, w); got != tt.at {
			t.Errorf("versions %s, want %s", got, tt.at)
		}
	})
}

func TestMetadataOfImages(t *testing.T) {
	t.Parallel()
	const double = "must be a number of double precision"
	set := func(object string) func(*testkit.World) catalog.UpdateImageInput {
		return just(catalog.UpdateImageInput{Metadata: rawjson.Object(object)})
	}
	keys := make([]string, 101)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%d":1`, i)
	}
	stored := func(texts ...string) func(*testkit.World, *ent.Image) bool {
		return func(_ *testkit.World, img *ent.Image) bool {
			return slices.Contains(texts, strings.ReplaceAll(img.Metadata.String(), " ", ""))
		}
	}
	wrong := func(object, says string) imageUpdate {
		return imageUpdate{"manager", set(object), "INVALID input.metadata" + says, nil}
	}
	checkImageUpdates(t, map[string]imageUpdate{
		"all kinds":   {"manager", set(`{"t":"x","n":1.50,"b":false}`), "", stored(`{"b":false,"n":1.50,"t":"x"}`)},
		"a key twice": {"manager", set(`{"a":1,"a":2}`), "", stored(`{"a":2}`)},
		"large numbers": {"manager", set(`{"a":12345678901234567890.123456789,"b":-1.7e308}`), "", func(_ *testkit.World, img *ent.Image) bool {
			return strings.Contains(img.Metadata.String(), "12345678901234567890.123456789")
		}},
		"zero":           {"manager", set(`{"a":0e-99999}`), "", stored(`{"a":0}`)},
		"markup":         {"manager", set(`{"a":"<&>'"}`), "", stored(`{"a":"<&>'"}`)},
		"nothing, again": {"manager", set(`{}`), "", nil},
		"by a reviewer":  {"reviewer", set(`{"a":1}`), "FORBIDDEN not allowed to edit images", nil},

		"null":              wrong(`{"a":null}`, ".a: must be a text, a number or a boolean"),
		"a list":            wrong(`{"a":[1]}`, ".a: must be a text, a number or a boolean"),
		"an object":         wrong(`{"a":{}}`, ".a: must be a text, a number or a boolean"),
		"a long text":       wrong(`{"a":"`+strings.Repeat("é", 1001)+`"}`, ".a: has 1001 characters; at most 1000 are allowed"),
		"NUL":               wrong(`{"a":"\u0000"}`, ".a: must not contain the character NUL"),
		"above all numbers": wrong(`{"a":1e309}`, ".a: "+double),
		"below all numbers": wrong(`{"a":-1e400000}`, ".a: "+double),
		"next to nothing":   wrong(`{"a":1e-20000}`, ".a: "+double),
		"subnormal":         wrong(`{"a":1e-310}`, ".a: "+double),
		"endless digits":    wrong(`{"a":0.`+strings.Repeat("1", 99)+`}`, ".a: has 101 digits; at most 100 are allowed"),
		"no key":            wrong(`{"":1}`, `: has the key "", which is empty`),
		"a quotation mark":  wrong(`{"a\"b":1}`, `: has the key "a\"b", which must not contain ", \ and control characters`),
		"a backslash":       wrong(`{"a\\b":1}`, `: has the key "a\\b", which must not contain ", \ and control characters`),
		"a line break":      wrong(`{"a\nb":1}`, `: has the key "a\nb", which must not contain ", \ and control characters`),
		"a long key":        wrong(`{"`+strings.Repeat("k", 101)+`":1}`, `: has the key "`+strings.Repeat("k", 100)+`", which has 101 characters; at most 100 are allowed`),
		"many keys":         wrong(`{`+strings.Join(keys, ",")+`}`, ": has 101 keys; at most 100 are allowed"),
		"two mistakes":      wrong(`{"a":null,"b":[]}`, ".a: must be a text, a number or a boolean; input.metadata.b: must be a text, a number or a boolean"),
	})
}

// TestSameMetadata: what says the same is no change, whichever way it is written.
func TestSameMetadata(t *testing.T) {
	t.Parallel()
	testkit.EachWorld(t, map[string]string{
		"the same":      `{"a": "x", "long key": 1.5}`,
		"another order": `{"long key":1.5,"a":"x"}`,
		"twice":         `{"a":7,"long key":1.5,"a":"\u0078"}`,
	}, func(t *testing.T, w *testkit.World, object string) {
		for _, text := range []string{`{"a":"x","long key":1.5}`, object} {
			err := catalog.UpdateImages(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Images[0].ID, nil), catalog.UpdateImageInput{Metadata: rawjson.Object(text)})
			if got := versions(t, w); err != nil || got != "[2 1 1]" {
				t.Errorf("%s: %v, versions %s", text, err, got)
			}
		}
	})
}
