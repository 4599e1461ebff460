package split

import (
	"cmp"
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/similar"
)

// Input is how the images of a dataset are to be divided. What is nil is as Rules have it by default: 80, 10 and 10 percent,
// stratified, in groups of images that were made from each other or look alike.
type Input struct {
	Train, Val, Test      *float64 // shares, which add up to 1
	Seed                  *int
	Stratify              *bool
	GroupNearDuplicates   *bool
	GroupBatches          *bool
	SyntheticsOnlyInTrain *bool
	Reassign              *bool // images that are in a split may leave it
	DryRun                *bool // change nothing
}

// Report is what became of a division.
type Report struct {
	Changed       int // images that came to another split
	DividedGroups int // groups that were on several sides before, and stayed there
	Splits        []*Count
	Labels        []*LabelCount // those that are used, by their ids
}

// Count is how many images are in a split.
type Count struct {
	Split  image.Split
	Images int
}

// LabelCount is how many images in each split have annotations of a label.
type LabelCount struct {
	LabelID gid.LabelID
	Label   *ent.Label // nil until somebody reads it
	Train   int
	Val     int
	Test    int
}

// nearDistance is in how many bits the hashes of images differ at most that are mostly the same picture.
const nearDistance = 4

// splits are those of the sides.
func splits() [sides]image.Split {
	return [sides]image.Split{Train: image.SplitTrain, Val: image.SplitVal, Test: image.SplitTest}
}

func (in Input) rules() (Rules, error) {
	r := Rules{Shares: [sides]float64{0.8, 0.1, 0.1}, Stratify: in.Stratify == nil || *in.Stratify}
	var c fault.Check
	if in.Train != nil || in.Val != nil || in.Test != nil {
		sum := 0.0
		for s, share := range []*float64{in.Train, in.Val, in.Test} {
			r.Shares[s] = 0
			if share != nil {
				r.Shares[s] = *share
			}
			c.That(r.Shares[s] >= 0 && r.Shares[s] <= 1, "must be between 0 and 1", "input", []string{"train", "val", "test"}[s])
			sum += r.Shares[s]
		}
		c.That(math.Abs(sum-1) < 1e-6, fmt.Sprintf("train, val and test add up to %g, not to 1", sum), "input", "train")
	}
	if in.Seed != nil {
		r.Seed = int64(*in.Seed)
	}
	r.SyntheticsTrain = isTrue(in.SyntheticsOnlyInTrain)
	c.That(!r.SyntheticsTrain || r.Shares[Train] > 0, "nothing is trained with", "input", "syntheticsOnlyInTrain")
	r.Again = isTrue(in.Reassign)
	return r, c.Err()
}

func isTrue(b *bool) bool { return b != nil && *b }

// Dataset divides the images of a dataset. Of many thousands that change, some are there before the others.
func Dataset(ctx context.Context, db *database.DB, id gid.DatasetID, in Input) (*Report, error) {
	rules, err := in.rules()
	if err != nil {
		return nil, err
	}
	if err := access.Allow(ctx, db.Client, id, access.EditImages); err != nil {
		return nil, err
	}
	r := reading{db: db, dataset: id, places: map[gid.ImageID]int{}}
	if err := r.read(access.System(ctx), in); err != nil {
		return nil, err
	}
	assigned, divided := Assign(r.images, rules)
	if !isTrue(in.DryRun) {
		if err := r.write(ctx, assigned); err != nil {
			return nil, err
		}
	}
	return r.report(assigned, divided), nil
}

// reading is the images of a dataset.
type reading struct {
	db      *database.DB
	dataset gid.DatasetID
	images  []Image
	places  map[gid.ImageID]int
	parents []int32 // of a forest of sets, by places
	labels  []gid.LabelID
}

func (r *reading) read(ctx context.Context, in Input) error {
	var hashes []similar.Item
	batches := map[int64]int{}
	bases := map[int]gid.ImageID{}
	query := fmt.Sprintf("SELECT id, split, is_synthetic, base_image_id, batch_id, perceptual_hash FROM images WHERE dataset_id = %d ORDER BY id", r.dataset)
	err := r.each(ctx, query, func(rows *stdsql.Rows) error {
		var img Image
		var split image.Split
		var base *gid.ImageID
		var batch, hash *int64
		if err := rows.Scan(&img.ID, &split, &img.Synthetic, &base, &batch, &hash); err != nil {
			return err
		}
		place := len(r.images)
		all := splits()
		img.Side = Side(slices.Index(all[:], split))                                                          //nolint:gosec // -1 to 2
		r.images, r.parents, r.places[img.ID] = append(r.images, img), append(r.parents, int32(place)), place //nolint:gosec // there are no so many
		if base != nil {
			bases[place] = *base
		}
		if hash != nil {
			hashes = append(hashes, similar.Item{Hash: uint64(*hash), ID: img.ID}) //nolint:gosec // the bits are meant
		}
		if batch != nil && isTrue(in.GroupBatches) {
			if first, ok := batches[*batch]; ok {
				r.join(first, place)
			} else {
				batches[*batch] = place
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for place, base := range bases {
		if of, ok := r.places[base]; ok {
			r.join(of, place)
		}
	}
	if in.GroupNearDuplicates == nil || *in.GroupNearDuplicates {
		if err := r.joinSimilar(ctx, hashes); err != nil {
			return err
		}
	}
	r.number()
	return r.readClasses(ctx)
}

func (r *reading) joinSimilar(ctx context.Context, hashes []similar.Item) error {
	slices.SortFunc(hashes, func(a, b similar.Item) int { return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.ID, b.ID)) })
	groups, err := similar.Groups(ctx, hashes, nearDistance)
	for _, ids := range groups {
		for _, id := range ids[1:] {
			r.join(r.places[ids[0]], r.places[id])
		}
	}
	return err
}

// root is the place that stands for a set.
func (r *reading) root(place int) int {
	for int(r.parents[place]) != place {
		r.parents[place] = r.parents[r.parents[place]]
		place = int(r.parents[place])
	}
	return place
}

func (r *reading) join(a, b int) {
	a, b = r.root(a), r.root(b)
	r.parents[max(a, b)] = int32(min(a, b)) //nolint:gosec // places are small
}

// number gives the sets numbers.
func (r *reading) number() {
	numbers := make(map[int]int32, len(r.images))
	for place := range r.images {
		root := r.root(place)
		n, ok := numbers[root]
		if !ok {
			n = int32(len(numbers)) //nolint:gosec // there are no more than images
			numbers[root] = n
		}
		r.images[place].Group = n
	}
}

func (r *reading) readClasses(ctx context.Context) error {
	classes := map[gid.LabelID]int32{}
	query := fmt.Sprintf("SELECT DISTINCT image_id, label_id FROM annotations WHERE dataset_id = %d ORDER BY label_id, image_id", r.dataset)
	return r.each(ctx, query, func(rows *stdsql.Rows) error {
		var on gid.ImageID
		var label gid.LabelID
		if err := rows.Scan(&on, &label); err != nil {
			return err
		}
		class, ok := classes[label]
		if !ok {
			class = int32(len(classes)) //nolint:gosec // there are no so many labels
			classes[label] = class
			r.labels = append(r.labels, label)
		}
		if place, ok := r.places[on]; ok { // it may have come just now
			r.images[place].Classes = append(r.images[place].Classes, class)
		}
		return nil
	})
}

func (r *reading) each(ctx context.Context, query string, visit func(*stdsql.Rows) error) (err error) {
	rows, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// writePage is how many images one transaction changes.
const writePage = 10_000

// write has images come to their sides, but for those that somebody else has moved meanwhile.
func (r *reading) write(ctx context.Context, assigned []Side) error {
	type move struct{ from, to Side }
	moves := map[move][]gid.ImageID{}
	for i, img := range r.images {
		if m := (move{img.Side, assigned[i]}); m.from != m.to {
			moves[m] = append(moves[m], img.ID)
		}
	}
	all := splits()
	for m, ids := range moves {
		from := image.SplitNone
		if m.from != None {
			from = all[m.from]
		}
		for page := range slices.Chunk(ids, writePage) {
			err := r.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
				if err := access.Allow(ctx, tx.Client(), r.dataset, access.EditImages); err != nil {
					return err
				}
				if err := r.db.ShareDataset(ctx, tx, r.dataset); err != nil {
					return err
				}
				return tx.Image.Update().Where(image.IDIn(page...), image.SplitEQ(from)).SetSplit(all[m.to]).Exec(ctx)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading) report(assigned []Side, divided []int32) *Report {
	report := &Report{DividedGroups: len(divided), Labels: []*LabelCount{}}
	for _, s := range splits() {
		report.Splits = append(report.Splits, &Count{Split: s})
	}
	for _, label := range r.labels {
		report.Labels = append(report.Labels, &LabelCount{LabelID: label})
	}
	for i, img := range r.images {
		if img.Side != assigned[i] {
			report.Changed++
		}
		report.Splits[assigned[i]].Images++
		for _, c := range img.Classes {
			l := report.Labels[c]
			*[]*int{&l.Train, &l.Val, &l.Test}[assigned[i]]++
		}
	}
	return report
}
