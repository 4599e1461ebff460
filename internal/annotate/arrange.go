package annotate

import (
	"cmp"
	"slices"
)

// arrange returns positions that rise along a list, given the old ones of its items: 0 for those that are new. As
// many as can keep theirs do, so that one that is added, removed or moved does not change the rest.
// New ones at the end come after now.
func arrange(old []int64, now int64) []int64 {
	places := make([]int64, len(old))
	placed, last := 0, int64(0) // how many are, and the position of the last of them
	for _, i := range longestRise(old) {
		if n := int64(i - placed); old[i]-last <= n {
			continue // there is no room for what comes before it: it moves as well
		}
		spread(places[placed:i], last, old[i])
		placed, last = i+1, old[i]
		places[i] = old[i]
	}
	last = max(last, now)
	for i := placed; i < len(places); i++ {
		last += step
		places[i] = last
	}
	return places
}

// spread places items evenly between two positions, with room for all.
func spread(places []int64, low, high int64) {
	gap := (high - low) / int64(len(places)+1)
	for i := range places {
		places[i] = low + gap*int64(i+1)
	}
}

// longestRise returns where the most values stand that rise one after the other, zeros left out.
func longestRise(values []int64) []int {
	var ends []int                     // for each length, where the rise ends that ends lowest
	before := make([]int, len(values)) // for each value, where the one before it in its rise stands
	for i, v := range values {
		if v == 0 {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, v, func(end int, v int64) int { return cmp.Compare(values[end], v) })
		if n > 0 {
			before[i] = ends[n-1]
		}
		ends = slices.Replace(ends, n, min(n+1, len(ends)), i)
	}
	for n := len(ends) - 2; n >= 0; n-- {
		ends[n] = before[ends[n+1]]
	}
	return ends
}
