package demo

import (
	"context"
	"math"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/work"
)

// step is something that a person does. People are named by their roles in the harbour dataset.
type step func(ctx context.Context) error

// run takes steps one after the other, as far as they succeed.
func run(ctx context.Context, steps ...step) error {
	for _, take := range steps {
		if err := take(ctx); err != nil {
			return err
		}
	}
	return nil
}

// mark annotates all things in pictures.
func (p *project) mark(who member.Role, source annotation.Source, pictures []picture) step {
	return func(ctx context.Context) error {
		var changes []annotate.Change
		for _, pic := range pictures {
			marks, err := p.marks(pic, source)
			if err != nil {
				return err
			}
			changes = append(changes, marks...)
		}
		_, err := annotate.Annotate(p.as(ctx, who), p.DB, p.dataset, changes, true)
		return err
	}
}

// marks returns the annotations of a picture.
func (p *project) marks(pic picture, source annotation.Source) ([]annotate.Change, error) {
	marks := make([]annotate.Change, len(pic.things))
	synthetic := pic.synthetic()
	for i, t := range pic.things {
		typ, data, err := t.annotation(pic.size)
		if err != nil {
			return nil, err
		}
		marks[i].Create = &annotate.CreateInput{
			ImageID:     pic.id,
			LabelID:     p.labels[t.label],
			Type:        typ,
			Data:        data,
			IsSynthetic: &synthetic,
			Source:      &source,
		}
		if source == annotation.SourceModel {
			sure := t.sureness()
			marks[i].Create.Confidence = graphql.OmittableOf(&sure)
		}
	}
	return marks, nil
}

// sureness is how sure a model is of the thing: of large ones more than of small ones.
func (t thing) sureness() float64 {
	b := t.box()
	return math.Round(100*min(.99, .5+(b.max.y-b.min.y)/200)) / 100
}

// finish says that pictures, and the jobs that they are in, are annotated in full.
func (p *project) finish(who member.Role, pictures []picture, jobs ...gid.JobID) step {
	yes := true
	return p.change(who, pictures, catalog.UpdateImageInput{Done: &yes}, jobs, work.UpdateJobInput{Done: &yes})
}

// accept says that the work on pictures, and on the jobs that they are in, is good.
func (p *project) accept(who member.Role, pictures []picture, jobs ...gid.JobID) step {
	yes := true
	return p.change(who, pictures, catalog.UpdateImageInput{Reviewed: &yes}, jobs, work.UpdateJobInput{Reviewed: &yes})
}

func (p *project) change(
	who member.Role, pictures []picture, image catalog.UpdateImageInput, jobs []gid.JobID, job work.UpdateJobInput,
) step {
	ids := make([]gid.ImageID, len(pictures))
	for i, pic := range pictures {
		ids[i] = pic.id
	}
	return func(ctx context.Context) error {
		ctx = p.as(ctx, who)
		if err := catalog.UpdateImages(ctx, p.DB, catalog.Targets[gid.ImageID]{IDs: ids}, image); err != nil {
			return err
		}
		return work.UpdateJobs(ctx, p.DB, catalog.Targets[gid.JobID]{IDs: jobs}, job)
	}
}
