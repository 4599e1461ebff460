package annotate

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
)

// apply writes the plan in a few statements. Its rows were found to be the viewer's
// dataset's, and so it goes past ent's row by row hooks.
func (p *plan) apply(ctx context.Context, tx *ent.Tx, db string) error {
	if len(p.touched) == 0 {
		return nil
	}
	// Deletions first: an id may be sent again for another annotation.
	for ids := range slices.Chunk(p.delete, database.Bulk) { // an image may have more than one call draws
		if _, err := tx.Annotation.Delete().Where(annotation.IDIn(ids...)).Exec(ctx); err != nil {
			return err
		}
	}
	if err := database.UpdateRows(ctx, tx, db, annotation.Table, slices.Concat(key, changing), p.update); err != nil {
		return err
	}
	err := Insert(ctx, tx, db, p.create)
	if sqlgraph.IsUniqueConstraintError(err) { // another call, on other images, has taken an id since it was looked for
		return database.Overtaken(err)
	}
	if err != nil {
		return err
	}
	return tx.Image.Update().Where(image.IDIn(slices.Collect(maps.Keys(p.touched))...)).SetUpdatedAt(p.now).Exec(access.System(ctx))
}

// Insert inserts annotations of which every column is set, in a dataset that the transaction shares. It goes past ent's hooks:
// its caller has seen to it that the viewer may.
func Insert(ctx context.Context, tx *ent.Tx, db string, rows []*ent.Annotation) error {
	return database.InsertRows(ctx, tx, db, annotation.Table, slices.Concat(key, lasting, changing), rows)
}

type column = database.Column[*ent.Annotation]

// The columns of annotations: their key, those that stay as they were when it was drawn, and those that change.
var (
	key = []column{
		{Name: annotation.FieldID, Type: "uuid", Of: func(a *ent.Annotation) any { return a.ID }},
	}
	lasting = []column{
		{Name: annotation.FieldCreatedAt, Type: "timestamptz", Of: func(a *ent.Annotation) any { return a.CreatedAt }},
		{Name: annotation.FieldDatasetID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.DatasetID }},
		{Name: annotation.FieldImageID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.ImageID }},
		{Name: annotation.FieldAuthorID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.AuthorID }},
	}
	changing = []column{
		{Name: annotation.FieldUpdatedAt, Type: "timestamptz", Of: func(a *ent.Annotation) any { return a.UpdatedAt }},
		{Name: annotation.FieldVersion, Type: "bigint", Of: func(a *ent.Annotation) any { return a.Version }},
		{Name: annotation.FieldLabelID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.LabelID }},
		{Name: annotation.FieldType, Type: "text", Of: func(a *ent.Annotation) any { return a.Type }},
		{Name: annotation.FieldData, Type: "json", Of: func(a *ent.Annotation) any { return a.Data }},
		{Name: annotation.FieldIsSynthetic, Type: "boolean", Of: func(a *ent.Annotation) any { return a.IsSynthetic }},
		{Name: annotation.FieldConfidence, Type: "double precision", Of: func(a *ent.Annotation) any { return a.Confidence }},
		{Name: annotation.FieldSource, Type: "text", Of: func(a *ent.Annotation) any { return string(a.Source) }},
		{Name: annotation.FieldPosition, Type: "bigint", Of: func(a *ent.Annotation) any { return a.Position }},
	}
)
