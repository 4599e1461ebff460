// Package testkit makes what tests need. Only tests import it.
package testkit

import (
	"context"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	_ "github.com/lib/pq" // the driver

	"github.com/datasetgen/datagen/ent/migrate/migrations"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/servertest"
)

// postgresVariable has the URL of a PostgreSQL server to run tests against, as a user
// who may create databases. Without it they run on SQLite alone.
const postgresVariable = "DATAGEN_TEST_POSTGRES"

// Databases runs test on each of the two databases: a migrated, empty one of its own.
func Databases(t *testing.T, test func(t *testing.T, db *database.DB), opts ...database.Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t, opts...))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t, opts...))
	})
}

// SQLite returns a migrated, empty SQLite database of the test's own.
func SQLite(tb testing.TB, opts ...database.Option) *database.DB {
	tb.Helper()
	return open(tb, SQLiteURL(tb), opts...)
}

// Postgres returns a migrated, empty PostgreSQL database of the test's own,
// and skips the test where there is no server.
func Postgres(tb testing.TB, opts ...database.Option) *database.DB {
	tb.Helper()
	return open(tb, PostgresURL(tb), opts...)
}

func open(tb testing.TB, url config.DatabaseURL, opts ...database.Option) *database.DB {
	tb.Helper()
	db := Must(database.Open(tb.Context(), url, opts...))(tb)
	tb.Cleanup(func() {
		if _, ok := tb.(*testing.T); ok { // benchmarks may do without triggers
			VerifyStats(tb, db)
		}
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "datagen-test")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + config.DatabaseURL(path)); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLiteURL returns the URL of a migrated, empty SQLite database of the test's own.
func SQLiteURL(tb testing.TB) config.DatabaseURL {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "test.db")
	if err := os.WriteFile(path, Must(sqliteTemplate())(tb), 0o600); err != nil {
		tb.Fatal(err)
	}
	return "sqlite:" + config.DatabaseURL(path)
}

// PostgresURL returns the URL of a migrated, empty PostgreSQL database of the test's
// own, and skips the test where there is no server.
func PostgresURL(tb testing.TB) config.DatabaseURL {
	tb.Helper()
	server := servertest.Setting(tb, postgresVariable)
	template := Must(postgresTemplate(server))(tb)
	name := "test_" + uuid.NewString()
	admin := Must(stdsql.Open("postgres", server))(tb)
	Must(admin.ExecContext(tb.Context(), fmt.Sprintf("CREATE DATABASE %q TEMPLATE %q", name, template)))(tb)
	tb.Cleanup(func() {
		defer admin.Close()
		if _, err := admin.Exec(fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name)); err != nil {
			tb.Error(err)
		}
	})
	return onServer(server, name)
}

func onServer(server, name string) config.DatabaseURL {
	u, err := url.Parse(server)
	if err != nil {
		panic(postgresVariable + " is not a URL")
	}
	u.Path = "/" + name
	return config.DatabaseURL(u.String())
}

var postgresTemplates sync.Map // server → func() (string, error)

// postgresTemplate returns the name of a migrated database to copy. It is named by what
// the migrations and triggers say, and made by the first of many test processes that needs it.
func postgresTemplate(server string) (string, error) {
	make := sync.OnceValues(func() (string, error) { return makeTemplate(context.Background(), server) })
	once, _ := postgresTemplates.LoadOrStore(server, make)
	return once.(func() (string, error))()
}

func makeTemplate(ctx context.Context, server string) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations.Files, "postgres", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := migrations.Files.ReadFile(path)
		hash.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	hash.Write([]byte(strings.Join(database.Triggers(dialect.Postgres), ";")))
	name := "template_" + hex.EncodeToString(hash.Sum(nil)[:8])
	admin, err := stdsql.Open("postgres", server)
	if err != nil {
		return "", err
	}
	defer admin.Close()
	conn, err := admin.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(1)"); err != nil {
		return "", err
	}
	var n int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil || n > 0 {
		return name, err
	}
	draft := name + "_draft"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + draft, "CREATE DATABASE " + draft} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	if err := migrate(onServer(server, draft)); err != nil {
		return "", err
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", draft, name))
	return name, err
}

func migrate(url config.DatabaseURL) error {
	ctx := context.Background()
	db, err := database.Open(ctx, url)
	if err != nil {
		return err
	}
	if _, err := db.Migrate(ctx); err != nil {
		return err
	}
	return db.Close()
}

// Must returns v, or ends the test when err is not nil.
//
//	d := testkit.Must(db.Dataset.Create().SetName("d").Save(ctx))(t)
func Must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
