package graph

import (
	"context"
	"path"
	"strings"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/chart"
	"github.com/datasetgen/datagen/internal/gid"
)

// counted returns what counts the wanted in each of the datasets and makes something of it.
func counted[V any](r *Resolver, to func(*catalog.DatasetStats) V, wanted ...string) func(context.Context, []gid.DatasetID) (map[gid.DatasetID]V, error) {
	fields := map[string]bool{}
	for _, name := range wanted {
		fields[name] = true
	}
	return func(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID]V, error) {
		stats, err := catalog.Stats(ctx, r.DB.Client, ids, fields)
		found := make(map[gid.DatasetID]V, len(stats))
		for id, s := range stats {
			found[id] = to(s)
		}
		return found, err
	}
}

func weight(s *catalog.DatasetStats) string { return catalog.Weight(int64(s.Size)) }

func annotationPie(s *catalog.DatasetStats) []*chart.Slice {
	return chart.Pie(s.SyntheticAnnotations, s.Annotations)
}

func imagePie(s *catalog.DatasetStats) []*chart.Slice { return chart.Pie(s.SyntheticImages, s.Images) }

// extension is what the name of an image ends in, without the dot.
func extension(img *ent.Image) string { return strings.TrimPrefix(path.Ext(img.Name), ".") }

// annotationsOn finds the annotations of each of the images, in the order in which they were saved.
func (r *Resolver) annotationsOn(ctx context.Context, ids []gid.ImageID) (map[gid.ImageID][]*ent.Annotation, error) {
	q := r.DB.Annotation.Query().Where(annotation.ImageIDIn(ids...)).Order(annotation.ByPosition(), annotation.ByID())
	q.Modify(reading(annotation.FieldImageID))
	rows, err := collect(ctx, q, "Annotation")
	return grouped(rows, err, ids, func(a *ent.Annotation) gid.ImageID { return a.ImageID })
}

// derivativesOf finds the ids of the images that were made from each of the images, ascending.
func (r *Resolver) derivativesOf(ctx context.Context, ids []gid.ImageID) (map[gid.ImageID][]int, error) {
	rows, err := r.DB.Image.Query().Where(image.BaseImageIDIn(ids...)).Order(image.ByID()).Select(image.FieldBaseImageID).All(ctx)
	return numbered(rows, err, ids, func(img *ent.Image) gid.ImageID { return *img.BaseImageID })
}

// imagesIn finds the ids of the images of each of the jobs, ascending.
func (r *Resolver) imagesIn(ctx context.Context, ids []gid.JobID) (map[gid.JobID][]int, error) {
	rows, err := r.DB.Image.Query().Where(image.JobIDIn(ids...)).Order(image.ByID()).Select(image.FieldJobID).All(ctx)
	return numbered(rows, err, ids, func(img *ent.Image) gid.JobID { return *img.JobID })
}

// numbered puts the ids of images under those of what they belong to, in their order.
func numbered[ID comparable](rows []*ent.Image, err error, ids []ID, of func(*ent.Image) ID) (map[ID][]int, error) {
	numbers := make(map[ID][]int, len(ids))
	for _, id := range ids {
		numbers[id] = []int{}
	}
	for _, img := range rows {
		numbers[of(img)] = append(numbers[of(img)], int(img.ID))
	}
	return numbers, err
}
