// Package similar compares the perceptual hashes of pictures: 64 bits, of which those of pictures that look alike
// differ in few.
package similar

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/datasetgen/datagen/internal/gid"
)

// MaxDistance is the largest distance, in bits, at which pictures may still be taken for alike.
const MaxDistance = 10

// Item is an image and its perceptual hash.
type Item struct {
	ID   gid.ImageID
	Hash uint64
}

// Near is an image and in how many bits its hash differs from another's.
type Near struct {
	ID       gid.ImageID
	Distance int
}

// Neighbours collects the images that look most like one: the nearest first, and by id where they are equally near.
type Neighbours struct {
	of    Item
	first int
	limit int // the distance from which on an image is too far
	found []Near
}

// NewNeighbours collects at most first images, at least one, that are within distance of an image.
func NewNeighbours(of Item, distance, first int) *Neighbours {
	return &Neighbours{of: of, first: first, limit: distance + 1}
}

// Offer takes an image into account. The image itself is none of its neighbours.
func (n *Neighbours) Offer(it Item) {
	distance := bits.OnesCount64(n.of.Hash ^ it.Hash)
	if distance >= n.limit || it.ID == n.of.ID {
		return
	}
	n.found = append(n.found, Near{it.ID, distance})
	if len(n.found) >= 2*n.first { // now and then, so that many equals take neither memory nor time
		n.trim()
	}
}

// List returns what was collected.
func (n *Neighbours) List() []Near {
	n.trim()
	return n.found
}

func (n *Neighbours) trim() {
	slices.SortFunc(n.found, func(a, b Near) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID))
	})
	if len(n.found) <= n.first {
		return
	}
	n.found = n.found[:n.first]
	n.limit = n.found[n.first-1].Distance + 1
}
