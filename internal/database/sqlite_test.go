package database_test

import (
	"context"
	stdsql "database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]struct{ writer, reader string }{
		"journal_mode": {"wal", "wal"},
		"synchronous":  {"2", "2"}, // FULL: what was committed survives a loss of power
		"foreign_keys": {"1", "1"},
		"busy_timeout": {"10000", "10000"},
		"query_only":   {"0", "1"},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			db := testkit.SQLite(t)
			ctx := access.System(t.Context())
			query := "SELECT * FROM pragma_" + setting
			reader := text(ctx, t, db, query)
			var writer string
			err := db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
				writer = text(ctx, t, tx, query)
				return nil
			})
			if writer != want.writer || reader != want.reader || err != nil {
				t.Errorf("writer %s, reader %s, %v; want %s", writer, reader, err, want)
			}
		})
	}
}

// text is the only value of a result.
// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
}

// text is the one value that a query returns.
func text(ctx context.Context, t *testing.T, on querier, query string) (value string) {
	t.Helper()
	rows, err := on.QueryContext(ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal("no row", rows.Err())
	}
	if err := rows.Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSQLiteReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	ctx := access.System(t.Context())
	rows, err := db.QueryContext(ctx, "WITH one AS (SELECT 'w' AS name) INSERT INTO workspaces (name, created_at, updated_at) SELECT name, '', '' FROM one RETURNING id")
	if err == nil {
		defer rows.Close()
		rows.Next()
		err = rows.Err()
	}
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a statement that a reader took for a query: %v", err)
	}
	if n := db.Workspace.Query().CountX(ctx); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// TestSQLiteReadsDoNotQueueBehindWrites asks while a transaction is open, which has the only connection that writes.
func TestSQLiteReadsDoNotQueueBehindWrites(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	ctx := access.System(t.Context())
	err := db.Write(ctx, func(_ context.Context, tx *ent.Tx) error {
		tx.Workspace.Create().SetName("w").SaveX(ctx)
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := db.Ping(ctx); err != nil {
			t.Errorf("ping: %v", err)
		}
		for _, query := range []string{"SELECT count(*) FROM workspaces", "\n\twith w AS (SELECT id FROM workspaces) SELECT count(*) FROM w"} {
			if n := text(ctx, t, db, query); n != "0" {
				t.Errorf("%s saw %s rows that are not committed", query, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSQLitePaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "with space.db", "a?b=c.db", "a#b.db", "100%.db", "%41.db", "mañana.db", "new/folder/x.db", "a&_txlock=deferred.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			db := testkit.Must(database.Open(t.Context(), config.DatabaseURL("sqlite:"+path)))(t)
			defer db.Close()
			testkit.Must(db.Migrate(t.Context()))(t)
			info, err := os.Stat(path)
			if err != nil || info.Size() == 0 {
				t.Fatalf("%v, %v", info, err)
			}
			for _, beside := range []string{"", "-wal", "-shm"} {
				info, err := os.Stat(path + beside)
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v; want it to be its owner's alone", beside, info, err)
				}
			}
		})
	}
}

func TestSQLiteRefusals(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "no database")
	if err := os.WriteFile(file, []byte(strings.Repeat("This is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"in memory":      ":memory:",
		"a folder":       folder,
		"below a file":   filepath.Join(file, "x.db"),
		"another format": file,
	} {
		if db, err := database.Open(t.Context(), config.DatabaseURL("sqlite:"+path)); err == nil {
			t.Errorf("%s was opened", name)
			db.Close()
		}
	}
}

func TestSQLiteVersions(t *testing.T) {
	t.Parallel()
	for version, refused := range map[string]bool{
		"3.51.3": false, "3.51.4": false, "3.52.0": false, "4.0.0": false, "3.100.0": false,
		"3.51.2": true, "3.50.9": true, "3.9.9": true, "2.99.99": true, "": true,
	} {
		if got := database.OlderThan(version, database.LeastSQLite); got != refused {
			t.Errorf("%q is refused: %v, want %v", version, got, refused)
		}
	}
}
