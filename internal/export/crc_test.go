package export_test

import (
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/datasetgen/datagen/internal/export"
)

func TestCombineCRC(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, polynomial := range []uint32{crc32.IEEE, crc32.Castagnoli} {
		table := crc32.MakeTable(polynomial)
		for _, length := range []int{0, 1, 2, 3, 255, 256, 4096, 100_003} {
			a, b := make([]byte, rng.IntN(1000)), make([]byte, length)
			for _, bytes := range [][]byte{a, b} {
				for i := range bytes {
					bytes[i] = byte(rng.Uint32())
				}
			}
			got := export.CombineCRC(polynomial, crc32.Checksum(a, table), crc32.Checksum(b, table), int64(length))
			if want := crc32.Checksum(slices.Concat(a, b), table); got != want {
				t.Errorf("%d bytes, polynomial %x: %x, want %x", length, polynomial, got, want)
			}
		}
	}
}
