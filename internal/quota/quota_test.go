package quota_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/datasetcount"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/work"
)

// imageSize is that of testkit's images, in bytes.
const imageSize = 1000

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

// world is a workspace with two empty datasets.
type world struct {
	*testkit.World
	datasets [2]*ent.Dataset
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := &world{World: testkit.NewWorld(t, db)}
	for i := range w.datasets {
		w.datasets[i] = w.newDataset(t)
	}
	return w
}

func (w *world) newDataset(t *testing.T) *ent.Dataset {
	t.Helper()
	return w.DB.Dataset.Create().SetName("d").SetWorkspace(w.Workspace).SetOwner(w.Users["owner"]).SaveX(system(t))
}

// limit gives the workspace limits of its own; less than 0 is none.
func (w *world) limit(t *testing.T, images int, bytes int64) {
	t.Helper()
	u := w.DB.Workspace.UpdateOne(w.Workspace).ClearMaxImages().ClearMaxBytes()
	if images >= 0 {
		u.SetMaxImages(images)
	}
	if bytes >= 0 {
		u.SetMaxBytes(bytes)
	}
	u.ExecX(system(t))
}

// add adds images to a dataset as a writer does.
func (w *world) add(t *testing.T, limits quota.Limits, d *ent.Dataset, n int, change func(*ent.ImageCreate)) error {
	t.Helper()
	return w.DB.Write(system(t), func(ctx context.Context, tx *ent.Tx) error {
		size := quota.Size{Images: n, Bytes: int64(n) * imageSize}
		if _, err := limits.Check(ctx, w.DB, tx, d.ID, size); err != nil {
			return err
		}
		if err := quota.Count(ctx, tx, d.ID, size); err != nil {
			return err
		}
		images := make([]*ent.ImageCreate, n)
		for i := range images {
			images[i] = testkit.NewImage(tx.Client(), d)
			change(images[i])
		}
		return tx.Image.CreateBulk(images...).Exec(ctx)
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const none = -1
	for name, tt := range map[string]struct {
		server quota.Limits
		images int // the workspace's own limits
		bytes  int64
		there  [2]int // images in the two datasets
		adds   int
		want   string
	}{
		"no limit":              {quota.Limits{}, none, none, [2]int{3, 4}, 5, ""},
		"below":                 {quota.Limits{}, 13, none, [2]int{3, 4}, 5, ""},
		"all there may be":      {quota.Limits{}, 12, none, [2]int{3, 4}, 5, ""},
		"one too many":          {quota.Limits{}, 11, none, [2]int{3, 4}, 5, "the workspace may hold 11 images; it holds 7, and 5 more were to be added"},
		"a byte too much":       {quota.Limits{}, none, 11999, [2]int{3, 4}, 5, "the workspace may hold 11999 bytes of image files; it holds 7000, and 5000 more were to be added"},
		"all bytes":             {quota.Limits{}, none, 12000, [2]int{3, 4}, 5, ""},
		"the server's":          {quota.Limits{Images: 11}, none, none, [2]int{3, 4}, 5, "the workspace may hold 11 images; it holds 7, and 5 more were to be added"},
		"the server's bytes":    {quota.Limits{Bytes: 100}, none, none, [2]int{}, 1, "the workspace may hold 100 bytes of image files; it holds 0, and 1000 more were to be added"},
		"more than the server":  {quota.Limits{Images: 1, Bytes: 1}, 12, 12000, [2]int{3, 4}, 5, ""},
		"none at all":           {quota.Limits{Images: 100}, 0, none, [2]int{}, 1, "the workspace may hold 0 images; it holds 0, and 1 more were to be added"},
		"nothing more":          {quota.Limits{}, 1, 1, [2]int{3, 4}, 0, ""},
		"bytes are looked at":   {quota.Limits{Images: 100}, none, 1, [2]int{}, 1, "the workspace may hold 1 bytes of image files; it holds 0, and 1000 more were to be added"},
		"limited, and empty":    {quota.Limits{Images: 1}, none, none, [2]int{}, 1, ""},
		"lowered below what is": {quota.Limits{}, 2, none, [2]int{3, 4}, 1, "the workspace may hold 2 images; it holds 7, and 1 more were to be added"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				w := newWorld(t, db)
				for i, n := range tt.there {
					if err := w.add(t, quota.Limits{}, w.datasets[i], n, plain); err != nil {
						t.Fatal(err)
					}
				}
				if err := quota.Fold(t.Context(), db); err != nil {
					t.Fatal(err)
				}
				w.limit(t, tt.images, tt.bytes)

				got := testkit.Said(w.add(t, tt.server, w.datasets[0], tt.adds, plain))
				if want := said(tt.want); got != want {
					t.Errorf("adding said %q, want %q", got, want)
				}
			})
		})
	}
}

func plain(*ent.ImageCreate) {}

func said(words string) string {
	if words == "" {
		return ""
	}
	return "QUOTA_EXCEEDED quota exceeded: " + words
}

func TestCheckNowhere(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		err := db.Write(system(t), func(ctx context.Context, tx *ent.Tx) error {
			_, err := quota.Limits{}.Check(ctx, db, tx, 99, quota.Size{Images: 1, Bytes: 1})
			return err
		})
		if !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// TestManyWritersAtTheLimit has 16 writers fill a workspace, three images at a time in either dataset, while counts are
// folded: what fits comes in, and not one image more.
func TestManyWritersAtTheLimit(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		const most, each, writers = 100, 3, 16
		w := newWorld(t, db)
		w.limit(t, most, -1)
		var added atomic.Int64
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for range 4 {
					switch err := w.add(t, quota.Limits{}, w.datasets[i%2], each, plain); {
					case err == nil:
						added.Add(each)
					case !errors.Is(err, fault.QuotaExceeded):
						t.Error(err)
					}
				}
			})
		}
		for range 2 {
			all.Go(func() {
				for range 10 {
					if err := quota.Fold(t.Context(), db); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		stored := db.Image.Query().Where(image.HasDatasetWith(dataset.IDIn(w.datasets[0].ID, w.datasets[1].ID))).CountX(system(t))
		if want := most / each * each; stored != want || added.Load() != int64(want) {
			t.Errorf("%d images are stored, %d were acknowledged, want %d", stored, added.Load(), want)
		}
		w.checkCounts(t)
	})
}

// checkCounts counts anew what the datasets of the workspace hold, and compares.
func (w *world) checkCounts(t *testing.T) {
	t.Helper()
	want, got := &quota.Usage{}, w.usage(t)
	for _, d := range w.datasets {
		n := w.DB.Image.Query().Where(image.DatasetID(d.ID)).CountX(system(t))
		want.Images += n
		want.Bytes += int64(n) * imageSize
	}
	got.MaxImages, got.MaxBytes = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("usage (-recount +counts):\n%s", diff)
	}
}

func (w *world) usage(t *testing.T) *quota.Usage {
	t.Helper()
	all := testkit.Must(quota.Limits{}.Usage(t.Context(), w.DB.Client, []gid.WorkspaceID{w.Workspace.ID, w.Foreign.Workspace.ID, 99}))(t)
	if len(all) != 2 {
		t.Errorf("%d usages of 2 workspaces", len(all))
	}
	return all[w.Workspace.ID]
}

// TestCountsEqualARecount adds and deletes at random, in several datasets at once, while counts are folded.
func TestCountsEqualARecount(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		var all sync.WaitGroup
		for i := range w.datasets {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 1))
				for range 60 {
					w.step(t, random, i)
				}
			})
		}
		all.Go(func() {
			for range 20 {
				if err := quota.Fold(t.Context(), db); err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		w.checkCounts(t)
		if err := quota.Fold(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		w.checkCounts(t)
		if n := db.DatasetCount.Query().CountX(system(t)); n > len(w.datasets) {
			t.Errorf("%d counts are left of %d datasets", n, len(w.datasets))
		}
	})
}

// step does one thing to the i-th dataset.
func (w *world) step(t *testing.T, random *rand.Rand, i int) {
	t.Helper()
	ctx, d := w.As(t.Context(), "admin"), w.datasets[i]
	var err error
	switch random.IntN(10) {
	default:
		err = w.add(t, quota.Limits{}, d, 1+random.IntN(5), plain)
	case 0, 1:
		b := w.DB.Batch.Create().SetDataset(d).SetName("b").SaveX(system(t))
		err = w.add(t, quota.Limits{}, d, 1+random.IntN(5), func(create *ent.ImageCreate) { create.SetBatch(b) })
	case 2, 3:
		if ids := w.DB.Image.Query().Where(image.DatasetID(d.ID)).Limit(1 + random.IntN(4)).IDsX(system(t)); len(ids) > 0 {
			err = catalog.DeleteImages(ctx, w.DB, catalog.Targets[gid.ImageID]{IDs: ids})
		}
	case 4:
		if b, _ := d.QueryBatches().First(system(t)); b != nil {
			err = work.DeleteBatches(ctx, w.DB, catalog.One(b.ID, nil))
		}
	case 5:
		if random.IntN(5) == 0 {
			err = catalog.DeleteDatasets(ctx, w.DB, catalog.One(d.ID, nil))
			w.datasets[i] = w.newDataset(t)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestFold makes one count of more than one page of them.
func TestFold(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		ctx := system(t)
		for range 3 {
			db.DatasetCount.MapCreateBulk(make([]int, 900), func(create *ent.DatasetCountCreate, _ int) {
				create.SetDataset(w.datasets[0]).SetImages(2).SetBytes(5 << 40)
			}).ExecX(ctx)
		}
		if err := quota.Fold(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		got := db.DatasetCount.Query().Where(datasetcount.DatasetID(w.datasets[0].ID)).AllX(ctx)
		if len(got) != 1 || got[0].Images != 5400 || got[0].Bytes != 2700*5<<40 {
			t.Errorf("counts are %v", got)
		}
	})
}

// TestCheckIsCheap: the statements of a check are as many, whatever there is; no limit takes one.
func TestCheckIsCheap(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limits quota.Limits
		want   int
	}{
		"no limit": {quota.Limits{}, 1},
		"a limit":  {quota.Limits{Images: 10}, 2}, // on PostgreSQL also the lock
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int64
			db := testkit.SQLite(t, database.WithTrace(func(string) { statements.Add(1) }))
			w := newWorld(t, db)
			err := db.Write(system(t), func(ctx context.Context, tx *ent.Tx) error {
				before := statements.Load()
				_, err := tt.limits.Check(ctx, db, tx, w.datasets[0].ID, quota.Size{Images: 1, Bytes: 1})
				if got := int(statements.Load() - before); got != tt.want {
					t.Errorf("%d statements, want %d", got, tt.want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
