package archive_test

import (
	"context"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// fill adds images to a world's dataset, each with 20 annotations.
func fill(b *testing.B, w *testkit.World, images int) {
	b.Helper()
	series, uuid := "generate_series(1, %d) AS n(i)", "gen_random_uuid()"
	if w.DB.Dialect() == dialect.SQLite {
		series = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) n"
		uuid = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	image := testkit.NewImage(w.DB.Client, w.Dataset).SaveX(access.System(b.Context()))
	testkit.Must(w.DB.ExecContext(b.Context(), fmt.Sprintf("INSERT INTO objects (sha256, size, crc32, crc32c, created_at, wanted_at) VALUES ('%s', 1000, 1, 1, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')", image.ObjectSha256)))(b)
	err := w.DB.Write(access.System(b.Context()), func(ctx context.Context, tx *ent.Tx) error {
		const columns = "created_at, updated_at, version, born, original_name, source, sha256, object_sha256, size, width, height, format, prompt, negative_prompt, generation_type, extra_information, tags, metadata, is_synthetic, done, reviewed, split, dataset_id"
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO images (name, %s) SELECT 'n' || i, %[1]s FROM images, %s WHERE images.id = %d", columns, fmt.Sprintf(series, images), image.ID)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO annotations (id, created_at, updated_at, dataset_id, born, image_id, label_id, author_id, type, data, position)
			SELECT %s, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', %d, 2, images.id, %d, %d, 'bounding_box', '{"point":[0.123456789,0.1],"width":0.25,"height":0.3}', i FROM images, %s WHERE images.id > %d`,
			uuid, w.Dataset.ID, w.Labels[0].ID, w.Users["owner"].ID, fmt.Sprintf(series, 20), image.ID))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	if w.DB.Dialect() == dialect.Postgres {
		testkit.Must(w.DB.ExecContext(b.Context(), "ANALYZE"))(b)
	}
}

// BenchmarkRead reads 1,000,000 annotations on 50,000 images, as a snapshot sees them:
//
//	go test -run '^$' -bench BenchmarkRead -benchtime 3x ./internal/archive
func BenchmarkRead(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := testkit.NewWorld(b, open(b))
			fill(b, w, 50_000)
			ctx := w.As(b.Context(), "owner")
			s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(b)
			for of, name := range []string{export.Annotations: "annotations", export.Shapes: "shapes", export.Pictures: "pictures"} {
				b.Run(name, func(b *testing.B) {
					n := 0
					for b.Loop() {
						d := testkit.Must(archive.NewReader(w.DB, storage.NewMemory()).Dataset(ctx, snapshot.MomentOf(s), archive.Filter{}))(b)
						for _, err := range d.Images(ctx, 0, export.Wanted{Of: export.Of(of)}) {
							if err != nil {
								b.Fatal(err)
							}
							n++
						}
					}
					b.ReportMetric(20*float64(n)/b.Elapsed().Seconds(), "annotations/s") // or those on as many images
				})
			}
		})
	}
}
