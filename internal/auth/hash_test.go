package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
)

// The hashes of Django were made by Django 5.2.19, but for the first, which
// comes with a specification.
func TestVerify(t *testing.T) {
	const (
		good     = "s3cret-pass"
		sha256at = "$abcDEF123xyz$mtSxB6XEAhyk5aJiFvGIilCGIhb9Xvp17gwIxFdN0VU="
	)
	for name, tt := range map[string]struct {
		stored, password string
		ok, outdated     bool
		unknown          bool
	}{
		"pbkdf2_sha256, known answer": {
			stored:   "pbkdf2_sha256$600000$abcDEF123$+2N8n6MJeZk7k8OgHepZ0C1sgIhSR73zktku4fkTEfM=",
			password: "s3cret!", ok: true, outdated: true,
		},
		"pbkdf2_sha256, Django 3.2": {
			stored:   "pbkdf2_sha256$260000$abcDEF123xyz$bXLt49vc35gKXfpeuR6/XGzIJ4Q46zc13w/t4BUQ6bk=",
			password: good, ok: true, outdated: true,
		},
		"pbkdf2_sha256, Django 4.2": {stored: "pbkdf2_sha256$600000" + sha256at, password: good, ok: true, outdated: true},
		"pbkdf2_sha256, Django 5.2": {
			stored:   "pbkdf2_sha256$1000000$abcDEF123xyz$NwR4mV418UsQd6Vx2ZWMmwVSq+IcqMUyfhUKCUKsmjg=",
			password: good, ok: true, outdated: true,
		},
		"pbkdf2_sha256, beyond ASCII": {
			stored:   "pbkdf2_sha256$150000$abcDEF123xyz$lSLPtvfEKO1KlE3u9a0NnzPaOhKxEds1DkacIJ4mnNs=",
			password: "contraseña ñandú", ok: true, outdated: true,
		},
		"pbkdf2_sha1": {
			stored:   "pbkdf2_sha1$260000$abcDEF123xyz$RNHTx4Mg9I2jm0Q53nJFdr3nLUk=",
			password: good, ok: true, outdated: true,
		},
		"argon2 of Django": {
			stored:   "argon2$argon2id$v=19$m=102400,t=2,p=8$YWJjREVGMTIzeHl6$HLv6gJKPF1DxN0Z4AXfGVZcF0QYf/FPwVkE4oeG/7SI",
			password: good, ok: true, outdated: true,
		},
		"argon2id of lower cost": {
			// The test vector of the reference implementation (phc-winner-argon2, test.c).
			stored:   "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
			password: "password", ok: true, outdated: true,
		},
		"wrong password":       {stored: "pbkdf2_sha256$600000" + sha256at, password: "s3cret-pasS", outdated: true},
		"other iterations":     {stored: "pbkdf2_sha256$600001" + sha256at, password: good, outdated: true},
		"too many iterations":  {stored: "pbkdf2_sha256$2000001" + sha256at, password: good, unknown: true},
		"negative iterations":  {stored: "pbkdf2_sha256$-1" + sha256at, password: good, unknown: true},
		"no key":               {stored: "pbkdf2_sha256$1$abc$", password: good, unknown: true},
		"no salt":              {stored: "pbkdf2_sha256$1", password: good, unknown: true},
		"scrypt":               {stored: "scrypt$16384$abcDEF123xyz$8$5$SXwy3aCTra1lvDu=", password: good, unknown: true},
		"md5":                  {stored: "md5$abc$5f4dcc3b5aa765d61d8327deb882cf99", password: good, unknown: true},
		"plain":                {stored: good, password: good, unknown: true},
		"argon2 of 1 TiB":      {stored: "$argon2id$v=19$m=1073741824,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f", password: good, unknown: true},
		"argon2 of no passes":  {stored: "$argon2id$v=19$m=256,t=0,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f", password: good, unknown: true},
		"argon2i":              {stored: "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f", password: good, unknown: true},
		"argon2, not a number": {stored: "$argon2id$v=19$m=x,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f", password: good, unknown: true},
		"argon2, short key":    {stored: "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8", password: good, unknown: true},
		"unusable":             {stored: "!p9F9GVJFYK20mn1VBZDs4M7ikdbNZPVKzYRZZ2gQ", password: good},
		"none":                 {stored: "", password: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ok, outdated, err := newHasher().verify(t.Context(), tt.stored, tt.password)

			if ok != tt.ok || outdated != tt.outdated {
				t.Errorf("ok, outdated = %t, %t, want %t, %t", ok, outdated, tt.ok, tt.outdated)
			}
			if tt.unknown != errors.Is(err, errUnknownHash) || !tt.unknown && err != nil {
				t.Errorf("error = %v, want an unknown hash: %t", err, tt.unknown)
			}
		})
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	h := newHasher()
	for name, password := range map[string]string{
		"short":          "12345678",
		"72 bytes match": strings.Repeat("x", 72) + "a", // bcrypt would stop reading here
		"longest":        strings.Repeat("🙂", MaxPassword),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored, err := h.hash(t.Context(), password)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("stored = %s, want argon2id in PHC form", stored)
			}
			ok, outdated, err := h.verify(t.Context(), stored, password)
			if !ok || outdated || err != nil {
				t.Errorf("the password itself: ok, outdated, error = %t, %t, %v", ok, outdated, err)
			}
			ok, _, err = h.verify(t.Context(), stored, password[:len(password)-1])
			if ok || err != nil {
				t.Errorf("the password without its last byte: ok, error = %t, %v", ok, err)
			}
		})
	}
}

// TestHashSalts guards against a salt that is always the same.
func TestHashSalts(t *testing.T) {
	t.Parallel()
	h := newHasher()
	one, err1 := h.hash(t.Context(), "s3cret-pass")
	two, err2 := h.hash(t.Context(), "s3cret-pass")
	if one == two || err1 != nil || err2 != nil {
		t.Errorf("hashes of the same password: %q, %q (%v, %v), want two", one, two, err1, err2)
	}
}

func TestTurnIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		for h.turns.TryAcquire(1) { // every core is busy
		}
		start := time.Now()

		_, err := h.hash(t.Context(), "s3cret-pass")

		if !errors.Is(err, fault.Unavailable) || time.Since(start) != maxQueue {
			t.Errorf("after %v: %v, want after %v: %v", time.Since(start), err, maxQueue, fault.Unavailable)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.hash(gone, "s3cret-pass"); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that left: %v, want %v", err, context.Canceled)
		}
		h.turns.Release(1)
		if _, err := h.hash(t.Context(), "s3cret-pass"); err != nil {
			t.Errorf("when a core is free again: %v", err)
		}
	})
}

// TestUnknownUserTakesAsMuch compares what is allocated, which other work on
// the machine does not disturb as it does the time: nearly all of it is what
// argon2id fills, and filling it is what takes the time.
func TestUnknownUserTakesAsMuch(t *testing.T) {
	h := newHasher()
	stored, err := h.hash(t.Context(), "s3cret-pass")
	if err != nil {
		t.Fatal(err)
	}
	allocated := func(stored string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if ok, _, _ := h.verify(t.Context(), stored, "wrong-pass"); ok {
			t.Fatalf("the wrong password matched %s", stored)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	known := allocated(stored)
	for name, stored := range map[string]string{
		"no user":      UnusablePassword,
		"unknown hash": "md5$abc$5f4dcc3b5aa765d61d8327deb882cf99",
	} {
		unknown := allocated(stored)
		if ratio := float64(unknown) / float64(known); ratio < 0.99 || ratio > 1.01 {
			t.Errorf("%s: %d bytes, want the %d of a user", name, unknown, known)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	h := newHasher()
	stored, err := h.hash(b.Context(), "s3cret-pass")
	if err != nil {
		b.Fatal(err)
	}
	for name, stored := range map[string]string{"known user": stored, "unknown user": UnusablePassword} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := h.verify(b.Context(), stored, "wrong-pass"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
