package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestReadSeesOneMoment: what others commit meanwhile is not seen, and they need not wait to do so.
func TestReadSeesOneMoment(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithTimeout(access.System(t.Context()), time.Minute)
		defer cancel()
		db.Workspace.Create().SetName("first").SaveX(ctx)
		err := db.Read(ctx, func(ctx context.Context, tx *ent.Tx) error {
			before := tx.Workspace.Query().CountX(ctx)
			db.Workspace.Create().SetName("second").SaveX(ctx)
			if after := tx.Workspace.Query().CountX(ctx); before != 1 || after != 1 {
				t.Errorf("%d rows, then %d; want 1 and 1", before, after)
			}
			return nil
		})
		if n := db.Workspace.Query().CountX(ctx); err != nil || n != 2 {
			t.Errorf("%v, and %d rows afterwards; want 2", err, n)
		}
	})
}

func TestReadDoesNotWrite(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := access.System(t.Context())
		err := db.Read(ctx, func(ctx context.Context, tx *ent.Tx) error { return tx.Workspace.Create().SetName("w").Exec(ctx) })
		if n := db.Workspace.Query().CountX(ctx); err == nil || n != 0 {
			t.Errorf("%v, and %d rows; want none", err, n)
		}
	})
}

// TestReadFails: an error is returned as it is, and the connection is free again.
func TestReadFails(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx, no := access.System(t.Context()), errors.New("no")
		for range 30 { // more than there are connections
			if err := db.Read(ctx, func(context.Context, *ent.Tx) error { return no }); !errors.Is(err, no) {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if err := db.Read(ctx, func(context.Context, *ent.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
