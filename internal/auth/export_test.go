package auth

import (
	"context"
	"crypto/ed25519"
	"time"
)

// What tests outside of the package see of its inside.
const (
	CacheTTL    = cacheTTL
	RetryWindow = retryWindow
	KeepEnded   = keepEnded
)

// Signer returns the private key and its name, to forge tokens with.
func (k *Keys) Signer() (private ed25519.PrivateKey, kid string) { return k.private, k.kid }

// Flush notes at once what Run notes from time to time.
func (a *Authority) Flush(ctx context.Context) error { return a.flush(ctx) }

// Prune removes at once what Run removes from time to time.
func (a *Authority) Prune(ctx context.Context) error { return a.prune(ctx) }

// BePatient makes sign-ins wait for their turn as long as a slow machine takes.
func (a *Authority) BePatient() { a.hasher.patience, a.throttle.patience = time.Minute, time.Minute }

// Verify reads a token as Authenticate does, without the database.
func Verify(keys *Keys, now time.Time, token string) error {
	_, err := newTokens(keys, func() time.Time { return now }).verify(token)
	return err
}
