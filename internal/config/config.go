// Package config reads the server's settings from the environment, once, at start.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Config is every setting there is. The zero environment gives a server for
// this machine alone that keeps SQLite and files under ./data.
//
// The tags are the documentation too: .env.example and the tables of the
// READMEs are compared with them.
type Config struct {
	Addr               string        `env:"ADDR" envDefault:"127.0.0.1:8000" help:"address to listen on; :8000 listens on every interface"`
	Database           DatabaseURL   `env:"DATABASE_URL" envDefault:"sqlite:data/datagen.db" help:"sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME?sslmode=…"`
	DatabaseDirect     DatabaseURL   `env:"DATABASE_DIRECT_URL" help:"the same database without a pooler such as PgBouncer in between, for migrations; DATABASE_URL when empty"`
	Storage            url.URL       `env:"STORAGE_URL" envDefault:"file:data/objects" help:"where pixels are kept: file:PATH, s3://BUCKET/PREFIX?region=…&endpoint=… or gs://BUCKET/PREFIX"`
	MediaMode          MediaMode     `env:"MEDIA_MODE" envDefault:"stream" help:"how clients get pictures and zips from a bucket: stream, through the server, or redirect, from the bucket itself"`
	Secret             Secret        `env:"SECRET_KEY" help:"key that signs tokens and media URLs, 32 random bytes or more; with SQLite made and kept beside the database when empty"`
	SecretPrevious     Secret        `env:"SECRET_KEY_PREVIOUS" help:"the key before SECRET_KEY: what it signed stays good while keys are changed"`
	Debug              bool          `env:"DEBUG" envDefault:"false" help:"true for development only: a server over PostgreSQL may make a SECRET_KEY of its own, lost when it stops"`
	PublicURL          url.URL       `env:"PUBLIC_URL" help:"the address clients use, such as https://data.example.com; taken from each request when empty"`
	AllowedHosts       Hosts         `env:"ALLOWED_HOSTS" help:"names the server answers to, separated by commas; .example.com stands for its subdomains too; any when empty"`
	CORSAllowedOrigins Origins       `env:"CORS_ALLOWED_ORIGINS" help:"origins of web pages that may call the server, such as https://app.example.com, separated by commas; * is every page"`
	TrustedProxies     Networks      `env:"TRUSTED_PROXIES" help:"addresses or CIDR ranges of reverse proxies whose X-Forwarded-* headers are believed, separated by commas"`
	MaxUpload          Size          `env:"MAX_UPLOAD" envDefault:"50MB" help:"largest picture; a number is bytes, MB is a million of them, MiB 1024 × 1024"`
	MaxBody            Size          `env:"MAX_BODY" envDefault:"80MB" help:"largest request body; room for the largest picture in base64"`
	KeepEXIF           bool          `env:"KEEP_EXIF" envDefault:"false" help:"true keeps what cameras and programs write into pictures beside the pixels, such as where they were taken"`
	FetchAllow         Networks      `env:"FETCH_ALLOW" help:"networks to fetch pictures from though they are not public, as addresses or CIDR ranges separated by commas; none when empty"`
	MaxUploadTotal     Size          `env:"MAX_UPLOAD_TOTAL" envDefault:"5GB" help:"largest file that comes in parts, under /uploads/: a zip, or a picture of up to MAX_UPLOAD"`
	WorkspaceMaxImages int           `env:"WORKSPACE_MAX_IMAGES" envDefault:"0" help:"how many images a workspace may hold that has no limit of its own; 0 is no limit"`
	WorkspaceMaxBytes  Size          `env:"WORKSPACE_MAX_BYTES" envDefault:"0" help:"how many bytes of image files a workspace may hold that has no limit of its own, such as 50GB; 0 is no limit"`
	AccessTokenTTL     time.Duration `env:"ACCESS_TOKEN_TTL" envDefault:"15m" help:"how long an access token is good for"`
	RefreshTokenTTL    time.Duration `env:"REFRESH_TOKEN_TTL" envDefault:"720h" help:"how long a person stays signed in without using the server"`
	LegacyTokenTTL     time.Duration `env:"LEGACY_TOKEN_TTL" envDefault:"720h" help:"how long a token of the legacy API is good for"`
	GCKeep             time.Duration `env:"GC_KEEP" envDefault:"168h" help:"how long pixels are kept that neither an image nor a snapshot names; at least as long as backups of the database are good for"`
	GCInterval         time.Duration `env:"GC_INTERVAL" envDefault:"1h" help:"how often a server looks for such pixels; 0 never does, and leaves it to: datagen gc"`
	ShutdownDelay      time.Duration `env:"SHUTDOWN_DELAY" envDefault:"0s" help:"how long the server still answers, with /readyz at 503, once told to stop; 5s or more behind a load balancer"`
	LogLevel           slog.Level    `env:"LOG_LEVEL" envDefault:"INFO" help:"DEBUG, INFO, WARN or ERROR"`
	LogFormat          LogFormat     `env:"LOG_FORMAT" envDefault:"text" help:"text for people, json for machines"`
}

// Load reads a configuration from NAME=value pairs as of os.Environ, of which
// the last of a name counts, and reports everything that is wrong with it.
func Load(environ []string) (Config, error) {
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: env.ToMap(environ)})
	c.DatabaseDirect = cmp.Or(c.DatabaseDirect, c.Database)
	return c, join(append(unreadable(err), c.check()...))
}

// Environ adds the settings in a .env file to environ, which wins over them.
// A file that does not exist adds nothing.
func Environ(dotenv string, environ []string) ([]string, error) {
	file, err := os.Open(dotenv)
	if errors.Is(err, os.ErrNotExist) {
		return environ, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	settings, err := godotenv.Parse(file)
	if err != nil {
		// Its words quote the file from the mistake on, with the secrets that follow.
		return nil, fmt.Errorf("%s: a line is not of the form NAME=value", dotenv)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		all = append(all, name+"="+settings[name])
	}
	return append(all, environ...), nil
}

// LogHandler writes log lines to w as LOG_LEVEL and LOG_FORMAT want them.
func (c Config) LogHandler(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == JSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// Setting describes one setting for a person.
type Setting struct {
	Name    string // of the environment variable
	Default string // what the empty environment means; may be empty
	Help    string
}

// Settings lists every setting in the order of Config.
func Settings() []Setting {
	var settings []Setting
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		settings = append(settings, Setting{f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("help")})
	}
	return settings
}
