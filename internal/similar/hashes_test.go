package similar_test

import (
	"cmp"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/similar"
)

// kinds make images with hashes as they come, and as they come at worst.
var kinds = map[string]func(random *rand.Rand, n int) []similar.Item{
	"random":    func(random *rand.Rand, n int) []similar.Item { return numbered(n, random.Uint64) },
	"clustered": clustered,
	"half flat": func(random *rand.Rand, n int) []similar.Item {
		flat := numbered(n/2, func() uint64 { return 1 << 63 })
		return append(flat, shift(clustered(random, n-n/2), n/2)...)
	},
	"one band for all":  bitsOf(0xffff_ffff_ffff_e000),
	"three bands alike": bitsOf(1<<26 - 1),
	"few bits":          bitsOf(0x8421_0842_1084_2108),
	"almost all black": func(random *rand.Rand, n int) []similar.Item {
		return numbered(n, func() uint64 {
			return random.Uint64() & random.Uint64() & random.Uint64() & random.Uint64() & random.Uint64()
		})
	},
	"a line": func(_ *rand.Rand, n int) []similar.Item { // each a bit from the next
		i := uint64(0)
		return numbered(n, func() uint64 { i++; return i ^ i>>1 })
	},
}

// bitsOf makes hashes that differ in the bits of a mask alone, but for the first, which differs from others in all bits.
func bitsOf(mask uint64) func(*rand.Rand, int) []similar.Item {
	return func(random *rand.Rand, n int) []similar.Item {
		items := numbered(n, func() uint64 { return random.Uint64() & mask })
		items[0].Hash = ^uint64(0)
		return items
	}
}

// clustered makes random hashes, and for each tenth of them one to nine that differ from it in up to six bits.
func clustered(random *rand.Rand, n int) []similar.Item {
	var centre uint64
	left := 0
	return numbered(n, func() uint64 {
		if left == 0 {
			centre, left = random.Uint64(), 1
			if random.IntN(10) == 0 {
				left = 2 + random.IntN(9)
			}
			left--
			return centre
		}
		left--
		hash := centre
		for range random.IntN(7) {
			hash ^= 1 << random.IntN(64)
		}
		return hash
	})
}

func numbered(n int, hash func() uint64) []similar.Item {
	items := make([]similar.Item, n)
	for i := range items {
		items[i] = similar.Item{ID: gid.ImageID(i + 1), Hash: hash()}
	}
	return items
}

func shift(items []similar.Item, by int) []similar.Item {
	for i := range items {
		items[i].ID += gid.ImageID(by)
	}
	return items
}

// allPairs is what Groups is to find, in the plainest way.
func allPairs(items []similar.Item, distance int) (groups [][]gid.ImageID) {
	group := make([]int, len(items))
	for i := range group {
		group[i] = i
	}
	var root func(i int) int
	root = func(i int) int {
		if group[i] != i {
			group[i] = root(group[i])
		}
		return group[i]
	}
	for i, a := range items {
		for k, b := range items[:i] {
			if bits.OnesCount64(a.Hash^b.Hash) <= distance {
				group[root(i)] = root(k)
			}
		}
	}
	members := map[int][]gid.ImageID{}
	for i, it := range items {
		members[root(i)] = append(members[root(i)], it.ID)
	}
	for _, ids := range members {
		if slices.Sort(ids); len(ids) > 1 {
			groups = append(groups, ids)
		}
	}
	slices.SortFunc(groups, func(a, b []gid.ImageID) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return groups
}

// BenchmarkGroups groups 100,000 images.
//
//	go test -run '^$' -bench Groups -benchmem ./internal/similar
func BenchmarkGroups(b *testing.B) {
	for name, make := range kinds {
		items := make(rand.New(rand.NewPCG(7, 8)), 100_000)
		for _, distance := range []int{4, similar.MaxDistance} {
			b.Run(fmt.Sprintf("%s/distance %d", name, distance), func(b *testing.B) {
				for b.Loop() {
					if _, err := similar.Groups(b.Context(), items, distance); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestGroupsOfMany: 100,000 images of any kind take at most 30 seconds and 200 MB. It runs by itself, or others would
// use memory meanwhile.
func TestGroupsOfMany(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for name, make := range kinds {
		items := make(rand.New(rand.NewPCG(9, 10)), 100_000)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		if _, err := similar.Groups(t.Context(), items, 4); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 200<<20 {
			t.Errorf("%s: %d MB", name, allocated>>20)
		}
		if took > 30*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}
