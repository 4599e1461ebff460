package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/compare"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/sibling"
)

// compareSnapshots compares the moments of two snapshots; nil is the present.
func (r *Resolver) compareSnapshots(ctx context.Context, from, to *string) (*compare.Comparison, error) {
	var ids [2]gid.SnapshotID
	for i, side := range []struct {
		argument string
		id       *string
	}{{"from", from}, {"to", to}} {
		if side.id == nil {
			continue
		}
		var err error
		if ids[i], err = parse[gid.SnapshotID](*side.id, side.argument); err != nil {
			return nil, err
		}
	}
	return compare.New(ctx, r.DB, ids[0], ids[1])
}

// countedIn returns some of the counts of a comparison.
func countedIn[V any](ctx context.Context, c *compare.Comparison, of func(*compare.Counts) V) (V, error) {
	counts, err := c.Counts(ctx)
	if err != nil {
		var none V
		return none, err
	}
	return of(counts), nil
}

// labelsCompared are the changes of labels, with the labels as they are at the end or, if they are not there, at the start.
func (r *Resolver) labelsCompared(ctx context.Context, c *compare.Comparison) ([]*compare.LabelChangeCounts, error) {
	changes, err := countedIn(ctx, c, func(n *compare.Counts) []*compare.LabelChangeCounts { return pointers(n.ByLabel) })
	if err != nil {
		return nil, err
	}
	ids := idsOf(changes, func(n *compare.LabelChangeCounts) gid.LabelID { return n.LabelID })
	for _, m := range []*history.Moment{c.From, c.To} {
		rows, err := collectAt(placesAt(ctx, m, "label"), r.DB.Label.Query().Where(label.IDIn(ids...)), "Label")
		if err != nil {
			return nil, err
		}
		found := byID(rows, labelID)
		for _, n := range changes {
			if l := found[n.LabelID]; l != nil {
				n.Label = l
			}
		}
	}
	return changes, nil
}

// authorsCompared are the changes of annotations by who drew them.
func (r *Resolver) authorsCompared(ctx context.Context, c *compare.Comparison) ([]*compare.AuthorChangeCounts, error) {
	changes, err := countedIn(ctx, c, func(n *compare.Counts) []*compare.AuthorChangeCounts { return pointers(n.ByAuthor) })
	if err != nil {
		return nil, err
	}
	var ids []gid.UserID
	for _, n := range changes {
		if n.AuthorID != nil {
			ids = append(ids, *n.AuthorID)
		}
	}
	rows, err := collectAt(placesAt(ctx, nil, "author"), r.DB.User.Query().Where(user.IDIn(ids...)), "User")
	found := byID(rows, func(u *ent.User) gid.UserID { return u.ID })
	for _, n := range changes {
		if n.AuthorID != nil {
			n.Author = found[*n.AuthorID]
		}
	}
	return changes, err
}

// imagesCompared are a page of the images that differ, as they were and as they are.
func (r *Resolver) imagesCompared(ctx context.Context, c *compare.Comparison, first int, after *string) ([]*compare.ImageDifference, error) {
	var last gid.ImageID
	if after != nil {
		var err error
		if last, err = parse[gid.ImageID](present([]string{*after})[0], "after"); err != nil {
			return nil, err
		}
	}
	differences, err := c.Images(ctx, first, last)
	if err != nil {
		return nil, err
	}
	ids := idsOf(differences, func(d *compare.ImageDifference) gid.ImageID { return d.ID })
	before, err := r.imagesAt(placesAt(ctx, c.From, "before"), ids)
	if err != nil {
		return nil, err
	}
	now, err := r.imagesAt(placesAt(ctx, c.To, "after"), ids)
	for _, d := range differences {
		d.Before, d.After = before[d.ID], now[d.ID]
	}
	return differences, err
}

// annotationsCompared are the annotations on an image that differ, as they were and as they are.
func (r *Resolver) annotationsCompared(ctx context.Context, d *compare.ImageDifference, first int) ([]*compare.AnnotationDifference, error) {
	itsID := func(d *compare.ImageDifference) gid.ImageID { return d.ID }
	return sibling.Load(ctx, d.Siblings, sibling.Place(ctx), d, itsID, func(ctx context.Context, images []gid.ImageID) (map[gid.ImageID][]*compare.AnnotationDifference, error) {
		on, err := d.Comparison.AnnotationsOn(ctx, images, first)
		if err != nil {
			return nil, err
		}
		var ids []gid.AnnotationID
		for _, list := range on {
			ids = append(ids, idsOf(list, func(d *compare.AnnotationDifference) gid.AnnotationID { return d.ID })...)
		}
		before, err := r.annotationsAt(placesAt(ctx, d.Comparison.From, "before"), ids)
		if err != nil {
			return nil, err
		}
		now, err := r.annotationsAt(placesAt(ctx, d.Comparison.To, "after"), ids)
		for _, list := range on {
			for _, a := range list {
				a.Before, a.After = before[a.ID], now[a.ID]
			}
		}
		return on, err
	})
}

// annotationsAt reads annotations, with their shapes, and what is selected below any of the places.
func (r *Resolver) annotationsAt(places []context.Context, ids []gid.AnnotationID) (map[gid.AnnotationID]*ent.Annotation, error) {
	q := r.DB.Annotation.Query().Where(annotation.IDIn(ids...))
	q.Modify(reading(annotation.FieldType), reading(annotation.FieldData))
	rows, err := collectAt(places, q, "Annotation")
	return byID(rows, annotationID), err
}

// placesAt are the places where a client selects a field below the present one, to read at a moment with; the present
// one when it does not.
func placesAt(ctx context.Context, m *history.Moment, field string) []context.Context {
	places := within(ctx, field)
	if places == nil {
		places = []context.Context{ctx}
	}
	for i, place := range places {
		places[i] = history.At(place, m) //nolint:fatcontext // each is a place of its own
	}
	return places
}

func byID[ID comparable, R any](rows []*R, id func(*R) ID) map[ID]*R {
	found := make(map[ID]*R, len(rows))
	for _, row := range rows {
		found[id(row)] = row
	}
	return found
}

// pointers are copies of the items of a list, to change.
func pointers[T any](list []T) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = new(list[i])
	}
	return all
}
