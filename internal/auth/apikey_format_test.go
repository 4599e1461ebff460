package auth

import (
	"regexp"
	"strings"
	"testing"
)

func TestNewKey(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^dg_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for range 1000 {
		key, prefix := newKey()
		if !form.MatchString(key) || !isKey(key) || !strings.HasPrefix(key, prefix) || len(prefix) != 11 {
			t.Fatalf("key, prefix = %s, %s", key, prefix)
		}
		if seen[key] || seen[prefix] {
			t.Fatalf("%s was made twice", key)
		}
		seen[key], seen[prefix] = true, true
	}
}

// TestTypingErrors refuses each single wrong character and each pair swapped.
func TestTypingErrors(t *testing.T) {
	t.Parallel()
	key, _ := newKey()
	for i := range key {
		for _, c := range base62 {
			wrong := key[:i] + string(c) + key[i+1:]
			if wrong != key && isKey(wrong) {
				t.Errorf("%s is taken for %s", wrong, key)
			}
		}
		if i == 0 || key[i] == key[i-1] {
			continue
		}
		if swapped := key[:i-1] + key[i:i+1] + key[i-1:i] + key[i+1:]; isKey(swapped) {
			t.Errorf("%s is taken for %s", swapped, key)
		}
	}
}

func TestIsKey(t *testing.T) {
	t.Parallel()
	// Made once: keys that people hold must stay good.
	const key = "dg_0123abcd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
	good := key + checksum(key)
	for name, tt := range map[string]struct {
		s    string
		want bool
	}{
		"good":              {good, true},
		"without checksum":  {key, false},
		"with a space":      {good + " ", false},
		"of another prefix": {"dx" + good[2:], false},
		"empty":             {"", false},
	} {
		if got := isKey(tt.s); got != tt.want {
			t.Errorf("%s: isKey(%q) = %t, want %t", name, tt.s, got, tt.want)
		}
	}
	if want := "1e5iA2"; checksum(key) != want {
		t.Errorf("checksum = %s, want %s", checksum(key), want)
	}
}

func TestIsLegacyKey(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b":  true,
		"9944B09199C62BCF9418AD846DD0E4BBDFC6EE4B":  false, // was never given out
		"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4":   false,
		"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4bb": false,
		"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4g":  false,
		"": false,
	} {
		if got := isLegacyKey(s); got != want {
			t.Errorf("isLegacyKey(%q) = %t, want %t", s, got, want)
		}
	}
}
