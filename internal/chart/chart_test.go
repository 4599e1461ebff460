package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/chart"
)

func TestPie(t *testing.T) {
	t.Parallel()
	want := []*chart.Slice{{Name: "synthetic", Value: 3, Color: "#111411"}, {Name: "real", Value: 4, Color: "#905ef8"}}
	if diff := cmp.Diff(want, chart.Pie(3, 7)); diff != "" {
		t.Errorf("slices (-want +got):\n%s", diff)
	}
}
