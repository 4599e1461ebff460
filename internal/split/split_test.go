package split_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/split"
)

// many are images in groups of one to five, with classes of which some are rare.
func many(rng *rand.Rand, n int) (images []split.Image) {
	for group := int32(0); len(images) < n; group++ {
		for range 1 + rng.IntN(5)*rng.IntN(2) {
			img := split.Image{ID: gid.ImageID(len(images) + 1), Side: split.None, Group: group, Synthetic: rng.IntN(10) == 0}
			for c := range int32(8) {
				if rng.IntN(2+int(c*c*3)) == 0 {
					img.Classes = append(img.Classes, c)
				}
			}
			images = append(images, img)
		}
	}
	return images
}

func count(images []split.Image, sides []split.Side, of func(split.Image) bool) (n [3]int) {
	for i, s := range sides {
		if of(images[i]) {
			n[s]++
		}
	}
	return n
}

func all(split.Image) bool { return true }

func has(c int32) func(split.Image) bool {
	return func(img split.Image) bool { return slices.Contains(img.Classes, c) }
}

var usual = split.Rules{Shares: [3]float64{0.8, 0.1, 0.1}, Stratify: true}

// TestShares: images and each class are divided by the shares, and no group lies on two sides.
func TestShares(t *testing.T) {
	t.Parallel()
	images := many(rand.New(rand.NewPCG(1, 1)), 5000)
	sides, divided := split.Assign(images, usual)
	if len(divided) > 0 {
		t.Errorf("divided: %v", divided)
	}
	checkGroups(t, images, sides)
	for what, of := range map[string]func(split.Image) bool{"images": all, "class 0": has(0), "class 3": has(3), "class 7": has(7)} {
		n := count(images, sides, of)
		total := n[0] + n[1] + n[2]
		for s, share := range usual.Shares {
			if off := math.Abs(float64(n[s]) - share*float64(total)); off > 3+0.01*float64(total) {
				t.Errorf("%s: %v of %d", what, n, total)
			}
		}
	}
}

func checkGroups(t *testing.T, images []split.Image, sides []split.Side) {
	t.Helper()
	of := map[int32]split.Side{}
	for i, img := range images {
		if s, ok := of[img.Group]; ok && s != sides[i] {
			t.Fatalf("group %d lies on sides %d and %d", img.Group, s, sides[i])
		}
		of[img.Group] = sides[i]
	}
}

// TestStratified: strata are kept better than by chance.
func TestStratified(t *testing.T) {
	t.Parallel()
	images := many(rand.New(rand.NewPCG(2, 2)), 2000)
	miss := func(rules split.Rules) (total float64) {
		sides, _ := split.Assign(images, rules)
		for c := range int32(8) {
			n := count(images, sides, has(c))
			for s, share := range rules.Shares {
				total += math.Abs(float64(n[s]) - share*float64(n[0]+n[1]+n[2]))
			}
		}
		return total
	}
	byChance := usual
	byChance.Stratify = false
	if with, without := miss(usual), miss(byChance); with > without/3 {
		t.Errorf("images on a wrong side: %.1f with strata, %.1f without", with, without)
	}
}

// TestSame: the order of images does not matter, and another seed does.
func TestSame(t *testing.T) {
	t.Parallel()
	images := many(rand.New(rand.NewPCG(3, 3)), 1000)
	byID := func(images []split.Image, rules split.Rules) map[gid.ImageID]split.Side {
		sides, _ := split.Assign(images, rules)
		of := map[gid.ImageID]split.Side{}
		for i, img := range images {
			of[img.ID] = sides[i]
		}
		return of
	}
	want := byID(images, usual)
	shuffled := slices.Clone(images)
	rand.New(rand.NewPCG(4, 4)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if diff := cmp.Diff(want, byID(shuffled, usual)); diff != "" {
		t.Errorf("in another order (-want +got):\n%s", diff)
	}
	other := usual
	other.Seed = 1
	if cmp.Equal(want, byID(images, other)) {
		t.Error("another seed gives the same sides")
	}
}

// TestStays: what is on a side stays when more comes, and new images of its group join it.
func TestStays(t *testing.T) {
	t.Parallel()
	images := many(rand.New(rand.NewPCG(5, 5)), 3000)
	first := slices.Clone(images[:1000])
	sides, _ := split.Assign(first, usual)
	for i, s := range sides {
		images[i].Side = s
	}
	again, divided := split.Assign(images, usual)
	if !slices.Equal(again[:1000], sides) || len(divided) > 0 {
		t.Errorf("images have moved, or groups are divided: %v", divided)
	}
	checkGroups(t, images, again)
	n := count(images, again, all)
	for s, share := range usual.Shares {
		if off := math.Abs(float64(n[s]) - share*3000); off > 40 {
			t.Errorf("%v of 3000", n)
		}
	}
}

// TestDivided: a group that is on two sides stays there, is told, and what is new of it comes to where most is.
func TestDivided(t *testing.T) {
	t.Parallel()
	images := []split.Image{
		{ID: 1, Side: split.Val}, {ID: 2, Side: split.Test}, {ID: 3, Side: split.Val}, {ID: 4, Side: split.None}, {ID: 5, Side: split.None, Group: 1},
	}
	sides, divided := split.Assign(images, split.Rules{Shares: [3]float64{1, 0, 0}})
	if want := []split.Side{split.Val, split.Test, split.Val, split.Val, split.Train}; !slices.Equal(sides, want) || !slices.Equal(divided, []int32{0}) {
		t.Errorf("%v, divided %v; want %v", sides, divided, want)
	}
	sides, divided = split.Assign(images, split.Rules{Shares: [3]float64{1, 0, 0}, Again: true})
	if want := make([]split.Side, 5); !slices.Equal(sides, want) || len(divided) > 0 {
		t.Errorf("again: %v, divided %v", sides, divided)
	}
}

// TestSynthetics: groups with a generated image are trained with.
func TestSynthetics(t *testing.T) {
	t.Parallel()
	images := many(rand.New(rand.NewPCG(6, 6)), 1000)
	rules := usual
	rules.SyntheticsTrain = true
	sides, _ := split.Assign(images, rules)
	checkGroups(t, images, sides)
	if n := count(images, sides, func(img split.Image) bool { return img.Synthetic }); n[split.Val]+n[split.Test] > 0 {
		t.Errorf("generated images by sides: %v", n)
	}
}

// TestFew: a side with a share has an image while there are enough.
func TestFew(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 4, 5, 10, 20} {
		images := make([]split.Image, n)
		for i := range images {
			images[i] = split.Image{ID: gid.ImageID(i + 1), Side: split.None, Group: int32(i), Classes: []int32{int32(i % 2)}}
		}
		sides, _ := split.Assign(images, usual)
		if got := count(images, sides, all); slices.Contains(got[:], 0) {
			t.Errorf("%d images: %v", n, got)
		}
	}
}

// BenchmarkAssign divides a million images:
//
//	go test -run '^$' -bench . -benchtime 1x ./internal/split
func BenchmarkAssign(b *testing.B) {
	images := many(rand.New(rand.NewPCG(7, 7)), 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		split.Assign(images, usual)
	}
}
