package snapshot_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

// model has a plain copy of what each snapshot of a dataset must show.
type model struct {
	*testkit.World
	mu     sync.Mutex
	copies map[gid.SnapshotID][]string
}

// content is every column, but for some, of every row of a dataset, as reading with the context shows it.
func content(ctx context.Context, db *ent.Client, dataset gid.DatasetID, without ...string) (lines []string, err error) {
	for _, t := range history.Historic() {
		columns := make([]string, 0, len(t.Columns))
		for _, c := range t.Columns {
			if slices.Contains(without, c.Name) {
				continue
			}
			columns = append(columns, fmt.Sprintf("'%s=' || COALESCE(CAST(%[1]q AS text), 'NULL')", c.Name))
		}
		rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %q WHERE dataset_id = %d ORDER BY id", strings.Join(columns, " || '|' || "), t.Name, dataset))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			lines = append(lines, t.Name+"|"+line)
		}
		if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	d, err := db.Dataset.Get(ctx, dataset)
	if err != nil {
		return nil, err
	}
	return append(lines, d.Name, d.Description), nil
}

// freeze makes a snapshot, and a plain copy of what there is at that moment.
func (m *model) freeze(ctx context.Context) error {
	var lines []string
	s, err := database.Result(ctx, m.DB, func(ctx context.Context, tx *ent.Tx) (*ent.Snapshot, error) {
		create, err := snapshot.Freeze(ctx, m.DB, tx, m.Dataset.ID)
		if err != nil {
			return nil, err
		}
		if lines, err = content(ctx, tx.Client(), m.Dataset.ID); err != nil {
			return nil, err
		}
		return create.Save(ctx)
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.copies[s.ID] = lines
	return nil
}

// check compares all snapshots with their copies, and returns what differs.
func (m *model) check(ctx context.Context) (string, error) {
	m.mu.Lock()
	copies := maps.Clone(m.copies)
	m.mu.Unlock()
	for id, want := range copies {
		then, err := snapshot.At(ctx, m.DB, id)
		if errors.Is(err, fault.NotFound) && !m.has(id) {
			continue // deleted meanwhile
		}
		if err != nil {
			return "", err
		}
		got, err := content(then, m.DB.Client, m.Dataset.ID)
		if err != nil {
			return "", err
		}
		if diff := gocmp.Diff(want, got); diff != "" && m.has(id) {
			return fmt.Sprintf("snapshot %d (-copy +read):\n%s", id, diff), nil
		}
	}
	return "", nil
}

func (m *model) has(id gid.SnapshotID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.copies[id]
	return ok
}

// take takes a snapshot out of the model, 0 when there is none.
func (m *model) take(rng *rand.Rand) gid.SnapshotID {
	id := m.any(rng)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.copies, id)
	return id
}

func (m *model) any(rng *rand.Rand) gid.SnapshotID {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := slices.Sorted(maps.Keys(m.copies))
	if len(ids) == 0 {
		return 0
	}
	return ids[rng.IntN(len(ids))]
}

// pick returns one of the ids, the zero one when there is none.
func pick[ID any](rng *rand.Rand, ids []ID) (id ID) {
	if len(ids) > 0 {
		id = ids[rng.IntN(len(ids))]
	}
	return id
}

// step does one thing that somebody may do.
func (m *model) step(ctx context.Context, t *testing.T, rng *rand.Rand) error {
	t.Helper()
	system := system(t)
	images := m.Dataset.QueryImages().IDsX(system)
	labels := m.Dataset.QueryLabels().IDsX(system)
	batches, jobs := m.Dataset.QueryBatches().IDsX(system), m.Dataset.QueryJobs().IDsX(system)
	img, label := pick(rng, images), pick(rng, labels)
	word := new(strconv.Itoa(rng.IntN(1000)))
	at := func(i int) []any { return []any{i} }
	switch rng.IntN(20) {
	case 0:
		return m.freeze(ctx)
	case 1:
		if id := m.take(rng); id != 0 && rng.IntN(2) == 0 {
			return snapshot.Delete(ctx, m.DB, catalog.One(id, nil))
		}
		return nil
	case 2:
		_, err := snapshot.Restore(ctx, m.DB, quota.Limits{}, m.any(rng), snapshot.Selection{})
		return err
	case 3:
		_, err := snapshot.Restore(ctx, m.DB, quota.Limits{}, m.any(rng), snapshot.Selection{Images: []gid.ImageID{img}, Labels: []gid.LabelID{label}})
		return err
	case 4:
		return catalog.DeleteImages(ctx, m.DB, catalog.One(img, nil))
	case 5:
		return catalog.DeleteLabels(ctx, m.DB, catalog.One(label, nil))
	case 6, 7:
		_, err := catalog.CreateLabels(ctx, m.DB, m.Dataset.ID, []catalog.CreateLabelInput{{Name: *word, Color: "red"}, {Name: "x" + *word, Color: "blue"}}, at)
		return err
	case 8:
		_, err := catalog.UpdateLabels(ctx, m.DB, []catalog.LabelChange{{ID: label, Input: catalog.UpdateLabelInput{Name: word, Order: new(rng.IntN(9))}}}, at)
		return err
	case 9, 10:
		return m.DB.Write(system, func(ctx context.Context, tx *ent.Tx) error {
			create := testkit.NewImage(tx.Client(), m.Dataset).SetOriginalName(*word)
			if img != 0 && rng.IntN(2) == 0 {
				create.SetBaseImageID(img)
			}
			if err := quota.Count(ctx, tx, m.Dataset.ID, quota.Size{Images: 1, Bytes: 1000}); err != nil {
				return err
			}
			return create.Exec(ctx)
		})
	case 11:
		return catalog.UpdateImages(ctx, m.DB, catalog.Targets[gid.ImageID]{IDs: slices.Clone(images[:rng.IntN(len(images)+1)])},
			catalog.UpdateImageInput{OriginalName: word, Tags: []string{*word}})
	case 12:
		_, err := work.Assign(ctx, m.DB, pick(rng, batches), work.Assignment{UserIDs: []gid.UserID{m.Users["annotator"].ID}, ImagesPerJob: 2})
		return err
	case 13:
		return work.DeleteJobs(ctx, m.DB, catalog.One(pick(rng, jobs), nil))
	case 14:
		if err := work.DeleteBatches(ctx, m.DB, catalog.One(pick(rng, batches), nil)); err != nil {
			return err
		}
		_, err := work.CreateBatches(ctx, m.DB, []work.CreateBatchInput{{DatasetID: m.Dataset.ID, Name: *word, ImageIDs: images[:rng.IntN(len(images)+1)]}}, at)
		return err
	case 15:
		return catalog.UpdateDatasets(ctx, m.DB, catalog.One(m.Dataset.ID, nil), catalog.UpdateDatasetInput{Name: word})
	case 16, 17:
		var changes []annotate.Change
		for range rng.IntN(5) {
			changes = append(changes, annotate.Change{Create: &annotate.CreateInput{ImageID: img, LabelID: label, Type: "dot", Data: testkit.Box(rng.IntN(1000))}})
		}
		for _, a := range m.Dataset.QueryAnnotations().Where(annotation.ImageID(img)).Limit(3).IDsX(system) {
			if rng.IntN(2) == 0 {
				changes = append(changes, annotate.Change{Delete: &annotate.DeleteInput{ID: a}})
			} else {
				changes = append(changes, annotate.Change{Update: &annotate.UpdateInput{ID: a, LabelID: &label}})
			}
		}
		_, err := annotate.Annotate(ctx, m.DB, m.Dataset.ID, changes, false)
		return err
	default:
		var list []annotate.Input
		for _, a := range m.DB.Annotation.Query().Where(annotation.HasImageWith(image.ID(img))).Limit(4).AllX(system) {
			list = append(list, annotate.Input{ID: &a.ID, LabelID: a.LabelID, Type: a.Type, Data: testkit.Box(rng.IntN(3))})
		}
		list = append(list, annotate.Input{LabelID: label, Type: "dot", Data: testkit.Box(1)})
		_, err := annotate.Replace(ctx, m.DB, img, list, nil)
		return err
	}
}

// play does steps, and looks at all snapshots after each. It returns what differs.
func (m *model) play(ctx context.Context, t *testing.T, rng *rand.Rand, steps int) string {
	t.Helper()
	for range steps {
		if err := m.step(ctx, t, rng); err != nil && fault.Describe(err).Status >= http.StatusInternalServerError {
			return err.Error()
		}
		diff, err := m.check(ctx)
		if err != nil {
			return err.Error()
		}
		if diff != "" {
			return diff
		}
	}
	return ""
}

// TestSnapshotsStay has several people change whatever they can at once, and looks at all snapshots after each change.
func TestSnapshotsStay(t *testing.T) {
	t.Parallel()
	const writers, steps = 4, 60
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		m := &model{World: w, copies: map[gid.SnapshotID][]string{}}
		seed := rand.Uint64()
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				if diff := m.play(w.As(t.Context(), "owner"), t, rand.New(rand.NewPCG(seed, uint64(i))), steps); diff != "" {
					t.Errorf("seed %d, writer %d: %s", seed, i, diff)
				}
			})
		}
		wg.Wait()
		if diff, err := m.check(system(t)); diff != "" || err != nil {
			t.Errorf("seed %d, in the end: %s, %v", seed, diff, err)
		}
		checkCounts(t, w)
	})
}

// TestFaultsAreFound plants faults into triggers: the test above finds each.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for _, trigger := range []string{
		"images_history_update", "images_history_delete", "labels_history_update", "labels_history_delete",
		"annotations_history_update", "annotations_history_delete",
	} {
		t.Run(trigger, func(t *testing.T) {
			t.Parallel()
			testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
				table, _, _ := strings.Cut(trigger, "_")
				drop := "DROP TRIGGER " + trigger
				if w.DB.Dialect() == "postgres" {
					drop += " ON " + table
				}
				testkit.Must(w.DB.ExecContext(system(t), drop))(t)
				m := &model{World: w, copies: map[gid.SnapshotID][]string{}}
				if err := m.freeze(system(t)); err != nil {
					t.Fatal(err)
				}
				if diff := m.play(w.As(t.Context(), "owner"), t, rand.New(rand.NewPCG(1, 2)), 300); diff == "" {
					t.Error("nobody has noticed")
				}
			})
		})
	}
}
