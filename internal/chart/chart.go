// Package chart shapes counts as the charts of the frontend want them.
package chart

// Slice is a slice of a pie.
type Slice struct {
	Name  string
	Value int
	Color string // as CSS writes it
}

// Pie shows how many of all are synthetic, and how many are not.
func Pie(synthetic, all int) []*Slice {
	return []*Slice{
		{Name: "synthetic", Value: synthetic, Color: "#111411"},
		{Name: "real", Value: all - synthetic, Color: "#905ef8"},
	}
}
