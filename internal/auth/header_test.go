package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
)

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	for header, tt := range map[string]struct {
		token string
		err   error
	}{
		"Bearer abc":                         {token: "abc"},
		"Token abc":                          {token: "abc"},
		"bEARER abc":                         {token: "abc"},
		"TOKEN abc":                          {token: "abc"},
		"  Bearer   abc  ":                   {token: "abc"},
		"":                                   {err: auth.ErrNoCredentials},
		"   ":                                {err: auth.ErrNoCredentials},
		"Basic YW5hOnNlY3JldA==":             {err: auth.ErrNoCredentials},
		"abc":                                {err: auth.ErrNoCredentials},
		"Bearerabc":                          {err: auth.ErrNoCredentials},
		"Bearer":                             {err: auth.ErrEmptyHeader},
		"Token   ":                           {err: auth.ErrEmptyHeader},
		"Token a b":                          {err: auth.ErrSpaces},
		"Bearer Bearer abc":                  {err: auth.ErrSpaces},
		"Bearer " + strings.Repeat(".", 1e6): {err: auth.ErrInvalidToken},
	} {
		token, err := auth.ParseAuthorization(header)
		if token != tt.token || !errors.Is(err, tt.err) {
			t.Errorf("%.40q: token, error = %q, %v, want %q, %v", header, token, err, tt.token, tt.err)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, header := range []string{"", "Bearer", "Token abc", "Bearer a b", "bearer\tabc", "Basic abc", "Bearer \xff\u2003x"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := auth.ParseAuthorization(header)
		switch {
		case err != nil && (token != "" || !errors.Is(err, fault.Unauthenticated)):
			t.Errorf("token, error = %q, %v, want no token and %v", token, err, fault.Unauthenticated)
		case err == nil && (token == "" || strings.ContainsAny(token, " \t\r\n") || !strings.Contains(header, token)):
			t.Errorf("token = %q, want one word of %q", token, header)
		}
	})
}
