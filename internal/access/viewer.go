// Package access decides who may see and do what: one predicate, visible, for
// what there is in a viewer's eyes, and one table for what a role may do.
package access

import (
	"context"
	"fmt"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Viewer is who asks.
type Viewer struct {
	UserID      gid.UserID
	WorkspaceID gid.WorkspaceID
	Admin       bool          // sees and manages all of the workspace
	Superuser   bool          // sees and manages all workspaces
	ReadOnly    bool          // came with an API key that only reads
	SessionID   gid.SessionID // of the sign-in; zero with an API key
}

// ViewerOf returns a user as one who asks with a link that was made for them: they see what they do, and change nothing. A
// user who may not sign in is fault.NotFound.
func ViewerOf(ctx context.Context, db *ent.Client, id gid.UserID) (Viewer, error) {
	q := db.User.Query().Where(user.ID(id), user.IsActive(true))
	q.Select(user.FieldWorkspaceID, user.FieldIsAdmin, user.FieldIsSuperuser)
	u, err := q.Only(System(ctx))
	if ent.IsNotFound(err) {
		return Viewer{}, fmt.Errorf("user %w", fault.NotFound)
	}
	if err != nil {
		return Viewer{}, err
	}
	return Viewer{UserID: id, WorkspaceID: u.WorkspaceID, Admin: u.IsAdmin, Superuser: u.IsSuperuser, ReadOnly: true}, nil
}

type key struct{}

// system is the program itself: commands, sign-in, work in the background.
type system struct{}

// WithViewer returns a context in which v asks.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, key{}, v)
}

// System returns a context in which the program itself asks, and sees and may do everything.
func System(ctx context.Context) context.Context {
	return context.WithValue(ctx, key{}, system{})
}

// ViewerFrom returns the viewer who asks, and false when nobody has signed in.
func ViewerFrom(ctx context.Context) (Viewer, bool) {
	v, ok := ctx.Value(key{}).(Viewer)
	return v, ok
}

// Require returns the viewer who asks, or fault.Unauthenticated.
func Require(ctx context.Context) (Viewer, error) {
	if v, ok := ViewerFrom(ctx); ok {
		return v, nil
	}
	return Viewer{}, fault.Unauthenticated
}

func isSystem(ctx context.Context) bool {
	_, ok := ctx.Value(key{}).(system)
	return ok
}
