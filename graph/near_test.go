package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// hang adds images with these perceptual hashes to a dataset that has none but them. They are called a, b, c and so on.
func (a api) hang(t *testing.T, hashes ...uint64) {
	t.Helper()
	ctx := access.System(t.Context())
	a.db.Annotation.Delete().ExecX(ctx)
	a.db.Image.Delete().ExecX(ctx)
	for i, hash := range hashes {
		sum := strings.Repeat(string('a'+rune(i)), 64)
		testkit.NewImage(a.db.Client, a.world.Dataset).SetOriginalName(string('a' + rune(i))).SetSha256(sum).
			SetPerceptualHash(int64(hash)).SaveX(ctx)
	}
	unhashed := testkit.NewImage(a.db.Client, a.world.Dataset).SetOriginalName("never hashed")
	unhashed.Mutation().ResetPerceptualHash()
	unhashed.SaveX(ctx)
	testkit.NewImage(a.db.Client, a.world.Foreign.Dataset).SetPerceptualHash(int64(hashes[0])).SaveX(ctx)
}

func TestNearDuplicates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		a.hang(t, 0, 0b1, 1<<63|0b11, 0xfff, 0)
		for argument, want := range map[string]string{
			``: "0000000000000000: e0 b1 c3 | 0000000000000001: a1 e1 c2 | 8000000000000003: b2 a3 e3 | 0000000000000fff: |" +
				" 0000000000000000: a0 b1 c3 | <nil>:",
			`(distance: 0)`: "0000000000000000: e0 | 0000000000000001: | 8000000000000003: | 0000000000000fff: | 0000000000000000: a0 | <nil>:",
			`(first: 1)`:    "0000000000000000: e0 | 0000000000000001: a1 | 8000000000000003: b2 | 0000000000000fff: | 0000000000000000: a0 | <nil>:",
			`(distance: 10, first: 1)`: "0000000000000000: e0 | 0000000000000001: a1 | 8000000000000003: b2 | 0000000000000fff: |" +
				" 0000000000000000: a0 | <nil>:",
		} {
			got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images(orderBy: {field: ORIGINAL_NAME}) { edges { node {
				perceptualHash nearDuplicates`+argument+` { distance image { originalName } } } } } } }`, a.theDataset())
			if diff := cmp.Diff(want, neighbours(t, got)); diff != "" {
				t.Errorf("nearDuplicates%s (-want +got):\n%s", argument, diff)
			}
			if got.statements > 4 {
				t.Errorf("%d statements", got.statements)
			}
		}
	})
}

func (a api) theDataset() map[string]any {
	return map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)}
}

func neighbours(t *testing.T, got answer) string {
	t.Helper()
	var images []string
	for _, edge := range at(t, got.Data, "dataset.images.edges").([]any) {
		var img strings.Builder
		fmt.Fprintf(&img, "%v:", at(t, edge, "node.perceptualHash"))
		for _, near := range at(t, edge, "node.nearDuplicates").([]any) {
			fmt.Fprintf(&img, " %v%v", at(t, near, "image.originalName"), at(t, near, "distance"))
		}
		images = append(images, img.String())
	}
	return strings.Join(images, " | ")
}

// TestNearDuplicatesOfMany: there may be more images in an answer than a statement takes parameters.
func TestNearDuplicatesOfMany(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("adds 35,000 images")
	}
	eachDatabase(t, func(t *testing.T, a api) {
		const hashes, alike = 500, 70
		a.hang(t, 1<<40)
		_, err := database.InBulk(make([]struct{}, hashes*alike), func(bulk []struct{}) ([]*ent.Image, error) { // whole rounds of hashes
			creates := make([]*ent.ImageCreate, len(bulk))
			for i := range bulk {
				creates[i] = testkit.NewImage(a.db.Client, a.world.Dataset).SetPerceptualHash(int64(i % hashes))
			}
			return a.db.Image.CreateBulk(creates...).Save(access.System(t.Context()))
		})
		if err != nil {
			t.Fatal(err)
		}
		got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images(first: 500, offset: 2) { edges { node {
			nearDuplicates(distance: 0, first: 98) { image { id } } } } } } }`, a.theDataset())
		for i, edge := range at(t, got.Data, "dataset.images.edges").([]any) {
			if n := len(at(t, edge, "node.nearDuplicates").([]any)); n != alike-1 {
				t.Fatalf("%d images look like that at %d, want %d", n, i, alike-1)
			}
		}
	})
}

func TestNearDuplicateGroups(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		a.hang(t, 0xff<<30, 0, 0xff<<30, 0b1, 0b11, 1<<50, 0xff<<30)
		for argument, want := range map[string]string{
			`(distance: 0)`:                       "1 in all; 3 of a c g",
			`(distance: 1)`:                       "2 in all; 4 of b d e f; 3 of a c g",
			``:                                    "2 in all; 4 of b d e f; 3 of a c g",
			`(distance: 9)`:                       "1 in all; 7 of a b c d e f g",
			`(distance: 1, first: 1)`:             "2 in all; 4 of b d e f",
			`(distance: 1, first: 1, offset: 1)`:  "2 in all; 3 of a c g",
			`(distance: 1, first: 99, offset: 2)`: "2 in all",
		} {
			got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { nearDuplicateGroups`+argument+` { totalCount
				groups { count images { originalName } } } } }`, a.theDataset())
			if diff := cmp.Diff(want, groupsIn(t, got)); diff != "" {
				t.Errorf("nearDuplicateGroups%s (-want +got):\n%s", argument, diff)
			}
		}
	})
}

func groupsIn(t *testing.T, got answer) string {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "%v in all", at(t, got.Data, "dataset.nearDuplicateGroups.totalCount"))
	for _, g := range at(t, got.Data, "dataset.nearDuplicateGroups.groups").([]any) {
		fmt.Fprintf(&text, "; %v of", at(t, g, "count"))
		for _, img := range at(t, g, "images").([]any) {
			fmt.Fprintf(&text, " %v", at(t, img, "originalName"))
		}
	}
	return text.String()
}

// TestGroupsAreOfNow: what was found before is not found once it has changed.
func TestGroupsAreOfNow(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		const query = `query($d: ID!) { dataset(id: $d) { nearDuplicateGroups { totalCount groups { count images(first: 1) { originalName } } } } }`
		a.hang(t, 0, 0, 0xff, 0xff)
		for _, step := range []struct{ remove, want string }{
			{"", "2 in all; 2 of a; 2 of c"},
			{"b", "1 in all; 2 of c"},
			{"c", "0 in all"},
		} {
			gone := a.db.Image.Query().Where(image.DatasetID(a.world.Dataset.ID), image.OriginalName(step.remove)).AllX(access.System(t.Context()))
			for _, img := range gone {
				a.mustAsk(t, "owner", `mutation($id: ID!) { deleteImage(id: $id) }`, map[string]any{"id": gidOf("Image", img.ID)})
			}
			for range 2 {
				if got := groupsIn(t, a.mustAsk(t, "viewer", query, a.theDataset())); got != step.want {
					t.Errorf("without %s: %s, want %s", step.remove, got, step.want)
				}
			}
		}
	})
}

// TestNearDuplicatesRefuse what makes no sense, before anything is searched.
func TestNearDuplicatesRefuse(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	for selection, want := range map[string]string{
		`nearDuplicateGroups(distance: -1) { totalCount }`:                     "distance: must be between 0 and 10",
		`nearDuplicateGroups(distance: 11) { totalCount }`:                     "distance: must be between 0 and 10",
		`nearDuplicateGroups(first: 0) { totalCount }`:                         "first: must be between 1 and 100",
		`nearDuplicateGroups(first: 101) { totalCount }`:                       "first: must be between 1 and 100",
		`nearDuplicateGroups(offset: -1) { totalCount }`:                       "offset: must not be negative",
		`nearDuplicateGroups { groups { images(first: 101) { id } } }`:         "first: must be between 1 and 100",
		`thumbnail { nearDuplicates(distance: 11) { distance } }`:              "distance: must be between 0 and 10",
		`thumbnail { nearDuplicates(first: 101, distance: 0) { distance } }`:   "first: must be between 1 and 100",
		`thumbnail { nearDuplicates(first: -1, distance: 10) { image { id }}}`: "first: must be between 1 and 100",
	} {
		got := a.ask(t, "viewer", `query($d: ID!) { dataset(id: $d) { `+selection+` } }`, a.theDataset())
		if got.codes() != "INVALID" || got.Errors[0].Message != want {
			t.Errorf("%s: %s, want %s", selection, got.body, want)
		}
	}
}

func TestExistingImages(t *testing.T) {
	t.Parallel()
	const query = `query($d: ID!, $sums: [String!]!) { existingImages(datasetId: $d, sha256: $sums) { originalName sha256 } }`
	eachDatabase(t, func(t *testing.T, a api) {
		a.hang(t, 1, 2, 3, 4)
		ctx := access.System(t.Context())
		testkit.NewImage(a.db.Client, a.world.Dataset).SetOriginalName("b again").SetSha256(strings.Repeat("b", 64)).SaveX(ctx)
		testkit.NewImage(a.db.Client, a.world.Foreign.Dataset).SetSha256(strings.Repeat("e", 64)).SaveX(ctx)
		for sums, want := range map[string]string{
			"a":       "a",
			"d b a":   "d b a",
			"f e c":   "c",
			"":        "",
			"c b c":   "c b c",
			"f f":     "",
			"b a d c": "b a d c",
		} {
			var list []any
			for s := range strings.FieldsSeq(sums) {
				list = append(list, strings.Repeat(s, 64))
			}
			got := a.mustAsk(t, "viewer", query, map[string]any{"d": a.theDataset()["d"], "sums": append([]any{}, list...)})
			var names []string
			for _, img := range at(t, got.Data, "existingImages").([]any) {
				names = append(names, fmt.Sprint(at(t, img, "originalName")))
			}
			if joined := strings.Join(names, " "); joined != want || got.statements > 1 {
				t.Errorf("%s: %s, want %s (%d statements)", sums, joined, want, got.statements)
			}
		}
	})
}

func TestExistingImagesRefuses(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	good := strings.Repeat("a", 64)
	for want, sums := range map[string][]string{
		"sha256[1]: must be 64 hex digits in lower case":                                                 {good, good[1:]},
		"sha256[0]: must be 64 hex digits in lower case":                                                 {strings.ToUpper(good)},
		"sha256: has 1001 items; at most 1000 are allowed in one call":                                   make([]string, 1001),
		"sha256[0]: must be 64 hex digits in lower case; sha256[2]: must be 64 hex digits in lower case": {"", good, good + "\n"},
	} {
		got := a.ask(t, "viewer", `query($d: ID!, $sums: [String!]!) { existingImages(datasetId: $d, sha256: $sums) { id } }`,
			map[string]any{"d": a.theDataset()["d"], "sums": sums})
		if got.codes() != "INVALID" || got.Errors[0].Message != want || got.statements > 0 {
			t.Errorf("%s: %.300s", want, got.body)
		}
	}
}
