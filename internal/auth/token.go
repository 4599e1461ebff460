package auth

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/datasetgen/datagen/internal/gid"
)

const (
	issuer    = "datagen" // of our tokens, and their only audience
	tokenType = "at+jwt"  // RFC 9068
	leeway    = 30 * time.Second
)

// The uses of a token, so that one made for something else never opens the API.
const (
	useAccess = "access"
	useLegacy = "legacy" // made by the old sign-in, for clients that never refresh
)

// claims is what a token says. It is bound to a session, and to the version
// that its user's sessions had when it was made.
type claims struct {
	jwt.RegisteredClaims
	Use     string `json:"token_use"`
	Session int    `json:"sid"`
	Version int    `json:"sv"`
}

// A grant is what a verified token gives, as long as its session lives.
type grant struct {
	user    gid.UserID
	session gid.SessionID
	version int
	expires time.Time
}

// tokens makes and reads access tokens.
type tokens struct {
	keys   *Keys
	parser *jwt.Parser
	now    func() time.Time
}

func newTokens(keys *Keys, now func() time.Time) *tokens {
	return &tokens{keys: keys, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(issuer),
		jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)}
}

// sign writes g as a token that is good from now on until it expires.
func (t *tokens) sign(g grant, use string) (string, error) {
	now := jwt.NewNumericDate(t.now())
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{issuer},
			Subject:   strconv.Itoa(int(g.user)),
			IssuedAt:  now,
			NotBefore: now,
			ExpiresAt: jwt.NewNumericDate(g.expires),
		},
		Use:     use,
		Session: int(g.session),
		Version: g.version,
	})
	token.Header["typ"] = tokenType
	token.Header["kid"] = t.keys.kid
	return token.SignedString(t.keys.private)
}

// verify reads a token. It says nothing of whether its session still lives.
func (t *tokens) verify(raw string) (grant, error) {
	var c claims
	if _, err := t.parser.ParseWithClaims(raw, &c, t.key); err != nil {
		return grant{}, err
	}
	if c.Use != useAccess && c.Use != useLegacy {
		return grant{}, fmt.Errorf("token_use is %q", c.Use)
	}
	user, err := strconv.Atoi(c.Subject)
	if err != nil {
		return grant{}, err
	}
	return grant{
		user:    gid.UserID(user),
		session: gid.SessionID(c.Session),
		version: c.Version,
		expires: c.ExpiresAt.Time,
	}, nil
}

// key finds the key of a token by its kid. Other headers that name keys, such
// as jku, x5u and jwk, are ignored.
func (t *tokens) key(token *jwt.Token) (any, error) {
	if token.Header["typ"] != tokenType {
		return nil, errors.New("not an access token")
	}
	kid, _ := token.Header["kid"].(string)
	return t.keys.verifier(kid)
}
