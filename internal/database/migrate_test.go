package database_test

import (
	"bytes"
	"context"
	stdsql "database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestMigrationsReachTheSchema asks ent what is still to do once all steps are taken.
func TestMigrationsReachTheSchema(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		if rest := drift(t, db); rest != "" {
			t.Errorf("ent/schema and the migrations differ; run go run ./ent/migrate/diff NAME:\n%s", rest)
		}
	})
}

// comparing is held while ent compares schemas: it prepares its one description of the tables anew each time.
var comparing sync.Mutex

// drift is what would make the database's schema that of the program.
func drift(t *testing.T, db *database.DB) string {
	t.Helper()
	comparing.Lock()
	defer comparing.Unlock()
	var todo bytes.Buffer
	if err := db.Schema.WriteTo(t.Context(), &todo); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("BEGIN;\n", "", "COMMIT;\n", "").Replace(todo.String())
}

// TestDriftIsFound plants differences that TestMigrationsReachTheSchema must not overlook.
func TestDriftIsFound(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"a column is missing": "ALTER TABLE users DROP COLUMN first_name",
		"a table is missing":  "DROP TABLE snapshots",
		"an index is missing": "DROP INDEX label_dataset_id_id",
		"an index is looser":  "DROP INDEX member_dataset_id_user_id; CREATE INDEX member_dataset_id_user_id ON members (dataset_id, user_id)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				execute(t, db, statement)
				if drift(t, db) == "" {
					t.Error("nobody noticed")
				}
			})
		})
	}
}

// execute runs statements that ent knows nothing of.
func execute(t *testing.T, db *database.DB, statements string) {
	t.Helper()
	err := db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.ExecContext(ctx, statements)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// empty runs test on each of the two databases without any table.
func empty(t *testing.T, test func(t *testing.T, url config.DatabaseURL)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, config.DatabaseURL("sqlite:"+filepath.Join(t.TempDir(), "new.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := testkit.PostgresURL(t)
		pool := testkit.Must(stdsql.Open("postgres", string(url)))(t)
		defer pool.Close()
		testkit.Must(pool.Exec("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))(t)
		test(t, url)
	})
}

// TestOneOfManyStartersMigrates starts eight at once on an empty database.
func TestOneOfManyStartersMigrates(t *testing.T) {
	t.Parallel()
	empty(t, func(t *testing.T, url config.DatabaseURL) {
		var (
			wg    sync.WaitGroup
			taken atomic.Int64
		)
		for range 8 {
			wg.Go(func() {
				db, err := database.Open(t.Context(), url)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				steps, err := db.Migrate(t.Context())
				if err != nil {
					t.Error(err)
				}
				taken.Add(int64(len(steps)))
			})
		}
		wg.Wait()
		db := testkit.Must(database.Open(t.Context(), url))(t)
		defer db.Close()
		all := testkit.Must(db.Migrations(t.Context()))(t)
		if int(taken.Load()) != len(all) || len(all) == 0 || all[0].AppliedAt.IsZero() {
			t.Errorf("%d steps were taken, of %v", taken.Load(), all)
		}
		if rest := drift(t, db); rest != "" {
			t.Errorf("there is still to do:\n%s", rest)
		}
	})
}

func TestMigrationsBeforeTheFirst(t *testing.T) {
	t.Parallel()
	empty(t, func(t *testing.T, url config.DatabaseURL) {
		db := testkit.Must(database.Open(t.Context(), url))(t)
		defer db.Close()
		all := testkit.Must(db.Migrations(t.Context()))(t)
		if len(all) == 0 || !all[0].AppliedAt.IsZero() || all[0].Name != "initial" || all[0].Version == "" {
			t.Errorf("migrations of an empty database: %+v", all)
		}
	})
}

// rebuilt adds a column as SQLite's migrations have to: in a new table, under which annotations must not fall.
const rebuilt = `
CREATE TABLE new_labels (
	id integer NOT NULL PRIMARY KEY AUTOINCREMENT, created_at datetime NOT NULL, updated_at datetime NOT NULL,
	version integer NOT NULL DEFAULT 1, name text NOT NULL, color text NOT NULL, "order" integer NOT NULL DEFAULT 0,
	prompt text NOT NULL DEFAULT '', negative_prompt text NOT NULL DEFAULT '', tag text NOT NULL DEFAULT '',
	dataset_id integer NOT NULL REFERENCES datasets (id) ON DELETE CASCADE
);
INSERT INTO new_labels (id, created_at, updated_at, version, name, color, "order", dataset_id)
	SELECT id, created_at, updated_at, version, name, color, "order", dataset_id FROM labels;
DROP TABLE labels;
ALTER TABLE new_labels RENAME TO labels`

func TestDataSurvivesSteps(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		w := testkit.NewWorld(t, db)
		step := "ALTER TABLE labels ADD COLUMN tag text NOT NULL DEFAULT ''"
		if db.Dialect() == dialect.SQLite {
			step = rebuilt
		}
		before := counts(t, db)
		taken, err := db.TakeStep(t.Context(), "29990101000000", step)
		if !taken || err != nil {
			t.Fatalf("taken %v, %v", taken, err)
		}
		if after := counts(t, db); after != before || after == (tally{}) {
			t.Errorf("%+v became %+v", before, after)
		}
		if a := db.Annotation.GetX(access.System(t.Context()), w.Drawn[0].ID); a.Data.String() != w.Drawn[0].Data.String() {
			t.Errorf("an annotation became %v", a)
		}
		if taken, err := db.TakeStep(t.Context(), "29990101000000", step); taken || err != nil {
			t.Errorf("the same step again: taken %v, %v", taken, err)
		}
	})
}

type tally struct{ datasets, images, annotations, labels int }

func counts(t *testing.T, db *database.DB) tally {
	t.Helper()
	ctx := access.System(t.Context())
	return tally{
		db.Dataset.Query().CountX(ctx), db.Image.Query().CountX(ctx),
		db.Annotation.Query().CountX(ctx), db.Label.Query().CountX(ctx),
	}
}

// TestFailedStepIsUndone: what a step did before it failed is undone, and foreign keys are kept afterwards.
func TestFailedStepIsUndone(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		testkit.NewWorld(t, db)
		before := counts(t, db)
		steps := []string{"DELETE FROM annotations; SELEKT"}
		if db.Dialect() == dialect.SQLite { // which checks foreign keys once a step is done
			steps = append(steps, "DELETE FROM images")
		}
		for _, step := range steps {
			if taken, err := db.TakeStep(t.Context(), "29990101000000", step); taken || err == nil {
				t.Errorf("%s: taken %v, %v", step, taken, err)
			}
		}
		if after := counts(t, db); after != before {
			t.Errorf("%+v became %+v", before, after)
		}
		ctx := access.System(t.Context())
		if err := db.Label.Create().SetName("a").SetColor("b").SetDatasetID(99).Exec(ctx); !ent.IsConstraintError(err) {
			t.Errorf("a label of no dataset: %v", err)
		}
	})
}

// TestMigrateGivesUp: a starter that is told to stop does not wait for the others.
func TestMigrateGivesUp(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.Migrate(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Migrate of a canceled context: %v", err)
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Errorf("and then: %v", err)
		}
	})
}
