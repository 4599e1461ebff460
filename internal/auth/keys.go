package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// minSecret is the least length of a secret, in bytes.
const minSecret = 32

// Keys signs with keys derived from the server's secret, and verifies also what
// was signed with those of earlier secrets. Nothing else is made from the
// secret, so it can be replaced by naming the old one as previous until the
// longest-lived token has ended.
type Keys struct {
	private ed25519.PrivateKey
	kid     string
	public  map[string]ed25519.PublicKey // by kid
	macs    [][]byte                     // the present secret's first
}

// NewKeys derives the keys of secret and of the previous secrets, newest first.
// Each must have 32 bytes or more.
func NewKeys(secret string, previous ...string) (*Keys, error) {
	k := &Keys{public: make(map[string]ed25519.PublicKey)}
	for i, s := range append([]string{secret}, previous...) {
		private, mac, err := derive(s)
		if err != nil {
			return nil, fmt.Errorf("secret %d: %w", i+1, err)
		}
		public := ed25519.PublicKey(private[ed25519.SeedSize:])
		k.public[keyID(public)] = public
		k.macs = append(k.macs, mac)
		if i == 0 {
			k.private, k.kid = private, keyID(public)
		}
	}
	return k, nil
}

func derive(secret string) (private ed25519.PrivateKey, mac []byte, err error) {
	if len(secret) < minSecret {
		return nil, nil, fmt.Errorf("want %d bytes or more, got %d", minSecret, len(secret))
	}
	seed, err := hkdf.Key(sha256.New, []byte(secret), nil, "datagen/v1/ed25519", ed25519.SeedSize)
	if err != nil {
		return nil, nil, err
	}
	mac, err = hkdf.Key(sha256.New, []byte(secret), nil, "datagen/v1/hmac", sha256.Size)
	return ed25519.NewKeyFromSeed(seed), mac, err
}

// keyID names a public key in the header of a token.
func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// verifier returns the public key named kid, which comes from a token that
// nobody has verified: it is looked up and never taken for a path or a URL.
func (k *Keys) verifier(kid string) (ed25519.PublicKey, error) {
	public, ok := k.public[kid]
	if !ok {
		return nil, errors.New("unknown key")
	}
	return public, nil
}

// MAC returns 32 bytes that only this server can make for msg. A MAC made for
// one purpose is worthless for another.
func (k *Keys) MAC(purpose string, msg []byte) []byte {
	return mac(k.macs[0], purpose, msg)
}

// VerifyMAC tells whether sum is the MAC of msg for that purpose, under the
// present secret or a previous one. It takes the same time whatever sum is.
func (k *Keys) VerifyMAC(purpose string, msg, sum []byte) bool {
	for _, key := range k.macs {
		if hmac.Equal(mac(key, purpose, msg), sum) {
			return true
		}
	}
	return false
}

func mac(key []byte, purpose string, msg []byte) []byte {
	h := hmac.New(sha256.New, key)
	writeSized(h, purpose)
	h.Write(msg)
	return h.Sum(nil)
}

// writeSized writes s after its length, so that what follows s is never taken
// for a part of it.
func writeSized(h hash.Hash, s string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(s)))
	h.Write(length[:])
	h.Write([]byte(s))
}
