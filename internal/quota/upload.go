package quota

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/upload"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// CheckUpload returns a fault.QuotaExceeded when a workspace may not hold an upload of that many bytes more: the lengths of
// those that are under way or unused count with its image files. It comes in the transaction that makes the upload, as Check
// does. Check does not mind uploads: what is added is there twice until its upload is let go of.
func (l Limits) CheckUpload(ctx context.Context, db *database.DB, tx *ent.Tx, id gid.WorkspaceID, bytes int64) error {
	ctx = access.System(ctx)
	w, err := tx.Workspace.Get(ctx, id)
	if err != nil {
		return err
	}
	usage := l.of(w)
	if usage.MaxBytes == nil {
		return nil
	}
	if err := db.OwnWorkspace(ctx, tx, id); err != nil {
		return err
	}
	if err := usage.count(ctx, tx.Client(), id); err != nil {
		return err
	}
	uploads, err := uploadsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if holds := usage.Bytes + uploads; bytes > *usage.MaxBytes-holds {
		return fmt.Errorf(says, fault.QuotaExceeded, *usage.MaxBytes, "bytes of image files and uploads", holds, bytes)
	}
	return nil
}

// uploadsOf adds up the lengths of the uploads in a workspace that have not expired, in bytes.
func uploadsOf(ctx context.Context, tx *ent.Tx, id gid.WorkspaceID) (int64, error) {
	var sums []int64
	err := tx.Upload.Query().Where(upload.ExpiresAtGT(database.Now()), upload.HasUserWith(user.WorkspaceID(id))).
		Modify(func(s *sql.Selector) {
			s.Select("COALESCE(SUM(" + s.C(upload.FieldLength) + "), 0)")
		}).Scan(ctx, &sums)
	if err != nil {
		return 0, err
	}
	return sums[0], nil
}
