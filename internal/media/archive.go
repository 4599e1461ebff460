package media

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
)

// findArchive returns the archive of the snapshot that a link names. Unlike
// pictures, of which a page shows many, its row is looked up each time.
func (s *Service) findArchive(ctx context.Context, l link) (*file, error) {
	v, _, err := s.viewer(ctx, l.viewer)
	if err != nil {
		return nil, err
	}
	ctx = access.WithViewer(ctx, v)
	snap, err := s.db.Snapshot.Query().
		Where(snapshot.ID(l.snapshot), snapshot.DatasetID(l.dataset), snapshot.Or(snapshot.ArchiveSha256NotNil(), snapshot.Zipped(true))).
		Only(ctx)
	if err != nil {
		return nil, gone(err)
	}
	if snap.ArchiveSha256 == nil {
		return s.makeArchive(ctx, snap, l)
	}
	sum := *snap.ArchiveSha256
	return &file{
		sum:         sum,
		owner:       fmt.Sprintf("snapshot %d", snap.ID),
		etag:        `"` + sum + `"`,
		contentType: "application/zip",
		disposition: "attachment",
		name:        l.archiveName(),
	}, nil
}

// makeArchive returns an archive that is made as it is read.
func (s *Service) makeArchive(ctx context.Context, snap *ent.Snapshot, l link) (*file, error) {
	content, tag, err := s.archiver.Archive(ctx, snap)
	if err != nil {
		return nil, err
	}
	return &file{
		ReadSeekCloser: content,
		owner:          fmt.Sprintf("snapshot %d", snap.ID),
		etag:           `"` + tag + `"`,
		contentType:    "application/zip",
		disposition:    "attachment",
		name:           l.archiveName(),
	}, nil
}
