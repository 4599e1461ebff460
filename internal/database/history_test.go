package database_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestTriggers: after all migrations there are those of histories and of stats, and no others.
func TestTriggers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		query := "SELECT name FROM sqlite_master WHERE type = 'trigger'"
		if db.Dialect() == dialect.Postgres {
			query = "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
		}
		var want []string
		for _, s := range database.Triggers(db.Dialect()) {
			if rest, ok := strings.CutPrefix(s, "CREATE TRIGGER "); ok {
				want = append(want, strings.Fields(rest)[0])
			}
		}
		slices.Sort(want)
		got := column(t, db, query)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// column is the only one of what a query finds, as texts.
func column(t *testing.T, db *database.DB, query string) (values []string) {
	t.Helper()
	rows := testkit.Must(db.QueryContext(access.System(t.Context()), query))(t)
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// TestUnstamped: no row is written without the present epoch, whoever forgets it.
func TestUnstamped(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		before := w.Dump(t)
		for name, statement := range map[string]string{
			"update":         fmt.Sprintf("UPDATE images SET done = TRUE WHERE id = %d", w.Images[0].ID),
			"update of many": fmt.Sprintf("UPDATE annotations SET position = 1, born = 1 WHERE dataset_id = %d", w.Dataset.ID),
			"insert":         fmt.Sprintf("INSERT INTO labels (created_at, updated_at, name, color, dataset_id, born) VALUES ('2026-01-01', '2026-01-01', 'a', 'b', %d, 1)", w.Dataset.ID),
			"the future":     fmt.Sprintf("UPDATE labels SET color = 'x', born = 3 WHERE dataset_id = %d", w.Dataset.ID),
		} {
			err := w.DB.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "without the epoch") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff(before, w.Dump(t)); diff != "" {
			t.Errorf("something was written (-before +after):\n%s", diff)
		}
	})
}

// TestStraddling: an epoch ends while somebody writes who has read it and shares nothing. What they write is tried again,
// and the snapshot sees what was before.
func TestStraddling(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		if w.DB.Dialect() == dialect.SQLite {
			t.Skip("a transaction of SQLite is alone")
		}
		ctx := access.System(t.Context())
		attempts := 0
		var s *ent.Snapshot
		err := w.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
			attempts++
			epoch := tx.Dataset.GetX(ctx, w.Dataset.ID).Epoch
			if attempts == 1 {
				s = testkit.Must(snapshot.Create(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE images SET original_name = 'late', born = %d WHERE id = %d", epoch, w.Images[0].ID))
			return err
		})
		if err != nil || attempts != 2 {
			t.Errorf("%v after %d attempts, want 2", err, attempts)
		}
		then := testkit.Must(snapshot.At(ctx, w.DB, s.ID))(t)
		if was, is := w.DB.Image.GetX(then, w.Images[0].ID).OriginalName, w.DB.Image.GetX(ctx, w.Images[0].ID).OriginalName; was != "" || is != "late" {
			t.Errorf("the snapshot sees %q, and there is %q", was, is)
		}
	})
}

// TestSnapshotWaits: a snapshot sees all of a cascade that is under way when it is taken, or nothing.
func TestSnapshotWaits(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		if w.DB.Dialect() == dialect.SQLite {
			t.Skip("a transaction of SQLite is alone")
		}
		ctx := access.System(t.Context())
		taken := make(chan *ent.Snapshot, 1)
		err := w.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
			if err := tx.Image.DeleteOneID(w.Images[1].ID).Exec(ctx); err != nil { // whose annotations go with it
				return err
			}
			go func() {
				s, _ := snapshot.Create(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID, snapshot.CreateInput{})
				taken <- s
			}()
			select {
			case <-taken:
				t.Error("the snapshot did not wait")
			case <-time.After(200 * time.Millisecond):
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s := <-taken
		if s == nil {
			t.Fatal("no snapshot")
		}
		for id, want := range map[gid.SnapshotID][2]int{s.ID: {2, 2}, w.Snapshot.ID: {3, 4}} {
			then := testkit.Must(snapshot.At(ctx, w.DB, id))(t)
			if got := [2]int{w.DB.Image.Query().CountX(then), w.DB.Annotation.Query().CountX(then)}; got != want {
				t.Errorf("snapshot %d sees %v images and annotations, want %v", id, got, want)
			}
		}
	})
}
