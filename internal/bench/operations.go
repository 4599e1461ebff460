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

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
)

// operation is one kind of request.
type operation struct {
	name string
	// request is the i-th of a client. A floor gets the same.
	request func(ctx context.Context, server string, client, i int) (*http.Request, error)
	floor   http.Handler // nil when there is none
	writes  bool
	most    int // connections that are taken at once; 0 is any number
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
	r, err := op.request(ctx, server, 0, 0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := exchange(client, r, &b); err != nil {
		return nil, err
	}
	if !json.Valid(b.Bytes()) {
		return b.String(), nil // a file
	}
	var answer any
	if err := json.Unmarshal(b.Bytes(), &answer); err != nil {
		return nil, err
	}
	if fields, ok := answer.(map[string]any); ok && fields["errors"] != nil {
		return nil, fmt.Errorf("answered %.1000s", b.Bytes())
	}
	return answer, nil
}

// operations are all that are measured.
func operations(d *data) []operation {
	dataset := map[string]any{"dataset": id("Dataset", int(d.tree.ID))}
	return []operation{
		{name: "tree page: 100 images × 20 annotations with labels", request: d.asks(treeQuery, dataset), floor: d.serves(treeFloor, d.tree.ID)},
		{name: "REST page of 40 images", request: d.gets(fmt.Sprintf("/api/v1/datasets/%d/images/?page_size=40", d.tree.ID))},
		{name: "first 10 images of 3 datasets of few", request: d.asks(nestedQuery, datasets(d.narrow)), floor: d.serves(nestedFloor, pq.Array(numbers(d.narrow)))},
		{name: "first 10 images of 3 datasets of many", request: d.asks(nestedQuery, datasets(d.wide)), floor: d.serves(nestedFloor, pq.Array(numbers(d.wide)))},
		{name: "first page of 50 images of many", request: d.asks(pageQuery, d.page(0)), floor: d.serves(pageFloor, d.wide[0].ID, math.MaxInt64)},
		{name: "page of 50 images behind 9 of 10", request: d.asks(pageQuery, d.page(d.deep)), floor: d.serves(pageFloor, d.wide[0].ID, d.deep)},
		{name: "dataset list with counts and thumbnails", request: d.asks(listQuery, nil)},
		{name: "four charts of a dataset", request: d.charts()},
		{name: "save of 20 boxes of an image", request: d.saves(), floor: d.savesBare(), writes: true},
		{name: "10,000 annotations at once", request: d.draws(), floor: d.drawsBare(), writes: true, most: 4},
		{name: "upload of an image of 64 × 64", request: d.uploadsNoise(), writes: true},
		{name: fmt.Sprintf("export of %d images as YOLO", exported), request: d.gets(fmt.Sprintf("/api/v1/datasets/%d/export/?format=yolo", d.pictures.ID)), most: 4},
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

func id(entity string, n int) string { return gid.Encode(entity, strconv.Itoa(n)) }

// asks makes requests of GraphQL.
func (d *data) asks(query string, variables map[string]any) func(context.Context, string, int, int) (*http.Request, error) {
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
func (d *data) gets(path string) func(context.Context, string, int, int) (*http.Request, error) {
	return func(ctx context.Context, server string, _, _ int) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, http.NoBody)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+d.token)
		return r, nil
	}
}

// serves answers what a statement finds, as it comes. The statements are for PostgreSQL.
func (d *data) serves(statement string, args ...any) http.Handler {
	if d.DB.Dialect() != dialect.Postgres {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rows, err := d.DB.QueryContext(access.System(r.Context()), statement, args...)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		var answer []byte
		for rows.Next() {
			if err := rows.Scan(&answer); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // a client that has gone has gone
	})
}

const listQuery = `{ datasets { totalCount edges { node { databaseId name stats { images annotations labels } thumbnail { thumbnailUrl } } } } }`

const treeQuery = `query($dataset: ID!) { dataset(id: $dataset) { images(first: 100) { edges { node {
	databaseId name originalName width height prompt isSynthetic done reviewed version
	annotations(first: 20) { edges { node { databaseId type data isSynthetic source version label { databaseId name color } } } }
} } } } }`

const treeFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'originalName', i.original_name, 'width', i.width, 'height', i.height,
		'prompt', i.prompt, 'isSynthetic', i.is_synthetic, 'done', i.done, 'reviewed', i.reviewed, 'version', i.version,
		'annotations', json_build_object('edges', a.edges))))))))
FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[$1::bigint]) ORDER BY dataset_id DESC, id DESC LIMIT 100) i
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(json_build_object('node', json_build_object('databaseId', a.id, 'type', a.type, 'data', a.data, 'isSynthetic', a.is_synthetic,
		'source', a.source, 'version', a.version, 'label', json_build_object('databaseId', l.id, 'name', l.name, 'color', l.color)))), '[]') AS edges
	FROM (SELECT * FROM annotations WHERE image_id = i.id ORDER BY position, id LIMIT 20) a JOIN labels l ON l.id = a.label_id
) a`

const nestedQuery = `query($ids: [ID!]!) { datasets(where: {idIn: $ids}) { edges { node { databaseId images(first: 10) { edges { node { databaseId name width height } } } } } } }`

const nestedFloor = `SELECT json_build_object('data', json_build_object('datasets', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', d.id, 'images', json_build_object('edges', i.edges)))))))
FROM (SELECT id FROM datasets WHERE id = ANY($1) ORDER BY id DESC LIMIT 50) d
CROSS JOIN LATERAL (
	SELECT json_agg(json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'width', i.width, 'height', i.height))) AS edges
	FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[d.id]) ORDER BY dataset_id DESC, id DESC LIMIT 10) i
) i`

const pageQuery = `query($dataset: ID!, $after: Cursor) { dataset(id: $dataset) { images(first: 50, after: $after) { edges { node { databaseId name width height prompt done } } } } }`

const pageFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'width', i.width, 'height', i.height, 'prompt', i.prompt, 'done', i.done)))))))
FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[$1::bigint]) AND id < $2 ORDER BY dataset_id DESC, id DESC LIMIT 50) i`
