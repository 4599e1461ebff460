package stats_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/statsdelta"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/stats"
	"github.com/datasetgen/datagen/internal/testkit"
)

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

// TestVerify finds what is wrong, and both Repair and a migration right it.
func TestVerify(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]func(t *testing.T, w *testkit.World) error{
		"repair": func(t *testing.T, w *testkit.World) error { return stats.Repair(t.Context(), w.DB, w.Dataset.ID) },
		"migrate": func(t *testing.T, w *testkit.World) error {
			if _, err := w.DB.ExecContext(t.Context(), "DELETE FROM schema_triggers"); err != nil {
				return err
			}
			_, err := w.DB.Migrate(t.Context())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
				id, sail, cargo := w.Dataset.ID, w.Labels[0].ID, w.Labels[1].ID
				want := []stats.Difference{{id, 0, "images", 5, 3}, {id, sail, "annotations", 7, 2}, {id, cargo, "annotations", 0, 2}, {id, cargo, "images", 0, 2}}
				if w.DB.Dialect() == dialect.SQLite { // where its row is for good
					want = append(want, stats.Difference{id, cargo, "row", 0, 1})
				}
				for _, s := range []string{
					"UPDATE stats_deltas SET images = images + 2 WHERE dataset_id = %d AND label_id = 0 AND images > 0",
					fmt.Sprintf("UPDATE stats_deltas SET annotations = annotations + 5 WHERE dataset_id = %%d AND label_id = %d", sail),
					fmt.Sprintf("DELETE FROM stats_deltas WHERE dataset_id = %%d AND label_id = %d", cargo),
				} {
					if w.DB.Dialect() == dialect.Postgres { // where there may be many
						if err := stats.NewFolder(w.DB).Fold(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					testkit.Must(w.DB.ExecContext(t.Context(), fmt.Sprintf(s, id)))(t)
				}
				if diff := cmp.Diff(want, testkit.Must(stats.Verify(t.Context(), w.DB, id))(t)); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
				if err := right(t, w); err != nil {
					t.Error(err)
				}
				if found := testkit.Must(stats.Verify(t.Context(), w.DB, id))(t); len(found) > 0 {
					t.Errorf("left: %v", found)
				}
			})
		})
	}
}

// TestStatsFollow changes rows at random, past all rules, and counts again after each change.
func TestStatsFollow(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		for seed := range uint64(4) {
			r := &changer{World: w.Sibling(t), random: rand.New(rand.NewPCG(seed, 6))}
			for range 40 {
				change := r.change(t)
				if found := testkit.Must(stats.Verify(t.Context(), w.DB, r.Dataset.ID))(t); len(found) > 0 {
					t.Fatalf("seed %d, after %s: %+v", seed, change, found)
				}
			}
			w.DB.Dataset.DeleteOneID(r.Dataset.ID).ExecX(system(t))
			if n := w.DB.StatsDelta.Query().Where(statsdelta.DatasetID(r.Dataset.ID)).CountX(system(t)); n > 0 {
				t.Errorf("seed %d: %d rows outlive their dataset", seed, n)
			}
		}
	})
}

// changer changes the rows of a dataset.
type changer struct {
	*testkit.World

	random *rand.Rand
}

// change makes a change, and returns its name.
func (r *changer) change(t *testing.T) string {
	t.Helper()
	ctx, db := system(t), r.DB
	images := db.Image.Query().Where(image.DatasetID(r.Dataset.ID)).IDsX(ctx)
	labels := db.Label.Query().Where(label.DatasetID(r.Dataset.ID)).IDsX(ctx)
	drawn := db.Annotation.Query().Where(annotation.DatasetID(r.Dataset.ID)).IDsX(ctx)
	yes := r.random.IntN(2) == 0
	changes := []struct {
		name string
		do   func()
	}{
		{"new images", func() {
			db.Image.CreateBulk(testkit.NewImage(db.Client, r.Dataset).SetIsSynthetic(yes), testkit.NewImage(db.Client, r.Dataset).SetDone(yes).SetReviewed(!yes)).ExecX(ctx)
		}},
		{"a new label", func() { db.Label.Create().SetDataset(r.Dataset).SetName("x").SetColor("red").ExecX(ctx) }},
		{"images changed", func() {
			db.Image.Update().Where(image.IDIn(some(r.random, images)...)).SetIsSynthetic(yes).SetDone(!yes).SetReviewed(yes).AddSize(int64(r.random.IntN(9))).ExecX(ctx)
		}},
		{"annotations turned", func() {
			db.Annotation.Update().Where(annotation.IDIn(some(r.random, drawn)...)).SetIsSynthetic(yes).ExecX(ctx)
		}},
		{"annotations gone", func() { db.Annotation.Delete().Where(annotation.IDIn(some(r.random, drawn)...)).ExecX(ctx) }},
		{"an image gone", func() { db.Image.Delete().Where(image.IDIn(some(r.random, images)[:len(images)/4]...)).ExecX(ctx) }},
		{"a label gone", func() { db.Label.Delete().Where(label.IDIn(some(r.random, labels)[:len(labels)/3]...)).ExecX(ctx) }},
	}
	if len(images) > 0 && len(labels) > 0 {
		draw := struct {
			name string
			do   func()
		}{"annotations drawn", func() {
			db.Annotation.MapCreateBulk(make([]int, 1+r.random.IntN(9)), func(create *ent.AnnotationCreate, i int) {
				create.SetDataset(r.Dataset).SetImageID(images[r.random.IntN(len(images))]).SetLabelID(labels[r.random.IntN(len(labels))]).
					SetType("bounding_box").SetData(testkit.Box(i)).SetPosition(int64(i)).SetIsSynthetic(r.random.IntN(2) == 0)
			}).ExecX(ctx)
		}}
		relabel := draw
		relabel.name, relabel.do = "annotations relabelled", func() {
			db.Annotation.Update().Where(annotation.IDIn(some(r.random, drawn)...)).SetLabelID(labels[r.random.IntN(len(labels))]).SetIsSynthetic(yes).ExecX(ctx)
		}
		exchange := draw
		exchange.name, exchange.do = "labels exchanged", func() { r.exchange(t, drawn) }
		changes = append(changes, draw, draw, draw, relabel, relabel, exchange, exchange)
	}
	c := changes[r.random.IntN(len(changes))]
	c.do()
	return c.name
}

// exchange gives annotations the labels of each other, in one statement.
func (r *changer) exchange(t *testing.T, drawn []gid.AnnotationID) {
	t.Helper()
	ctx := system(t)
	rows := r.DB.Annotation.Query().Where(annotation.IDIn(drawn...)).Order(annotation.ByID()).AllX(ctx)
	labels := make([]gid.LabelID, len(rows))
	for i, a := range rows {
		labels[i] = a.LabelID
	}
	r.random.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	to := map[gid.AnnotationID]gid.LabelID{}
	for i, a := range rows {
		to[a.ID] = labels[i]
	}
	err := r.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := r.DB.ShareDataset(ctx, tx, r.Dataset.ID); err != nil {
			return err
		}
		return database.UpdateRows(ctx, tx, r.DB.Dialect(), annotation.Table, []database.Column[*ent.Annotation]{
			{Name: annotation.FieldID, Type: "uuid", Of: func(a *ent.Annotation) any { return a.ID }},
			{Name: annotation.FieldLabelID, Type: "bigint", Of: func(a *ent.Annotation) any { return to[a.ID] }},
		}, rows)
	})
	if err != nil {
		t.Error(err)
	}
}

// some is one half of a list, in any order.
func some[T any](random *rand.Rand, all []T) []T {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:(len(all)+1)/2]
}

// TestManyWritersWhileFolding has people draw, relabel and delete on the same images, and labels and images go, while counters
// are folded: they stay those of a recount, and are one row each in the end.
func TestManyWritersWhileFolding(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "owner")
		var writers, folders sync.WaitGroup
		for i := range 6 {
			writers.Go(func() { saveAtRandom(ctx, t, w, rand.New(rand.NewPCG(uint64(i), 7))) })
		}
		writers.Go(func() {
			for i := range 8 {
				made, err := catalog.CreateLabels(ctx, w.DB, w.Dataset.ID, []catalog.CreateLabelInput{{Name: strconv.Itoa(i), Color: "red"}}, func(int) []any { return nil })
				if err == nil {
					draw := annotate.Change{Create: &annotate.CreateInput{ImageID: w.Images[i%3].ID, LabelID: made[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(i)}}
					_, err = annotate.Only(ctx, w.DB, draw)
				}
				if err == nil {
					err = catalog.DeleteLabels(ctx, w.DB, catalog.One(made[0].ID, nil))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		done := make(chan struct{})
		for range 2 {
			folders.Go(func() {
				folder := stats.NewFolder(w.DB)
				for {
					select {
					case <-done:
						return
					default:
					}
					if err := folder.Fold(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		close(done)
		folders.Wait()
		if err := stats.NewFolder(w.DB).Fold(t.Context()); err != nil {
			t.Error(err)
		}
		rows := w.DB.StatsDelta.Query().Where(statsdelta.DatasetID(w.Dataset.ID)).CountX(system(t))
		if want := 1 + w.DB.Label.Query().Where(label.DatasetID(w.Dataset.ID)).CountX(system(t)); rows != want {
			t.Errorf("%d rows are left of %d", rows, want)
		}
	}) // which counts again when it is done
}

// saveAtRandom replaces what is drawn on images, over and over.
func saveAtRandom(ctx context.Context, t *testing.T, w *testkit.World, random *rand.Rand) {
	t.Helper()
	for range 12 {
		list := make([]annotate.Input, random.IntN(4))
		for i := range list {
			list[i] = annotate.Input{LabelID: w.Labels[random.IntN(len(w.Labels))].ID, Type: annotate.BoundingBox, Data: testkit.Box(i)}
		}
		if _, err := annotate.Replace(ctx, w.DB, w.Images[random.IntN(len(w.Images))].ID, list, nil); err != nil {
			t.Error(err)
		}
	}
}

// TestRepairRacesFolding has two processes fold and repair at once: neither counts what the other does as well.
func TestRepairRacesFolding(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		var folder sync.WaitGroup
		done := make(chan struct{})
		folder.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := stats.NewFolder(w.DB).Fold(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		for range 200 {
			testkit.Must(w.DB.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO stats_deltas (dataset_id, label_id, images) VALUES (%d, 0, 1)", w.Dataset.ID)))(t)
			if err := stats.Repair(t.Context(), w.DB, w.Dataset.ID); err != nil {
				t.Error(err)
			}
			if found := testkit.Must(stats.Verify(t.Context(), w.DB, w.Dataset.ID))(t); len(found) > 0 {
				t.Error(found)
				break
			}
		}
		close(done)
		folder.Wait()
	})
}

// TestStatsAreOfThoseWhoMaySee: who may not see a dataset is told nothing of it.
func TestStatsAreOfThoseWhoMaySee(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		for _, actor := range testkit.Actors[1:] {
			ctx := w.As(t.Context(), actor)
			sees := w.DB.Dataset.Query().Where(dataset.ID(w.Dataset.ID)).ExistX(ctx)
			of, err := catalog.Stats(ctx, w.DB.Client, []gid.DatasetID{w.Dataset.ID}, nil)
			if err != nil || (of[w.Dataset.ID].Images > 0) != sees {
				t.Errorf("%s: %v, %+v", actor, err, of[w.Dataset.ID])
			}
			label := w.Labels[0].ID
			carried, err := catalog.StatsOfLabels(ctx, w.DB.Client, []gid.LabelID{label}, nil)
			if err != nil || (carried[label].Images > 0) != sees {
				t.Errorf("%s: %v, %+v", actor, err, carried[label])
			}
		}
	})
}
