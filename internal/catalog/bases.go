package catalog

import (
	"context"
	"maps"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
)

// LinkBases says of images that were just made which images of the same dataset they were made from. It goes past ent's hooks,
// and so past access: its caller has made them.
func LinkBases(ctx context.Context, db *database.DB, tx *ent.Tx, dataset gid.DatasetID, bases map[gid.ImageID]gid.ImageID) error {
	if err := db.ShareDataset(ctx, tx, dataset); err != nil {
		return err
	}
	columns := []database.Column[gid.ImageID]{
		{Name: image.FieldID, Type: "bigint", Of: func(id gid.ImageID) any { return id }},
		{Name: image.FieldBaseImageID, Type: "bigint", Of: func(id gid.ImageID) any { return bases[id] }},
	}
	return database.UpdateRows(ctx, tx, db.Dialect(), image.Table, columns, slices.Sorted(maps.Keys(bases)))
}
