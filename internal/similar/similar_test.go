package similar_test

import (
	"cmp"
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/similar"
)

func TestNeighbours(t *testing.T) {
	t.Parallel()
	of := similar.Item{ID: 5, Hash: 0b1111}
	others := []similar.Item{{9, 0b1110}, {5, 0b1111}, {7, 0b1111}, {3, 0b1100}, {2, 0b0111}, {4, 0}, {1, 1<<63 | 0b1111}}
	for name, tt := range map[string]struct {
		distance, first int
		want            []similar.Near
	}{
		"all":          {4, 10, []similar.Near{{7, 0}, {1, 1}, {2, 1}, {9, 1}, {3, 2}, {4, 4}}},
		"the nearest":  {4, 3, []similar.Near{{7, 0}, {1, 1}, {2, 1}}},
		"one":          {4, 1, []similar.Near{{7, 0}}},
		"within a bit": {1, 10, []similar.Near{{7, 0}, {1, 1}, {2, 1}, {9, 1}}},
		"equal ones":   {0, 10, []similar.Near{{7, 0}}},
	} {
		n := similar.NewNeighbours(of, tt.distance, tt.first)
		for _, it := range others {
			n.Offer(it)
		}
		if diff := gocmp.Diff(tt.want, n.List()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNeighboursOfMany compares with what sorting all of them gives.
func TestNeighboursOfMany(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		items := clustered(random, 200)
		of, distance, first := items[0], random.IntN(11), 1+random.IntN(20)
		n := similar.NewNeighbours(of, distance, first)
		var want []similar.Near
		for _, it := range items {
			n.Offer(it)
			if d := bits.OnesCount64(it.Hash ^ of.Hash); d <= distance && it.ID != of.ID {
				want = append(want, similar.Near{ID: it.ID, Distance: d})
			}
		}
		slices.SortFunc(want, func(a, b similar.Near) int {
			return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID))
		})
		if diff := gocmp.Diff(want[:min(first, len(want))], n.List()); diff != "" {
			t.Fatalf("distance %d, first %d (-want +got):\n%s", distance, first, diff)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		hashes   []uint64 // of the images 1, 2, 3 and so on
		distance int
		want     [][]gid.ImageID
	}{
		"nothing":           {nil, 4, nil},
		"one":               {[]uint64{7}, 4, nil},
		"equal":             {[]uint64{7, 1 << 40, 7}, 0, [][]gid.ImageID{{1, 3}}},
		"a bit apart":       {[]uint64{6, 7}, 0, nil},
		"within a bit":      {[]uint64{6, 7}, 1, [][]gid.ImageID{{1, 2}}},
		"in steps":          {[]uint64{0, 0b1111, 0b1, 0b11, 0b111}, 1, [][]gid.ImageID{{1, 2, 3, 4, 5}}},
		"the largest first": {[]uint64{0, 0, 1 << 40, 1 << 40, 1 << 40, 1 << 50, 1 << 50}, 0, [][]gid.ImageID{{3, 4, 5}, {1, 2}, {6, 7}}},
		"all bits":          {[]uint64{0, ^uint64(0), 1 << 63, ^uint64(0) >> 1}, 1, [][]gid.ImageID{{1, 3}, {2, 4}}},
		"ten bits":          {[]uint64{0, 1<<10 - 1, 1<<21 - 1}, 10, [][]gid.ImageID{{1, 2}}},
	} {
		items := make([]similar.Item, len(tt.hashes))
		for i, hash := range tt.hashes {
			items[len(items)-1-i] = similar.Item{ID: gid.ImageID(i + 1), Hash: hash}
		}
		got, err := similar.Groups(t.Context(), items, tt.distance)
		if diff := gocmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestGroupsAreThoseOfAllPairs compares with what comparing all with all gives, on hashes of every kind.
func TestGroupsAreThoseOfAllPairs(t *testing.T) {
	t.Parallel()
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, 4))
			items := make(random, 4500) // more than are compared without bands
			before := slices.Clone(items)
			for _, distance := range []int{0, 4, similar.MaxDistance} {
				got, err := similar.Groups(t.Context(), items, distance)
				if diff := gocmp.Diff(allPairs(items, distance), got); diff != "" || err != nil {
					t.Errorf("distance %d: %v (-want +got):\n%.2000s", distance, err, diff)
				}
			}
			if !slices.Equal(items, before) {
				t.Error("the items were changed")
			}
		})
	}
}

// TestGroupsEndsWithTheContext: whoever no longer waits stops the work.
func TestGroupsEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	items := kinds["one band for all"](rand.New(rand.NewPCG(5, 6)), 100_000)
	if got, err := similar.Groups(ctx, items, 10); err == nil || got != nil {
		t.Errorf("%d groups, %v", len(got), err)
	}
}
