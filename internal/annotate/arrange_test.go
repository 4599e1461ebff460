package annotate_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/annotate"
)

func TestArrange(t *testing.T) {
	t.Parallel()
	const now = 10_000
	for name, tt := range map[string]struct{ old, want []int64 }{
		"nothing":                 {nil, []int64{}},
		"all new":                 {[]int64{0, 0}, []int64{11_024, 12_048}},
		"all old":                 {[]int64{100, 200, 300}, []int64{100, 200, 300}},
		"one new at the end":      {[]int64{100, 0}, []int64{100, 11_024}},
		"one new at the start":    {[]int64{0, 100}, []int64{50, 100}},
		"one new in between":      {[]int64{100, 0, 200}, []int64{100, 150, 200}},
		"three new in between":    {[]int64{100, 0, 0, 0, 200}, []int64{100, 125, 150, 175, 200}},
		"one gone":                {[]int64{100, 300}, []int64{100, 300}},
		"last to the front":       {[]int64{300, 100, 200}, []int64{50, 100, 200}},
		"first to the end":        {[]int64{200, 300, 100}, []int64{200, 300, 11_024}},
		"two swapped":             {[]int64{200, 100}, []int64{50, 100}},
		"just enough room":        {[]int64{100, 0, 102}, []int64{100, 101, 102}},
		"no room":                 {[]int64{100, 0, 101}, []int64{100, 11_024, 12_048}},
		"no room, but further on": {[]int64{100, 0, 101, 500}, []int64{100, 233, 366, 500}},
		"no room at the start":    {[]int64{0, 0, 2, 900}, []int64{225, 450, 675, 900}},
		"two at one place":        {[]int64{100, 100}, []int64{50, 100}},
		"the clock was ahead":     {[]int64{20_000, 0}, []int64{20_000, 21_024}},
		"the clock was far ahead": {[]int64{0, 1 << 62, 0}, []int64{1 << 61, 1 << 62, 1<<62 + 1024}},
	} {
		if diff := cmp.Diff(tt.want, annotate.Arrange(tt.old, now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestArrangeAnything tries lists at random, with little room between positions and with much.
func TestArrangeAnything(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		gap := int64(1) << random.IntN(20)
		old := make([]int64, random.IntN(30))
		for i := range old {
			if random.IntN(3) > 0 {
				old[i] = 1 + gap*(1+random.Int64N(40))
			}
		}
		got := annotate.Arrange(old, 1<<40)
		kept, last := 0, int64(0)
		for i, place := range got {
			if place <= last {
				t.Fatalf("%v became %v: %d does not rise", old, got, i)
			}
			if last = place; place == old[i] {
				kept++
			}
		}
		if most := mostThatRise(old); kept < most && gap > int64(len(old)) {
			t.Fatalf("%v became %v: %d keep theirs, and %d could", old, got, kept, most)
		}
	}
}

// mostThatRise is the length of the longest rise among the values that are not 0, found the slow way.
func mostThatRise(values []int64) (most int) {
	lengths := make([]int, len(values))
	for i, v := range values {
		if v == 0 {
			continue
		}
		lengths[i] = 1
		for k, before := range values[:i] {
			if before != 0 && before < v {
				lengths[i] = max(lengths[i], lengths[k]+1)
			}
		}
		most = max(most, lengths[i])
	}
	return most
}

// BenchmarkArrange moves the last of 10,000 to the front:
//
//	go test -run '^$' -bench Arrange ./internal/annotate
func BenchmarkArrange(b *testing.B) {
	old := make([]int64, annotate.MaxChanges)
	for i := range old {
		old[i] = int64(i+1) * 1000
	}
	old = append(old[len(old)-1:len(old):len(old)], old[:len(old)-1]...)
	for b.Loop() {
		annotate.Arrange(old, 1<<40)
	}
}
