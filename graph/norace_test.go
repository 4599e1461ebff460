//go:build !race

package graph_test

// underRace tells a run under the race detector, which takes many times as long.
const underRace = false
