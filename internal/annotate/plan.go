package annotate

import (
	"bytes"
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// plan is what is to be written.
type plan struct {
	dataset gid.DatasetID
	author  *gid.UserID
	now     time.Time
	create  []*ent.Annotation
	update  []*ent.Annotation
	delete  []gid.AnnotationID
	touched map[gid.ImageID]bool // images whose annotations change
	place   int64                // the position of the annotation that was last appended
}

// step is how far apart annotations of one call are placed, so that others fit between them.
const step = 1024

func newPlan(ctx context.Context, dataset gid.DatasetID) *plan {
	now := database.Now()
	p := &plan{
		dataset: dataset,
		now:     now,
		touched: map[gid.ImageID]bool{},
		// Appended annotations come after all that were saved before: a position
		// is a moment, in nanoseconds, and moments rise, but see lastPlace.
		place: now.UnixNano(),
	}
	if v, ok := access.ViewerFrom(ctx); ok {
		p.author = &v.UserID
	}
	return p
}

const (
	noImage      = "no such image in the dataset"
	noLabel      = "no such label in the dataset"
	noAnnotation = "no such annotation in the dataset"
	idTaken      = "is the id of an annotation elsewhere"
)

// decide says what becomes of each change, given what is wrong with it by itself.
func (p *plan) decide(s *stored, changes []Change, problems []fault.Fields) []Result {
	results := make([]Result, len(changes))
	for i, ch := range changes {
		switch {
		case problems[i] != nil:
			results[i] = Result{Status: Invalid, Problems: problems[i]}
		case ch.Create != nil:
			results[i] = p.decideCreate(s, ch.Create)
		case ch.Update != nil:
			results[i] = p.decideUpdate(s, ch.Update)
		default:
			results[i] = p.decideDelete(s, ch.Delete)
		}
	}
	return results
}

func (p *plan) decideCreate(s *stored, in *CreateInput) Result {
	var c fault.Check
	c.That(s.images[in.ImageID] != nil, noImage, "create", "imageId")
	c.That(s.labels[in.LabelID], noLabel, "create", "labelId")
	var old *ent.Annotation
	if in.ID != nil {
		old = s.annotations[*in.ID]
		taken := s.elsewhere[*in.ID] || old != nil && old.ImageID != in.ImageID
		c.That(!taken, idTaken, "create", "id")
	}
	if fields := c.Fields(); fields != nil {
		return Result{Status: Invalid, ID: in.ID, Problems: fields}
	}
	if old != nil {
		return p.change(old, in.onto(old))
	}
	p.place += step
	return p.add(in, p.place)
}

func (p *plan) add(in *CreateInput, position int64) Result {
	a := &ent.Annotation{
		ID:        gid.NewAnnotationID(),
		DatasetID: p.dataset,
		ImageID:   in.ImageID,
		AuthorID:  p.author,
		CreatedAt: p.now,
		UpdatedAt: p.now,
		Version:   1,
		Source:    annotation.DefaultSource,
		Position:  position,
	}
	if in.ID != nil {
		a.ID = *in.ID
	}
	if in.Author != nil {
		a.AuthorID = in.Author
	}
	a = in.onto(a)
	p.create = append(p.create, a)
	p.touched[a.ImageID] = true
	return Result{Status: Created, ID: &a.ID, Annotation: a}
}

func (p *plan) decideUpdate(s *stored, in *UpdateInput) Result {
	old := s.annotations[in.ID]
	if old == nil {
		return invalid(&in.ID, noAnnotation, "update", "id")
	}
	if in.ExpectedVersion != nil && *in.ExpectedVersion != old.Version {
		return Result{Status: Conflict, ID: &in.ID, Annotation: old}
	}
	if in.LabelID != nil && !s.labels[*in.LabelID] {
		return invalid(&in.ID, noLabel, "update", "labelId")
	}
	wanted := in.onto(old)
	if in.Type != nil || in.Data != nil {
		var c fault.Check
		c.Add(checkShape(wanted.Type, wanted.Data), "update")
		if fields := c.Fields(); fields != nil {
			return Result{Status: Invalid, ID: &in.ID, Problems: fields}
		}
	}
	return p.change(old, wanted)
}

// change makes old the annotation that is wanted, unless it is that already.
func (p *plan) change(old, wanted *ent.Annotation) Result {
	if same(old, wanted) {
		return Result{Status: Unchanged, ID: &old.ID, Annotation: old}
	}
	wanted.Version++
	wanted.UpdatedAt = p.now
	p.update = append(p.update, wanted)
	p.touched[old.ImageID] = true
	return Result{Status: Updated, ID: &wanted.ID, Annotation: wanted}
}

func (p *plan) decideDelete(s *stored, in *DeleteInput) Result {
	old := s.annotations[in.ID]
	if old == nil {
		return Result{Status: Unchanged, ID: &in.ID} // a call that is sent again finds it gone
	}
	if in.ExpectedVersion != nil && *in.ExpectedVersion != old.Version {
		return Result{Status: Conflict, ID: &in.ID, Annotation: old}
	}
	p.remove(old)
	return Result{Status: Deleted, ID: &in.ID}
}

func (p *plan) remove(a *ent.Annotation) {
	p.delete = append(p.delete, a.ID)
	p.touched[a.ImageID] = true
}

func invalid(id *gid.AnnotationID, message string, path ...any) Result {
	return Result{Status: Invalid, ID: id, Problems: fault.Fields{{Path: path, Message: message}}}
}

// onto returns a copy of a with the input's values.
func (in *CreateInput) onto(a *ent.Annotation) *ent.Annotation {
	return content{&in.LabelID, &in.Type, in.Data, in.IsSynthetic, in.Confidence, in.Source}.onto(a)
}

func (in *UpdateInput) onto(a *ent.Annotation) *ent.Annotation {
	return content{in.LabelID, in.Type, in.Data, in.IsSynthetic, in.Confidence, in.Source}.onto(a)
}

// content is what clients write of an annotation; what is nil or not set stays.
type content struct {
	labelID     *gid.LabelID
	typ         *string
	data        []byte
	isSynthetic *bool
	confidence  graphql.Omittable[*float64]
	source      *annotation.Source
}

func (c content) onto(a *ent.Annotation) *ent.Annotation {
	b := *a
	set(&b.LabelID, c.labelID)
	set(&b.Type, c.typ)
	set(&b.IsSynthetic, c.isSynthetic)
	set(&b.Source, c.source)
	if c.data != nil {
		b.Data = c.data
	}
	if v, ok := c.confidence.ValueOK(); ok {
		b.Confidence = v
	}
	return &b
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// same tells whether two annotations have the same content, at the same place.
func same(a, b *ent.Annotation) bool {
	return a.LabelID == b.LabelID && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		a.IsSynthetic == b.IsSynthetic && a.Source == b.Source && a.Position == b.Position &&
		equal(a.Confidence, b.Confidence)
}

func equal(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
