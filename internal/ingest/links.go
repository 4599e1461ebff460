package ingest

import (
	"context"
	"errors"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// targets are the rows that an image points to; zero points nowhere.
type targets struct {
	batch     gid.BatchID
	job       gid.JobID
	baseImage gid.ImageID
}

func (in ImageInput) links() catalog.ImageLinks {
	return catalog.ImageLinks{Batch: in.BatchID, Job: in.JobID, BaseImage: in.BaseImageID}
}

func (in ImageInput) targets() (t targets) {
	if in.BatchID != nil {
		t.batch = *in.BatchID
	}
	if in.JobID != nil {
		t.job = *in.JobID
	}
	if in.BaseImageID != nil {
		t.baseImage = *in.BaseImageID
	}
	return t
}

// checkLinks complains about links that leave the dataset. Images that come
// together mostly have the same ones, which are looked up once.
func checkLinks(ctx context.Context, db *ent.Client, dataset gid.DatasetID, images []ImageInput, at fault.Places) error {
	var c fault.Check
	checked := make(map[targets]fault.Fields)
	for i, in := range images {
		complaints, ok := checked[in.targets()]
		if !ok {
			err := catalog.CheckImageLinks(ctx, db, dataset, in.links())
			if err != nil && !errors.As(err, &complaints) {
				return err
			}
			checked[in.targets()] = complaints
		}
		c.Add(complaints, at.Of(i)...)
	}
	return c.Err()
}
