package config_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/config"
)

const (
	goodSecret = "k3N1vWq8Zr5TyLx0PmBdJfHs7uAeGc2o"
	postgres   = "DATABASE_URL=postgres://dg:hunter2@db.example.com/datagen?sslmode=disable"
)

func TestEmptyEnvironmentIsUsable(t *testing.T) {
	t.Parallel()
	c, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		c.Addr, string(c.Database), string(c.DatabaseDirect), c.Storage.String(), c.MediaMode, c.MaxUpload, c.MaxBody,
		c.AccessTokenTTL, c.RefreshTokenTTL, c.LegacyTokenTTL, c.LogLevel, c.LogFormat, c.Debug, len(c.AllowedHosts),
	}
	want := []any{
		"127.0.0.1:8000", "sqlite:data/datagen.db", "sqlite:data/datagen.db", "file:data/objects", config.Stream, config.Size(50e6), config.Size(80e6),
		15 * time.Minute, 30 * 24 * time.Hour, 30 * 24 * time.Hour, slog.LevelInfo, config.Text, false, 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestLoadReadsLists(t *testing.T) {
	t.Parallel()
	c, err := config.Load([]string{
		"ALLOWED_HOSTS=Data.example.com, .example.org,[::1],",
		"CORS_ALLOWED_ORIGINS=https://App.example.com/, http://localhost:3000",
		"TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.7,::ffff:192.0.2.8, fd00::/8",
		"FETCH_ALLOW=10.1.0.0/16,fd00::/8",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		AllowedHosts:       config.Hosts{"data.example.com", ".example.org", "[::1]"},
		CORSAllowedOrigins: config.Origins{"https://app.example.com", "http://localhost:3000"},
		TrustedProxies: config.Networks{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
			netip.MustParsePrefix("192.0.2.8/32"), netip.MustParsePrefix("fd00::/8"),
		},
		FetchAllow: config.Networks{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")},
	}
	got := config.Config{AllowedHosts: c.AllowedHosts, CORSAllowedOrigins: c.CORSAllowedOrigins, TrustedProxies: c.TrustedProxies, FetchAllow: c.FetchAllow}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestLoadAccepts(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"every interface":             {"ADDR=:8000"},
		"an empty value":              {"MAX_UPLOAD=", "DATABASE_URL=", "LOG_LEVEL="},
		"postgres":                    {postgres, "SECRET_KEY=" + goodSecret},
		"postgresql":                  {"DATABASE_URL=postgresql:///datagen?host=/var/run/postgresql", "SECRET_KEY=" + goodSecret},
		"postgres for development":    {postgres, "DEBUG=true"},
		"a direct address":            {postgres, "DATABASE_DIRECT_URL=postgres://other/datagen", "SECRET_KEY=" + goodSecret},
		"an absolute store":           {"STORAGE_URL=file:///srv/objects"},
		"a store in S3":               {"STORAGE_URL=s3://bucket/prefix?region=eu-central-1", "MEDIA_MODE=redirect"},
		"a store in GCS":              {"STORAGE_URL=gs://bucket", "MEDIA_MODE=stream"},
		"a key in hexadecimal":        {"SECRET_KEY=9f2c4e1ab07d3358c6e0a94b7f16d28e"},
		"a public URL with a path":    {"PUBLIC_URL=https://example.com/data/"},
		"every web page":              {"CORS_ALLOWED_ORIGINS=*"},
		"an IPv6 host":                {"ALLOWED_HOSTS=[2001:db8::1]"},
		"what is no setting of ours":  {"PATH=/bin", "odd"},
		"a log level in small print":  {"LOG_LEVEL=debug"},
		"sizes with and without unit": {"MAX_UPLOAD=1000000", "MAX_BODY=1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := config.Load(environ); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{
		"ADDR=8000":                          "ADDR: address 8000: missing port",
		"ADDR=localhost:":                    "ADDR: want HOST:PORT",
		"DATABASE_URL=mysql://x":             "DATABASE_URL: want sqlite:PATH or postgres://…",
		"DATABASE_URL=data/datagen.db":       "DATABASE_URL: want sqlite:PATH or postgres://…",
		"DATABASE_URL=sqlite:":               "DATABASE_URL: want sqlite:PATH",
		"DATABASE_URL=sqlite://data/x":       "DATABASE_URL: want sqlite:PATH",
		postgres:                             "SECRET_KEY: must be set over PostgreSQL",
		"DATABASE_DIRECT_URL=postgres:x":     "DATABASE_DIRECT_URL: want sqlite:PATH or postgres://…",
		"DATABASE_DIRECT_URL=postgres://x/y": "DATABASE_DIRECT_URL: want the kind of database that DATABASE_URL has",
		"STORAGE_URL=ftp://x":                "STORAGE_URL: want file:PATH",
		"STORAGE_URL=file://data/objects":    "STORAGE_URL: want file:PATH",
		"STORAGE_URL=data/objects":           "STORAGE_URL: want file:PATH",
		"STORAGE_URL=s3:bucket":              "STORAGE_URL: want file:PATH, s3://BUCKET",
		"MEDIA_MODE=redirect":                "MEDIA_MODE: redirect needs a bucket as STORAGE_URL",
		"MEDIA_MODE=proxy":                   `MEDIA_MODE: want stream or redirect, got "proxy"`,
		"DEBUG=perhaps":                      "DEBUG: want true or false",
		"PUBLIC_URL=data.example.com":        "PUBLIC_URL: want https://HOST",
		"PUBLIC_URL=https://x/?a=b":          "PUBLIC_URL: want https://HOST",
		"ALLOWED_HOSTS=https://x":            "ALLOWED_HOSTS: want host names without scheme and port",
		"ALLOWED_HOSTS=x:8000":               "ALLOWED_HOSTS: want host names without scheme and port",
		"CORS_ALLOWED_ORIGINS=example.com":   "CORS_ALLOWED_ORIGINS: want origins such as https://app.example.com",
		"CORS_ALLOWED_ORIGINS=https://x/y":   "CORS_ALLOWED_ORIGINS: want origins",
		"CORS_ALLOWED_ORIGINS=https://*.x":   "CORS_ALLOWED_ORIGINS: want origins",
		"TRUSTED_PROXIES=nginx":              "TRUSTED_PROXIES: want addresses or CIDR ranges",
		"TRUSTED_PROXIES=10.0.0.0/99":        "TRUSTED_PROXIES: want addresses or CIDR ranges",
		"FETCH_ALLOW=intranet":               "FETCH_ALLOW: want addresses or CIDR ranges",
		"MAX_UPLOAD=much":                    "MAX_UPLOAD: want a number of bytes",
		"MAX_UPLOAD=-1":                      "MAX_UPLOAD: want a number of bytes",
		"MAX_UPLOAD=9999999999GB":            "MAX_UPLOAD: want a number of bytes",
		"MAX_UPLOAD_TOTAL=49MB":              "MAX_UPLOAD_TOTAL: want room for MAX_UPLOAD, which is 50000000 bytes",
		"WORKSPACE_MAX_IMAGES=many":          "WORKSPACE_MAX_IMAGES: want a whole number",
		"WORKSPACE_MAX_IMAGES=-1":            "WORKSPACE_MAX_IMAGES: want 0 or more, got -1",
		"WORKSPACE_MAX_BYTES=much":           "WORKSPACE_MAX_BYTES: want a number of bytes",
		"MAX_UPLOAD=0":                       "MAX_UPLOAD: want more than 0 bytes",
		"MAX_UPLOAD=81MB":                    "MAX_BODY: want room for MAX_UPLOAD, which is 81000000 bytes",
		"ACCESS_TOKEN_TTL=15":                "ACCESS_TOKEN_TTL: want a time such as",
		"ACCESS_TOKEN_TTL=-1s":               "ACCESS_TOKEN_TTL: want more than 0, got -1s",
		"REFRESH_TOKEN_TTL=0s":               "REFRESH_TOKEN_TTL: want more than 0",
		"LEGACY_TOKEN_TTL=0s":                "LEGACY_TOKEN_TTL: want more than 0",
		"SHUTDOWN_DELAY=-1s":                 "SHUTDOWN_DELAY: want 0 or more",
		"LOG_LEVEL=LOUD":                     "LOG_LEVEL: want DEBUG",
		"LOG_FORMAT=xml":                     `LOG_FORMAT: want text or json, got "xml"`,
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load([]string{env})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("error = %v, want one that says %q", err, want)
			}
			if lines := strings.Count(err.Error(), "\n"); lines > 0 {
				t.Errorf("one mistake, %d complaints:\n%v", lines+1, err)
			}
		})
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load([]string{"MAX_BODY=much", "LOG_FORMAT=xml", "SECRET_KEY=short", "ACCESS_TOKEN_TTL=soon"})
	var got []string
	for line := range strings.Lines(err.Error()) {
		name, _, _ := strings.Cut(line, ":")
		got = append(got, name)
	}
	if diff := cmp.Diff([]string{"MAX_BODY", "ACCESS_TOKEN_TTL", "SECRET_KEY", "LOG_FORMAT"}, got); diff != "" {
		t.Errorf("complaints (-want +got):\n%s\n%v", diff, err)
	}
}

func TestErrorsKeepPasswords(t *testing.T) {
	t.Parallel()
	for _, env := range []string{
		"DATABASE_URL=postgres://dg:hunter2%zz@db/datagen",
		"DATABASE_URL=postgres://dg:hunter2/@db/datagen",
		"SECRET_KEY=hunter2",
	} {
		if _, err := config.Load([]string{env}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error = %v", env, err)
		}
	}
}

func TestSQLitePath(t *testing.T) {
	t.Parallel()
	for u, want := range map[config.DatabaseURL]string{
		"sqlite:data/datagen.db":      "data/datagen.db",
		"sqlite:/srv/datagen.db":      "/srv/datagen.db",
		"sqlite:///data/datagen.db":   "data/datagen.db",
		"sqlite:////srv/datagen.db":   "/srv/datagen.db",
		"sqlite:../with blank?and.db": "../with blank?and.db",
	} {
		if got, ok := u.SQLitePath(); !ok || got != want {
			t.Errorf("path of %s = %q, %v, want %q", string(u), got, ok, want)
		}
	}
	if path, ok := config.DatabaseURL("postgres://x").SQLitePath(); ok {
		t.Errorf("postgres://x has the path %q", path)
	}
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		file, want string
	}{
		"no file":              {want: "real:1"},
		"the environment wins": {file: "ADDR=file:1\n", want: "real:1"},
		"both":                 {file: "# comment\nexport LOG_LEVEL='WARN'\n", want: "real:1"},
	} {
		path := filepath.Join(dir, name)
		if tt.file != "" {
			write(t, path, tt.file)
		}
		environ, err := config.Environ(path, []string{"ADDR=real:1"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c, err := config.Load(environ); err != nil || c.Addr != tt.want {
			t.Errorf("%s: address %q, %v, want %q", name, c.Addr, err, tt.want)
		}
	}
}

func TestEnvironReadsTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	write(t, path, "LOG_LEVEL=WARN\nSECRET_KEY='pa$$ #word'\n")

	environ, err := config.Environ(path, []string{"HOME=/root"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"LOG_LEVEL=WARN", "SECRET_KEY=pa$$ #word", "HOME=/root"}, environ); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestEnvironRefusesWithoutQuoting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	write(t, path, "a mistake!\nSECRET_KEY=hunter2\n")
	if _, err := config.Environ(path, nil); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), path) {
		t.Errorf("error = %v, want one that names the file and quotes nothing of it", err)
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	for format, want := range map[config.LogFormat]string{
		config.Text: "level=WARN msg=kept n=1\n",
		config.JSON: `"level":"WARN","msg":"kept","n":1}` + "\n",
	} {
		var out bytes.Buffer
		log := slog.New(config.Config{LogLevel: slog.LevelWarn, LogFormat: format}.LogHandler(&out))
		log.Info("dropped")
		log.Warn("kept", "n", 1)
		if got := out.String(); !strings.HasSuffix(got, want) || strings.Contains(got, "dropped") {
			t.Errorf("%s: got %s", format, got)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
