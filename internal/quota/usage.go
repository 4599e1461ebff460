package quota

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/datasetcount"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Usage is what a workspace holds, and what it may hold; nil is no limit.
type Usage struct {
	Images    int
	Bytes     int64 // of image files
	MaxImages *int
	MaxBytes  *int64
}

// Usage returns that of each of the workspaces. Who may see it is for the caller to know.
func (l Limits) Usage(ctx context.Context, db *ent.Client, ids []gid.WorkspaceID) (_ map[gid.WorkspaceID]*Usage, err error) {
	defer fault.Wrap(&err, "count what workspaces hold")

	ctx = access.System(ctx)
	rows, err := db.Workspace.Query().Where(workspace.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	held, err := held(ctx, db, ids)
	usages := make(map[gid.WorkspaceID]*Usage, len(rows))
	for _, w := range rows {
		u := l.of(w)
		u.Images, u.Bytes = held[w.ID].Images, held[w.ID].Bytes
		usages[w.ID] = u
	}
	return usages, err
}

// of returns the limits of a workspace, with nothing used.
func (l Limits) of(w *ent.Workspace) *Usage {
	u := &Usage{MaxImages: w.MaxImages, MaxBytes: w.MaxBytes}
	if u.MaxImages == nil && l.Images > 0 {
		u.MaxImages = &l.Images
	}
	if u.MaxBytes == nil && l.Bytes > 0 {
		u.MaxBytes = &l.Bytes
	}
	return u
}

func (u *Usage) isLimited() bool { return u.MaxImages != nil || u.MaxBytes != nil }

// count counts what the workspace holds.
func (u *Usage) count(ctx context.Context, db *ent.Client, id gid.WorkspaceID) error {
	held, err := held(ctx, db, []gid.WorkspaceID{id})
	u.Images, u.Bytes = held[id].Images, held[id].Bytes
	return err
}

// says is what a fault.QuotaExceeded says.
const says = "%w: the workspace may hold %d %s; it holds %d, and %d more were to be added"

// admit returns a fault.QuotaExceeded when so much more is too much.
func (u *Usage) admit(more Size) error {
	if u.MaxImages != nil && more.Images > 0 && u.Images+more.Images > *u.MaxImages {
		return fmt.Errorf(says, fault.QuotaExceeded, *u.MaxImages, "images", u.Images, more.Images)
	}
	if u.MaxBytes != nil && more.Bytes > 0 && u.Bytes+more.Bytes > *u.MaxBytes {
		return fmt.Errorf(says, fault.QuotaExceeded, *u.MaxBytes, "bytes of image files", u.Bytes, more.Bytes)
	}
	return nil
}

// sum is what the datasets of a workspace hold together.
type sum struct {
	WorkspaceID gid.WorkspaceID `sql:"workspace_id"`
	Images      int             `sql:"images"`
	Bytes       int64           `sql:"bytes"`
}

// held adds up what each of the workspaces holds, in one statement.
func held(ctx context.Context, db *ent.Client, ids []gid.WorkspaceID) (map[gid.WorkspaceID]sum, error) {
	var rows []sum
	err := db.DatasetCount.Query().Modify(func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect()).Table(dataset.Table)
		s.Join(d).On(d.C(dataset.FieldID), s.C(datasetcount.FieldDatasetID)).
			Where(sql.In(d.C(dataset.FieldWorkspaceID), values(ids)...)).
			GroupBy(d.C(dataset.FieldWorkspaceID)).
			Select(d.C(dataset.FieldWorkspaceID), total(s, datasetcount.FieldImages), total(s, datasetcount.FieldBytes))
	}).Scan(ctx, &rows)
	sums := make(map[gid.WorkspaceID]sum, len(rows))
	for _, r := range rows {
		sums[r.WorkspaceID] = r
	}
	return sums, err
}

// total is the sum of a column, under its name.
func total(s *sql.Selector, column string) string {
	return sql.As("CAST(SUM("+s.C(column)+") AS bigint)", column)
}

func values(ids []gid.WorkspaceID) []any {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	return values
}
