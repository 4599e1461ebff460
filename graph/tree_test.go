package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTree reads dataset, images, annotations and labels in one query, and counts its statements.
func TestTree(t *testing.T) {
	t.Parallel()
	const query = `query($id: ID!) { dataset(id: $id) { name images(first: 100) { totalCount edges { node {
		name annotations(first: 20) { edges { node { data label { name } } } } } } } } }`
	eachDatabase(t, func(t *testing.T, a api) {
		vars := map[string]any{"id": gidOf("Dataset", a.world.Dataset.ID)}
		few := a.mustAsk(t, "viewer", query, vars)
		growDeep(t, a.world, 100, 20)
		many := a.mustAsk(t, "viewer", query, vars)
		edges := at(t, many.Data, "dataset.images.edges").([]any)
		drawn := at(t, edges[0], "node.annotations.edges").([]any)
		if total := at(t, many.Data, "dataset.images.totalCount"); len(edges) != 100 || len(drawn) != 20 || total != 103.0 {
			t.Errorf("%d images of %v, %d annotations", len(edges), total, len(drawn))
		}
		if many.statements != few.statements || many.statements > 5 {
			t.Errorf("%d statements for many rows, %d for few", many.statements, few.statements)
		}
	})
}

// ways are ways to ask for the same tree that a client has: what they cost must not grow with rows.
// $images and the like are ids of some rows, few or many of them.
var ways = map[string]string{
	"plain":                   `datasets(first: 10) { edges { node { images(first: 10) { edges { node { annotations(first: 10) { edges { node { data } } } } } } } } }`,
	"aliased edges":           `datasets(first: 10) { es: edges { node { images(first: 10) { es: edges { node { annotations(first: 10) { es: edges { node { data } } } } } } } } }`,
	"aliased node":            `datasets(first: 10) { edges { n: node { images(first: 10) { edges { n: node { annotations(first: 10) { edges { n: node { data } } } } } } } } }`,
	"two aliases of edges":    `datasets { a: edges { node { images(first: 2) { edges { node { name } } } } } b: edges { node { images(first: 3) { edges { node { labels { name } } } } } } }`,
	"two aliases of node":     `datasets(first: 10) { edges { a: node { labels(first: 1) { totalCount } } b: node { labels(first: 2) { edges { node { name } } } } } }`,
	"totalCount":              `datasets { totalCount edges { node { images(first: 1) { n: totalCount m: totalCount edges { node { annotations(first: 1) { totalCount } } } } } } }`,
	"totalCount alone":        `datasets { totalCount edges { node { images { totalCount } labels { totalCount } } } }`,
	"pageInfo":                `datasets { p: pageInfo { endCursor hasNextPage } edges { cursor node { images(first: 1) { pageInfo { hasNextPage startCursor } } } } }`,
	"to-one aliases":          `datasets(first: 10) { edges { node { images(first: 10) { edges { node { a: dataset { name } b: dataset { owner { email } } c: batch { name dataset { name } } } } } } } }`,
	"lists below to-one":      `datasets(first: 10) { edges { node { images(first: 10) { edges { node { a: batch { jobs(first: 1) { totalCount edges { node { done } } } } b: batch { jobs(first: 3) { edges { node { assignee { email } } } } } } } } } } }`,
	"to-many aliases":         `datasets(first: 10) { edges { node { a: images(first: 1) { edges { node { name } } } b: images(first: 3, orderBy: {field: SIZE, direction: DESC}) { edges { node { annotations(last: 1) { edges { node { label { name } } } } } } } c: images(where: {done: true}) { totalCount } } } }`,
	"offset":                  `datasets(first: 10) { edges { node { images(first: 2, offset: 1) { edges { node { annotations(first: 1, offset: 1) { totalCount edges { node { data } } } } } } } } }`,
	"named fragment":          `datasets { ...Page } fragment Page on DatasetConnection { edges { ...Edge } } fragment Edge on DatasetEdge { node { ...Row ...Row } } fragment Row on Dataset { images(first: 10) { edges { node { batch { name } annotations(first: 10) { edges { node { label { color } } } } } } } }`,
	"inline fragment":         `datasets(first: 10) { ... { edges { ... on DatasetEdge { node { ... on Node { id } ... on Dataset { images(first: 10) { edges { node { ... on Image { annotations { totalCount } } } } } } } } } } }`,
	"include and skip":        `datasets(first: 10) { edges { node { name @skip(if: true) images @include(if: true) { edges @skip(if: false) { node { annotations @include(if: false) { totalCount } labels @include(if: true) { name } } } } } } }`,
	"computed":                `datasets(first: 10) { edges { node { viewerRole stats { images annotations annotatedImages labels size } thumbnail { url thumbnailUrl(width: 64) labels { name } dataset { viewerRole } } } } }`,
	"aliased computed":        `datasets(first: 10) { edges { node { a: stats { images } b: stats { labels } x: thumbnail { name } y: thumbnail { annotations(first: 1) { edges { node { label { name } } } } } } } }`,
	"labels of images":        `datasets(first: 10) { edges { node { images(first: 10) { edges { node { labels { name dataset { name } annotations(first: 1) { totalCount edges { node { author { email } } } } } } } } } } }`,
	"computed under to-one":   `datasets(first: 10) { edges { node { images(first: 10) { edges { node { dataset { viewerRole stats { images } thumbnail { name } } batch { stats { images jobs doneJobs unassignedImages } } job { stats { images doneImages } } } } } } } }`,
	"stats of batch and job":  `datasets(first: 10) { edges { node { batches(first: 10) { edges { node { stats { unassignedSyntheticImages } jobs(first: 10) { edges { node { stats { reviewedImages } } } } } } } } } }`,
	"stats of labels":         `datasets(first: 10) { edges { node { labels(first: 10) { edges { node { a: stats { images } b: stats { realAnnotations syntheticImages } } } } } } }`,
	"near duplicates":         `datasets(first: 10) { edges { node { images(first: 10) { edges { node { perceptualHash nearDuplicates(first: 3) { distance image { name labels { name } } } } } } } } }`,
	"tags":                    `datasets(first: 10) { edges { node { tags { tag count } a: tags(first: 1) { tag } } } }`,
	"groups of images":        `datasets(first: 10) { edges { node { nearDuplicateGroups(first: 5) { totalCount groups { count a: images(first: 2) { name } b: images(first: 3) { labels { name } } } } } } }`,
	"batches with work":       `datasets(first: 10) { edges { node { id batches(where: {unassignedImages: 0, not: {unassignedImagesGT: 0}}) { totalCount edges { node { name } } } } } }`,
	"nodes of one type":       `nodes(ids: $images) { id ... on Image { name dataset { name } annotations(first: 2) { totalCount edges { node { label { name } } } } labels { name } } }`,
	"nodes of many types":     `nodes(ids: $mixed) { __typename id ... on Image { annotations(first: 1) { edges { node { data } } } } ... on Label { name annotations(first: 3) { edges { node { image { name } } } } } ... on Dataset { stats { images } images { totalCount } } ... on User { jobs { totalCount edges { node { batch { name } } } } } ... on Annotation { label { name } } ... on Job { stats { images } images(first: 1) { edges { node { name } } } } }`,
	"workspaces and users":    `workspaces(first: 3, orderBy: {field: CREATED_AT}) { edges { node { users(first: 40) { edges { node { jobs(first: 10) { edges { node { dataset { owner { email } } } } } apiKeys(first: 20) { totalCount edges { node { name user { email } } } } } } } datasets(first: 10) { edges { node { members(first: 10) { edges { node { user { email } } } } } } } } } }`,
	"viewer":                  `viewer { workspace { users(first: 10) { edges { node { jobs { totalCount } } } } } jobs { totalCount } apiKeys { edges { node { prefix } } } }`,
	"filters at every level":  `datasets(where: {nameNEQ: "x"}) { edges { node { images(where: {isAnnotated: true, hasLabelIn: $labels}) { totalCount edges { node { annotations(where: {typeIn: ["bounding_box"]}, first: 2) { totalCount edges { node { data } } } } } } } } }`,
	"pages of nothing":        `datasets(first: 10) { edges { node { images(first: 0) { totalCount pageInfo { hasNextPage } edges { cursor } } } } }`,
	"cursors at nested level": `datasets(first: 10) { edges { node { labels(orderBy: {field: NAME}, last: 2) { pageInfo { hasPreviousPage } edges { cursor node { order } } } } } }`,
}

// TestStatements counts the statements of each way, with few rows and with many.
func TestStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		grow(t, a.world, 2)
		few := map[string]answer{}
		for name, way := range ways {
			few[name] = a.askWay(t, way, 2)
		}
		grow(t, a.world, 12)
		for name, way := range ways {
			many := a.askWay(t, way, 9)
			if many.statements != few[name].statements {
				t.Errorf("%s: %d statements for many rows, %d for few\n%s", name, many.statements, few[name].statements, way)
			}
			if diff := cmp.Diff(shape(few[name].Data), shape(many.Data)); diff != "" {
				t.Errorf("%s: shape (-few +many):\n%s", name, diff)
			}
			if len(many.body) <= len(few[name].body) {
				t.Errorf("%s: no more rows than before: %s", name, many.body)
			}
		}
	})
}

// askWay asks a query about the oldest n rows of each kind that it names.
func (a api) askWay(t *testing.T, way string, n int) answer {
	t.Helper()
	lists := a.mustAsk(t, "superuser", `query($n: Int!, $id: ID!) { dataset(id: $id) {
		images(first: $n) { edges { node { id } } } labels(first: $n) { edges { node { id } } } jobs(first: $n) { edges { node { id } } }
		annotations(last: $n) { edges { node { id } } } } datasets(first: $n) { edges { node { id } } } users(first: $n) { edges { node { id } } } }`,
		map[string]any{"n": n, "id": gidOf("Dataset", a.world.Dataset.ID)}).Data
	ids := func(path string) (ids []any) {
		for _, e := range at(t, lists, path+".edges").([]any) {
			ids = append(ids, at(t, e, "node.id"))
		}
		return ids
	}
	var mixed []any
	for _, path := range []string{"dataset.images", "dataset.labels", "dataset.jobs", "dataset.annotations", "datasets", "users"} {
		mixed = append(mixed, ids(path)...)
	}
	variables := map[string]any{"images": ids("dataset.images"), "labels": ids("dataset.labels"), "mixed": mixed}
	return a.mustAsk(t, "superuser", operation(way), variables)
}

// shape is what an answer looks like, whatever the number of its rows and the values in them.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		fields := map[string]any{}
		for name, value := range v {
			fields[name] = shape(value)
		}
		return fields
	case []any:
		var all any
		for _, item := range v {
			all = joined(all, shape(item))
		}
		return []any{all}
	case nil:
		return nil
	}
	return fmt.Sprintf("%T", v)
}

// joined is the shape of a value that looks like a or like b; nil is any.
func joined(a, b any) any {
	switch x := a.(type) {
	case nil:
		return b
	case map[string]any:
		y, _ := b.(map[string]any)
		for name, value := range y {
			x[name] = joined(x[name], value)
		}
	case []any:
		if y, ok := b.([]any); ok {
			return []any{joined(x[0], y[0])}
		}
	}
	return a
}

// operation is a query with its variables declared, and with the fragments after it.
func operation(way string) string {
	way, fragments, _ := strings.Cut(way, " fragment ")
	var declared []string
	for _, name := range []string{"images", "labels", "mixed"} {
		if strings.Contains(way, "$"+name) {
			declared = append(declared, "$"+name+": [ID!]!")
		}
	}
	head := "query "
	if declared != nil {
		head += "(" + strings.Join(declared, ", ") + ") "
	}
	if fragments != "" {
		fragments = " fragment " + fragments
	}
	return head + "{ " + way + " }" + fragments
}
