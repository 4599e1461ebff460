package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"path"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
)

// floor makes what a server is measured beside. What no statement can make, it asks the server for beforehand: the URLs of images,
// which are signed.
type floor func(ctx context.Context, server string) (http.Handler, error)

// serves answers what a statement finds, as it comes. The statements are for PostgreSQL.
func (d *data) serves(statement string, args ...any) floor {
	if d.DB.Dialect() != dialect.Postgres {
		return nil
	}
	return func(context.Context, string) (http.Handler, error) { return d.statement(statement, args...), nil }
}

func (d *data) statement(statement string, args ...any) http.Handler {
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

func (d *data) servesRESTPage(of *ent.Dataset) floor {
	return d.withAnswer(d.restPage(of), func(answer []byte) (http.Handler, error) {
		var page struct {
			Results []struct {
				ID    int64
				Image string
			}
		}
		err := json.Unmarshal(answer, &page)
		var ids pq.Int64Array
		var urls pq.StringArray
		for _, r := range page.Results {
			ids, urls = append(ids, r.ID), append(urls, r.Image)
		}
		return d.statement(restPageFloor, of.ID, restPageSize, ids, urls), err
	})
}

func (d *data) servesList() floor {
	return d.withAnswer(d.asks(listQuery, nil), func(answer []byte) (http.Handler, error) {
		var list struct {
			Data struct {
				Datasets struct {
					Edges []struct {
						Node struct {
							DatabaseID int64
							Thumbnail  struct{ ThumbnailURL string }
						}
					}
				}
			}
		}
		err := json.Unmarshal(answer, &list)
		var ids pq.Int64Array
		var urls pq.StringArray
		for _, e := range list.Data.Datasets.Edges {
			ids, urls = append(ids, e.Node.DatabaseID), append(urls, e.Node.Thumbnail.ThumbnailURL)
		}
		return d.statement(listFloor, d.user.ID, ids, urls), err
	})
}

// withAnswer is a floor that is made of an answer of the server.
func (d *data) withAnswer(request requests, make func(answer []byte) (http.Handler, error)) floor {
	if d.DB.Dialect() != dialect.Postgres {
		return nil
	}
	return func(ctx context.Context, server string) (http.Handler, error) {
		answer, err := operation{request: request}.fetch(ctx, &http.Client{}, server)
		if err != nil {
			return nil, err
		}
		return make(answer)
	}
}

// servesCharts answers the chart that the path ends in.
func (d *data) servesCharts() floor {
	if d.DB.Dialect() != dialect.Postgres {
		return nil
	}
	charts := map[string]http.Handler{}
	for name, statement := range chartFloors() {
		charts[name] = d.statement(statement, d.tree.ID)
	}
	return func(context.Context, string) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			charts[path.Base(r.URL.Path)].ServeHTTP(w, r)
		}), nil
	}
}

const treeFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'originalName', i.original_name, 'width', i.width, 'height', i.height,
		'prompt', i.prompt, 'isSynthetic', i.is_synthetic, 'done', i.done, 'reviewed', i.reviewed, 'version', i.version,
		'annotations', json_build_object('edges', a.edges))))))))
FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[$1::bigint]) ORDER BY dataset_id DESC, id DESC LIMIT 100) i
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(json_build_object('node', json_build_object('databaseId', a.id, 'type', a.type, 'data', a.data, 'isSynthetic', a.is_synthetic,
		'source', a.source, 'version', a.version, 'label', json_build_object('databaseId', l.id, 'name', l.name, 'color', l.color))) ORDER BY a.position, a.id), '[]') AS edges
	FROM (SELECT * FROM annotations WHERE image_id = i.id ORDER BY position, id LIMIT 20) a JOIN labels l ON l.id = a.label_id
) a`

const nestedFloor = `SELECT json_build_object('data', json_build_object('datasets', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', d.id, 'images', json_build_object('edges', i.edges)))))))
FROM (SELECT id FROM datasets WHERE id = ANY($1) ORDER BY id DESC LIMIT 50) d
CROSS JOIN LATERAL (
	SELECT json_agg(json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'width', i.width, 'height', i.height))) AS edges
	FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[d.id]) ORDER BY dataset_id DESC, id DESC LIMIT 10) i
) i`

const pageFloor = `SELECT json_build_object('data', json_build_object('dataset', json_build_object('images', json_build_object('edges', json_agg(
	json_build_object('node', json_build_object('databaseId', i.id, 'name', i.name, 'width', i.width, 'height', i.height, 'prompt', i.prompt, 'done', i.done)))))))
FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[$1::bigint]) AND id < $2 ORDER BY dataset_id DESC, id DESC LIMIT 50) i`

const listFloor = `SELECT json_build_object('data', json_build_object('datasets', json_build_object('totalCount', count(*), 'edges', json_agg(
	json_build_object('node', json_build_object('databaseId', d.id, 'name', d.name, 'stats', s.stats, 'thumbnail', t.thumbnail))))))
FROM (SELECT id, name FROM datasets WHERE id IN (SELECT dataset_id FROM members WHERE user_id = $1) ORDER BY id DESC LIMIT 50) d
CROSS JOIN LATERAL (
	SELECT json_build_object('images', coalesce(sum(images), 0), 'annotations', coalesce(sum(annotations), 0), 'labels', coalesce(sum(labels), 0)) AS stats
	FROM stats_deltas WHERE dataset_id = d.id AND label_id = 0
) s
LEFT JOIN LATERAL (
	SELECT json_build_object('thumbnailUrl', u.url) AS thumbnail
	FROM (SELECT id FROM images WHERE dataset_id = ANY(ARRAY[d.id]) ORDER BY dataset_id DESC, id DESC LIMIT 1) i
	CROSS JOIN unnest($2::bigint[], $3::text[]) AS u(dataset_id, url) WHERE u.dataset_id = d.id
) t ON true`

const restPageSize = 40

const restPageFloor = `WITH l AS MATERIALIZED (
	SELECT id, json_build_object('id', id, 'name', name, 'color', color, 'order', "order", 'prompt', prompt, 'negative_prompt', negative_prompt,
		'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'updated_at', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS label
	FROM labels WHERE dataset_id = $1
), n AS MATERIALIZED (SELECT sum(images) AS images FROM stats_deltas WHERE dataset_id = $1 AND label_id = 0)
SELECT json_build_object('next', CASE WHEN (SELECT images FROM n) > $2 THEN 2 END, 'previous', NULL, 'count', (SELECT images FROM n), 'page_size', $2, 'results', json_agg(
	json_build_object('id', i.id, 'image', u.url, 'name', i.name, 'original_name', i.original_name, 'extension', substring(i.name FROM '[^.]*$'),
		'total_weight', to_char(i.size / 1e6, 'FM9999990.00') || ' MB', 'labels', b.labels, 'annotations', a.annotations, 'base_image', i.base_image_id,
		'derivatives', (SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM images WHERE base_image_id = i.id),
		'prompt', i.prompt, 'negative_prompt', i.negative_prompt, 'generation_type', i.generation_type, 'extra_information', i.extra_information,
		'is_synthetic', i.is_synthetic, 'done', i.done, 'reviewed', i.reviewed, 'job', i.job_id, 'batch', i.batch_id,
		'created_at', to_char(i.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'updated_at', to_char(i.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
	ORDER BY i.id DESC))
FROM (SELECT * FROM images WHERE dataset_id = ANY(ARRAY[$1::bigint]) ORDER BY dataset_id DESC, id DESC LIMIT $2) i
JOIN unnest($3::bigint[], $4::text[]) AS u(id, url) ON u.id = i.id
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(json_build_object('id', a.id, 'type', a.type, 'is_synthetic', a.is_synthetic, 'data', a.data, 'label', l.label,
		'created_at', to_char(a.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'updated_at', to_char(a.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
		ORDER BY a.position, a.id), '[]') AS annotations
	FROM annotations a JOIN l ON l.id = a.label_id WHERE a.image_id = i.id
) a
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(l.label ORDER BY l.id), '[]') AS labels FROM l WHERE l.id IN (SELECT label_id FROM annotations WHERE image_id = i.id)
) b`

// chartFloors are the statements of charts, by the last part of their paths.
func chartFloors() map[string]string {
	pie := func(all, synthetic string) string {
		return `SELECT json_build_array(json_build_object('name', 'synthetic', 'value', sum(` + synthetic + `), 'color', '#111411'),
			json_build_object('name', 'real', 'value', sum(` + all + ` - ` + synthetic + `), 'color', '#905ef8'))
			FROM stats_deltas WHERE dataset_id = $1 AND label_id = 0`
	}
	bars := func(all, synthetic string) string {
		return `SELECT json_agg(json_build_object('name', l.name, 'real', s.all - s.synthetic, 'synthetic', s.synthetic) ORDER BY l.id)
			FROM labels l JOIN (
				SELECT label_id, sum(` + all + `) AS all, sum(` + synthetic + `) AS synthetic FROM stats_deltas WHERE dataset_id = $1 GROUP BY label_id
			) s ON s.label_id = l.id WHERE l.dataset_id = $1`
	}
	return map[string]string{
		"pie_chart":       pie("annotations", "synthetic_annotations"),
		"image_pie_chart": pie("images", "synthetic_images"),
		"bar_chart":       bars("annotations", "synthetic_annotations"),
		"image_bar_chart": bars("images", "synthetic_images"),
	}
}
