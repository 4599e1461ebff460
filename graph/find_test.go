package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// describe gives the three images of a world, which are called a, b and c, tags and metadata by way of the API.
func (a api) describe(t *testing.T) {
	t.Helper()
	for i, input := range []map[string]any{
		{"originalName": "a", "tags": []string{"night", " fog "}, "metadata": map[string]any{"place": "Köln 50%", "n": 5, "x": 0.1, "ok": true, "12": "a"}},
		{"originalName": "b", "tags": []string{"fog"}, "metadata": map[string]any{"place": "Bonn", "n": "5", "x": -2.5e3, "ok": false}},
		{"originalName": "c", "metadata": map[string]any{"place": 7, "n": 9007199254740993, "ok": "true", "x": 1e300}},
	} {
		a.mustAsk(t, "manager", `mutation($id: ID!, $in: UpdateImageInput!) { updateImage(id: $id, input: $in) { id } }`,
			map[string]any{"id": gidOf("Image", a.world.Images[i].ID), "in": input})
	}
}

// TestFind finds the images of a world by conditions of each kind.
func TestFind(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		a.describe(t)
		for where, want := range map[string]string{
			`hasTagIn: ["fog"]`:                                         "ab",
			`hasTagIn: [" night ", "day"]`:                              "a",
			`hasTagIn: ["Fog", "nigh", "%", ""]`:                        "",
			`hasTagIn: null`:                                            "abc",
			`hasTags: ["fog"]`:                                          "ab",
			`hasTags: ["fog", "night", "fog"]`:                          "a",
			`hasTags: ["fog", "day"]`:                                   "",
			`not: {hasTagIn: ["night"]}`:                                "bc",
			`not: {hasTags: ["fog", "night"]}`:                          "bc",
			`or: [{hasTags: ["night"]}, {not: {hasTagIn: ["fog"]}}]`:    "ac",
			`hasTagIn: ["fog"], not: {metadata: {key: "n", number: 5}}`: "b",

			`metadata: {key: "place", exists: true}`:     "abc",
			`metadata: {key: "12", exists: true}`:        "a",
			`metadata: {key: "12", exists: false}`:       "bc",
			`metadata: {key: "0", exists: true}`:         "",
			`metadata: {key: "pla", exists: true}`:       "",
			`metadata: {key: "$.n", exists: true}`:       "",
			`metadata: {key: "'; --", exists: false}`:    "abc",
			`not: {metadata: {key: "12", exists: true}}`: "bc",

			`metadata: {key: "place", text: "Bonn"}`:                  "b",
			`metadata: {key: "place", text: "bonn"}`:                  "",
			`metadata: {key: "place", text: "7"}`:                     "",
			`metadata: {key: "n", text: "5"}`:                         "b",
			`metadata: {key: "ok", text: "true"}`:                     "c",
			`not: {metadata: {key: "place", text: "Bonn"}}`:           "ac",
			`not: {metadata: {key: "12", text: "a"}}`:                 "bc",
			`metadata: {key: "place", textIn: ["Bonn", "7", "x"]}`:    "b",
			`metadata: {key: "place", textIn: []}`:                    "",
			`not: {metadata: {key: "12", textIn: ["a"]}}`:             "bc",
			`metadata: {key: "place", textContainsFold: "ON"}`:        "b",
			`metadata: {key: "place", textContainsFold: "0%"}`:        "a",
			`metadata: {key: "place", textContainsFold: "_onn"}`:      "",
			`metadata: {key: "place", textContainsFold: ""}`:          "ab",
			`not: {metadata: {key: "place", textContainsFold: "on"}}`: "ac",

			`metadata: {key: "n", number: 5}`:                              "a",
			`metadata: {key: "n", numberGT: 5}`:                            "c",
			`metadata: {key: "n", numberGTE: 5, numberLT: 6}`:              "a",
			`metadata: {key: "n", numberGTE: 9007199254740992}`:            "c",
			`metadata: {key: "x", number: 0.1}`:                            "a",
			`metadata: {key: "x", number: -2500}`:                          "b",
			`metadata: {key: "x", numberLT: 0.1}`:                          "b",
			`metadata: {key: "x", numberLTE: 0.1}`:                         "ab",
			`metadata: {key: "x", numberGT: 1e299}`:                        "c",
			`metadata: {key: "place", numberLT: 100}`:                      "c",
			`not: {metadata: {key: "n", number: 5}}`:                       "bc",
			`not: {metadata: {key: "12", numberGT: 0}}`:                    "abc",
			`metadata: [{key: "n", numberGT: 1}, {key: "x", numberLT: 1}]`: "a",

			`metadata: {key: "ok", boolean: true}`:                                            "a",
			`metadata: {key: "ok", boolean: false}`:                                           "b",
			`not: {metadata: {key: "ok", boolean: true}}`:                                     "bc",
			`not: {metadata: {key: "12", boolean: false}}`:                                    "abc",
			`or: [{metadata: {key: "ok", boolean: true}}, {metadata: {key: "n", text: "5"}}]`: "ab",
			`and: [{metadata: {key: "ok", exists: true}}, {hasTagIn: ["night"]}]`:             "a",
		} {
			got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images(orderBy: {field: ORIGINAL_NAME}, where: {`+where+`}) { totalCount edges { node { originalName } } } } }`, a.theDataset())
			var names strings.Builder
			for _, edge := range at(t, got.Data, "dataset.images.edges").([]any) {
				fmt.Fprint(&names, at(t, edge, "node.originalName"))
			}
			if total := at(t, got.Data, "dataset.images.totalCount"); names.String() != want || total != float64(len(want)) {
				t.Errorf("%s finds %q and counts %v, want %q", where, names.String(), total, want)
			}
		}
	})
}

// TestFindRefuses filters that make no sense.
func TestFindRefuses(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for where, want := range map[string]string{
		`metadata: {key: "", text: "a"}`:                             "metadata[0].key: is empty",
		`metadata: [{key: "a", text: "a"}, {key: "b"}]`:              "metadata[1]: needs a condition",
		`metadata: {key: "a\"b", exists: true}`:                      "metadata[0].key: must not contain \", \\ and control characters",
		`metadata: {key: "` + tooLongBy(1, 100) + `", exists: true}`: "metadata[0].key: has 101 characters; at most 100 are allowed",
		`metadata: {key: "a", text: "` + tooLongBy(1, 1000) + `"}`:   "metadata[0].text: has 1001 characters; at most 1000 are allowed",
		`hasTagIn: [` + numbered(101, `"t%d"`) + `]`:                 "hasTagIn: has 101 items; at most 100 are allowed",
		`hasTags: [` + numbered(101, `"t%d"`) + `]`:                  "hasTags: has 101 items; at most 100 are allowed",
	} {
		got := a.ask(t, "viewer", `query($d: ID!) { dataset(id: $d) { images(where: {`+where+`}) { totalCount } } }`, a.theDataset())
		if len(got.Errors) != 1 || got.codes() != "INVALID" || got.Errors[0].Message != "where: "+want {
			t.Errorf("%.100s: %.400s, want %s", where, got.body, want)
		}
	}
}

func tooLongBy(n, most int) string { return strings.Repeat("é", most+n) }

// TestDatasetTags counts the tags of each dataset for itself.
func TestDatasetTags(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		ctx := access.System(t.Context())
		for _, tags := range [][]string{{"b", "é"}, {"B", "b"}, {"B", "a", "b"}, {}} {
			testkit.NewImage(a.db.Client, a.world.Dataset).SetTags(tags).SaveX(ctx)
		}
		testkit.NewImage(a.db.Client, a.world.Foreign.Dataset).SetTags([]string{"a", "b", "c"}).SaveX(ctx)
		for argument, want := range map[string]string{``: "b3 B2 a1 é1", `(first: 2)`: "b3 B2", `(first: 1000)`: "b3 B2 a1 é1"} {
			got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { tags`+argument+` { tag count } } }`, a.theDataset())
			if tags := tagsIn(t, got); tags != want {
				t.Errorf("tags%s: %s, want %s", argument, tags, want)
			}
		}
		for _, argument := range []string{`(first: 0)`, `(first: 1001)`} {
			got := a.ask(t, "viewer", `query($d: ID!) { dataset(id: $d) { tags`+argument+` { tag } } }`, a.theDataset())
			if got.codes() != "INVALID" {
				t.Errorf("tags%s: %s", argument, got.body)
			}
		}
	})
}

func tagsIn(t *testing.T, got answer) string {
	t.Helper()
	var tags []string
	for _, tag := range at(t, got.Data, "dataset.tags").([]any) {
		tags = append(tags, fmt.Sprint(at(t, tag, "tag"), at(t, tag, "count")))
	}
	return strings.Join(tags, " ")
}

// TestTagMany adds a tag to each of 10,000 images that have others, in one call.
func TestTagMany(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		const many = 10_000
		ids, ctx := make([]any, 0, many), access.System(t.Context())
		for range many / database.Bulk {
			images := make([]*ent.ImageCreate, database.Bulk)
			for i := range images {
				images[i] = testkit.NewImage(a.db.Client, a.world.Dataset).SetTags([]string{fmt.Sprint("t", i)})
			}
			for _, img := range a.db.Image.CreateBulk(images...).SaveX(ctx) {
				ids = append(ids, gidOf("Image", img.ID))
			}
		}
		got := a.mustAsk(t, "manager", `mutation($ids: [ID!]!) { updateImages(ids: $ids, input: {addTags: ["new"]}) { version tags } }`, map[string]any{"ids": ids})
		for i, img := range at(t, got.Data, "updateImages").([]any) {
			want := map[string]any{"version": 2.0, "tags": []any{"new", fmt.Sprint("t", i%database.Bulk)}}
			if diff := cmp.Diff(want, img); diff != "" {
				t.Fatalf("image %d (-want +got):\n%s", i, diff)
			}
		}
	})
}
