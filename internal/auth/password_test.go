package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ password, want string }{
		"good":                  {"s3cret-pass", ""},
		"shortest":              {"x7#mQ2!p", ""},
		"short":                 {"x7#mQ2!", "newPassword: must have at least 8 characters"},
		"characters, not bytes": {"ñññññññ", "newPassword: must have at least 8 characters"},
		"longest":               {strings.Repeat("ñ", 1024), ""},
		"long":                  {strings.Repeat("x", 1025), "newPassword: must have at most 1024 characters"},
		"spaces":                {"        x", ""},
		"common":                {"password1", "newPassword: is too common"},
		"common in capitals":    {"PassWord1", "newPassword: is too common"},
		"first of the common":   {"123456789", "newPassword: is too common"},
		"last of the common":    {"fallen_angel", "newPassword: is too common"},
		"the address":           {"Ana.Perez@Example.com", "newPassword: must not be the e-mail address"},
		"no text":               {"abcdefg\xffh", "newPassword: is not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := auth.CheckPassword(tt.password, "ana.perez@example.com", "newPassword")
			complains(t, err, tt.want)
		})
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"ana@example.com":                   "",
		"ana+labels@localhost":              "",
		"añá@example.com":                   "",
		"":                                  "email: is not an e-mail address",
		"ana":                               "email: is not an e-mail address",
		"@example.com":                      "email: is not an e-mail address",
		"ana@":                              "email: is not an e-mail address",
		"ana@home@example.com":              "email: is not an e-mail address",
		"ana perez@example.com":             "email: is not an e-mail address",
		"ana\x00@example.com":               "email: is not an e-mail address",
		"ana\xff@example.com":               "email: is not an e-mail address",
		"Ana@example.com":                   "email: must be in lower case",
		" ana@example.com":                  "email: is not an e-mail address",
		strings.Repeat("a", 250) + "@x.com": "email: must have at most 254 bytes",
	} {
		complains(t, auth.CheckEmail(email, "email"), want)
	}
	if got := auth.NormalizeEmail(" Ana@Example.COM\n"); got != "ana@example.com" {
		t.Errorf("normalized = %q", got)
	}
}

func complains(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error = %v, want none", err)
	case want != "" && (!errors.Is(err, fault.Invalid) || err.Error() != want):
		t.Errorf("error = %v, want %s", err, want)
	}
}
