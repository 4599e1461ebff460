package graph_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// orders are ways to order the images of a dataset.
var orders = map[string]string{
	"usual":            "",
	"oldest first":     "orderBy: {field: CREATED_AT, direction: ASC}",
	"newest first":     "orderBy: {field: CREATED_AT, direction: DESC}",
	"by size":          "orderBy: {field: SIZE, direction: ASC}", // all the same
	"by name":          "orderBy: {field: NAME, direction: ASC}",
	"by name, from Z":  "orderBy: {field: NAME, direction: DESC}",
	"by original name": "orderBy: {field: ORIGINAL_NAME, direction: DESC}", // all empty
}

// page asks for a page of images and returns their ids, and the cursor and the answer of what follows or comes before.
func (a api) page(t *testing.T, order, arguments string) (ids []string, info map[string]any) {
	t.Helper()
	query := fmt.Sprintf(`query($d: ID!) { dataset(id: $d) { images(%s %s) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
		edges { cursor node { id } } } } }`, order, arguments)
	images := at(t, a.mustAsk(t, "viewer", query, map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)}).Data, "dataset.images").(map[string]any)
	if images["totalCount"] != 23.0 {
		t.Errorf("%s %s: %v in all", order, arguments, images["totalCount"])
	}
	for _, e := range images["edges"].([]any) {
		ids = append(ids, at(t, e, "node.id").(string))
	}
	return ids, images["pageInfo"].(map[string]any)
}

// TestPages goes through lists by cursors in both directions, and by offset; each row comes once, in one order.
func TestPages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		growDeep(t, a.world, 20, 0)
		for name, order := range orders {
			whole, info := a.page(t, order, "first: 500")
			if len(whole) != 23 || info["hasNextPage"] != false || info["hasPreviousPage"] != false {
				t.Fatalf("%s: %d images, %v", name, len(whole), info)
			}
			for _, n := range []int{1, 4, 23, 24} {
				walks := map[string][]string{
					"after": a.walk(t, order, n, "first", "after", "endCursor", "hasNextPage"), "before": a.walk(t, order, n, "last", "before", "startCursor", "hasPreviousPage"),
				}
				for at := 0; at < 30; at += n {
					ids, info := a.page(t, order, fmt.Sprintf("first: %d, offset: %d", n, at))
					walks["offset"] = append(walks["offset"], ids...)
					if more := at+n < 23; info["hasNextPage"] != more || info["hasPreviousPage"] != (at > 0) {
						t.Errorf("%s, %d from %d on: %v", name, n, at, info)
					}
				}
				for by, ids := range walks {
					if diff := cmp.Diff(whole, ids); diff != "" {
						t.Errorf("%s, %d at a time by %s (-whole +walked):\n%s", name, n, by, diff)
					}
				}
			}
		}
		ids, _ := a.page(t, "", "first: 1")
		oldest, _ := a.page(t, orders["oldest first"], "last: 1")
		if diff := cmp.Diff(oldest, ids); diff != "" {
			t.Errorf("the usual order is not newest first (-want +got):\n%s", diff)
		}
	})
}

// walk goes through all pages.
func (a api) walk(t *testing.T, order string, n int, size, from, cursor, more string) (ids []string) {
	t.Helper()
	arguments := fmt.Sprintf("%s: %d", size, n)
	for range 30 {
		page, info := a.page(t, order, arguments)
		if size == "last" {
			ids = append(page, ids...)
		} else {
			ids = append(ids, page...)
		}
		if info[more] != true {
			return ids
		}
		arguments = fmt.Sprintf("%s: %d, %s: %q", size, n, from, info[cursor])
	}
	t.Fatalf("no end of pages in %s", order)
	return nil
}

// TestPagesBetween: after and before together leave what lies between them.
func TestPagesBetween(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		growDeep(t, a.world, 20, 0)
		whole, _ := a.page(t, "", "first: 500")
		_, third := a.page(t, "", "first: 3")
		_, ninth := a.page(t, "", "first: 9")
		between := fmt.Sprintf("after: %q, before: %q", third["endCursor"], ninth["endCursor"])
		for arguments, want := range map[string][]string{between: whole[3:8], between + ", first: 2": whole[3:5], between + ", last: 2": whole[6:8]} {
			got, _ := a.page(t, "", arguments)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", arguments, diff)
			}
		}
	})
}

// TestWrongPages: what no page can be is the client's fault, and says what is.
func TestWrongPages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		_, info := a.page0(t)
		cursor := info["endCursor"].(string)
		forged := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		for arguments, says := range map[string]string{
			"first: 501":         "first is more than 500",
			"last: 501":          "last is more than 500",
			"first: -1":          "first is less than 0",
			"last: -1":           "last is less than 0",
			"offset: -1":         "offset is less than 0",
			"first: 1, last: 1":  "exclude each other",
			"offset: 1, last: 1": "offset goes with first alone",
			fmt.Sprintf("offset: 1, after: %q", cursor):              "offset goes with first alone",
			fmt.Sprintf("after: %q, orderBy: {field: NAME}", cursor): "the cursor is none of this connection",
			fmt.Sprintf("after: %q", strings.Repeat("A", 9000)):      "is not a cursor",
			`after: "x"`: "is not a cursor",
			`after: ""`:  "is not a cursor",
			fmt.Sprintf("after: %q", forged(`{"i":"`+gidOf("Label", 1)+`"}`)):                                           "the cursor is none of this connection",
			fmt.Sprintf("after: %q", forged(`{"i":"x"}`)):                                                               "the cursor is none of this connection",
			fmt.Sprintf("after: %q", forged(`{"i":"`+gidOf("Image", 1)+`","v":"x"}`)):                                   "the cursor is none of this connection",
			fmt.Sprintf("after: %q, orderBy: {field: SIZE}", forged(`{"i":"`+gidOf("Image", 1)+`","v":"x"}`)):           "the cursor is none of this connection",
			fmt.Sprintf("after: %q, orderBy: {field: SIZE}", forged(`{"i":"`+gidOf("Image", 1)+`","v":1e300}`)):         "the cursor is none of this connection",
			fmt.Sprintf("after: %q, orderBy: {field: NAME}", forged(`{"i":"`+gidOf("Image", 1)+`","v":"a\u0000b"}`)):    "the cursor is none of this connection",
			fmt.Sprintf("after: %q, orderBy: {field: CREATED_AT}", forged(`{"i":"`+gidOf("Image", 1)+`","v":"today"}`)): "the cursor is none of this connection",
			`orderBy: {field: SHA256}`: "",
		} {
			nested := a.ask(t, "viewer", fmt.Sprintf(`query($d: ID!) { dataset(id: $d) { images(%s) { totalCount pageInfo { hasNextPage } edges { node { id } } } } }`, arguments),
				map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)})
			if code, _, _ := strings.Cut(nested.codes(), " "); code != "INVALID" && code != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(nested.body, says) {
				t.Errorf("%s: %s, want %s", arguments, nested.body, says)
			}
		}
		for arguments, says := range map[string]string{"first: 501": "more than 500", "last: -1": "less than 0", `after: "x"`: "not a cursor", "first: 1, last: 1": "exclude"} {
			if root := a.ask(t, "viewer", "{ datasets("+arguments+") { totalCount edges { node { id } } } }", nil); root.codes() != "INVALID" || !strings.Contains(root.body, says) {
				t.Errorf("at the root, %s: %s", arguments, root.body)
			}
		}
	})
}

// page0 is the first page of the images that a world begins with.
func (a api) page0(t *testing.T) (edges []any, info map[string]any) {
	t.Helper()
	images := at(t, a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images { pageInfo { endCursor } edges { node { id } } } } }`,
		map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)}).Data, "dataset.images").(map[string]any)
	return images["edges"].([]any), images["pageInfo"].(map[string]any)
}

// TestUsualPage: a page has 50 rows unless a client says otherwise, at every level.
func TestUsualPage(t *testing.T) {
	t.Parallel()
	a := onSQLite(t)
	growDeep(t, a.world, 60, 60)
	got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { images { edges { node { annotations(first: 3) { edges { node { id } } } } } } i: images(first: 1) { edges { node { annotations { totalCount edges { node { id } } } } } } } }`,
		map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID)})
	images := at(t, got.Data, "dataset.images.edges").([]any)
	drawn := at(t, got.Data, "dataset.i.edges.0.node.annotations.edges").([]any)
	if total := at(t, got.Data, "dataset.i.edges.0.node.annotations.totalCount"); len(images) != 50 || len(drawn) != 50 || total != 60.0 {
		t.Errorf("%d images; %d annotations of %v", len(images), len(drawn), total)
	}
}

// TestOwnOrders: labels come by their order, and annotations in the order in which they were saved.
func TestOwnOrders(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		dataset := gidOf("Dataset", a.world.Dataset.ID)
		a.mustAsk(t, "manager", `mutation($d: ID!) { createLabels(datasetId: $d, labels: [
			{name: "z", color: "red", order: -1}, {name: "y", color: "red", order: 1}, {name: "x", color: "red"}]) { id } }`, map[string]any{"d": dataset})
		got := a.mustAsk(t, "viewer", `query($d: ID!) { dataset(id: $d) { labels { edges { node { name } } } } }`, map[string]any{"d": dataset})
		var names []string
		for _, e := range at(t, got.Data, "dataset.labels.edges").([]any) {
			names = append(names, at(t, e, "node.name").(string))
		}
		if diff := cmp.Diff([]string{"z", "sail", "x", "cargo", "y"}, names); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	})
}
