package catalog_test

import (
	"testing"

	"github.com/datasetgen/datagen/internal/catalog"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0:                 "0.00 MB",
		4_999:             "0.00 MB",
		5_001:             "0.01 MB",
		1_500_000:         "1.50 MB",
		999_990_000:       "999.99 MB",
		999_999_999:       "1000.00 MB",
		1_000_000_000:     "1.00 GB",
		2_345_678_901:     "2.35 GB",
		1_234_000_000_000: "1234.00 GB",
	} {
		if got := catalog.Weight(bytes); got != want {
			t.Errorf("%d bytes weigh %s, want %s", bytes, got, want)
		}
	}
}
