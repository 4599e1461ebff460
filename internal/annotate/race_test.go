package annotate_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestManyWriters has 32 people save one image over and over, each adding a box to what they read last. Who is too late
// learns of it and reads again. In the end every box is there, and each version came up once.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	const writers, saves = 32, 2
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		var (
			wg       sync.WaitGroup
			mu       sync.Mutex
			versions []int
			tooLate  int
		)
		for i := range writers {
			wg.Go(func() {
				for k := range saves {
					version, late, err := addBox(t, w, i*saves+k)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					versions = append(versions, version)
					tooLate += late
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.Sort(versions)
		var want []int
		boxes := map[string]bool{}
		for i := range writers * saves {
			want = append(want, i+2)
			boxes[testkit.Box(i).String()] = true
		}
		if diff := cmp.Diff(want, versions); diff != "" {
			t.Errorf("versions of the saves (-want +got):\n%s", diff)
		}
		for _, a := range on(t, w, w.Images[2]) {
			if !boxes[a.Data.String()] || a.Version != 1 {
				t.Errorf("%s is of version %d", a.Data, a.Version)
			}
			delete(boxes, a.Data.String())
		}
		if len(boxes) > 0 || versionOf(t, w, w.Images[2]) != 1+writers*saves {
			t.Errorf("%d boxes were lost", len(boxes))
		}
		t.Logf("%d saves, %d conflicts", writers*saves, tooLate)
	})
}

// addBox adds a box to the third image, and returns the version that it made and how often it was too late.
func addBox(t *testing.T, w *testkit.World, i int) (version, tooLate int, err error) {
	t.Helper()
	ctx := annotator(t, w)
	for {
		read, err := w.DB.Image.Get(ctx, w.Images[2].ID)
		if err != nil {
			return 0, tooLate, err
		}
		var list []annotate.Input
		for _, a := range on(t, w, read) {
			list = append(list, annotate.Input{ID: &a.ID, LabelID: a.LabelID, Type: a.Type, Data: a.Data})
		}
		list = append(list, annotate.Input{LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(i)})
		r, err := annotate.Replace(ctx, w.DB, read.ID, list, &read.Version)
		if err == nil {
			return r.Image.Version, tooLate, nil
		}
		if current, ok := testkit.StaleRow(err).(*ent.Image); !errors.Is(err, fault.Conflict) || !ok || current.Version <= read.Version {
			return 0, tooLate, fmt.Errorf("%w: %v", err, testkit.StaleRow(err))
		}
		tooLate++
	}
}

// TestOverlappingCalls has eight people change boxes on overlapping sets of images, named in any order, and without
// expecting a version: nobody fails, and every call raises the version of each of its images by one.
func TestOverlappingCalls(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		boxes := drawOnSix(t, w)
		touched := make(map[gid.ImageID]int)
		var (
			wg sync.WaitGroup
			mu sync.Mutex
		)
		for person := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(person), 1))
				for call := range 10 {
					var changes []annotate.Change
					for _, i := range random.Perm(len(boxes))[:4] {
						data := testkit.Box(1 + person*10 + call)
						changes = append(changes, update(annotate.UpdateInput{ID: boxes[i].ID, Data: data}))
					}
					if _, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, changes, true); err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, ch := range changes {
						touched[imageOf(boxes, ch.Update.ID)]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for _, box := range boxes {
			version := versionOf(t, w, &ent.Image{ID: box.ImageID})
			if a := on(t, w, &ent.Image{ID: box.ImageID})[0]; version != 2+touched[box.ImageID] || a.Version != 1+touched[box.ImageID] {
				t.Errorf("changed %d times: the image is of version %d, the box of %d", touched[box.ImageID], version, a.Version)
			}
		}
	})
}

// drawOnSix makes six images with a box each.
func drawOnSix(t *testing.T, w *testkit.World) []*ent.Annotation {
	t.Helper()
	changes := make([]annotate.Change, 6)
	for i := range changes {
		img := testkit.NewImage(w.DB.Client, w.Dataset).SaveX(w.As(t.Context(), "owner"))
		changes[i] = create(box(w, img, 0))
	}
	var boxes []*ent.Annotation
	for _, r := range must(t, w, changes...) {
		boxes = append(boxes, r.Annotation)
	}
	return boxes
}

func imageOf(boxes []*ent.Annotation, id gid.AnnotationID) gid.ImageID {
	i := slices.IndexFunc(boxes, func(a *ent.Annotation) bool { return a.ID == id })
	return boxes[i].ImageID
}

// TestOneIDManyCallers has eight people draw at once, and on different images, what they give one id:
// one of them does, and the others learn that the id is taken.
func TestOneIDManyCallers(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		boxes, id := drawOnSix(t, w), newID()
		statuses := make(chan string, len(boxes))
		var wg sync.WaitGroup
		for _, b := range boxes {
			wg.Go(func() {
				in := box(w, &ent.Image{ID: b.ImageID}, 1)
				in.ID = id
				results, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, []annotate.Change{create(in)}, false)
				if err != nil {
					statuses <- codeOf(err)
					return
				}
				statuses <- string(results[0].Status)
			})
		}
		wg.Wait()
		close(statuses)
		became := map[string]int{}
		for s := range statuses {
			became[s]++
		}
		// INVALID for who came later, CONFLICT for who came at the same moment.
		if became["CREATED"] != 1 || became["INVALID"]+became["CONFLICT"] != len(boxes)-1 {
			t.Errorf("%v", became)
		}
	})
}

// TestManyWritersOfAnID has eight people draw on images of their own at once, all with one id of their choice: one of them
// gets it, the others learn item by item that it is taken, and what else they draw is kept.
func TestManyWritersOfAnID(t *testing.T) {
	t.Parallel()
	const writers, rounds = 8, 10
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		var images []*ent.Image
		for range writers {
			images = append(images, testkit.NewImage(w.DB.Client, w.Dataset).SaveX(access.System(t.Context())))
		}
		var got, kept atomic.Int64
		for range rounds {
			id := gid.NewAnnotationID()
			var wg sync.WaitGroup
			for _, img := range images {
				wg.Go(func() {
					mine := annotate.CreateInput{ImageID: img.ID, LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(1)}
					other := mine
					mine.ID = &id
					results, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, []annotate.Change{create(&mine), create(&other)}, false)
					if err != nil {
						t.Error(err)
						return
					}
					if results[0].Status == annotate.Created {
						got.Add(1)
					} else if outcome(results[0]) != "INVALID; create.id: is the id of an annotation elsewhere" {
						t.Error(outcome(results[0]))
					}
					if results[1].Status == annotate.Created {
						kept.Add(1)
					}
				})
			}
			wg.Wait()
		}
		if got.Load() != rounds || kept.Load() != writers*rounds {
			t.Errorf("%d got an id, of %d; %d others were drawn", got.Load(), rounds, kept.Load())
		}
	})
}
