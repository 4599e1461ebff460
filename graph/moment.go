package graph

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/sibling"
	"github.com/datasetgen/datagen/internal/snapshot"
)

// readThen makes what is read for a field be as it was when the row was read from that the field is one of, or lies below.
func readThen(ctx context.Context, next graphql.Resolver) (any, error) {
	if fc := graphql.GetFieldContext(ctx); fc.IsMethod || fc.IsResolver {
		if row, ok := gid.Row[interface{ ReadAt() *history.Moment }](ctx); ok {
			ctx = history.At(ctx, row.ReadAt())
		}
	}
	return next(ctx)
}

// then returns an id without the snapshot that it names, and a context to read with what that sees. What the viewer
// does not see has none of it.
func then(ctx context.Context, db *database.DB, id string) (context.Context, string, error) {
	present, in, err := gid.Split(id)
	if err != nil {
		return nil, "", fault.InvalidAt(err.Error(), "id")
	}
	ctx, err = snapshot.At(ctx, db, in)
	return ctx, present, err
}

// present are ids without the snapshots that they name, for filters.
func present(ids []string) []string {
	if ids == nil {
		return nil
	}
	bare := make([]string, len(ids))
	for i, id := range ids {
		var err error
		if bare[i], _, err = gid.Split(id); err != nil {
			bare[i] = id // complained about where it is read
		}
	}
	return bare
}

// selection is what of a snapshot is restored. The ids may name the snapshot.
func selection(images, labels []string) (snapshot.Selection, error) {
	var s snapshot.Selection
	var c fault.Check
	var err error
	s.Images, err = parseAll[gid.ImageID](present(images), "imageIds")
	c.AddErr(err)
	s.Labels, err = parseAll[gid.LabelID](present(labels), "labelIds")
	c.AddErr(err)
	return s, c.Err()
}

// frozen reads something of the dataset of a snapshot as it was, nil when nothing but an archive was kept.
func frozen[R any](ctx context.Context, r *Resolver, s *ent.Snapshot, read func(context.Context, *ent.Dataset) (*R, error)) (*R, error) {
	m := snapshot.MomentOf(s)
	if m == nil {
		return nil, nil //nolint:nilnil // null is the answer
	}
	ctx = history.At(ctx, m)
	d := &ent.Dataset{ID: s.DatasetID}
	d.Bind(r.DB.Client)
	d.JoinSiblings(sibling.NewGroup(ctx, []any{d}))
	return read(ctx, d)
}

// nodes fetches the rows of ids, some of which may name snapshots.
func (r *Resolver) nodes(ctx context.Context, ids []string) ([]ent.Noder, error) {
	present, places := make([]string, len(ids)), map[gid.SnapshotID][]int{}
	for i, id := range ids {
		bare, in, err := gid.Split(id)
		if err != nil {
			return nil, fault.InvalidAt(err.Error(), "ids", i)
		}
		present[i] = bare
		places[in] = append(places[in], i)
	}
	found := make([]ent.Noder, len(ids))
	for in, at := range places {
		ctx, err := snapshot.At(ctx, r.DB, in)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		wanted := make([]string, len(at))
		for i, place := range at {
			wanted[i] = present[place]
		}
		rows, err := r.DB.Noders(ctx, wanted, ent.WithNodeType(tableOf))
		if err != nil {
			return nil, err
		}
		for i, place := range at {
			found[place] = rows[i]
		}
	}
	return found, nil
}
