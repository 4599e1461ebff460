package config

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
)

// Secret is a string that neither fmt nor JSON nor a log line shows; string(s) does.
type Secret string

const hidden = "[hidden]"

// Format hides the secret, whatever the verb.
func (Secret) Format(w fmt.State, _ rune) { fmt.Fprint(w, hidden) }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

const (
	minSecret   = 32 // bytes: what HMAC-SHA256 and Ed25519 take in
	minDistinct = 8  // of a random 32-digit hexadecimal number, fewer than one in 25 million has less
)

// placeholders are the words of secrets that documentation gives and people
// forget to replace, in lower case and without punctuation.
// A random key in base64 holds one of them less than once in ten million times.
var placeholders = []string{
	"changeme", "changethis", "djangoinsecure", "example", "insecure", "password", "placeholder", "qwerty",
	"replaceme", "replacethis", "secret", "12345678",
}

const makeOne = "make one with: openssl rand -base64 32"

// check finds a secret that can be guessed. None at all is not its business.
func (s Secret) check() error {
	if s == "" {
		return nil
	}
	plain := strings.Map(alphanumeric, string(s))
	for _, word := range placeholders {
		if strings.Contains(plain, word) {
			return fmt.Errorf("looks like a placeholder (%s…); %s", word, makeOne)
		}
	}
	return cmp.Or(
		when(len(s) < minSecret, "want %d bytes or more, got %d; %s", minSecret, len(s), makeOne),
		when(repeats(string(s)), "is one piece over and over; %s", makeOne),
		when(distinct(string(s)) < minDistinct, "want %d different characters or more, got %d; %s", minDistinct, distinct(string(s)), makeOne),
	)
}

func alphanumeric(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return unicode.ToLower(r)
	}
	return -1
}

// repeats tells whether s is a shorter string written two or more times:
// only then does s appear in its own double elsewhere than at both ends.
func repeats(s string) bool {
	return strings.Contains((s + s)[1:2*len(s)-1], s)
}

func distinct(s string) int {
	seen := map[byte]bool{}
	for i := range len(s) {
		seen[s[i]] = true
	}
	return len(seen)
}

// SigningKey returns SECRET_KEY. When that is empty it is, with SQLite, the key
// kept in the file secret_key beside the database, made on the first call;
// over PostgreSQL, which Load allows only with DEBUG, one that nobody keeps.
func (c Config) SigningKey() (Secret, error) {
	if c.Secret != "" {
		return c.Secret, nil
	}
	database, ok := c.Database.SQLitePath()
	if !ok {
		return newSecret(), nil
	}
	return keptSecret(filepath.Join(filepath.Dir(database), "secret_key"))
}

func newSecret() Secret {
	key := make([]byte, minSecret)
	rand.Read(key) // never fails
	return Secret(base64.StdEncoding.EncodeToString(key))
}

// keptSecret returns the secret in the file at path. Where there is none it
// makes one; of several processes that do so at once one wins, and all return its secret.
func keptSecret(path string) (Secret, error) {
	secret, err := readSecret(path)
	if !errors.Is(err, os.ErrNotExist) {
		return secret, err
	}
	if err := createSecret(path, newSecret()); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return readSecret(path)
}

func readSecret(path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	// Windows has no such bits.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("%s: others can read it (mode %04o): if you trust them run chmod 600 on it, else delete it, which signs everybody out", path, mode)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := Secret(strings.TrimSpace(string(content)))
	if err := cmp.Or(when(secret == "", "is empty"), secret.check()); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return secret, nil
}

// createSecret writes the file under another name first and then links it, so
// that nobody ever reads half of it. It fails with os.ErrExist when path exists.
func createSecret(path string, secret Secret) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".secret_key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.WriteString(file, string(secret)+"\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path)
}
