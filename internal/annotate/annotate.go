// Package annotate keeps annotations: it draws, changes and deletes them, one or
// ten thousand at a time, and never lets a stale save win silently.
package annotate

import (
	"context"
	"errors"
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

// MaxChanges is how many annotations one call may change.
const MaxChanges = 10_000

// CreateInput is an annotation to draw. With an ID that the image has already, it stands
// for that annotation as it is to be, so that a call can be sent again.
type CreateInput struct {
	ID          *gid.AnnotationID
	ImageID     gid.ImageID
	LabelID     gid.LabelID
	Type        string
	Data        rawjson.Object
	IsSynthetic *bool
	Confidence  graphql.Omittable[*float64]
	Source      *annotation.Source
	Author      *gid.UserID // of one that is new; nil is the viewer
}

// Problem says what is wrong with the input by itself, if anything is.
func (in *CreateInput) Problem() string {
	var c fault.Check
	Change{Create: in}.check(&c)
	if fields := c.Fields(); fields != nil {
		return fields.Error()
	}
	return ""
}

// Changes tells whether the input would change an annotation that it stands for.
func (in *CreateInput) Changes(a *ent.Annotation) bool { return !same(a, in.onto(a)) }

// UpdateInput is a change of an annotation; what is nil or not set stays.
type UpdateInput struct {
	ID              gid.AnnotationID
	ExpectedVersion *int
	LabelID         *gid.LabelID
	Type            *string
	Data            rawjson.Object
	IsSynthetic     *bool
	Confidence      graphql.Omittable[*float64]
	Source          *annotation.Source
}

// DeleteInput is an annotation to delete.
type DeleteInput struct {
	ID              gid.AnnotationID
	ExpectedVersion *int
}

// Change is one of the three.
type Change struct {
	Create *CreateInput
	Update *UpdateInput
	Delete *DeleteInput
}

// Status is what became of a change.
type Status string

// All that can become of a change.
const (
	Created   Status = "CREATED"
	Updated   Status = "UPDATED"
	Unchanged Status = "UNCHANGED" // it was so already
	Deleted   Status = "DELETED"
	Conflict  Status = "CONFLICT" // the annotation is not of the expected version
	Invalid   Status = "INVALID"
)

// Result is what became of one change.
type Result struct {
	Status     Status
	ID         *gid.AnnotationID
	Annotation *ent.Annotation // as it is now; nil when it is gone or never was
	Problems   fault.Fields    // with paths from the change down
}

// Annotate makes changes to annotations of a dataset, on any of its images, in one transaction.
// When atomic, a change that is invalid or in conflict makes all fail, with an error that names it;
// otherwise the others are made, and each result says what became of its change.
func Annotate(ctx context.Context, db *database.DB, dataset gid.DatasetID, changes []Change, atomic bool) (_ []Result, err error) {
	defer fault.Wrap(&err, "annotate dataset %d", dataset)
	if n := len(changes); n > MaxChanges {
		return nil, fault.InvalidAt(fmt.Sprintf("has %d items; at most %d are allowed in one call", n, MaxChanges), "changes")
	}
	problems := checkChanges(changes)
	var results []Result
	err = db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := access.Allow(ctx, tx.Client(), dataset, access.Annotate); err != nil {
			return err
		}
		if err := db.ShareDataset(ctx, tx, dataset); err != nil {
			return err
		}
		s, err := readStored(ctx, tx, dataset, namesOf(changes))
		if err != nil {
			return err
		}
		p := newPlan(ctx, dataset)
		if p.place, err = s.lastPlace(ctx, tx, p.place); err != nil {
			return err
		}
		results = p.decide(s, changes, problems)
		if atomic {
			if err := firstFailure(results); err != nil {
				return err
			}
		}
		return p.apply(ctx, tx, db.Dialect())
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Only is Annotate for a single change of an annotation or image whose dataset the
// caller need not know. Problems have paths from input down.
func Only(ctx context.Context, db *database.DB, change Change) (*Result, error) {
	dataset, err := datasetOf(ctx, db, change)
	if err != nil {
		return nil, err
	}
	results, err := Annotate(ctx, db, dataset, []Change{change}, false)
	if err != nil {
		return nil, err
	}
	r := results[0]
	switch r.Status {
	case Conflict:
		return nil, &fault.StaleError{Current: r.Annotation}
	case Invalid:
		var c fault.Check
		for _, f := range r.Problems {
			c.Add(fault.Fields{{Path: f.Path[1:], Message: f.Message}}, "input")
		}
		return nil, c.Err()
	}
	return &r, nil
}

func datasetOf(ctx context.Context, db *database.DB, change Change) (gid.DatasetID, error) {
	if change.Create != nil {
		img, err := db.Image.Query().Where(image.ID(change.Create.ImageID)).Only(ctx)
		if ent.IsNotFound(err) {
			return 0, fault.InvalidAt(noImage, "input", "imageId")
		}
		if err != nil {
			return 0, err
		}
		return img.DatasetID, nil
	}
	var id gid.AnnotationID
	if change.Update != nil {
		id = change.Update.ID
	} else {
		id = change.Delete.ID
	}
	a, err := db.Annotation.Query().Where(annotation.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, fmt.Errorf("annotation %w", fault.NotFound)
	}
	if err != nil {
		return 0, err
	}
	return a.DatasetID, nil
}

// firstFailure turns what keeps an atomic call from being made into an error: all
// that is invalid, or else the first conflict.
func firstFailure(results []Result) error {
	var c fault.Check
	var stale error
	for i, r := range results {
		c.Add(r.Problems, "changes", i)
		if r.Status == Conflict && stale == nil {
			stale = &fault.StaleError{Current: r.Annotation, Path: []any{"changes", i}}
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	return stale
}

var errOneOf = errors.New("must have exactly one of create, update and delete")

// checkChanges returns, for each change, what is wrong with it by itself.
func checkChanges(changes []Change) []fault.Fields {
	problems := make([]fault.Fields, len(changes))
	seen := make(map[gid.AnnotationID]bool, len(changes))
	for i, change := range changes {
		var c fault.Check
		id, ok := change.check(&c)
		if ok && seen[id] {
			c.That(false, "is changed twice in one call", change.kind(), "id")
		}
		seen[id] = seen[id] || ok
		problems[i] = c.Fields()
	}
	return problems
}

// kind is the name of what the change is to do.
func (ch Change) kind() string {
	switch {
	case ch.Create != nil:
		return "create"
	case ch.Update != nil:
		return "update"
	}
	return "delete"
}

// check returns the id that the change names, if it does.
func (ch Change) check(c *fault.Check) (id gid.AnnotationID, named bool) {
	n := 0
	for _, set := range []bool{ch.Create != nil, ch.Update != nil, ch.Delete != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		c.That(false, errOneOf.Error())
		return id, false
	}
	switch {
	case ch.Create != nil:
		in := ch.Create
		c.Line(&in.Type, 100, "create", "type")
		c.Add(checkShape(in.Type, in.Data), "create")
		checkConfidence(c, in.Confidence, "create")
		if in.ID != nil {
			return *in.ID, true
		}
		return id, false
	case ch.Update != nil:
		// Type and data go together; they are checked once the stored ones are known.
		c.Line(ch.Update.Type, 100, "update", "type")
		checkConfidence(c, ch.Update.Confidence, "update")
		return ch.Update.ID, true
	}
	return ch.Delete.ID, true
}

func checkConfidence(c *fault.Check, confidence graphql.Omittable[*float64], kind string) {
	if v := confidence.Value(); v != nil {
		c.That(*v >= 0 && *v <= 1, "must be from 0 to 1", kind, "confidence")
	}
}
