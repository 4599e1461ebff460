package fault_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestDescribeDatabases makes both databases fail, through ent and by hand.
func TestDescribeDatabases(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := access.System(t.Context())
		db.Workspace.Create().SetName("taken").SaveX(ctx)
		const insert = "INSERT INTO workspaces (name, created_at, updated_at) VALUES ('taken', '2026-01-01', '2026-01-01')"
		const orphan = "INSERT INTO labels (name, color, dataset_id, born, created_at, updated_at) VALUES ('a', 'b', 99, 1, '2026-01-01', '2026-01-01')"
		by := func(statement string) error {
			return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
		}
		for name, tt := range map[string]struct {
			err  error
			want string
		}{
			"duplicate":         {db.Workspace.Create().SetName("taken").Exec(ctx), "CONFLICT"},
			"duplicate by hand": {by(insert), "CONFLICT"},
			"orphan":            {db.Label.Create().SetName("a").SetColor("b").SetDatasetID(99).Exec(ctx), "CONFLICT"},
			"orphan by hand":    {by(orphan), "CONFLICT"},
			"refused by ent":    {db.Workspace.Create().SetName("").Exec(ctx), "INVALID"},
			"missing":           {missing(ctx, db), "NOT_FOUND"},
			"a list too long":   {db.Label.Query().Where(label.IDIn(make([]gid.LabelID, 70_000)...)).Select("id").Scan(ctx, &[]int{}), "INVALID"},
			"no SQL":            {by("SELEKT"), "INTERNAL"},
		} {
			if got := fault.Describe(tt.err); tt.err == nil || got.Code != tt.want || strings.Contains(strings.ToLower(got.Message), "sql") {
				t.Errorf("%s: %v is %s, want %s", name, tt.err, got.Code, tt.want)
			}
		}
	})
}

func missing(ctx context.Context, db *database.DB) error {
	_, err := db.Workspace.Get(ctx, 99)
	return err
}

// TestDescribeEnds ends contexts while the database works.
func TestDescribeEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want string
	}{
		"the client went away": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, "CANCELED"},
		"time is up": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, "UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				ctx, cancel := tt.end(access.System(t.Context()))
				defer cancel()
				err := db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
					_, err := tx.ExecContext(ctx, endless(db.Dialect()))
					return err
				})
				if got := fault.Describe(err).Code; got != tt.want {
					t.Errorf("%v is %s, want %s", err, got, tt.want)
				}
			})
		})
	}
}

// endless is a statement that takes half a minute.
func endless(db string) string {
	if db == dialect.Postgres {
		return "SELECT pg_sleep(30)"
	}
	return fmt.Sprintf("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < %d) SELECT max(x) FROM c", 1<<26)
}
