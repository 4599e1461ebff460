package annotate

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
)

// stored is what the database holds of what changes name: images locked, and labels kept from deletion.
type stored struct {
	annotations map[gid.AnnotationID]*ent.Annotation // on the images
	elsewhere   map[gid.AnnotationID]bool            // ids that are taken, but not on the images
	images      map[gid.ImageID]*ent.Image           // of the dataset
	labels      map[gid.LabelID]bool                 // of the dataset
}

// named are the ids that changes name.
type named struct {
	annotations []gid.AnnotationID
	images      map[gid.ImageID]bool
	labels      map[gid.LabelID]bool
}

func namesOf(changes []Change) named {
	n := named{images: map[gid.ImageID]bool{}, labels: map[gid.LabelID]bool{}}
	for _, ch := range changes {
		switch {
		case ch.Create != nil:
			n.images[ch.Create.ImageID] = true
			n.labels[ch.Create.LabelID] = true
			if ch.Create.ID != nil {
				n.annotations = append(n.annotations, *ch.Create.ID)
			}
		case ch.Update != nil:
			n.annotations = append(n.annotations, ch.Update.ID)
			if ch.Update.LabelID != nil {
				n.labels[*ch.Update.LabelID] = true
			}
		case ch.Delete != nil:
			n.annotations = append(n.annotations, ch.Delete.ID)
		}
	}
	return n
}

// readStored reads and locks what is named: labels, then images, each in the order of their ids, as all do who
// lock both, so that calls do not deadlock. Annotations are read once no other call can change them.
func readStored(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, n named) (*stored, error) {
	if err := n.addImages(ctx, tx, dataset); err != nil {
		return nil, err
	}
	s := &stored{}
	var err error
	if s.labels, err = lockLabels(ctx, tx, dataset, n.labels); err != nil {
		return nil, err
	}
	if s.images, err = lockImages(ctx, tx, dataset, n.images); err != nil {
		return nil, err
	}
	err = s.readAnnotations(ctx, tx, n.annotations)
	return s, err
}

// addImages adds the images that the named annotations are on.
func (n named) addImages(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID) error {
	if len(n.annotations) == 0 {
		return nil
	}
	var images []gid.ImageID
	err := tx.Annotation.Query().
		Where(annotation.DatasetID(dataset), annotation.IDIn(n.annotations...)).
		Unique(true).Select(annotation.FieldImageID).Scan(ctx, &images)
	for _, id := range images {
		n.images[id] = true
	}
	return err
}

func lockImages(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, ids map[gid.ImageID]bool) (map[gid.ImageID]*ent.Image, error) {
	q := tx.Image.Query().Where(image.DatasetID(dataset), image.IDIn(slices.Collect(maps.Keys(ids))...)).Order(image.ByID())
	q.Modify(database.Lock)
	found, err := q.All(ctx)
	images := make(map[gid.ImageID]*ent.Image, len(found))
	for _, img := range found {
		images[img.ID] = img
	}
	return images, err
}

func lockLabels(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, ids map[gid.LabelID]bool) (map[gid.LabelID]bool, error) {
	q := tx.Label.Query().Where(label.DatasetID(dataset), label.IDIn(slices.Collect(maps.Keys(ids))...)).Order(label.ByID())
	q.Modify(database.LockKey)
	found, err := q.IDs(ctx)
	labels := make(map[gid.LabelID]bool, len(found))
	for _, id := range found {
		labels[id] = true
	}
	return labels, err
}

// readAnnotations looks in all datasets, as the system: an id is taken whoever owns it, and the answer to
// a client is the same. One on an image that is not locked was drawn since addImages looked.
func (s *stored) readAnnotations(ctx context.Context, tx *ent.Tx, ids []gid.AnnotationID) error {
	s.annotations = make(map[gid.AnnotationID]*ent.Annotation, len(ids))
	s.elsewhere = map[gid.AnnotationID]bool{}
	if len(ids) == 0 {
		return nil
	}
	found, err := tx.Annotation.Query().Where(annotation.IDIn(ids...)).All(access.System(ctx))
	for _, a := range found {
		if s.images[a.ImageID] != nil {
			s.annotations[a.ID] = a
		} else {
			s.elsewhere[a.ID] = true
		}
	}
	return err
}

// positions are those of the annotations that the items of a list stand for, 0 for what the image does not have.
func (s *stored) positions(list []Change) []int64 {
	places := make([]int64, len(list))
	for i, item := range list {
		if in := item.Create; in.ID != nil {
			if a := s.annotations[*in.ID]; a != nil && a.ImageID == in.ImageID {
				places[i] = a.Position
			}
		}
	}
	return places
}

// lastPlace is the last position of an annotation on the images, if it is after now: the clock of
// the server that gave it was ahead of ours, or has been set back.
func (s *stored) lastPlace(ctx context.Context, tx *ent.Tx, now int64) (int64, error) {
	var last []int64
	err := tx.Annotation.Query().
		Where(annotation.ImageIDIn(slices.Collect(maps.Keys(s.images))...), annotation.PositionGT(now)).
		Order(annotation.ByPosition(sql.OrderDesc())).Limit(1).Select(annotation.FieldPosition).Scan(ctx, &last)
	return slices.Max(append(last, now)), err
}
