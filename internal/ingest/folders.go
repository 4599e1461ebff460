package ingest

import (
	"context"
	"path"
	"strings"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/filename"
	"github.com/datasetgen/datagen/internal/gid"
)

// FolderUse is what the folders that pictures are imported from say about them.
type FolderUse string

// All that folders can say.
const (
	IgnoreFolders    FolderUse = "IGNORE"
	FoldersAsBatches FolderUse = "BATCHES" // each folder is a batch of its name, made where there is none
	FoldersAsSplits  FolderUse = "SPLITS"  // train, val, valid, validation and test, anywhere among the folders
)

// cleanPath returns the path of a file as it is below the place that is imported, with slashes, whatever tricks it
// plays: paths are only names here.
func cleanPath(file string) string {
	file = strings.ReplaceAll(filename.Printable(file), `\`, "/")
	return strings.TrimPrefix(path.Clean("/"+file), "/")
}

// foldersOf returns the folders of a clean path.
func foldersOf(file string) string {
	if folders := path.Dir(file); folders != "." {
		return folders
	}
	return ""
}

// splits are by the names that folders have for them.
var splits = map[string]image.Split{
	"train": image.SplitTrain, "training": image.SplitTrain,
	"val": image.SplitVal, "valid": image.SplitVal, "validation": image.SplitVal,
	"test": image.SplitTest, "testing": image.SplitTest,
}

// splitOf returns the split that the innermost of the folders that names one stands for, or nothing.
func splitOf(folders string) (split image.Split) {
	for folder := range strings.SplitSeq(folders, "/") {
		if s, ok := splits[strings.ToLower(folder)]; ok {
			split = s
		}
	}
	return split
}

const maxBatchName = 100 // characters

// fileInBatches gives entries the batches of their folders, if folders are to be batches.
func (r *importRun) fileInBatches(ctx context.Context, group []*entry) error {
	if r.options.Folders != FoldersAsBatches {
		return nil
	}
	for _, e := range group {
		stays := e.picture.known && r.options.OnDuplicate != LinkDuplicates // where it is
		if e.folders == "" || e.refused != nil || stays {
			continue
		}
		id, ok := r.batches[e.folders]
		if !ok {
			var err error
			if id, err = r.batchOf(ctx, e.folders); err != nil {
				return err
			}
			r.batches[e.folders] = id
		}
		e.BatchID = &id
	}
	return nil
}

// batchOf returns the oldest batch of that name in the dataset, made if there is none.
func (r *importRun) batchOf(ctx context.Context, folders string) (gid.BatchID, error) {
	name := lastRunes(folders, maxBatchName)
	return database.Result(ctx, r.db, func(ctx context.Context, tx *ent.Tx) (gid.BatchID, error) {
		if err := access.Allow(ctx, tx.Client(), r.to.dataset, access.EditBatches); err != nil {
			return 0, err
		}
		// Of two imports at once the second finds what the first has made.
		if err := r.db.OwnDataset(ctx, tx, r.to.dataset); err != nil {
			return 0, err
		}
		id, err := tx.Batch.Query().Where(batch.DatasetID(r.to.dataset), batch.Name(name)).Order(batch.ByID()).FirstID(ctx)
		if !ent.IsNotFound(err) {
			return id, err
		}
		b, err := tx.Batch.Create().SetDatasetID(r.to.dataset).SetName(name).Save(ctx)
		if err != nil {
			return 0, err
		}
		return b.ID, nil
	})
}

// lastRunes returns the last n characters of s.
func lastRunes(s string, n int) string {
	runes := []rune(s)
	return string(runes[max(0, len(runes)-n):])
}
