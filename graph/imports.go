package graph

import (
	"context"

	"github.com/datasetgen/datagen/graph/model"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
)

// imported answers an import.
func (r *Resolver) imported(ctx context.Context) func([]*ingest.ImportResult, error) (*model.ImportPayload, error) {
	return func(results []*ingest.ImportResult, err error) (*model.ImportPayload, error) {
		if err != nil {
			return nil, err
		}
		if places := within(ctx, "results", "image"); places != nil {
			err = r.fillImports(places, results, importedIDs(results))
		}
		n := make(map[ingest.ImportStatus]int)
		for _, result := range results {
			n[result.Status]++
		}
		return &model.ImportPayload{
			Created:    n[ingest.ImportCreated],
			Duplicates: n[ingest.ImportDuplicate],
			Invalid:    n[ingest.ImportInvalid],
			Results:    results,
		}, err
	}
}

func importedIDs(results []*ingest.ImportResult) []gid.ImageID {
	var ids []gid.ImageID
	for _, result := range results {
		if result.Image != nil {
			ids = append(ids, result.Image.ID)
		}
	}
	return ids
}

// fillImports gives the results their images with what is selected below them.
func (r *Resolver) fillImports(places []context.Context, results []*ingest.ImportResult, ids []gid.ImageID) error {
	found, err := r.imagesAt(places, ids)
	for _, result := range results {
		if result.Image != nil {
			result.Image = found[result.Image.ID]
		}
	}
	return err
}
