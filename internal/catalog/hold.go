package catalog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	nameLength = 100
	textLength = 10_000
	// maxChanges is how many rows one call may change.
	maxChanges = 10_000
)

// Targets are rows to change. Versions is empty, or has for each id the version that the
// row must have.
type Targets[ID comparable] struct {
	IDs      []ID
	Versions []int
}

// One is the target of a change to a single row; version nil is any.
func One[ID comparable](id ID, version *int) Targets[ID] {
	t := Targets[ID]{IDs: []ID{id}}
	if version != nil {
		t.Versions = []int{*version}
	}
	return t
}

// Check returns what is wrong with the targets by themselves.
func (t Targets[ID]) Check() fault.Fields {
	if fields, ok := errors.AsType[fault.Fields](CheckCount(len(t.IDs), "ids")); ok {
		return fields
	}
	var c fault.Check
	c.That(len(t.Versions) == 0 || len(t.Versions) == len(t.IDs), "must have as many items as ids", "expectedVersions")
	for i := range t.repeated() {
		c.That(false, namedTwice, "ids", i)
	}
	return c.Fields()
}

const namedTwice = "is named twice"

// repeated goes through the places of ids that come again.
func (t Targets[ID]) repeated() iter.Seq[int] {
	return func(yield func(int) bool) {
		seen := make(map[ID]bool, len(t.IDs))
		for i, id := range t.IDs {
			if seen[id] && !yield(i) {
				return
			}
			seen[id] = true
		}
	}
}

func (t Targets[ID]) version(i int) *int {
	if len(t.Versions) == 0 {
		return nil
	}
	return &t.Versions[i]
}

// CheckCount complains about a list with more items than one call may change. It comes before any look at the items.
func CheckCount(n int, path ...any) error {
	if n <= maxChanges {
		return nil
	}
	return fault.InvalidAt(fmt.Sprintf("has %d items; at most %d are allowed in one call", n, maxChanges), path...)
}

// Held is what Hold needs to know of a row.
type Held[ID comparable] struct {
	ID      ID
	Dataset gid.DatasetID
	Version int
}

// Hold returns the rows, which were read and locked for the targets, in the targets' order. All of
// them must be there, in datasets where the viewer may do the actions, and have the expected versions.
func Hold[ID comparable, R any](
	ctx context.Context, tx *ent.Tx, entity string, t Targets[ID], rows []*R, of func(*R) Held[ID], actions ...access.Action,
) ([]*R, error) {
	found := make(map[ID]*R, len(rows))
	allowed := map[gid.DatasetID]bool{}
	for _, r := range rows {
		h := of(r)
		found[h.ID] = r
		if allowed[h.Dataset] {
			continue
		}
		if err := access.Allow(ctx, tx.Client(), h.Dataset, actions...); err != nil {
			return nil, err
		}
		allowed[h.Dataset] = true
	}
	ordered := make([]*R, len(t.IDs))
	for i, id := range t.IDs {
		r, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("%s %w", entity, fault.NotFound)
		}
		if err := database.Fresh(of(r).Version, t.version(i), r); err != nil {
			return nil, err
		}
		ordered[i] = r
	}
	return ordered, nil
}
