package auth_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/auth"
)

// Secrets of tests, told from each other by their first word.
var (
	secret = "first " + strings.Repeat("s3cr", 8)
	newer  = "second " + strings.Repeat("s3cr", 8)
)

func keys(tb testing.TB, secrets ...string) *auth.Keys {
	tb.Helper()
	k, err := auth.NewKeys(secrets[0], secrets[1:]...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func TestVerifyMAC(t *testing.T) {
	t.Parallel()
	old, rotated, other := keys(t, secret), keys(t, newer, secret), keys(t, newer)
	msg := []byte("/media/7")
	sum := old.MAC("media", msg)
	for name, tt := range map[string]struct {
		keys    *auth.Keys
		purpose string
		msg     string
		sum     []byte
		want    bool
	}{
		"its own":                {old, "media", "/media/7", sum, true},
		"after the secret's end": {other, "media", "/media/7", sum, false},
		"of a previous secret":   {rotated, "media", "/media/7", sum, true},
		"for another purpose":    {old, "medi", "/media/7", sum, false},
		"shifted":                {old, "medi", "a/media/7", sum, false},
		"of another message":     {old, "media", "/media/8", sum, false},
		"cut":                    {old, "media", "/media/7", sum[:31], false},
		"empty":                  {old, "media", "/media/7", nil, false},
	} {
		if got := tt.keys.VerifyMAC(tt.purpose, []byte(tt.msg), tt.sum); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	if bytes.Equal(rotated.MAC("media", msg), sum) {
		t.Error("a MAC was made with the previous secret")
	}
}

// TestMACIsStable keeps media URLs good from one release to the next.
func TestMACIsStable(t *testing.T) {
	t.Parallel()
	// Computed apart, with Python's hmac and hashlib.
	const want = "b1afba85850874afa70aa6f0489194e18311df49c51ab1a22054ae282c03d6f7"
	if got := hex.EncodeToString(keys(t, secret).MAC("media", []byte("/media/7"))); got != want {
		t.Errorf("MAC = %s, want %s", got, want)
	}
}

func TestNewKeysRefusesShortSecrets(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{{""}, {"short"}, {secret[:31]}, {secret, "short"}} {
		if _, err := auth.NewKeys(secrets[0], secrets[1:]...); err == nil {
			t.Errorf("%q were accepted", secrets)
		}
	}
}
