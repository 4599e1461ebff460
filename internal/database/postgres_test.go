package database_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestPostgresDSN(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url  config.DatabaseURL
		want map[string]string
	}{
		"defaults": {"postgres://u:p@host/db", map[string]string{
			"sslmode": "prefer", "timezone": "UTC", "connect_timeout": "5", "statement_timeout": "60000", "lock_timeout": "10000",
			"idle_in_transaction_session_timeout": "60000", "application_name": "datagen",
		}},
		"what the URL says": {"postgresql://u:p@host:5433/db?sslmode=verify-full&lock_timeout=1&search_path=a,b", map[string]string{
			"sslmode": "verify-full", "lock_timeout": "1", "search_path": "a,b", "statement_timeout": "60000",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := testkit.Must(url.Parse(testkit.Must(database.PostgresDSN(tt.url))(t)))(t)
			for parameter, want := range tt.want {
				if got := dsn.Query()[parameter]; len(got) != 1 || got[0] != want {
					t.Errorf("%s is %v, want %s", parameter, got, want)
				}
			}
			if p, _ := dsn.User.Password(); p != "p" || !strings.HasPrefix(dsn.Host, "host") || dsn.Path != "/db" {
				t.Errorf("the rest became %v", dsn)
			}
		})
	}
}

// TestPostgresRefusals: what is wrong with a URL is said without its password.
func TestPostgresRefusals(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]config.DatabaseURL{
		"no URL":       "postgres://u:sesame@host:port/db",
		"no such mode": "postgres://u:sesame@host/db?sslmode=sesame",
		"nobody there": "postgres://u:sesame@127.0.0.1:1/db?sslmode=disable",
	} {
		_, err := database.Open(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), ":sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	db := testkit.Postgres(t)
	ctx := access.System(t.Context())
	for setting, want := range map[string]string{
		"timezone": "UTC", "statement_timeout": "1min", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "1min", "application_name": "datagen",
	} {
		if got := text(ctx, t, db, "SHOW "+setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
}

// TestPostgresSettingsOutlastMigrating: it waits without end, and only it.
func TestPostgresSettingsOutlastMigrating(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	db := testkit.Must(database.Open(t.Context(), url))(t)
	defer db.Close()
	testkit.Must(db.Migrate(t.Context()))(t)
	ctx := access.System(t.Context())
	for setting, want := range map[string]string{"statement_timeout": "1min", "lock_timeout": "10s"} {
		if got := text(ctx, t, db, "SHOW "+setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	held := text(ctx, t, db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
	if held != "0" {
		t.Errorf("%s locks are still held", held)
	}
}
