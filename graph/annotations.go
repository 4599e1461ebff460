package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/graph/model"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// drawn answers createAnnotation and updateAnnotation.
func (r *Resolver) drawn(ctx context.Context) func(*annotate.Result, error) (*ent.Annotation, error) {
	return func(result *annotate.Result, err error) (*ent.Annotation, error) {
		if err != nil {
			return nil, err
		}
		return first(r.annotationsNow([]context.Context{ctx}, []*ent.Annotation{result.Annotation}))
	}
}

// replaced answers replaceAnnotations.
func (r *Resolver) replaced(ctx context.Context) func(*annotate.Replacement, error) (*model.ReplaceAnnotationsPayload, error) {
	return func(done *annotate.Replacement, err error) (*model.ReplaceAnnotationsPayload, error) {
		if err != nil {
			return nil, err
		}
		p := &model.ReplaceAnnotationsPayload{
			Image: done.Image, Annotations: []*ent.Annotation{},
			Created: done.Created, Updated: done.Updated, Unchanged: done.Kept, Deleted: done.Deleted,
		}
		if places := within(ctx, "annotations"); places != nil {
			p.Annotations, err = r.annotationsNow(places, done.Written)
		}
		return p, err
	}
}

// annotated answers annotate.
func (r *Resolver) annotated(ctx context.Context) func([]annotate.Result, error) (*model.AnnotatePayload, error) {
	return func(results []annotate.Result, err error) (*model.AnnotatePayload, error) {
		if err != nil {
			return nil, err
		}
		p := &model.AnnotatePayload{Results: make([]*model.AnnotationResult, len(results))}
		for i, result := range results {
			p.Results[i] = answer(result)
		}
		if places := within(ctx, "results", "annotation"); places != nil {
			err = r.fill(places, p.Results, results)
		}
		return p, err
	}
}

func answer(result annotate.Result) *model.AnnotationResult {
	a := &model.AnnotationResult{Status: result.Status, Problems: []*model.InputProblem{}}
	if result.ID != nil {
		id := gid.Encode("Annotation", result.ID.String())
		a.ID = &id
	}
	if result.Annotation != nil {
		a.Version = &result.Annotation.Version
	}
	for _, f := range result.Problems {
		a.Problems = append(a.Problems, &model.InputProblem{Path: fault.Path(f.Path...), Message: f.Message})
	}
	return a
}

// fill gives the answers the annotations with what is selected below them.
func (r *Resolver) fill(places []context.Context, answers []*model.AnnotationResult, results []annotate.Result) error {
	var written []*ent.Annotation
	var filled []*model.AnnotationResult
	for i, result := range results {
		if result.Annotation != nil {
			written, filled = append(written, result.Annotation), append(filled, answers[i])
		}
	}
	rows, err := r.annotationsNow(places, written)
	for i, row := range rows {
		filled[i].Annotation = row
	}
	return err
}

// annotationsNow reads annotations that were just written, with what is selected below any of the places. One that
// somebody else has deleted meanwhile is as it was written: whoever wrote it is told what was done.
func (r *Resolver) annotationsNow(places []context.Context, written []*ent.Annotation) ([]*ent.Annotation, error) {
	query := r.DB.Annotation.Query().Where(annotation.IDIn(idsOf(written, annotationID)...))
	rows, err := collectAt(places, query, "Annotation")
	if err != nil {
		return nil, err
	}
	found := make(map[gid.AnnotationID]*ent.Annotation, len(rows))
	for _, a := range rows {
		found[a.ID] = a
	}
	now := make([]*ent.Annotation, len(written))
	var gone []*ent.Annotation
	for i, a := range written {
		if now[i] = found[a.ID]; now[i] == nil {
			now[i] = a
			gone = append(gone, a)
		}
	}
	if gone == nil {
		return now, nil
	}
	return now, r.recall(places[0], gone)
}

// recall gives annotations that are gone what their ids point to, since no statement leads there from them.
func (r *Resolver) recall(ctx context.Context, gone []*ent.Annotation) error {
	labels, err := byIDs(gone, func(a *ent.Annotation) gid.LabelID { return a.LabelID }, labelID,
		func(ids []gid.LabelID) ([]*ent.Label, error) {
			return r.DB.Label.Query().Where(label.IDIn(ids...)).All(ctx)
		})
	if err != nil {
		return err
	}
	images, err := byIDs(gone, func(a *ent.Annotation) gid.ImageID { return a.ImageID }, imageID,
		func(ids []gid.ImageID) ([]*ent.Image, error) {
			return r.DB.Image.Query().Where(image.IDIn(ids...)).All(ctx)
		})
	if err != nil {
		return err
	}
	datasets, err := byIDs(gone, func(a *ent.Annotation) gid.DatasetID { return a.DatasetID }, datasetID,
		func(ids []gid.DatasetID) ([]*ent.Dataset, error) {
			return r.DB.Dataset.Query().Where(dataset.IDIn(ids...)).All(ctx)
		})
	if err != nil {
		return err
	}
	authors, err := byIDs(gone, authorID, func(u *ent.User) gid.UserID { return u.ID },
		func(ids []gid.UserID) ([]*ent.User, error) {
			return r.DB.User.Query().Where(user.IDIn(ids...)).All(ctx)
		})
	if err != nil {
		return err
	}
	for _, a := range gone {
		a.Bind(r.DB.Client)
		a.Edges.Label, a.Edges.Image, a.Edges.Dataset = labels[a.LabelID], images[a.ImageID], datasets[a.DatasetID]
		a.Edges.Author = authors[authorID(a)]
	}
	return nil
}

// authorID is 0 where nobody is known to have drawn the annotation.
func authorID(a *ent.Annotation) gid.UserID {
	if a.AuthorID == nil {
		return 0
	}
	return *a.AuthorID
}

// byIDs reads what rows point to, each once.
func byIDs[F, R any, ID comparable](rows []*F, to func(*F) ID, id func(*R) ID, read func([]ID) ([]*R, error)) (map[ID]*R, error) {
	wanted := map[ID]*R{}
	for _, row := range rows {
		wanted[to(row)] = nil
	}
	found, err := read(keys(wanted))
	for _, row := range found {
		wanted[id(row)] = row
	}
	return wanted, err
}
