package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/yolozip"
)

// maxGenerating is how many archives are made at once in one process, each of which reads a whole dataset and writes it twice.
const maxGenerating = 2

// Maker makes snapshots with archives.
type Maker struct {
	db      *database.DB
	store   storage.Store
	objects *object.Keeper
	turns   *semaphore.Weighted // of archives that are being made
}

// NewMaker returns a Maker that puts archives into the store where the pictures are.
func NewMaker(db *database.DB, store storage.Store) *Maker {
	return &Maker{db, store, object.NewKeeper(db, store), semaphore.NewWeighted(maxGenerating)}
}

// Generate makes a snapshot with a YOLO zip of the dataset as it is. The zip is in the store for good before the row
// that names it is committed.
func (m *Maker) Generate(ctx context.Context, dataset gid.DatasetID) (*ent.Snapshot, error) {
	if err := access.Allow(ctx, m.db.Client, dataset, access.EditSnapshots); err != nil {
		return nil, err
	}
	if err := m.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer m.turns.Release(1)
	kept, size, err := m.keep(ctx, dataset)
	if err != nil {
		return nil, err
	}
	return database.Result(ctx, m.db, func(ctx context.Context, tx *ent.Tx) (*ent.Snapshot, error) {
		if err := access.Allow(ctx, tx.Client(), dataset, access.EditSnapshots); err != nil {
			return nil, err
		}
		removed, err := object.Claim(ctx, tx, kept)
		if err == nil && len(removed) > 0 {
			err = fmt.Errorf("%w: the archive was removed before it could be named; try again", fault.Unavailable)
		}
		if err != nil {
			return nil, err
		}
		return tx.Snapshot.Create().SetDatasetID(dataset).SetArchiveSha256(kept.SHA256).SetArchiveSize(size).Save(ctx)
	})
}

// keep puts an archive of the dataset into the store, and returns its length as well.
func (m *Maker) keep(ctx context.Context, dataset gid.DatasetID) (kept object.Kept, size int64, err error) {
	defer fault.Wrap(&err, "archive dataset %d", dataset)
	// The store has to know the hash before the bytes.
	file, err := os.CreateTemp("", "snapshot-*.zip")
	if err != nil {
		return object.Kept{}, 0, err
	}
	defer discard(file)
	hash := sha256.New()
	if err := m.write(ctx, io.MultiWriter(file, hash), dataset); err != nil {
		return object.Kept{}, 0, err
	}
	if size, err = file.Seek(0, io.SeekCurrent); err != nil {
		return object.Kept{}, 0, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return object.Kept{}, 0, err
	}
	kept, err = m.objects.Put(ctx, hex.EncodeToString(hash.Sum(nil)), file, size)
	return kept, size, err
}

func discard(file *os.File) {
	_ = file.Close()           // its bytes are of no use any more
	_ = os.Remove(file.Name()) // one that stays is the system's to clear
}

// write writes the archive, all of it as the dataset is at one moment.
func (m *Maker) write(ctx context.Context, w io.Writer, dataset gid.DatasetID) error {
	return m.db.Read(ctx, func(ctx context.Context, tx *ent.Tx) error {
		labels, err := labelsOf(ctx, tx, dataset)
		if err != nil {
			return err
		}
		r := reader{tx, m.store, dataset, labels.classes}
		return yolozip.YOLO(ctx, w, yolozip.Dataset{Labels: labels.names, Images: r.images(ctx)})
	})
}
