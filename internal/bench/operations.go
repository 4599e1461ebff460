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
}

// compare returns an error unless the floor answers what the server does, as decoded JSON, so that both do the same work.
func (op operation) compare(ctx context.Context, client *http.Client, server, floor string) error {
	var answers [2]any
	for i, at := range []string{server, floor} {
		r, err := op.request(ctx, at, 0, 0)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if _, err := exchange(client, r, &b); err != nil {
			return err
		}
		if err := json.Unmarshal(b.Bytes(), &answers[i]); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		return fmt.Errorf("the floor answers something else:\n%.2000v\n%.2000v", answers[0], answers[1])
	}
	return nil
}

// operations are all that are measured.
func operations(d *data) []operation {
	dataset := map[string]any{"dataset": id("Dataset", int(d.tree.ID))}
	return []operation{
		{"tree page: 100 images × 20 annotations with labels", d.asks(treeQuery, dataset), d.serves(treeFloor, d.tree.ID)},
		{"REST page of 40 images", d.gets(fmt.Sprintf("/api/v1/datasets/%d/images/?page_size=40", d.tree.ID)), nil},
		{"first 10 images of 3 datasets of few", d.asks(nestedQuery, datasets(d.narrow)), d.serves(nestedFloor, pq.Array(numbers(d.narrow)))},
		{"first 10 images of 3 datasets of many", d.asks(nestedQuery, datasets(d.wide)), d.serves(nestedFloor, pq.Array(numbers(d.wide)))},
		{"first page of 50 images of many", d.asks(pageQuery, d.page(0)), d.serves(pageFloor, d.wide[0].ID, math.MaxInt64)},
		{"page of 50 images behind 9 of 10", d.asks(pageQuery, d.page(d.deep)), d.serves(pageFloor, d.wide[0].ID, d.deep)},
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

const treeQuery = `query($dataset: ID!) { dataset(id: $dataset) { images(first: 100) { edges { node {
	databaseId name originalName width height prompt isSynthetic done reviewed version
	annotations(first: 20) { edges { node { databaseId type data isSynthetic source version label { databaseId name color } } } }
} } } } }`

const treeFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'originalName', i.original_name, 'width', i.width, 'height', i.height,
		'prompt', i.prompt, 'isSynthetic', i.is_synthetic, 'done', i.done, 'reviewed', i.reviewed, 'version', i.version,
		'annotations', json_build_object('edges', a.edges))))))))
FROM (SELECT * FROM images WHERE dataset_id BETWEEN $1 AND $1 ORDER BY dataset_id DESC, id DESC LIMIT 100) i
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
	FROM (SELECT * FROM images WHERE dataset_id BETWEEN d.id AND d.id ORDER BY dataset_id DESC, id DESC LIMIT 10) i
) i`

const pageQuery = `query($dataset: ID!, $after: Cursor) { dataset(id: $dataset) { images(first: 50, after: $after) { edges { node { databaseId name width height prompt done } } } } }`

const pageFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'width', i.width, 'height', i.height, 'prompt', i.prompt, 'done', i.done)))))))
FROM (SELECT * FROM images WHERE dataset_id BETWEEN $1 AND $1 AND id < $2 ORDER BY dataset_id DESC, id DESC LIMIT 50) i`
