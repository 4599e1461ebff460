package graph

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/member"
	entsnapshot "github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/graph/plan"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/sibling"
	"github.com/datasetgen/datagen/internal/work"
)

// root answers a field of Query by a plan.
type root func(ctx context.Context, args map[string]any) (graphql.Marshaler, error)

// roots are the fields of Query that there are plans for.
func (r *Resolver) roots(reader *plan.Reader) map[string]root {
	page := func(entity string) root {
		return func(ctx context.Context, _ map[string]any) (graphql.Marshaler, error) {
			return reader.Page(ctx, entity)
		}
	}
	one := func(entity string) root {
		return func(ctx context.Context, args map[string]any) (graphql.Marshaler, error) {
			return r.find(ctx, reader, entity, args)
		}
	}
	return map[string]root{
		"datasets":   page(ent.TypeDataset),
		"users":      page(ent.TypeUser),
		"workspaces": page(ent.TypeWorkspace),
		"dataset":    one(ent.TypeDataset),
		"label":      one(ent.TypeLabel),
		"image":      one(ent.TypeImage),
		"annotation": one(ent.TypeAnnotation),
		"batch":      one(ent.TypeBatch),
		"job":        one(ent.TypeJob),
		"snapshot":   one(ent.TypeSnapshot),
		"node":       one(""),
		"viewer":     r.findViewer(reader),
		"me":         r.findViewer(reader),
		"colleagues": r.listColleagues(reader),
	}
}

// find answers the row of the entity that an id is of, any that can be fetched when it is empty.
func (r *Resolver) find(ctx context.Context, reader *plan.Reader, entity string, args map[string]any) (graphql.Marshaler, error) {
	id, _ := args["id"].(string)
	ctx, id, err := then(ctx, r.DB, id)
	if err != nil {
		return nil, errors.Join(plan.ErrUnplanned, err)
	}
	typ, _, err := gid.Decode(id)
	known, ok := entities[typ]
	if err != nil || !ok || entity != "" && typ != entity {
		return nil, plan.ErrUnplanned
	}
	key, err := known.key(id)
	if err != nil {
		return nil, errors.Join(plan.ErrUnplanned, err)
	}
	dataset, _ := args["datasetId"].(*string)
	img, _ := args["imageId"].(*string)
	in, err := lyingIn(dataset, img)
	if err != nil {
		return nil, errors.Join(plan.ErrUnplanned, err)
	}
	return reader.Find(ctx, typ, sql.FieldEQ("id", key), in)
}

func (r *Resolver) findViewer(reader *plan.Reader) root {
	return func(ctx context.Context, _ map[string]any) (graphql.Marshaler, error) {
		v, ok := access.ViewerFrom(ctx)
		if !ok {
			return nil, plan.ErrUnplanned
		}
		return reader.Find(ctx, ent.TypeUser, sql.FieldEQ(user.FieldID, v.UserID))
	}
}

func (r *Resolver) listColleagues(reader *plan.Reader) root {
	return func(ctx context.Context, _ map[string]any) (graphql.Marshaler, error) {
		v, err := access.Require(ctx)
		if err != nil {
			return nil, errors.Join(plan.ErrUnplanned, err)
		}
		return reader.List(ctx, ent.TypeUser, by(user.FieldID), sql.FieldEQ(user.FieldWorkspaceID, v.WorkspaceID))
	}
}

func by(columns ...string) (order []ent.PageOrder) {
	for _, column := range columns {
		order = append(order, ent.PageOrder{Column: column})
	}
	return order
}

// planned are the fields beside columns and edges that plans understand.
func (r *Resolver) planned() plan.Fields {
	return plan.Fields{
		ent.TypeDataset:  r.plannedOfDatasets(),
		ent.TypeImage:    r.plannedOfImages(),
		ent.TypeSnapshot: r.plannedOfSnapshots(),
		ent.TypeJob:      r.plannedOfJobs(),
		ent.TypeLabel: {
			"stats": loadedAs(func(ctx context.Context, ids []gid.LabelID, wanted map[string]bool) (map[gid.LabelID]*catalog.LabelStats, error) {
				return catalog.StatsOfLabels(ctx, r.DB.Client, ids, wanted)
			}),
		},
		ent.TypeBatch: {
			"stats": loaded(func(ctx context.Context, ids []gid.BatchID) (map[gid.BatchID]*work.BatchStats, error) {
				return work.StatsOfBatches(ctx, r.DB.Client, ids)
			}),
		},
		ent.TypeWorkspace: {
			"usage": loaded(func(ctx context.Context, ids []gid.WorkspaceID) (map[gid.WorkspaceID]*quota.Usage, error) {
				return r.Quota.Usage(ctx, r.DB.Client, ids)
			}),
		},
	}
}

// counters know how many rows the connections of datasets and labels have.
func (r *Resolver) counters() plan.Counters {
	ofDatasets := func(field string, count func(*catalog.DatasetStats) int) plan.Counter {
		return countedBy(func(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID]*catalog.DatasetStats, error) {
			return catalog.Stats(ctx, r.DB.Client, ids, map[string]bool{field: true})
		}, count)
	}
	return plan.Counters{
		ent.TypeDataset: {
			"images":      ofDatasets("images", func(s *catalog.DatasetStats) int { return s.Images }),
			"annotations": ofDatasets("annotations", func(s *catalog.DatasetStats) int { return s.Annotations }),
			"labels":      ofDatasets("labels", func(s *catalog.DatasetStats) int { return s.Labels }),
		},
		ent.TypeLabel: {
			"annotations": countedBy(func(ctx context.Context, ids []gid.LabelID) (map[gid.LabelID]*catalog.LabelStats, error) {
				return catalog.StatsOfLabels(ctx, r.DB.Client, ids, map[string]bool{"annotations": true})
			}, func(s *catalog.LabelStats) int { return s.Annotations }),
		},
	}
}

// countedBy makes a number of what load finds for each of the rows.
func countedBy[ID ~int, V any](load func(context.Context, []ID) (map[ID]V, error), count func(V) int) plan.Counter {
	return func(ctx context.Context, ids []int) (map[int]int, error) {
		found, err := load(ctx, typed[ID](ids))
		counts := make(map[int]int, len(found))
		for id, v := range found {
			counts[int(id)] = count(v)
		}
		return counts, err
	}
}

func (r *Resolver) plannedOfDatasets() map[string]plan.Field {
	return map[string]plan.Field{
		"viewerRole": loaded(func(ctx context.Context, ids []gid.DatasetID) (map[gid.DatasetID]member.Role, error) {
			return access.Roles(ctx, r.DB.Client, ids)
		}),
		"stats": loadedAs(func(ctx context.Context, ids []gid.DatasetID, wanted map[string]bool) (map[gid.DatasetID]*catalog.DatasetStats, error) {
			return catalog.Stats(ctx, r.DB.Client, ids, wanted)
		}),
		"tags":          {Loaded: &plan.Loaded{Load: r.loadTags}},
		"totalWeight":   loaded(counted(r, weight, "size")),
		"annotationPie": loaded(counted(r, annotationPie, "annotations", "syntheticAnnotations")),
		"imagePie":      loaded(counted(r, imagePie, "images", "syntheticImages")),
		"thumbnail": listing(plan.Listed{
			To: ent.TypeImage, Column: image.FieldDatasetID, Order: []ent.PageOrder{{Column: image.FieldID, Desc: true}}, First: true,
		}),
		"allLabels": {Listed: func(args plan.Args) (plan.Listed, error) {
			l := plan.Listed{To: ent.TypeLabel, Column: label.FieldDatasetID, Order: by(label.FieldOrder, label.FieldID)}
			only, err := args.Bool("byId")
			if only {
				l.Order = by(label.FieldID)
			}
			return l, err
		}},
	}
}

func (r *Resolver) loadTags(ctx context.Context, args plan.Args, ids []int, _ map[string]bool) (map[int]any, error) {
	first, err := args.Int("first")
	if err != nil {
		return nil, err
	}
	if first < 1 || first > catalog.MaxTagCounts {
		return nil, plan.ErrUnplanned
	}
	counts, err := catalog.TagCounts(ctx, r.DB, typed[gid.DatasetID](ids))
	values := make(map[int]any, len(ids))
	for _, id := range ids {
		of := counts[gid.DatasetID(id)]
		values[id] = of[:min(first, len(of))]
	}
	return values, err
}

func (r *Resolver) plannedOfImages() map[string]plan.Field {
	return map[string]plan.Field{
		"url": computed(func(ctx context.Context, _ plan.Args, row plan.Row) any {
			return r.Media.URL(ctx, pictureIn(ctx, row))
		}, image.FieldID, image.FieldName),
		"thumbnailUrl": computed(func(ctx context.Context, args plan.Args, row plan.Row) any {
			width, _ := args.Int("width") // which is a number, or the document were not valid
			return r.Media.ThumbnailURL(ctx, pictureIn(ctx, row), width)
		}, image.FieldID, image.FieldName),
		"perceptualHash": computed(func(_ context.Context, _ plan.Args, row plan.Row) any {
			if row.Null(0) {
				return nil
			}
			return catalog.PerceptualHash(&ent.Image{PerceptualHash: new(int64(row.Int(0)))})
		}, image.FieldPerceptualHash),
		"totalWeight": computed(func(_ context.Context, _ plan.Args, row plan.Row) any {
			return catalog.Weight(int64(row.Int(0)))
		}, image.FieldSize),
		"extension": computed(func(_ context.Context, _ plan.Args, row plan.Row) any {
			return extension(&ent.Image{Name: row.Text(0)})
		}, image.FieldName),
		"labels": listing(plan.Listed{To: ent.TypeAnnotation, Column: annotation.FieldImageID, Through: annotation.FieldLabelID, Of: ent.TypeLabel}),
		"allAnnotations": listing(plan.Listed{
			To: ent.TypeAnnotation, Column: annotation.FieldImageID, Order: by(annotation.FieldPosition, annotation.FieldID),
		}),
		"derivativeIds": listing(plan.Listed{To: ent.TypeImage, Column: image.FieldBaseImageID, Order: by(image.FieldID), Numbers: true}),
	}
}

// pictureIn is the image of a row as far as URLs need it: its id and name, and when it was read.
func pictureIn(ctx context.Context, row plan.Row) *ent.Image {
	img := &ent.Image{ID: gid.ImageID(row.Int(0)), Name: row.Text(1)}
	img.JoinSiblings(sibling.NewGroup(ctx, nil))
	return img
}

func (r *Resolver) plannedOfSnapshots() map[string]plan.Field {
	columns := []string{entsnapshot.FieldID, entsnapshot.FieldDatasetID, entsnapshot.FieldArchiveSha256, entsnapshot.FieldZipped}
	archived := func(row plan.Row) *ent.Snapshot {
		s := &ent.Snapshot{ID: gid.SnapshotID(row.Int(0)), DatasetID: gid.DatasetID(row.Int(1)), Zipped: row.Bool(3)}
		if !row.Null(2) {
			s.ArchiveSha256 = new(row.Text(2))
		}
		return s
	}
	return map[string]plan.Field{
		"labels":      {Frozen: true},
		"images":      {Frozen: true},
		"annotations": {Frozen: true},
		"stats":       {Frozen: true},
		"thumbnail":   {Frozen: true},
		"fileUrl": computed(func(ctx context.Context, _ plan.Args, row plan.Row) any {
			return r.Media.ArchiveURL(ctx, archived(row))
		}, columns...),
		"filePath": computed(func(ctx context.Context, _ plan.Args, row plan.Row) any {
			return r.Media.ArchivePath(ctx, archived(row))
		}, columns...),
	}
}

func (r *Resolver) plannedOfJobs() map[string]plan.Field {
	return map[string]plan.Field{
		"stats": loaded(func(ctx context.Context, ids []gid.JobID) (map[gid.JobID]*work.JobStats, error) {
			return work.StatsOfJobs(ctx, r.DB.Client, ids)
		}),
		"span": loaded(func(ctx context.Context, ids []gid.JobID) (map[gid.JobID]*work.JobSpan, error) {
			return work.SpansOfJobs(ctx, r.DB.Client, ids)
		}),
		"imageIds": listing(plan.Listed{To: ent.TypeImage, Column: image.FieldJobID, Order: by(image.FieldID), Numbers: true}),
		"days": computed(func(_ context.Context, _ plan.Args, row plan.Row) any {
			return work.Days(&ent.Job{CreatedAt: row.Time(0), UpdatedAt: row.Time(1)})
		}, job.FieldCreatedAt, job.FieldUpdatedAt),
	}
}

func computed(value func(context.Context, plan.Args, plan.Row) any, columns ...string) plan.Field {
	return plan.Field{Computed: &plan.Computed{Columns: columns, Value: value}}
}

func listing(l plan.Listed) plan.Field {
	return plan.Field{Listed: func(plan.Args) (plan.Listed, error) { return l, nil }}
}

// loaded is a field that load finds for many rows at once.
func loaded[ID ~int, V any](load func(context.Context, []ID) (map[ID]V, error)) plan.Field {
	return loadedAs(func(ctx context.Context, ids []ID, _ map[string]bool) (map[ID]V, error) { return load(ctx, ids) })
}

// loadedAs is the same where it matters what is selected of the field.
func loadedAs[ID ~int, V any](load func(context.Context, []ID, map[string]bool) (map[ID]V, error)) plan.Field {
	return plan.Field{Loaded: &plan.Loaded{Load: func(ctx context.Context, _ plan.Args, ids []int, selected map[string]bool) (map[int]any, error) {
		found, err := load(ctx, typed[ID](ids), selected)
		values := make(map[int]any, len(found))
		for id, v := range found {
			values[int(id)] = v
		}
		return values, err
	}}}
}

func typed[ID ~int](ids []int) []ID {
	out := make([]ID, len(ids))
	for i, id := range ids {
		out[i] = ID(id)
	}
	return out
}
