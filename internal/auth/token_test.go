package auth_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/datasetgen/datagen/internal/auth"
)

// now is when the tokens of these tests are looked at.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// part is a header or the claims of a token.
type part = map[string]any

// forge signs a good token, but for what change does to it.
func forge(tb testing.TB, method jwt.SigningMethod, key any, kid string, change func(header, claims part)) string {
	tb.Helper()
	claims := part{
		"iss": "datagen", "aud": "datagen", "sub": "1", "sid": 1, "sv": 1, "token_use": "access",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	maps.Copy(token.Header, part{"typ": "at+jwt", "kid": kid})
	change(token.Header, claims)
	signed, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

// forgeries are tokens none of which may be accepted, with what is wrong with each.
func forgeries(tb testing.TB) map[string]string {
	private, kid := keys(tb, secret).Signer()
	foreign, foreignKID := keys(tb, newer).Signer()
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	public := []byte(private.Public().(ed25519.PublicKey))
	as := func(method jwt.SigningMethod, key any, kid string) string {
		return forge(tb, method, key, kid, func(_, _ part) {})
	}
	claim := func(name string, value any) string {
		return forge(tb, jwt.SigningMethodEdDSA, private, kid, func(_, claims part) { claims[name] = value })
	}
	header := func(name string, value any) string {
		return forge(tb, jwt.SigningMethodEdDSA, private, kid, func(header, _ part) { header[name] = value })
	}
	without := func(name string) string {
		return forge(tb, jwt.SigningMethodEdDSA, private, kid, func(h, c part) { delete(h, name); delete(c, name) })
	}
	good := as(jwt.SigningMethodEdDSA, private, kid)
	return map[string]string{
		"no algorithm":                          as(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid),
		"no signature":                          good[:strings.LastIndex(good, ".")+1],
		"HS256 with the public key":             as(jwt.SigningMethodHS256, public, kid),
		"HS256 with the name of the key":        as(jwt.SigningMethodHS256, []byte(kid), kid),
		"another key":                           as(jwt.SigningMethodEdDSA, stranger, kid),
		"another key by its name":               as(jwt.SigningMethodEdDSA, foreign, foreignKID),
		"our key by another name":               as(jwt.SigningMethodEdDSA, private, foreignKID),
		"no name of the key":                    without("kid"),
		"name of the key is a path":             header("kid", "../../../../dev/null"),
		"name of the key is SQL":                header("kid", "' OR 1=1 --"),
		"name of the key is a number":           header("kid", 0),
		"a key of its own":                      forge(tb, jwt.SigningMethodEdDSA, stranger, "", embedKey(stranger.Public())),
		"no type":                               without("typ"),
		"type of any token":                     header("typ", "JWT"),
		"no expiry":                             without("exp"),
		"expired":                               claim("exp", now.Add(-31*time.Second).Unix()),
		"expiry is text":                        claim("exp", "tomorrow"),
		"not yet good":                          claim("nbf", now.Add(31*time.Second).Unix()),
		"made in the future":                    claim("iat", now.Add(31*time.Second).Unix()),
		"another audience":                      claim("aud", "elsewhere"),
		"no audience":                           without("aud"),
		"another issuer":                        claim("iss", "elsewhere"),
		"no issuer":                             without("iss"),
		"another use":                           claim("token_use", "refresh"),
		"no use":                                without("token_use"),
		"no user":                               without("sub"),
		"user is no number":                     claim("sub", "1 OR 1=1"),
		"session is text":                       claim("sid", "1"),
		"altered payload":                       alter(good, `"sub":"1"`, `"sub":"2"`),
		"altered header":                        alter(good, `"typ":"at+jwt"`, `"typ":"at+jwT"`),
		"padding":                               strings.Replace(good, ".", "=.", 1),
		"spare bits":                            good[:len(good)-1] + string(good[len(good)-1]+1),
		"claims are null":                       alterPart(good, 1, "null"),
		"header is null":                        alterPart(good, 0, "null"),
		"two tokens":                            good + "." + good,
		"8 KB of dots":                          strings.Repeat(".", 8<<10-len("Bearer ")),
		"a megabyte of dots":                    strings.Repeat(".", 1<<20),
		"a good token before 8 KB of something": good + strings.Repeat("A", 8<<10),
		"text":                                  "null",
	}
}

func embedKey(public crypto.PublicKey) func(header, claims part) {
	return func(header, _ part) {
		header["jwk"] = part{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public.(ed25519.PublicKey))}
		header["jku"] = "https://example.com/keys.json"
		header["x5u"] = "https://example.com/keys.pem"
	}
}

// alter replaces text inside a token without signing it again.
func alter(token, old, with string) string {
	for i, p := range strings.Split(token, ".") {
		if text, _ := base64.RawURLEncoding.DecodeString(p); strings.Contains(string(text), old) {
			return alterPart(token, i, strings.Replace(string(text), old, with, 1))
		}
	}
	panic("the token does not hold " + old)
}

func alterPart(token string, i int, text string) string {
	parts := strings.Split(token, ".")
	parts[i] = base64.RawURLEncoding.EncodeToString([]byte(text))
	return strings.Join(parts, ".")
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	k := keys(t, secret)
	private, kid := k.Signer()
	good := forge(t, jwt.SigningMethodEdDSA, private, kid, func(_, _ part) {})
	if err := auth.Verify(k, now, good); err != nil {
		t.Fatalf("the token that the forgeries are made of: %v", err)
	}
	for name, token := range forgeries(t) {
		if err := auth.Verify(k, now, token); err == nil && len(token) < 8<<10 {
			t.Errorf("%s: was accepted", name)
		}
	}
}

func TestLeeway(t *testing.T) {
	t.Parallel()
	k := keys(t, secret)
	private, kid := k.Signer()
	good := forge(t, jwt.SigningMethodEdDSA, private, kid, func(_, _ part) {})
	for off, want := range map[time.Duration]bool{
		-31 * time.Second: false,
		-29 * time.Second: true,
		89 * time.Second:  true,
		91 * time.Second:  false,
	} {
		if err := auth.Verify(k, now.Add(off), good); (err == nil) != want {
			t.Errorf("looked at %v after being made, good for a minute: %v, want it to be good: %t", off, err, want)
		}
	}
}
