package annotate

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// Input is an annotation as it is to be on an image. With the ID of one that the image has, it
// stands for that one; what is nil or not set then stays.
type Input struct {
	ID          *gid.AnnotationID
	LabelID     gid.LabelID
	Type        string
	Data        rawjson.Object
	IsSynthetic *bool
	Confidence  graphql.Omittable[*float64]
	Source      *annotation.Source
}

// Replacement is what became of the annotations of an image.
type Replacement struct {
	Image   *ent.Image
	Written []*ent.Annotation // the annotations, in their order
	Created int
	Updated int
	Kept    int // that were so already
	Deleted int
}

// Replace makes the annotations of an image those of the list, in its order: rows that are sent back with
// their id are kept when they are equal and updated when they are not, the others are
// created, and what is not in the list is deleted. Sending a list again changes nothing.
func Replace(ctx context.Context, db *database.DB, id gid.ImageID, list []Input, expected *int) (_ *Replacement, err error) {
	defer fault.Wrap(&err, "replace annotations of image %d", id)
	if n := len(list); n > MaxChanges {
		return nil, fault.InvalidAt(fmt.Sprintf("has %d items; at most %d are allowed in one call", n, MaxChanges), "annotations")
	}
	changes := make([]Change, len(list))
	for i, in := range list {
		changes[i].Create = &CreateInput{in.ID, id, in.LabelID, in.Type, in.Data, in.IsSynthetic, in.Confidence, in.Source, nil}
	}
	problems := checkChanges(changes)
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*Replacement, error) {
		q := tx.Image.Query().Where(image.ID(id))
		q.Select(image.FieldDatasetID)
		img, err := q.Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fmt.Errorf("image %w", fault.NotFound)
		}
		if err != nil {
			return nil, err
		}
		if err := access.Allow(ctx, tx.Client(), img.DatasetID, access.Annotate); err != nil {
			return nil, err
		}
		if err := db.ShareDataset(ctx, tx, img.DatasetID); err != nil {
			return nil, err
		}
		return replace(ctx, tx, db.Dialect(), img, changes, problems, expected)
	})
}

func replace(
	ctx context.Context, tx *ent.Tx, dialect string, img *ent.Image, changes []Change, problems []fault.Fields, expected *int,
) (*Replacement, error) {
	names := namesOf(changes)
	names.images[img.ID] = true
	s, err := readStored(ctx, tx, img.DatasetID, names)
	if err != nil {
		return nil, err
	}
	locked := s.images[img.ID]
	if locked == nil {
		return nil, fmt.Errorf("image %w", fault.NotFound) // deleted meanwhile
	}
	stale := database.Fresh(locked.Version, expected, locked)
	old, err := tx.Annotation.Query().Where(annotation.ImageID(img.ID)).All(ctx)
	if err != nil {
		return nil, err
	}
	p := newPlan(ctx, img.DatasetID)
	r := &Replacement{Image: locked}
	err = p.replace(s, old, changes, problems, r)
	if stale != nil && (err != nil || len(p.touched) > 0) {
		return nil, stale // but not when nothing is to be done: the call was sent again, or others had the same idea
	}
	if err != nil {
		return nil, err
	}
	if err := p.apply(ctx, tx, dialect); err != nil {
		return nil, err
	}
	if p.touched[img.ID] { // as it is now, which nobody else has changed
		r.Image.Version++
		r.Image.UpdatedAt = p.now
	}
	return r, nil
}

// replace plans the change from the old annotations of an image to those of the list.
func (p *plan) replace(s *stored, old []*ent.Annotation, changes []Change, problems []fault.Fields, r *Replacement) error {
	places := arrange(s.positions(changes), p.place)
	listed := make(map[gid.AnnotationID]bool, len(changes))
	var c fault.Check
	for i, ch := range changes {
		result := Result{Status: Invalid, Problems: problems[i]}
		if problems[i] == nil {
			result = p.decidePlaced(s, ch.Create, places[i])
		}
		for _, f := range result.Problems {
			c.Add(fault.Fields{{Path: f.Path[1:], Message: f.Message}}, "annotations", i)
		}
		r.count(result)
		if result.ID != nil {
			listed[*result.ID] = true
		}
	}
	for _, a := range old {
		if !listed[a.ID] {
			p.remove(a)
			r.Deleted++
		}
	}
	return c.Err()
}

func (r *Replacement) count(result Result) {
	switch result.Status {
	case Created:
		r.Created++
	case Updated:
		r.Updated++
	case Unchanged:
		r.Kept++
	default:
		return
	}
	r.Written = append(r.Written, result.Annotation)
}

// decidePlaced is decideCreate for an annotation whose place is known.
func (p *plan) decidePlaced(s *stored, in *CreateInput, place int64) Result {
	if in.ID != nil {
		if old := s.annotations[*in.ID]; old != nil && old.ImageID == in.ImageID && s.labels[in.LabelID] {
			wanted := in.onto(old)
			wanted.Position = place
			return p.change(old, wanted)
		}
	}
	p.place = place - step
	return p.decideCreate(s, in)
}
