package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// DatabaseURL says where the database is. It may hold a password, so that fmt,
// JSON and log lines show its scheme, host and name alone; string(u) is all of it.
type DatabaseURL string

// SQLitePath returns the database file of a SQLite URL. As other tools have it,
// sqlite:///PATH is the same as sqlite:PATH, and an absolute PATH has a slash of its own.
func (u DatabaseURL) SQLitePath() (path string, ok bool) {
	path, ok = strings.CutPrefix(string(u), "sqlite:")
	return strings.TrimPrefix(path, "///"), ok
}

// IsPostgres tells whether u is of a PostgreSQL server.
func (u DatabaseURL) IsPostgres() bool {
	return strings.HasPrefix(string(u), "postgres://") || strings.HasPrefix(string(u), "postgresql://")
}

func (u DatabaseURL) check() error {
	if path, ok := u.SQLitePath(); ok {
		return when(path == "" || strings.HasPrefix(path, "//"), "want sqlite:PATH")
	}
	if !u.IsPostgres() {
		return errors.New("want sqlite:PATH or postgres://…")
	}
	_, err := url.Parse(string(u))
	// The error's own words may quote the password.
	return when(err != nil, "is not a URL: write letters such as / and %% in a password as %%2F and %%25")
}

// Format shows u without its password, whatever the verb.
func (u DatabaseURL) Format(w fmt.State, _ rune) { fmt.Fprint(w, u.redacted()) }

// MarshalText shows u without its password.
func (u DatabaseURL) MarshalText() ([]byte, error) { return []byte(u.redacted()), nil }

func (u DatabaseURL) redacted() string {
	if _, ok := u.SQLitePath(); ok {
		return string(u)
	}
	parsed, err := url.Parse(string(u))
	if err != nil {
		return hidden
	}
	return (&url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}).String()
}
