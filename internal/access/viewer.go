// Package access decides who may see and do what: one predicate, visible, for
// what there is in a viewer's eyes, and one table for what a role may do.
package access

import (
	"context"

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
