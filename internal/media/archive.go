package media

import (
	"context"
	"fmt"

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
	snap, err := s.db.Snapshot.Query().
		Where(snapshot.ID(l.snapshot), snapshot.DatasetID(l.dataset), snapshot.ArchiveSha256NotNil()).
		Only(access.WithViewer(ctx, v))
	if err != nil {
		return nil, gone(err)
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
