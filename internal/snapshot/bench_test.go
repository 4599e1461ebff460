package snapshot_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/compare"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

func eachBenchDatabase(b *testing.B, bench func(b *testing.B, db *database.DB)) {
	b.Helper()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) { bench(b, open(b)) })
	}
}

// draw adds n annotations to the first image of a world, whose positions go from 0 up.
func draw(b *testing.B, w *testkit.World, n int) {
	b.Helper()
	ctx := access.System(context.Background())
	err := w.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := w.DB.ShareDataset(ctx, tx, w.Dataset.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, insertion(w, n, history.Epoch(fmt.Sprint(w.Dataset.ID))))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// insertion is a statement that inserts n annotations.
func insertion(w *testkit.World, n int, born string) string {
	series, id := fmt.Sprintf("generate_series(0, %d) AS n(i)", n-1), "gen_random_uuid()"
	if w.DB.Dialect() == dialect.SQLite {
		series = fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)", n-1)
		id = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	return fmt.Sprintf(`INSERT INTO annotations (id, created_at, updated_at, dataset_id, born, image_id, label_id, type, data, position)
		SELECT %s, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', %d, %s, %d, %d, 'bounding_box', '{"point":[0.1,0.1],"width":0.2,"height":0.3}', i FROM %s`,
		id, w.Dataset.ID, born, w.Images[0].ID, w.Labels[0].ID, series)
}

// BenchmarkCreate makes snapshots of datasets with 10, 10,000 and 1,000,000 annotations:
//
//	go test -run '^$' -bench BenchmarkCreate -benchtime 200x ./internal/snapshot
func BenchmarkCreate(b *testing.B) {
	eachBenchDatabase(b, func(b *testing.B, db *database.DB) {
		for _, n := range []int{10, 10_000, 1_000_000} {
			w := testkit.NewWorld(b, db)
			draw(b, w, n)
			b.Run(strconv.Itoa(n), func(b *testing.B) {
				ctx := w.As(b.Context(), "owner")
				for b.Loop() {
					testkit.Must(snapshot.Create(ctx, db, w.Dataset.ID, snapshot.CreateInput{}))(b)
				}
			})
		}
	})
}

// BenchmarkCreateBusy makes snapshots while 8 writers replace annotations in the dataset, and tells the 99th percentile
// of how long a snapshot took:
//
//	go test -run '^$' -bench BenchmarkCreateBusy -benchtime 300x ./internal/snapshot
func BenchmarkCreateBusy(b *testing.B) {
	const writers = 8
	eachBenchDatabase(b, func(b *testing.B, db *database.DB) {
		w := testkit.NewWorld(b, db)
		images := make([]*ent.Image, writers)
		for i := range images {
			images[i] = testkit.NewImage(db.Client, w.Dataset).SaveX(access.System(b.Context()))
		}
		ctx, cancel := context.WithCancel(w.As(b.Context(), "owner"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		written := 0
		for i := range images {
			wg.Go(func() {
				for round := 0; ctx.Err() == nil; round++ {
					var list []annotate.Input
					for j := range 20 {
						list = append(list, annotate.Input{LabelID: w.Labels[0].ID, Type: "bounding_box", Data: testkit.Box(round + j)})
					}
					if _, err := annotate.Replace(ctx, db, images[i].ID, list, nil); err != nil && ctx.Err() == nil {
						b.Errorf("a write failed: %v", err)
					}
					mu.Lock()
					written++
					mu.Unlock()
				}
			})
		}
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			testkit.Must(snapshot.Create(ctx, db, w.Dataset.ID, snapshot.CreateInput{}))(b)
			took = append(took, time.Since(start))
		}
		cancel()
		wg.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "writes/s")
	})
}

// BenchmarkTriggers writes annotations of which a snapshot sees those that are changed or deleted, and in turns with that
// the same on a database without triggers and without the index of epochs:
//
//	go test -run '^$' -bench BenchmarkTriggers -benchtime 30x ./internal/snapshot
func BenchmarkTriggers(b *testing.B) {
	eachBenchDatabase(b, func(b *testing.B, db *database.DB) {
		w := testkit.NewWorld(b, db)
		open := map[string]func(testing.TB, ...database.Option) *database.DB{dialect.SQLite: testkit.SQLite, dialect.Postgres: testkit.Postgres}[db.Dialect()]
		floor := testkit.NewWorld(b, open(b))
		for _, s := range append(database.DropTriggers(db.Dialect()), "DROP INDEX annotation_dataset_id_born") {
			testkit.Must(floor.DB.ExecContext(access.System(b.Context()), s))(b)
		}
		for _, rows := range []int{20, 1000} {
			for _, kind := range []string{"insert", "update", "delete"} {
				b.Run(fmt.Sprintf("%s/%d", kind, rows), func(b *testing.B) {
					var ours, bare time.Duration
					for b.Loop() {
						ours += timed(b, w, kind, rows)
						bare += timed(b, floor, kind, rows)
					}
					b.ReportMetric(ours.Seconds()/bare.Seconds(), "ratio-to-floor")
				})
			}
		}
	})
}

// timed writes some annotations on an image of its own, and returns how long that took.
func timed(b *testing.B, w *testkit.World, kind string, rows int) time.Duration {
	b.Helper()
	ctx := w.As(b.Context(), "owner")
	img := testkit.NewImage(w.DB.Client, w.Dataset).SaveX(access.System(ctx))
	create, update, remove := make([]annotate.Change, rows), make([]annotate.Change, rows), make([]annotate.Change, rows)
	for i := range rows {
		id := gid.NewAnnotationID()
		create[i].Create = &annotate.CreateInput{ID: &id, ImageID: img.ID, LabelID: w.Labels[0].ID, Type: "bounding_box", Data: testkit.Box(i)}
		update[i].Update = &annotate.UpdateInput{ID: id, Data: testkit.Box(i + 1)}
		remove[i].Delete = &annotate.DeleteInput{ID: id}
	}
	write := func(changes []annotate.Change) time.Duration {
		start := time.Now()
		testkit.Must(annotate.Annotate(ctx, w.DB, w.Dataset.ID, changes, true))(b)
		return time.Since(start)
	}
	took := write(create)
	if kind == "insert" {
		return took
	}
	testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(b)
	if kind == "update" {
		return write(update)
	}
	return write(remove)
}

// BenchmarkCompare compares two snapshots between which 1,000 annotations of 10,000, or of 1,000,000, have changed:
//
//	go test -run '^$' -bench BenchmarkCompare -benchtime 20x ./internal/snapshot
func BenchmarkCompare(b *testing.B) {
	eachBenchDatabase(b, func(b *testing.B, db *database.DB) {
		for _, n := range []int{10_000, 1_000_000} {
			w := testkit.NewWorld(b, db)
			draw(b, w, n)
			ctx := w.As(b.Context(), "owner")
			var ids []gid.SnapshotID
			for _, change := range []string{"", "position < 500", "position >= 500 AND position < 1000"} {
				if change != "" {
					err := db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
						_, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE annotations SET data = '{"point":[0.1,0.1],"width":0.25,"height":0.3}', born = %s WHERE dataset_id = %d AND %s`,
							history.Epoch(fmt.Sprint(w.Dataset.ID)), w.Dataset.ID, change))
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				ids = append(ids, testkit.Must(snapshot.Create(ctx, db, w.Dataset.ID, snapshot.CreateInput{}))(b).ID)
			}
			if db.Dialect() == dialect.Postgres {
				testkit.Must(db.ExecContext(ctx, "ANALYZE"))(b)
			}
			for name, to := range map[string]gid.SnapshotID{"then": ids[2], "now": 0} {
				b.Run(strconv.Itoa(n)+"/"+name, func(b *testing.B) {
					for b.Loop() {
						c := testkit.Must(compare.New(ctx, db, ids[0], to))(b)
						counts := testkit.Must(c.Counts(ctx))(b)
						if counts.Annotations.Moved < 1000 {
							b.Fatalf("%+v", counts.Annotations)
						}
						testkit.Must(c.Images(ctx, 100, 0))(b)
					}
				})
			}
		}
	})
}
