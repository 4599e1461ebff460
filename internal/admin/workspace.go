package admin

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const workspaceNameLength = 100

// UpdateWorkspaceInput is what to change of a workspace; what is nil or not set stays. A limit that is nil is the server's.
type UpdateWorkspaceInput struct {
	Name      *string
	MaxImages graphql.Omittable[*int]
	MaxBytes  graphql.Omittable[*int64]
}

func (in UpdateWorkspaceInput) check() error {
	var c fault.Check
	c.Line(in.Name, workspaceNameLength, "input", "name")
	images, bytes := in.MaxImages.Value(), in.MaxBytes.Value()
	c.That(images == nil || *images >= 0, "must not be negative", "input", "maxImages")
	c.That(bytes == nil || *bytes >= 0, "must not be negative", "input", "maxBytes")
	return c.Err()
}

// limits tells whether the change is one of limits, which superusers set alone.
func (in UpdateWorkspaceInput) limits() bool { return in.MaxImages.IsSet() || in.MaxBytes.IsSet() }

// UpdateWorkspace changes a workspace: admins change the name of their own, superusers and commands also what any may
// hold. What it holds already stays, whatever the limits.
func UpdateWorkspace(ctx context.Context, db *database.DB, id gid.WorkspaceID, in UpdateWorkspaceInput) (*ent.Workspace, error) {
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*ent.Workspace, error) {
		q := tx.Workspace.Query().Where(workspace.ID(id))
		q.Modify(database.Lock)
		w, err := q.Only(ctx)
		if err != nil {
			return nil, err
		}
		if v, ok := access.ViewerFrom(ctx); ok && (v.ReadOnly || !v.Superuser && (!v.Admin || in.limits())) {
			return nil, fmt.Errorf("%w to change the workspace so", fault.Forbidden)
		}
		if err := in.check(); err != nil || in == (UpdateWorkspaceInput{}) {
			return w, err
		}
		return in.apply(ctx, w)
	})
}

func (in UpdateWorkspaceInput) apply(ctx context.Context, w *ent.Workspace) (*ent.Workspace, error) {
	change := w.Update().SetNillableName(in.Name)
	if v, ok := in.MaxImages.ValueOK(); ok {
		catalog.SetOrClear(v, change.SetMaxImages, change.ClearMaxImages)
	}
	if v, ok := in.MaxBytes.ValueOK(); ok {
		catalog.SetOrClear(v, change.SetMaxBytes, change.ClearMaxBytes)
	}
	w, err := change.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, fault.InvalidAt("is taken", "input", "name")
	}
	return w, err
}
