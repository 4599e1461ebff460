// Command diff writes the migrations that lead from those there are to ent/schema,
// for both databases. It needs an empty PostgreSQL database to try them in:
//
//	DATAGEN_DEV_POSTGRES=postgres://… go run ./ent/migrate/diff add_tags
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	atlas "ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/datasetgen/datagen/ent/migrate"
	"github.com/datasetgen/datagen/internal/history"
)

const folder = "ent/migrate/migrations"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv("DATAGEN_DEV_POSTGRES")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, postgres string) error {
	if len(args) != 1 || postgres == "" {
		return errors.New("usage: DATAGEN_DEV_POSTGRES=postgres://… go run ./ent/migrate/diff NAME")
	}
	for _, d := range []struct{ dialect, driver, dsn, folder string }{
		{dialect.Postgres, "postgres", postgres, "postgres"},
		{dialect.SQLite, "sqlite", "file:dev?mode=memory&cache=shared&_pragma=foreign_keys(1)", "sqlite"},
	} {
		if err := diff(ctx, d.dialect, d.driver, d.dsn, filepath.Join(folder, d.folder), args[0]); err != nil {
			return fmt.Errorf("%s: %w", d.dialect, err)
		}
	}
	return nil
}

func diff(ctx context.Context, dialect, driver, dsn, path, name string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	dir, err := atlas.NewLocalDir(path)
	if err != nil {
		return err
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	m, err := schema.NewMigrate(entsql.OpenDB(dialect, db),
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(dialect),
		schema.WithFormatter(atlas.DefaultFormatter),
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
	)
	if err != nil {
		return err
	}
	return m.NamedDiff(ctx, name, slices.Concat(migrate.Tables, history.Tables())...)
}
