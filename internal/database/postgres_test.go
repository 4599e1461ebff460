package database_test

import (
	"bytes"
	"io"
	"net"
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
			dsn := testkit.Must(url.Parse(testkit.Must(database.PostgresDSN(tt.url, true))(t)))(t)
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

// TestPgBouncer: where parameters are refused that bound how long things take, it does without.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	at := testkit.Must(url.Parse(string(testkit.PostgresURL(t))))(t)
	at.Host = bouncer(t, at.Host)
	db := testkit.Must(database.Open(t.Context(), config.DatabaseURL(at.String())))(t)
	t.Cleanup(func() { _ = db.Close() })
	rows := testkit.Must(db.QueryContext(access.System(t.Context()), "SELECT current_setting('timezone') || ' ' || $1", []byte("text")))(t)
	defer rows.Close()
	var got string
	if !rows.Next() || rows.Scan(&got) != nil || got != "UTC text" || rows.Err() != nil {
		t.Errorf("got %q, %v", got, rows.Err())
	}
}

// bouncer passes connections on to a server, but for those that begin with a limit, which it refuses in the words of PgBouncer.
// It returns its address.
func bouncer(t *testing.T, server string) string {
	t.Helper()
	listener := testkit.Must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, server)
		}
	}()
	return listener.Addr().String()
}

func pass(client net.Conn, server string) {
	defer client.Close()
	first := make([]byte, 4096)
	n, err := client.Read(first)
	if err != nil {
		return
	}
	if bytes.Contains(first[:n], []byte("statement_timeout")) {
		const fields = "SFATAL\x00C08P01\x00Munsupported startup parameter: statement_timeout\x00\x00"
		_, _ = client.Write(append([]byte{'E', 0, 0, 0, byte(4 + len(fields))}, fields...))
		return
	}
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	if _, err := to.Write(first[:n]); err != nil {
		return
	}
	go func() { _, _ = io.Copy(to, client) }()
	_, _ = io.Copy(client, to)
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
