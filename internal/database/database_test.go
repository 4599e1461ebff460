package database_test

import (
	"errors"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestNobodyIsRefused(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		_, err := db.Dataset.Query().All(t.Context())
		if !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("a query without a viewer: %v", err)
		}
		err = db.Workspace.Create().SetName("w").Exec(t.Context())
		if !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("a mutation without a viewer: %v", err)
		}
	})
}

func TestVersionRises(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := access.System(t.Context())
		w := db.Workspace.Create().SetName("w").SaveX(ctx)
		u := db.User.Create().SetEmail("a@example.com").SetWorkspace(w).SaveX(ctx)
		u = u.Update().SetFirstName("Ana").SaveX(ctx)
		if u.Version != 2 {
			t.Errorf("version %d after one change, want 2", u.Version)
		}
	})
}
