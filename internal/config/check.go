package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"time"

	"github.com/caarlos0/env/v11"
)

// complaint says what is wrong with a setting, if anything is.
type complaint struct {
	setting string
	err     error
}

// join makes the complaints one error. Only the first about a setting is kept:
// a value that could not be read leaves a zero, and what a check has to say
// about that would mislead.
func join(complaints []complaint) error {
	var errs []error
	seen := map[string]bool{}
	for _, c := range complaints {
		if c.err == nil || seen[c.setting] {
			continue
		}
		seen[c.setting] = true
		errs = append(errs, fmt.Errorf("%s: %w", c.setting, c.err))
	}
	return errors.Join(errs...)
}

// unreadable turns what the parser reports of fields into complaints about settings.
func unreadable(err error) []complaint {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return nil // the parser returns nothing else
	}
	var complaints []complaint
	for _, err := range all.Errors {
		bad, ok := errors.AsType[env.ParseError](err)
		if !ok {
			complaints = append(complaints, complaint{"settings", err})
			continue
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(bad.Name)
		complaints = append(complaints, complaint{field.Tag.Get("env"), cmp.Or(wanted[field.Type], bad.Err)})
	}
	return complaints
}

// wanted says what values of types that are not ours look like; those of ours say it themselves.
var wanted = map[reflect.Type]error{
	reflect.TypeFor[int]():           errors.New("want a whole number"),
	reflect.TypeFor[bool]():          errors.New("want true or false"),
	reflect.TypeFor[time.Duration](): errors.New("want a time such as 90s, 15m or 720h"),
	reflect.TypeFor[slog.Level]():    errors.New("want DEBUG, INFO, WARN or ERROR"),
}

// check looks at what can be read but would not work.
func (c Config) check() []complaint {
	return []complaint{
		{"ADDR", checkAddr(c.Addr)},
		{"DATABASE_URL", c.Database.check()},
		{"DATABASE_DIRECT_URL", c.checkDirect()},
		{"STORAGE_URL", checkStorage(c.Storage)},
		{"MEDIA_MODE", c.checkMediaMode()},
		{"SECRET_KEY", cmp.Or(c.checkSecretIsSet(), c.Secret.check())},
		{"SECRET_KEY_PREVIOUS", c.SecretPrevious.check()},
		{"PUBLIC_URL", checkPublic(c.PublicURL)},
		{"MAX_UPLOAD", when(c.MaxUpload <= 0, "want more than 0 bytes")},
		{"MAX_BODY", when(c.MaxBody < c.MaxUpload, "want room for MAX_UPLOAD, which is %d bytes", c.MaxUpload)},
		{"MAX_UPLOAD_TOTAL", when(c.MaxUploadTotal < c.MaxUpload, "want room for MAX_UPLOAD, which is %d bytes", c.MaxUpload)},
		{"WORKSPACE_MAX_IMAGES", when(c.WorkspaceMaxImages < 0, "want 0 or more, got %d", c.WorkspaceMaxImages)},
		{"ACCESS_TOKEN_TTL", positive(c.AccessTokenTTL)},
		{"REFRESH_TOKEN_TTL", positive(c.RefreshTokenTTL)},
		{"LEGACY_TOKEN_TTL", positive(c.LegacyTokenTTL)},
		{"GC_KEEP", when(c.GCKeep < 0, "want 0 or more, got %v", c.GCKeep)},
		{"GC_INTERVAL", when(c.GCInterval < 0, "want 0 or more, got %v", c.GCInterval)},
		{"SHUTDOWN_DELAY", when(c.ShutdownDelay < 0, "want 0 or more, got %v", c.ShutdownDelay)},
		{"LOG_FORMAT", when(c.LogFormat != Text && c.LogFormat != JSON, "want text or json, got %q", c.LogFormat)},
	}
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	return cmp.Or(err, when(port == "", "want HOST:PORT or :PORT, got %q", addr))
}

// checkDirect finds a direct address of another kind of database than
// DATABASE_URL's, which cannot be the same database.
func (c Config) checkDirect() error {
	if c.DatabaseDirect == c.Database {
		return nil // has been looked at
	}
	return cmp.Or(c.DatabaseDirect.check(),
		when(c.DatabaseDirect.IsPostgres() != c.Database.IsPostgres(), "want the kind of database that DATABASE_URL has"))
}

// checkStorage finds what is no address of a store. What else is in the address
// of a bucket is for the store to judge.
func checkStorage(u url.URL) error {
	ok := false
	switch u.Scheme {
	case "file":
		ok = u.Host == "" && cmp.Or(u.Opaque, u.Path) != ""
	case "s3", "gs":
		ok = u.Host != ""
	}
	return when(!ok, "want file:PATH, s3://BUCKET or gs://BUCKET")
}

func (c Config) checkMediaMode() error {
	return cmp.Or(
		when(c.MediaMode != Stream && c.MediaMode != Redirect, "want stream or redirect, got %q", c.MediaMode),
		when(c.MediaMode == Redirect && c.Storage.Scheme == "file", "redirect needs a bucket as STORAGE_URL"))
}

func (c Config) checkSecretIsSet() error {
	return when(c.Secret == "" && c.Database.IsPostgres() && !c.Debug,
		"must be set over PostgreSQL, where processes share it; %s", makeOne)
}

func checkPublic(u url.URL) error {
	if u == (url.URL{}) {
		return nil
	}
	return when(!isWeb(u) || u.User != nil || u.RawQuery != "" || u.Fragment != "", "want https://HOST or http://HOST")
}

func isWeb(u url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func positive(d time.Duration) error {
	return when(d <= 0, "want more than 0, got %v", d)
}

func when(bad bool, format string, args ...any) error {
	if !bad {
		return nil
	}
	return fmt.Errorf(format, args...)
}
