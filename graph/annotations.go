package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
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
		return first(r.annotationsByID([]context.Context{ctx}, []gid.AnnotationID{*result.ID}))
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
			p.Annotations, err = r.annotationsByID(places, done.IDs)
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
	var ids []gid.AnnotationID
	for _, result := range results {
		if result.Annotation != nil {
			ids = append(ids, result.Annotation.ID)
		}
	}
	rows, err := r.annotationsByID(places, ids)
	found := make(map[gid.AnnotationID]*ent.Annotation, len(rows))
	for _, a := range rows {
		found[a.ID] = a
	}
	for i, result := range results {
		if result.Annotation != nil {
			answers[i].Annotation = found[result.Annotation.ID]
		}
	}
	return err
}

func (r *Resolver) annotationsByID(places []context.Context, ids []gid.AnnotationID) ([]*ent.Annotation, error) {
	rows, err := collectAt(places, r.DB.Annotation.Query().Where(annotation.IDIn(ids...)), "Annotation")
	return ordered(rows, err, ids, annotationID)
}
