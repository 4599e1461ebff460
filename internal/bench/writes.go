package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// exported is how many images the dataset has that is exported.
const exported = 100

// charts asks for the four charts in turns.
func (d *data) charts() requests {
	var all []requests
	for _, name := range []string{"pie_chart", "image_pie_chart", "bar_chart", "image_bar_chart"} {
		all = append(all, d.gets(fmt.Sprintf("/api/v1/datasets/%d/%s/", d.tree.ID, name)))
	}
	return func(ctx context.Context, server string, client, i int) (*http.Request, error) {
		return all[i%len(all)](ctx, server, client, i)
	}
}

// imageFor is an image of the tree that no other client writes to at the time.
func (d *data) imageFor(client, i int) int {
	clients := Connections()[len(Connections())-1]
	return d.first + (i*clients+client)%d.Images
}

// saves replaces the annotations of images by 20 boxes.
func (d *data) saves() requests {
	boxes := d.boxes(20, "")
	return func(ctx context.Context, server string, client, i int) (*http.Request, error) {
		return d.asks(`mutation($image: ID!, $boxes: [AnnotationInput!]!) { replaceAnnotations(imageId: $image, annotations: $boxes) { created deleted } }`,
			map[string]any{"image": id("Image", d.imageFor(client, i)), "boxes": boxes})(ctx, server, client, i)
	}
}

// boxes are n boxes as GraphQL takes them, on an image unless that is empty.
func (d *data) boxes(n int, image string) json.RawMessage {
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = map[string]any{"labelId": id("Label", int(d.labels[i%len(d.labels)].ID)), "type": "bounding_box", "data": json.RawMessage(box)}
		if image != "" {
			list[i] = map[string]any{"create": list[i]}
			list[i]["create"].(map[string]any)["imageId"] = image //nolint:forcetypeassert // it was made just now
		}
	}
	text, _ := json.Marshal(list) // texts are always JSON
	return text
}

const box = `{"point":[0.125,0.25],"width":0.375,"height":0.4375}`

// draws draws 10,000 annotations in one call.
func (d *data) draws() requests {
	return func(ctx context.Context, server string, client, i int) (*http.Request, error) {
		return d.asks(`mutation($dataset: ID!, $changes: [AnnotationChange!]!) { annotate(datasetId: $dataset, changes: $changes) { results { status } } }`,
			map[string]any{"dataset": id("Dataset", int(d.tree.ID)), "changes": d.boxes(many, id("Image", d.imageFor(client, i)))})(ctx, server, client, i)
	}
}

// many is how many annotations are drawn at once.
const many = 10_000

// bare answers what a transaction on PostgreSQL does with the image that is next.
func (d *data) bare(do func(ctx context.Context, tx *ent.Tx, image int) error) floor {
	if d.DB.Dialect() != dialect.Postgres {
		return nil
	}
	var next atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		img := d.first + int(next.Add(1))%d.Images
		err := d.DB.Write(access.System(r.Context()), func(ctx context.Context, tx *ent.Tx) error { return do(ctx, tx, img) })
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte("{}")) // a client that has gone has gone
	})
	return func(context.Context, string) (http.Handler, error) { return handler, nil }
}

// savesBare sends the statements that a save takes, and nothing else.
func (d *data) savesBare() floor {
	rows := d.rows(20)
	return d.bare(func(ctx context.Context, tx *ent.Tx, img int) error {
		for _, s := range []struct {
			text string
			args []any
		}{
			{"SELECT pg_advisory_xact_lock_shared($1)", []any{history.LockKey + int64(d.tree.ID)}},
			{"SELECT id FROM labels WHERE dataset_id = $1 AND id = ANY($2) ORDER BY id FOR KEY SHARE", []any{d.tree.ID, pq.Array(rows.labels)}},
			{"SELECT * FROM images WHERE id = $1 FOR NO KEY UPDATE", []any{img}},
			{"SELECT * FROM annotations WHERE image_id = $1 ORDER BY position, id", []any{img}},
			{"DELETE FROM annotations WHERE image_id = $1", []any{img}},
			{insertRows, rows.args(d, img)},
			{"UPDATE images SET updated_at = now(), version = version + 1, born = (SELECT epoch FROM datasets WHERE id = dataset_id) WHERE id = $1", []any{img}},
		} {
			found, err := tx.QueryContext(ctx, s.text, s.args...)
			if err != nil {
				return err
			}
			for found.Next() { // its rows are received, and no more
			}
			if err := found.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// drawsBare inserts the rows that drawing inserts.
func (d *data) drawsBare() floor {
	rows := d.rows(many)
	return d.bare(func(ctx context.Context, tx *ent.Tx, img int) error {
		_, err := tx.ExecContext(ctx, insertRows, rows.args(d, img)...)
		return err
	})
}

const insertRows = `INSERT INTO annotations (id, created_at, updated_at, version, born, dataset_id, image_id, label_id, author_id, type, data, is_synthetic, source, position)
	SELECT rows.id, rows.at, rows.at, 1, (SELECT epoch FROM datasets WHERE datasets.id = $1), $1, $2, rows.label_id, $3, rows.type, rows.data, false, 'MANUAL', rows.position
	FROM unnest($4::uuid[], $5::timestamptz[], $6::bigint[], $7::text[], $8::jsonb[], $9::bigint[]) AS rows(id, at, label_id, type, data, position)`

// rows are columns of annotations.
type rows struct {
	times, types, data []string
	labels, positions  []int64
}

func (d *data) rows(n int) rows {
	var r rows
	now := time.Now().UTC().Format(time.RFC3339Nano)
	for i := range n {
		r.times, r.types, r.data = append(r.times, now), append(r.types, "bounding_box"), append(r.data, box)
		r.labels, r.positions = append(r.labels, int64(d.labels[i%len(d.labels)].ID)), append(r.positions, int64(1000+i))
	}
	return r
}

// args are the rows under new ids.
func (r rows) args(d *data, img int) []any {
	ids := make([]string, len(r.times))
	for i := range ids {
		ids[i] = gid.NewAnnotationID().String()
	}
	return []any{d.tree.ID, img, d.user.ID, pq.Array(ids), pq.Array(r.times), pq.Array(r.labels), pq.Array(r.types), pq.Array(r.data), pq.Array(r.positions)}
}

// uploadsNoise uploads an image that is not there yet.
func (d *data) uploadsNoise() requests {
	return func(ctx context.Context, server string, _, _ int) (*http.Request, error) {
		return d.uploads(ctx, server, d.uploaded, 64)
	}
}

func (d *data) uploads(ctx context.Context, server string, to *ent.Dataset, side int) (*http.Request, error) {
	picture, err := noise(side)
	if err != nil {
		return nil, err
	}
	return d.asks(`mutation($dataset: ID!, $picture: String!) { createImage(datasetId: $dataset, input: {data: $picture}) { databaseId } }`,
		map[string]any{"dataset": id("Dataset", int(to.ID)), "picture": picture})(ctx, server, 0, 0)
}

// noise is a picture that nobody has seen, in base64.
func noise(side int) (string, error) {
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = uint8(rand.Uint32()) //nolint:gosec // noise
	}
	var b strings.Builder
	to := base64.NewEncoder(base64.StdEncoding, &b)
	var text bytes.Buffer
	if err := png.Encode(&text, img); err != nil {
		return "", err
	}
	if _, err := to.Write(text.Bytes()); err != nil {
		return "", err
	}
	err := to.Close()
	return b.String(), err
}
