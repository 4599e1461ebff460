package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/gid"
)

// requests makes the i-th request of a client.
type requests func(ctx context.Context, server string, client, i int) (*http.Request, error)

// operation is one kind of request.
type operation struct {
	name    string
	request requests // a floor gets the same
	floor   floor    // nil when there is none
	writes  bool
	// connections are how many clients ask at once, in turns; nil is 1, 4 and 64.
	connections []int
}

// try sends a request to the server and to the floor, if there is one. What reads is answered by both the same, as decoded JSON, so
// that both do the same work.
func (op operation) try(ctx context.Context, client *http.Client, server, floor string) error {
	answer, err := op.answer(ctx, client, server)
	if err != nil || floor == "" {
		return err
	}
	wanted, err := op.answer(ctx, client, floor)
	if err == nil && !op.writes && !reflect.DeepEqual(answer, wanted) {
		err = fmt.Errorf("the floor answers something else:\n%.2000v\n%.2000v", answer, wanted)
	}
	return err
}

func (op operation) answer(ctx context.Context, client *http.Client, server string) (any, error) {
	text, err := op.fetch(ctx, client, server)
	if err != nil {
		return nil, err
	}
	if !json.Valid(text) {
		return string(text), nil // a file
	}
	var answer any
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if fields, ok := answer.(map[string]any); ok && fields["errors"] != nil {
		return nil, fmt.Errorf("answered %.1000s", text)
	}
	return answer, nil
}

// fetch sends the first request.
func (op operation) fetch(ctx context.Context, client *http.Client, server string) ([]byte, error) {
	r, err := op.request(ctx, server, 0, 0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = exchange(client, r, &b)
	return b.Bytes(), err
}

// operations are all that are measured.
func operations(d *data) []operation {
	dataset := map[string]any{"dataset": id("Dataset", int(d.tree.ID))}
	some, withEight := []int{1, 4}, []int{1, 4, 8, 64}
	return []operation{
		{name: "tree page: 100 images × 20 annotations with labels", request: d.asks(treeQuery, dataset), floor: d.serves(treeFloor, d.tree.ID)},
		{name: "REST page of 40 images", request: d.restPage(d.tree), floor: d.servesRESTPage(d.tree)},
		{name: "first 10 images of 3 datasets of few", request: d.asks(nestedQuery, datasets(d.narrow)), floor: d.serves(nestedFloor, pq.Array(numbers(d.narrow)))},
		{name: "first 10 images of 3 datasets of many", request: d.asks(nestedQuery, datasets(d.wide)), floor: d.serves(nestedFloor, pq.Array(numbers(d.wide)))},
		{name: "first page of 50 images of many", request: d.asks(pageQuery, d.page(0)), floor: d.serves(pageFloor, d.wide[0].ID, math.MaxInt64)},
		{name: "page of 50 images behind 9 of 10", request: d.asks(pageQuery, d.page(d.deep)), floor: d.serves(pageFloor, d.wide[0].ID, d.deep)},
		{name: "REST page of 40 bare images, of 10,000", request: d.restPage(d.middle), floor: d.servesRESTPage(d.middle)},
		{name: "REST page of 40 bare images, of many", request: d.restPage(d.wide[0]), floor: d.servesRESTPage(d.wide[0])},
		{name: "dataset list with counts and thumbnails", request: d.asks(listQuery, nil), floor: d.servesList()},
		{name: "four charts of a dataset", request: d.charts(), floor: d.servesCharts()},
		{name: "save of 20 boxes of an image", request: d.saves(), floor: d.savesBare(), writes: true, connections: withEight},
		{name: "10,000 annotations at once", request: d.draws(), floor: d.drawsBare(), writes: true, connections: some},
		{name: "upload of an image of 64 × 64", request: d.uploadsNoise(), writes: true},
		{name: fmt.Sprintf("export of %d images as YOLO", exported), request: d.gets(fmt.Sprintf("/api/v1/datasets/%d/export/?format=yolo", d.pictures.ID)), connections: some},
	}
}

// datasets are the variables of nestedQuery.
func datasets(list []*ent.Dataset) map[string]any {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = id("Dataset", int(d.ID))
	}
	return map[string]any{"ids": ids}
}

func numbers(list []*ent.Dataset) []int {
	ids := make([]int, len(list))
	for i, d := range list {
		ids[i] = int(d.ID)
	}
	return ids
}

// page are the variables of pageQuery, for the page that comes after an image; 0 is the first.
func (d *data) page(after int) map[string]any {
	v := map[string]any{"dataset": id("Dataset", int(d.wide[0].ID))}
	if after > 0 {
		var b bytes.Buffer
		ent.Cursor{ID: id("Image", after)}.MarshalGQL(&b)
		v["after"] = strings.Trim(b.String(), `"`)
	}
	return v
}

// restPage asks for the first page of the images of a dataset.
func (d *data) restPage(of *ent.Dataset) requests {
	return d.gets(fmt.Sprintf("/api/v1/datasets/%d/images/?page_size=%d", of.ID, restPageSize))
}

func id(entity string, n int) string { return gid.Encode(entity, strconv.Itoa(n)) }

// asks makes requests of GraphQL.
func (d *data) asks(query string, variables map[string]any) requests {
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables}) // texts and numbers are always JSON
	return func(ctx context.Context, server string, _, _ int) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/graphql", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+d.token)
		return r, nil
	}
}

// gets makes requests of REST.
func (d *data) gets(path string) requests {
	return func(ctx context.Context, server string, _, _ int) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, http.NoBody)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+d.token)
		return r, nil
	}
}

const listQuery = `{ datasets { totalCount edges { node { databaseId name stats { images annotations labels } thumbnail { thumbnailUrl } } } } }`

const treeQuery = `query($dataset: ID!) { dataset(id: $dataset) { images(first: 100) { edges { node {
	databaseId name originalName width height prompt isSynthetic done reviewed version
	annotations(first: 20) { edges { node { databaseId type data isSynthetic source version label { databaseId name color } } } }
} } } } }`

const nestedQuery = `query($ids: [ID!]!) { datasets(where: {idIn: $ids}) { edges { node { databaseId images(first: 10) { edges { node { databaseId name width height } } } } } } }`

const pageQuery = `query($dataset: ID!, $after: Cursor) { dataset(id: $dataset) { images(first: 50, after: $after) { edges { node { databaseId name width height prompt done } } } } }`
