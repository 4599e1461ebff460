package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph/model"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
)

// imported answers an import of pictures.
func (r *Resolver) imported(ctx context.Context) func([]*ingest.ImportResult, error) (*model.ImportPayload, error) {
	return func(results []*ingest.ImportResult, err error) (*model.ImportPayload, error) {
		if err != nil {
			return nil, err
		}
		n := make(map[ingest.ImportStatus]int)
		images := make([]**ent.Image, len(results))
		for i, result := range results {
			n[result.Status]++
			images[i] = &result.Image
		}
		return &model.ImportPayload{
			Created:    n[ingest.ImportCreated],
			Duplicates: n[ingest.ImportDuplicate],
			Invalid:    n[ingest.ImportInvalid],
			Results:    results,
		}, r.fillImages(ctx, images)
	}
}

// importedDataset answers an import of a dataset.
func (r *Resolver) importedDataset(ctx context.Context) func(*importer.Report, error) (*importer.Report, error) {
	return func(report *importer.Report, err error) (*importer.Report, error) {
		if err != nil {
			return nil, err
		}
		images := make([]**ent.Image, len(report.Results))
		for i, result := range report.Results {
			images[i] = &result.Image
		}
		return report, r.fillImages(ctx, images)
	}
}

// fillImages gives results their images, of which only ids are known, with what is selected below them.
func (r *Resolver) fillImages(ctx context.Context, images []**ent.Image) error {
	places := within(ctx, "results", "image")
	if places == nil {
		return nil
	}
	var ids []gid.ImageID
	for _, img := range images {
		if *img != nil {
			ids = append(ids, (*img).ID)
		}
	}
	found, err := r.imagesAt(places, ids)
	for _, img := range images {
		if *img != nil {
			*img = found[(*img).ID]
		}
	}
	return err
}
