package download_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/go-chi/chi/v5"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	benchImages      = 50_000
	benchAnnotations = 20 // on each
	benchObjects     = 500
	benchSize        = 100_000 // bytes of each
)

// BenchmarkExport exports 1,000,000 annotations on 50,000 images of 100 KB over a connection to this machine:
//
//	go test -run '^$' -bench BenchmarkExport -benchtime 1x -timeout 30m ./internal/download
//
// It tells how many annotations a second the pass goes through that makes the index, how long after that the first byte takes,
// how many bytes a second come, how many times as many a cat of the same files sends into such a connection, and by how
// much the process grows at most, its own client included.
func BenchmarkExport(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := testkit.NewWorld(b, open(b))
			dir := b.TempDir()
			store := testkit.Must(storage.Open(b.Context(), url.URL{Scheme: "file", Path: dir}))(b)
			defer store.Close()
			fillLarge(b, w, store)
			ctx := w.As(b.Context(), "owner")
			s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(b)
			service := download.New(w.DB, store, testkit.Must(auth.NewKeys("0123456789abcdef0123456789abcdef"))(b))
			routes := chi.NewRouter()
			routes.Handle(download.Path+"/", service)
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				routes.ServeHTTP(rw, r.WithContext(w.As(r.Context(), "owner")))
			}))
			defer server.Close()
			for _, format := range []string{"yolo", "coco"} {
				b.Run(format, func(b *testing.B) {
					address := fmt.Sprintf("%s/api/v1/datasets/%d/export/?format=%s&snapshot=%d", server.URL, w.Dataset.ID, format, s.ID)
					for b.Loop() {
						benchExport(b, address, filesOf(b, dir))
					}
				})
			}
		})
	}
}

func benchExport(b *testing.B, address string, files []string) {
	b.Helper()
	before := resident(b, "VmRSS")
	resetPeak(b)
	measuring, _, _ := fetchAll(b, address, 1)
	first, all, n := fetchAll(b, address, -1)
	grown := resident(b, "VmHWM") - before
	floor := catAll(b, files)
	rate := float64(n) / all.Seconds()
	b.ReportMetric(benchImages*benchAnnotations/measuring.Seconds(), "annotations/s")
	b.ReportMetric(float64(first.Milliseconds()), "first-byte-ms")
	b.ReportMetric(rate/1e6, "MB/s")
	b.ReportMetric(floor/rate, "cat/export")
	b.ReportMetric(grown/1e6, "growth-MB")
	b.ReportMetric(0, "ns/op")
}

// fetchAll tells how long the first byte takes, and all of them or, if most is not negative, as many.
func fetchAll(b *testing.B, address string, most int64) (first, all time.Duration, n int64) {
	b.Helper()
	began := time.Now()
	request := testkit.Must(http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil))(b)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		b.Fatalf("answered %s", response.Status)
	}
	testkit.Must(io.CopyN(io.Discard, response.Body, 1))(b)
	first = time.Since(began)
	if most < 0 {
		n = testkit.Must(io.Copy(io.Discard, response.Body))(b)
	}
	return first, time.Since(began), n + 1
}

// filesOf are those of the objects, as many as there are images.
func filesOf(b *testing.B, dir string) (files []string) {
	b.Helper()
	var objects []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if info, infoErr := d.Info(); err == nil && infoErr == nil && info.Size() == benchSize {
			objects = append(objects, path)
		}
		return err
	})
	if err != nil || len(objects) != benchObjects {
		b.Fatalf("%d objects, %v", len(objects), err)
	}
	for i := range benchImages {
		files = append(files, objects[i%benchObjects])
	}
	return files
}

// catAll returns how many bytes a second a cat of files sends into a connection.
func catAll(b *testing.B, files []string) float64 {
	b.Helper()
	listener := testkit.Must(net.Listen("tcp", "127.0.0.1:0"))(b)
	defer listener.Close()
	failed := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			var out *os.File
			if out, err = conn.(*net.TCPConn).File(); err == nil {
				cmd := exec.CommandContext(b.Context(), "xargs", "cat")
				cmd.Stdin, cmd.Stdout = strings.NewReader(strings.Join(files, "\n")), out
				err = cmd.Run()
				_ = out.Close()
			}
			_ = conn.Close()
		}
		failed <- err
	}()
	conn := testkit.Must(net.Dial("tcp", listener.Addr().String()))(b)
	defer conn.Close()
	began := time.Now()
	n := testkit.Must(io.Copy(io.Discard, conn))(b)
	took := time.Since(began)
	if err := <-failed; err != nil {
		b.Fatal(err)
	}
	return float64(n) / took.Seconds()
}

// fillLarge makes the images, their objects and what is drawn on them.
func fillLarge(b *testing.B, w *testkit.World, store storage.Store) {
	b.Helper()
	content := make([]byte, benchSize)
	for range benchObjects {
		_, _ = rand.Read(content)
		sum := sha256.Sum256(content)
		name := hex.EncodeToString(sum[:])
		testkit.Must(object.NewKeeper(w.DB, store).Put(b.Context(), name, strings.NewReader(string(content)), benchSize))(b)
	}
	series, id := "generate_series(1, %d) AS n(i)", "gen_random_uuid()"
	if w.DB.Dialect() == dialect.SQLite {
		series = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) n"
		id = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	first := testkit.NewImage(w.DB.Client, w.Dataset).SetOriginalName("a picture.jpg").SetSize(benchSize).SaveX(access.System(b.Context()))
	err := w.DB.Write(access.System(b.Context()), func(ctx context.Context, tx *ent.Tx) error {
		const columns = "created_at, updated_at, version, born, original_name, source, sha256, size, width, height, format, prompt, negative_prompt, generation_type, extra_information, tags, metadata, is_synthetic, done, reviewed, split, dataset_id"
		images := fmt.Sprintf(`INSERT INTO images (name, object_sha256, %s) SELECT 'n' || i, o.sum, %[1]s FROM images, %s
			JOIN (SELECT sha256 AS sum, row_number() OVER (ORDER BY sha256) AS place FROM objects WHERE objects.size = %d) o ON o.place = i %% %d + 1 WHERE images.id = %d ORDER BY i`,
			columns, fmt.Sprintf(series, benchImages), benchSize, benchObjects, first.ID)
		if _, err := tx.ExecContext(ctx, images); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO annotations (id, created_at, updated_at, dataset_id, born, image_id, label_id, author_id, type, data, position)
			SELECT %s, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', %d, 2, images.id, %d, %d, 'bounding_box', '{"point":[0.123456789,0.1],"width":0.25,"height":0.3}', i FROM images, %s WHERE images.id > %d`,
			id, w.Dataset.ID, w.Labels[0].ID, w.Users["owner"].ID, fmt.Sprintf(series, benchAnnotations), first.ID))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	// What has no object cannot be exported.
	if err := catalog.DeleteImages(access.System(b.Context()), w.DB, catalog.Targets[gid.ImageID]{IDs: []gid.ImageID{first.ID, w.Images[0].ID, w.Images[1].ID, w.Images[2].ID}}); err != nil {
		b.Fatal(err)
	}
	if w.DB.Dialect() == dialect.Postgres {
		testkit.Must(w.DB.ExecContext(b.Context(), "ANALYZE"))(b)
	}
}

// resident reads a line of /proc/self/status, in bytes.
func resident(b *testing.B, name string) float64 {
	b.Helper()
	status := testkit.Must(os.ReadFile("/proc/self/status"))(b)
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		b.Skip("this system does not tell")
	}
	return float64(testkit.Must(strconv.Atoi(string(found[1])))(b)) * 1024
}

// resetPeak has VmHWM begin anew.
func resetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip(err)
	}
}
