package graph

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/member"
	entsnapshot "github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/work"
)

func datasetID(d *ent.Dataset) gid.DatasetID { return d.ID }
func imageID(img *ent.Image) gid.ImageID     { return img.ID }
func labelID(l *ent.Label) gid.LabelID       { return l.ID }
func batchID(b *ent.Batch) gid.BatchID       { return b.ID }
func jobID(j *ent.Job) gid.JobID             { return j.ID }
func memberID(m *ent.Member) gid.MemberID    { return m.ID }

func workspaceID(w *ent.Workspace) gid.WorkspaceID { return w.ID }

func snapshotID(s *ent.Snapshot) gid.SnapshotID { return s.ID }

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

// labelsIn finds the labels of each of the datasets, in their order or by id.
func (r *Resolver) labelsIn(byID bool) func(context.Context, []gid.DatasetID) (map[gid.DatasetID][]*ent.Label, error) {
	return func(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID][]*ent.Label, error) {
		q := r.DB.Label.Query().Where(label.DatasetIDIn(ids...))
		q.Modify(reading(label.FieldDatasetID))
		if !byID {
			q.Order(label.ByOrder())
		}
		rows, err := collect(ctx, q.Order(label.ByID()), "Label")
		return grouped(rows, err, ids, func(l *ent.Label) gid.DatasetID { return l.DatasetID })
	}
}

// reading reads a column of each row, whether a client selects it or not.
func reading(column string) func(*sql.Selector) {
	return func(s *sql.Selector) { s.AppendSelect(s.C(column)) }
}

// grouped puts rows under the ids of what they belong to, in their order.
func grouped[ID comparable, R any](rows []*R, err error, ids []ID, of func(*R) ID) (map[ID][]*R, error) {
	groups := make(map[ID][]*R, len(ids))
	for _, id := range ids {
		groups[id] = []*R{}
	}
	for _, row := range rows {
		groups[of(row)] = append(groups[of(row)], row)
	}
	return groups, err
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

// reread returns what reads again the rows that a mutation made.
func reread[ID, R any](ctx context.Context, read func(context.Context, []ID) ([]*R, error), id func(*R) ID) func([]*R, error) ([]*R, error) {
	return func(rows []*R, err error) ([]*R, error) {
		if err != nil {
			return nil, err
		}
		return read(ctx, idsOf(rows, id))
	}
}

func (r *Resolver) datasets(ctx context.Context) func([]*ent.Dataset, error) ([]*ent.Dataset, error) {
	return reread(ctx, r.datasetsByID, datasetID)
}

func (r *Resolver) images(ctx context.Context) func([]*ent.Image, error) ([]*ent.Image, error) {
	return reread(ctx, r.imagesByID, imageID)
}

func (r *Resolver) labels(ctx context.Context) func([]*ent.Label, error) ([]*ent.Label, error) {
	return reread(ctx, r.labelsByID, labelID)
}

func (r *Resolver) members(ctx context.Context) func([]*ent.Member, error) ([]*ent.Member, error) {
	return reread(ctx, r.membersByID, memberID)
}

func (r *Resolver) batches(ctx context.Context) func([]*ent.Batch, error) ([]*ent.Batch, error) {
	return reread(ctx, r.batchesByID, batchID)
}

func (r *Resolver) jobs(ctx context.Context) func([]*ent.Job, error) ([]*ent.Job, error) {
	return reread(ctx, r.jobsByID, jobID)
}

func (r *Resolver) datasetsByID(ctx context.Context, ids []gid.DatasetID) ([]*ent.Dataset, error) {
	rows, err := collect(ctx, r.DB.Dataset.Query().Where(dataset.IDIn(ids...)), "Dataset")
	return ordered(rows, err, ids, datasetID)
}

func (r *Resolver) imagesByID(ctx context.Context, ids []gid.ImageID) ([]*ent.Image, error) {
	rows, err := collect(ctx, r.DB.Image.Query().Where(image.IDIn(ids...)), "Image")
	return ordered(rows, err, ids, imageID)
}

func (r *Resolver) labelsByID(ctx context.Context, ids []gid.LabelID) ([]*ent.Label, error) {
	rows, err := collect(ctx, r.DB.Label.Query().Where(label.IDIn(ids...)), "Label")
	return ordered(rows, err, ids, labelID)
}

func (r *Resolver) membersByID(ctx context.Context, ids []gid.MemberID) ([]*ent.Member, error) {
	rows, err := collect(ctx, r.DB.Member.Query().Where(member.IDIn(ids...)), "Member")
	return ordered(rows, err, ids, memberID)
}

func (r *Resolver) batchesByID(ctx context.Context, ids []gid.BatchID) ([]*ent.Batch, error) {
	rows, err := collect(ctx, r.DB.Batch.Query().Where(batch.IDIn(ids...)), "Batch")
	return ordered(rows, err, ids, batchID)
}

func (r *Resolver) jobsByID(ctx context.Context, ids []gid.JobID) ([]*ent.Job, error) {
	rows, err := collect(ctx, r.DB.Job.Query().Where(job.IDIn(ids...)), "Job")
	return ordered(rows, err, ids, jobID)
}

func (r *Resolver) snapshotsByID(ctx context.Context, ids []gid.SnapshotID) ([]*ent.Snapshot, error) {
	rows, err := collect(ctx, r.DB.Snapshot.Query().Where(entsnapshot.IDIn(ids...)), "Snapshot")
	return ordered(rows, err, ids, snapshotID)
}

func (r *Resolver) updateDatasets(ctx context.Context, targets catalog.Targets[gid.DatasetID], in catalog.UpdateDatasetInput) ([]*ent.Dataset, error) {
	if err := catalog.UpdateDatasets(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.datasetsByID(ctx, targets.IDs)
}

func (r *Resolver) updateMembers(ctx context.Context, targets catalog.Targets[gid.MemberID], role member.Role) ([]*ent.Member, error) {
	if err := catalog.UpdateMembers(ctx, r.DB, targets, role); err != nil {
		return nil, err
	}
	return r.membersByID(ctx, targets.IDs)
}

func (r *Resolver) updateImages(ctx context.Context, targets catalog.Targets[gid.ImageID], in catalog.UpdateImageInput) ([]*ent.Image, error) {
	if err := catalog.UpdateImages(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.imagesByID(ctx, targets.IDs)
}

func (r *Resolver) updateBatches(ctx context.Context, targets catalog.Targets[gid.BatchID], in work.UpdateBatchInput) ([]*ent.Batch, error) {
	if err := work.UpdateBatches(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.batchesByID(ctx, targets.IDs)
}

func (r *Resolver) updateJobs(ctx context.Context, targets catalog.Targets[gid.JobID], in work.UpdateJobInput) ([]*ent.Job, error) {
	if err := work.UpdateJobs(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.jobsByID(ctx, targets.IDs)
}

func (r *Resolver) updateSnapshots(ctx context.Context, targets catalog.Targets[gid.SnapshotID], in snapshot.UpdateInput) ([]*ent.Snapshot, error) {
	if err := snapshot.Update(ctx, r.DB, targets, in); err != nil {
		return nil, err
	}
	return r.snapshotsByID(ctx, targets.IDs)
}
