package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"strings"
)

// An API key reads dg_<8>_<43><6>: a name that may be shown, 256 random bits,
// and a checksum of all before it, so that a mistyped key is refused without
// asking the database. All parts are of base 62.
const (
	keyStart    = "dg_"
	keyName     = 8
	keySecret   = 43 // 62^43 > 2^256
	keyChecksum = 6  // 62^6 > 2^32
	keyPrefix   = len(keyStart) + keyName
	keyLength   = keyPrefix + 1 + keySecret + keyChecksum
)

// legacyLength is that of the keys of the service before this one: hex digits,
// 160 bits.
const legacyLength = 40

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newKey returns a fresh API key, and the part of it that may be shown.
func newKey() (key, prefix string) {
	prefix = keyStart + randomBase62(keyName)
	body := prefix + "_" + randomBase62(keySecret)
	return body + checksum(body), prefix
}

// HashKey returns the form in which API keys, those of the legacy service
// included, are stored: SHA-256 in hex. A slow hash would add nothing to 160
// and more random bits, and finding a key by its hash tells no timing of use.
func HashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// isKey tells whether s is an API key without a typing error.
func isKey(s string) bool {
	if len(s) != keyLength || s[:len(keyStart)] != keyStart || s[keyPrefix] != '_' {
		return false
	}
	body := len(s) - keyChecksum
	return checksum(s[:body]) == s[body:]
}

// isLegacyKey tells whether s has the form of a key of the legacy service.
func isLegacyKey(s string) bool {
	return len(s) == legacyLength && strings.Trim(s, "0123456789abcdef") == ""
}

func checksum(body string) string {
	var digits [keyChecksum]byte
	rest := crc32.ChecksumIEEE([]byte(body))
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[rest%62]
		rest /= 62
	}
	return string(digits[:])
}

// randomBase62 draws n digits; bytes from 248 on are drawn again, since they
// would favour the first digits.
func randomBase62(n int) string {
	digits := make([]byte, 0, n)
	var raw [64]byte
	for len(digits) < n {
		rand.Read(raw[:]) // never fails: the process ends first
		for _, b := range raw {
			if b < 4*62 && len(digits) < n {
				digits = append(digits, base62[b%62])
			}
		}
	}
	return string(digits)
}
