package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/work"
)

func datasetID(d *ent.Dataset) gid.DatasetID { return d.ID }
func imageID(img *ent.Image) gid.ImageID     { return img.ID }
func labelID(l *ent.Label) gid.LabelID       { return l.ID }
func batchID(b *ent.Batch) gid.BatchID       { return b.ID }
func jobID(j *ent.Job) gid.JobID             { return j.ID }
func memberID(m *ent.Member) gid.MemberID    { return m.ID }

func annotationID(a *ent.Annotation) gid.AnnotationID { return a.ID }

// newestImages finds the newest image of each of the datasets.
func (r *Resolver) newestImages(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID]*ent.Image, error) {
	var newest []struct {
		ID        gid.ImageID   `sql:"id"`
		DatasetID gid.DatasetID `sql:"dataset_id"`
	}
	err := r.DB.Image.Query().Where(catalog.NewestOf(ids)).
		Select(image.FieldID, image.FieldDatasetID).Scan(ctx, &newest)
	if err != nil {
		return nil, err
	}
	imageIDs := make([]gid.ImageID, len(newest))
	for i, n := range newest {
		imageIDs[i] = n.ID
	}
	rows, err := r.imagesByID(ctx, imageIDs)
	byID := make(map[gid.ImageID]*ent.Image, len(rows))
	for _, img := range rows {
		byID[img.ID] = img
	}
	found := make(map[gid.DatasetID]*ent.Image, len(newest))
	for _, n := range newest {
		found[n.DatasetID] = byID[n.ID]
	}
	return found, err
}

// labelsOf finds the labels of the annotations of each of the images, each once, by id.
func (r *Resolver) labelsOf(ctx context.Context, ids []gid.ImageID) (map[gid.ImageID][]*ent.Label, error) {
	var carried []struct {
		ImageID gid.ImageID `sql:"image_id"`
		LabelID gid.LabelID `sql:"label_id"`
	}
	err := r.DB.Annotation.Query().Where(annotation.ImageIDIn(ids...)).Unique(true).
		Order(annotation.ByLabelID()).Select(annotation.FieldImageID, annotation.FieldLabelID).Scan(ctx, &carried)
	if err != nil {
		return nil, err
	}
	wanted := map[gid.LabelID]*ent.Label{}
	for _, c := range carried {
		wanted[c.LabelID] = nil
	}
	labels, err := collect(ctx, r.DB.Label.Query().Where(label.IDIn(keys(wanted)...)), "Label")
	if err != nil {
		return nil, err
	}
	for _, l := range labels {
		wanted[l.ID] = l
	}
	found := make(map[gid.ImageID][]*ent.Label, len(ids))
	for _, id := range ids {
		found[id] = []*ent.Label{}
	}
	for _, c := range carried {
		if l := wanted[c.LabelID]; l != nil {
			found[c.ImageID] = append(found[c.ImageID], l)
		}
	}
	return found, nil
}

func keys[K comparable, V any](m map[K]V) []K {
	ks := make([]K, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	return ks
}

// The functions below read the rows of a list in a mutation's answer again, with what is
// selected below them, in the order that the mutation gave them.

func (r *Resolver) images(ctx context.Context) func([]*ent.Image, error) ([]*ent.Image, error) {
	return func(rows []*ent.Image, err error) ([]*ent.Image, error) {
		if err != nil {
			return nil, err
		}
		return r.imagesByID(ctx, idsOf(rows, imageID))
	}
}

func (r *Resolver) imagesByID(ctx context.Context, ids []gid.ImageID) ([]*ent.Image, error) {
	rows, err := collect(ctx, r.DB.Image.Query().Where(image.IDIn(ids...)), "Image")
	return ordered(rows, err, ids, imageID)
}

func (r *Resolver) labels(ctx context.Context) func([]*ent.Label, error) ([]*ent.Label, error) {
	return func(rows []*ent.Label, err error) ([]*ent.Label, error) {
		if err != nil {
			return nil, err
		}
		ids := idsOf(rows, labelID)
		rows, err = collect(ctx, r.DB.Label.Query().Where(label.IDIn(ids...)), "Label")
		return ordered(rows, err, ids, labelID)
	}
}

func (r *Resolver) members(ctx context.Context) func([]*ent.Member, error) ([]*ent.Member, error) {
	return func(rows []*ent.Member, err error) ([]*ent.Member, error) {
		if err != nil {
			return nil, err
		}
		ids := idsOf(rows, memberID)
		rows, err = collect(ctx, r.DB.Member.Query().Where(member.IDIn(ids...)), "Member")
		return ordered(rows, err, ids, memberID)
	}
}

func (r *Resolver) jobs(ctx context.Context) func([]*ent.Job, error) ([]*ent.Job, error) {
	return func(rows []*ent.Job, err error) ([]*ent.Job, error) {
		if err != nil {
			return nil, err
		}
		return r.jobsByID(ctx, idsOf(rows, jobID))
	}
}

func (r *Resolver) jobsByID(ctx context.Context, ids []gid.JobID) ([]*ent.Job, error) {
	rows, err := collect(ctx, r.DB.Job.Query().Where(job.IDIn(ids...)), "Job")
	return ordered(rows, err, ids, jobID)
}

func (r *Resolver) updateImages(ctx context.Context, targets catalog.Targets[gid.ImageID], in catalog.UpdateImageInput) ([]*ent.Image, error) {
	if err := catalog.UpdateImages(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.imagesByID(ctx, targets.IDs)
}

func (r *Resolver) updateJobs(ctx context.Context, targets catalog.Targets[gid.JobID], in work.UpdateJobInput) ([]*ent.Job, error) {
	if err := work.UpdateJobs(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.jobsByID(ctx, targets.IDs)
}
