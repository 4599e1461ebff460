package rest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

const annotationsPerImage = 20

// BenchmarkImagePage reads the first page of 40 images, each with 20 annotations and their labels, in turns of a
// dataset of 500 images and of one of 50,000, on PostgreSQL:
//
//	go test -run '^$' -bench BenchmarkImagePage -benchtime 100x ./rest
//
// "large/small" is what size costs, and "rest/graphql" what the layer adds to running the same operation.
func BenchmarkImagePage(b *testing.B) {
	s := newServer(b, databases["postgres"])
	small, large := newPageReader(b, s, 500), newPageReader(b, s, 50_000)
	s.vacuum(b)
	const warm = 10
	for range warm {
		small.page(b)
		large.page(b)
		small.operation(b)
	}
	var ofSmall, ofLarge, ofOperation time.Duration
	b.ReportAllocs()
	for b.Loop() {
		ofLarge += large.page(b)
		ofSmall += small.page(b)
		ofOperation += small.operation(b)
	}
	b.ReportMetric(ofSmall.Seconds()*1000/float64(b.N), "small-ms")
	b.ReportMetric(ofLarge.Seconds()*1000/float64(b.N), "large-ms")
	b.ReportMetric(ofLarge.Seconds()/ofSmall.Seconds(), "large/small")
	b.ReportMetric(ofSmall.Seconds()/ofOperation.Seconds(), "rest/graphql")
}

// pageReader reads the images of a dataset.
type pageReader struct {
	*server

	operations *graph.Prepared
	viewer     context.Context //nolint:containedctx // of all its requests
	header     string
	dataset    gid.DatasetID
}

func newPageReader(b *testing.B, s *server, images int) pageReader {
	b.Helper()
	w := testkit.NewWorld(b, s.db)
	s.fill(b, w, images)
	document := testkit.Must(rest.Document())(b)
	return pageReader{
		server: s, operations: testkit.Must(s.gateway.Prepare(document))(b), viewer: w.As(b.Context(), "viewer"),
		header: s.keyOf(b, w.Users["viewer"]), dataset: w.Dataset.ID,
	}
}

// fill adds images with annotations to the world's dataset.
func (s *server) fill(b *testing.B, w *testkit.World, images int) {
	b.Helper()
	ctx := access.System(context.WithoutCancel(b.Context()))
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO images (created_at, updated_at, version, dataset_id, name, original_name, sha256, size, width, height, format,
			prompt, negative_prompt, generation_type, extra_information, is_synthetic, done, reviewed, split)
			SELECT now(), now(), 1, %d, gen_random_uuid() || '.png', 'photo.png', repeat('0', 64), 100000, 640, 480, 'PNG',
			'a boat', '', 'text2image', '{"seed": 7}', i %% 2 = 0, i %% 3 = 0, false, 'NONE' FROM generate_series(1, %d) i`, w.Dataset.ID, images),
		fmt.Sprintf(`INSERT INTO annotations (id, created_at, updated_at, version, dataset_id, image_id, label_id, type, data, is_synthetic, source, position)
			SELECT gen_random_uuid(), now(), now(), 1, %[1]d, images.id, CASE k %% 2 WHEN 0 THEN %[2]d ELSE %[3]d END, 'bounding_box',
			'{"point":[0.1,0.2],"width":0.3,"height":0.4}', false, 'MANUAL', k
			FROM images, generate_series(1, %[4]d) k WHERE dataset_id = %[1]d ORDER BY images.id, k`,
			w.Dataset.ID, w.Labels[0].ID, w.Labels[1].ID, annotationsPerImage),
	} {
		testkit.Must(s.db.ExecContext(ctx, statement))(b)
	}
}

// vacuum does what PostgreSQL does by itself in time.
func (s *server) vacuum(b *testing.B) {
	b.Helper()
	testkit.Must(s.db.ExecContext(access.System(b.Context()), "VACUUM ANALYZE"))(b)
}

// page reads the first page over REST.
func (p pageReader) page(b *testing.B) time.Duration {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("/api/v1/datasets/%d/images/?page_size=40", p.dataset), http.NoBody)
	r.Header.Set("Authorization", p.header)
	w := httptest.NewRecorder()
	start := time.Now()
	p.api.ServeHTTP(w, r)
	took := time.Since(start)
	if n := bytes.Count(w.Body.Bytes(), []byte(`"bounding_box"`)); n != 40*annotationsPerImage {
		b.Fatalf("%d annotations: %d %.300s", n, w.Code, w.Body)
	}
	return took
}

// operation runs the operation behind the page.
func (p pageReader) operation(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	got := p.operations.Run(p.viewer, "ListImages", nil, map[string]any{
		"dataset": gid.Encode("Dataset", strconv.Itoa(int(p.dataset))), "first": 40, "offset": 0,
	})
	took := time.Since(start)
	if len(got.Errors) > 0 {
		b.Fatal(got.Errors)
	}
	return took
}

// TestImagePageStatements: a page takes as many statements whatever is on it.
func TestImagePageStatements(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, s *server) {
		w := testkit.NewWorld(t, s.db)
		header := s.keyOf(t, w.Users["viewer"])
		count := func() int64 {
			path := fmt.Sprintf("/api/v1/datasets/%d/images/?page_size=40", w.Dataset.ID)
			s.send(t, header, "GET", path, "", http.NoBody) // signs in
			before := s.statements.Load()
			if got := s.send(t, header, "GET", path, "", http.NoBody); got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			return s.statements.Load() - before
		}
		ctx := access.System(t.Context())
		s.db.Image.UpdateOne(w.Images[2]).SetBaseImage(w.Images[0]).ExecX(ctx)
		few := count()
		for range 60 {
			img := testkit.NewImage(s.db.Client, w.Dataset).SetBaseImage(w.Images[0]).SetBatch(w.Batch).SetJob(w.Job).SaveX(ctx)
			for i := range 3 {
				s.db.Annotation.Create().SetDataset(w.Dataset).SetImage(img).SetLabel(w.Labels[i%2]).
					SetType("bounding_box").SetData(testkit.Box(i)).SetPosition(int64(i)).SaveX(ctx)
			}
		}
		if many := count(); many != few || few > 15 {
			t.Errorf("%d statements for 3 images, %d for 40", few, many)
		}
	})
}
