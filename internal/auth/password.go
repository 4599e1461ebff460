package auth

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // for the list of common passwords
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/datasetgen/datagen/internal/fault"
)

// Bounds of a new password, in characters. There is no rule on what they are.
const (
	MinPassword = 8
	MaxPassword = 1024
)

// maxPasswordBytes bounds what is ever hashed: no password that was accepted is longer.
const maxPasswordBytes = MaxPassword * utf8.UTFMax

// UnusablePassword is a password hash that no password matches.
const UnusablePassword = "!"

// commonPasswords are the lines of eight characters and more in the list that
// Django ships (5.2.19, contrib/auth/common-passwords.txt.gz, made by Royce
// Williams out of leaked ones, lower-case). See common_passwords.LICENSE.
//
//go:embed common_passwords.txt.gz
var commonPasswords []byte

// CheckPassword complains of a new password that is too short, too long, the
// user's e-mail address, or among those that are guessed first. The complaint
// is at path, and of the kind fault.Invalid.
func CheckPassword(password, email string, path ...any) error {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return fault.InvalidAt("is not valid UTF-8", path...)
	case n < MinPassword:
		return fault.InvalidAt(fmt.Sprintf("must have at least %d characters", MinPassword), path...)
	case n > MaxPassword:
		return fault.InvalidAt(fmt.Sprintf("must have at most %d characters", MaxPassword), path...)
	case strings.EqualFold(password, email):
		return fault.InvalidAt("must not be the e-mail address", path...)
	}
	common, err := isCommon(strings.ToLower(password))
	if err != nil {
		return err
	}
	if common {
		return fault.InvalidAt("is too common", path...)
	}
	return nil
}

// isCommon unpacks the list anew: that takes a millisecond, which is little
// beside the hashing that follows, and keeps nothing in memory.
func isCommon(password string) (bool, error) {
	r, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		return false, fmt.Errorf("list of common passwords: %w", err)
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if lines.Text() == password {
			return true, nil
		}
	}
	return false, lines.Err()
}

// NormalizeEmail returns the form in which an address is stored and compared.
func NormalizeEmail(email string) string {
	return strings.ToLower(strings.TrimSpace(email))
}

// maxEmail is the length of the longest address there is, in bytes (RFC 5321).
const maxEmail = 254

// CheckEmail complains of what cannot be the address of a user, at path.
func CheckEmail(email string, path ...any) error {
	switch {
	case len(email) > maxEmail:
		return fault.InvalidAt(fmt.Sprintf("must have at most %d bytes", maxEmail), path...)
	case !isEmail(email):
		return fault.InvalidAt("is not an e-mail address", path...)
	case email != NormalizeEmail(email):
		return fault.InvalidAt("must be in lower case", path...)
	}
	return nil
}

// isEmail asks for little: whether mail arrives is not for a form to tell. What
// it lets through is text that both databases take.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && !strings.Contains(domain, "@") && !strings.ContainsFunc(s, isBlank)
}

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }
