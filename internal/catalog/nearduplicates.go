package catalog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/similar"
)

// NearDuplicates finds images of a dataset that look alike, by their perceptual hashes. It bounds how much of that is
// done at once.
type NearDuplicates struct {
	db      *database.DB
	turns   *semaphore.Weighted
	grouped *lru.Cache[grouping, [][]gid.ImageID]
}

const (
	searches   = 2                // at once, in all
	searchTime = 20 * time.Second // of one, with its wait for a turn
)

// NewNearDuplicates returns what finds near duplicates in a database.
func NewNearDuplicates(db *database.DB) *NearDuplicates {
	grouped, _ := lru.New[grouping, [][]gid.ImageID](keptGroupings) // an error means a size below one
	return &NearDuplicates{db, semaphore.NewWeighted(searches), grouped}
}

// HashedImage is an image of a dataset, with its perceptual hash if it has one.
type HashedImage struct {
	similar.Item

	Dataset gid.DatasetID
	Hashed  bool
}

// Hashed returns an image as Of takes it.
func Hashed(img *ent.Image) HashedImage {
	h := HashedImage{Item: similar.Item{ID: img.ID}, Dataset: img.DatasetID, Hashed: img.PerceptualHash != nil}
	if h.Hashed {
		h.Hash = hashOf(*img.PerceptualHash)
	}
	return h
}

// PerceptualHash is the hash of an image in 16 hex digits, nil when it has none.
func PerceptualHash(img *ent.Image) *string {
	if img.PerceptualHash == nil {
		return nil
	}
	return new(fmt.Sprintf("%016x", hashOf(*img.PerceptualHash)))
}

// hashOf is the hash whose bits a column holds.
func hashOf(column int64) uint64 { return uint64(column) } //nolint:gosec // the bits are meant

// Of finds, for each of the images, at most first others of its dataset, 1 to 100, whose hashes differ from its own in
// at most distance bits, 0 to similar.MaxDistance: the nearest first, then by id. It reads the hashes of each dataset
// once for all of its images.
func (n *NearDuplicates) Of(ctx context.Context, images []HashedImage, distance, first int) (_ map[HashedImage][]similar.Near, err error) {
	defer fault.Wrap(&err, "find near duplicates")

	if err := cmp.Or(checkDistance(distance), CheckFirst(first)); err != nil {
		return nil, err
	}
	neighbours := make(map[HashedImage]*similar.Neighbours)
	in := make(map[gid.DatasetID][]*similar.Neighbours)
	for _, img := range images {
		if img.Hashed && neighbours[img] == nil {
			neighbours[img] = similar.NewNeighbours(img.Item, distance, first)
			in[img.Dataset] = append(in[img.Dataset], neighbours[img])
		}
	}
	err = n.search(ctx, func(ctx context.Context) error {
		return n.eachHash(ctx, slices.Collect(maps.Keys(in)), func(dataset gid.DatasetID, it similar.Item) error {
			for _, list := range in[dataset] {
				list.Offer(it)
			}
			return nil
		})
	})
	found := make(map[HashedImage][]similar.Near, len(neighbours))
	for img, list := range neighbours {
		found[img] = list.List()
	}
	return found, err
}

func checkDistance(distance int) error {
	var c fault.Check
	c.That(distance >= 0 && distance <= similar.MaxDistance, fmt.Sprintf("must be between 0 and %d", similar.MaxDistance), "distance")
	return c.Err()
}

// CheckFirst complains about a number of rows that is not between 1 and 100.
func CheckFirst(first int) error {
	const most = 100
	var c fault.Check
	c.That(first >= 1 && first <= most, fmt.Sprintf("must be between 1 and %d", most), "first")
	return c.Err()
}

// search calls do when it is its turn.
func (n *NearDuplicates) search(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	if err := n.turns.Acquire(ctx, 1); err != nil {
		return err
	}
	defer n.turns.Release(1)
	return do(ctx)
}

// eachHash visits the images of the datasets that the viewer sees and that have a hash, by dataset, hash and id. They
// come from an index, a row at a time.
func (n *NearDuplicates) eachHash(ctx context.Context, datasets []gid.DatasetID, visit func(gid.DatasetID, similar.Item) error) (err error) {
	viewer, err := access.Require(ctx)
	if err != nil || len(datasets) == 0 {
		return err
	}
	t := sql.Table(image.Table)
	columns := []string{t.C(image.FieldDatasetID), t.C(image.FieldPerceptualHash), t.C(image.FieldID)}
	s := sql.Dialect(n.db.Dialect()).Select(columns...).From(t).
		Where(sql.And(sql.In(columns[0], values(datasets)...), sql.NotNull(columns[1]))).OrderBy(columns...)
	access.Visible(viewer, ent.TypeImage)(s)
	query, args := s.Query()
	rows, err := n.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(ctx.Err(), err, rows.Close()) }() // the databases have words of their own for the end of a context
	for rows.Next() {
		var dataset gid.DatasetID
		var hash int64
		var id gid.ImageID
		if err := rows.Scan(&dataset, &hash, &id); err != nil {
			return err
		}
		if err := visit(dataset, similar.Item{ID: id, Hash: hashOf(hash)}); err != nil {
			return err
		}
	}
	return rows.Err()
}
