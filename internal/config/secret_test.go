package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/internal/config"
)

func TestWeakSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"k3N1vWq8Zr5TyLx0PmBdJfHs7uAeGc2":                "want 32 bytes or more, got 31",
		strings.Repeat("x", 40):                          "is one piece over and over",
		strings.Repeat("k3N1vWq8", 5):                    "is one piece over and over",
		"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbcccccccccccccc": "want 8 different characters or more, got 3",
		"changeme-k3N1vWq8Zr5TyLx0PmBdJfHs7uAeGc2o":      "looks like a placeholder (changeme…)",
		"please-CHANGE_ME-k3N1vWq8Zr5TyLx0PmBdJfHs":      "looks like a placeholder (changeme…)",
		"django-insecure-k3n1vwq8zr5tylx0pmbdjfhs7uaegc": "looks like a placeholder (djangoinsecure…)",
		"my-super-secret-key-that-nobody-knows":          "looks like a placeholder (secret…)",
		"correct-horse-battery-staple-password-1":        "looks like a placeholder (password…)",
		"abcdefgh12345678abcdefgh87654321":               "looks like a placeholder (12345678…)",
	} {
		for _, name := range []string{"SECRET_KEY", "SECRET_KEY_PREVIOUS"} {
			_, err := config.Load([]string{name + "=" + secret})
			if err == nil || !strings.HasPrefix(err.Error(), name+": "+want) {
				t.Errorf("%s=%s: error = %v, want %q", name, secret, err, want)
			}
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	c := config.Config{Secret: "hunter2", Database: "postgres://dg:hunter2@db.example.com/datagen?password=hunter2"}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("settings", "all", c, "secret", c.Secret, "database", c.Database)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %d %s", c, c, c, c.Secret, c.Secret, c.Secret, c.Secret, c.Database)
	for _, s := range []string{shown, string(encoded), log.String()} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) {
			t.Error(s)
		}
		if !strings.Contains(s, "postgres://db.example.com/datagen") {
			t.Errorf("nothing says which database: %s", s)
		}
	}
}

func TestSigningKey(t *testing.T) {
	t.Parallel()
	t.Run("set", func(t *testing.T) {
		t.Parallel()
		if got := signingKey(t, config.Config{Secret: goodSecret}); got != goodSecret {
			t.Error("is not SECRET_KEY")
		}
	})
	t.Run("kept beside SQLite", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "data")
		c := config.Config{Database: config.DatabaseURL("sqlite:" + filepath.Join(dir, "datagen.db"))}
		first, second := signingKey(t, c), signingKey(t, c)
		if first != second || len(first) < 32 {
			t.Errorf("keys of %d and %d bytes, want one of 32 or more", len(first), len(second))
		}
		info, err := os.Stat(filepath.Join(dir, "secret_key"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file: %v, %v, want mode 0600", info, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("new over PostgreSQL", func(t *testing.T) {
		t.Parallel()
		c := config.Config{Database: "postgres://db/datagen", Debug: true}
		if first, second := signingKey(t, c), signingKey(t, c); first == second || len(first) < 32 {
			t.Error("is not random")
		}
	})
}

func TestSigningKeyOfManyStartersIsOne(t *testing.T) {
	t.Parallel()
	c := config.Config{Database: config.DatabaseURL("sqlite:" + t.TempDir() + "/datagen.db")}
	var starters errgroup.Group
	keys := make([]config.Secret, 32)
	for i := range keys {
		starters.Go(func() (err error) {
			keys[i], err = c.SigningKey()
			return err
		})
	}
	if err := starters.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two starters have different keys")
		}
	}
}

func TestSigningKeyRefusesTheFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"others can read it": {goodSecret, 0o644, "others can read it (mode 0644)"},
		"its group can":      {goodSecret, 0o640, "others can read it (mode 0640)"},
		"empty":              {"\n", 0o600, "is empty"},
		"weak":               {strings.Repeat("x", 40), 0o600, "is one piece over and over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret_key")
			write(t, path, tt.content)
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := config.Config{Database: config.DatabaseURL("sqlite:" + filepath.Dir(path) + "/datagen.db")}.SigningKey()
			if err == nil || !strings.Contains(err.Error(), path+": "+tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func signingKey(t *testing.T, c config.Config) config.Secret {
	t.Helper()
	key, err := c.SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}
