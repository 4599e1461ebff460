package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	benchRows   = 10_000
	benchImages = 500
	// floorRows is how many rows a statement of the floor inserts.
	floorRows = 1000
)

// BenchmarkAnnotate draws 10,000 annotations in one call, from the request's bytes to the answer's, and in turns with
// it inserts the same rows with bare statements of 1,000 rows, in one transaction on the same connections:
//
//	go test -run '^$' -bench BenchmarkAnnotate -benchtime 10x ./graph
func BenchmarkAnnotate(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			g := testkit.Must(graph.New(&graph.Resolver{DB: db, Media: picturesNowhere{}}, graph.Options{}))(b)
			m := newMeasure(b, g, db)
			var call, floor time.Duration
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				floor += m.floor(b)
				b.StartTimer()
				call += m.call(b)
			}
			total := float64(b.N * benchRows)
			b.ReportMetric(total/call.Seconds(), "rows/s")
			b.ReportMetric(total/floor.Seconds(), "floor-rows/s")
			b.ReportMetric(floor.Seconds()/call.Seconds(), "ratio-to-floor")
		})
	}
}

// measure holds what both ways insert.
type measure struct {
	gateway *graph.Gateway
	db      *database.DB
	viewer  context.Context
	body    []byte
	rows    []*ent.Annotation
	insert  string // of floorRows rows
}

func newMeasure(b *testing.B, g *graph.Gateway, db *database.DB) *measure {
	b.Helper()
	w := testkit.NewWorld(b, db)
	m := &measure{gateway: g, db: db, viewer: w.As(b.Context(), "annotator")}
	images := testkit.Must(db.Image.CreateBulk(slices.Collect(func(yield func(*ent.ImageCreate) bool) {
		for range benchImages {
			if !yield(testkit.NewImage(db.Client, w.Dataset)) {
				return
			}
		}
	})...).Save(access.System(b.Context())))(b)
	changes := make([]any, benchRows)
	author := w.Users["annotator"].ID
	for i := range benchRows {
		a := &ent.Annotation{
			DatasetID: w.Dataset.ID, ImageID: images[i%benchImages].ID, LabelID: w.Labels[i%2].ID, AuthorID: &author,
			Type: "bounding_box", Data: testkit.Box(i), Version: 1, Source: annotation.DefaultSource,
		}
		m.rows = append(m.rows, a)
		changes[i] = map[string]any{"create": map[string]any{
			"imageId": gidOf("Image", int(a.ImageID)), "labelId": gidOf("Label", int(a.LabelID)), "type": a.Type, "data": a.Data,
		}}
	}
	m.body = testkit.Must(json.Marshal(map[string]any{
		"query":     `mutation($d: ID!, $c: [AnnotationChange!]!) { annotate(datasetId: $d, changes: $c) { results { status id version } } }`,
		"variables": map[string]any{"d": gidOf("Dataset", int(w.Dataset.ID)), "c": changes},
	}))(b)
	m.insert = insertStatement(db.Dialect())
	return m
}

// insertStatement is bare SQL for floorRows rows.
func insertStatement(db string) string {
	columns, parameter := annotation.Columns, 0
	rows := make([]string, floorRows)
	for i := range rows {
		values := make([]string, len(columns))
		for k := range values {
			parameter++
			values[k] = "?"
			if db == dialect.Postgres {
				values[k] = fmt.Sprintf("$%d", parameter)
			}
		}
		rows[i] = "(" + strings.Join(values, ", ") + ")"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", annotation.Table, strings.Join(columns, ", "), strings.Join(rows, ", "))
}

// call sends the request.
func (m *measure) call(b *testing.B) time.Duration {
	b.Helper()
	r := httptest.NewRequestWithContext(m.viewer, "POST", "/graphql", bytes.NewReader(m.body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	start := time.Now()
	m.gateway.ServeHTTP(w, r)
	took := time.Since(start)
	if n := bytes.Count(w.Body.Bytes(), []byte(`"CREATED"`)); n != benchRows {
		b.Fatalf("%d rows were created: %.500s", n, w.Body)
	}
	return took
}

// floor inserts the rows under new ids. What it sends is made before the clock starts.
func (m *measure) floor(b *testing.B) time.Duration {
	b.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	args := make([]any, 0, benchRows*len(annotation.Columns))
	for i, a := range m.rows {
		for _, column := range annotation.Columns {
			args = append(args, map[string]any{
				annotation.FieldID: gid.NewAnnotationID().String(), annotation.FieldCreatedAt: now, annotation.FieldUpdatedAt: now,
				annotation.FieldVersion: a.Version, annotation.FieldDatasetID: int(a.DatasetID), annotation.FieldImageID: int(a.ImageID),
				annotation.FieldLabelID: int(a.LabelID), annotation.FieldAuthorID: int(*a.AuthorID), annotation.FieldType: a.Type,
				annotation.FieldData: a.Data.String(), annotation.FieldIsSynthetic: a.IsSynthetic, annotation.FieldConfidence: nil,
				annotation.FieldSource: string(a.Source), annotation.FieldPosition: now.UnixNano() + int64(i),
			}[column])
		}
	}
	start := time.Now()
	err := m.db.Write(m.viewer, func(ctx context.Context, tx *ent.Tx) error {
		for chunk := range slices.Chunk(args, floorRows*len(annotation.Columns)) {
			if _, err := tx.ExecContext(ctx, m.insert, chunk...); err != nil {
				return err
			}
		}
		return nil
	})
	took := time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	return took
}
