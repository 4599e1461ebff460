package auth

import (
	"fmt"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// Why a request is not signed in. All are of the kind fault.Unauthenticated;
// a transport that has words of its own for each asks with errors.Is.
var (
	// ErrNoCredentials says that there is no Authorization header, or one of another scheme.
	ErrNoCredentials = fmt.Errorf("%w: no credentials were provided", fault.Unauthenticated)
	// ErrEmptyHeader says that a scheme stands there with nothing after it.
	ErrEmptyHeader = fmt.Errorf("%w: the authorization header holds no token", fault.Unauthenticated)
	// ErrSpaces says that more than a scheme and a token stand there.
	ErrSpaces = fmt.Errorf("%w: the token in the authorization header holds spaces", fault.Unauthenticated)
	// ErrInvalidToken says that the token is malformed, forged, expired or revoked, or its user disabled.
	ErrInvalidToken = fmt.Errorf("%w: invalid token", fault.Unauthenticated)
)

// maxHeader bounds, in bytes, what is looked at before anything is verified.
const maxHeader = 8 << 10

// ParseAuthorization returns the token of an Authorization header, whose
// scheme is Bearer or Token in any case. Its error is one of those above.
func ParseAuthorization(header string) (token string, err error) {
	if len(header) > maxHeader {
		return "", ErrInvalidToken
	}
	words := strings.Fields(header)
	switch {
	case len(words) == 0 || !isScheme(words[0]):
		return "", ErrNoCredentials
	case len(words) == 1:
		return "", ErrEmptyHeader
	case len(words) > 2:
		return "", ErrSpaces
	}
	return words[1], nil
}

func isScheme(word string) bool {
	return strings.EqualFold(word, "Bearer") || strings.EqualFold(word, "Token")
}
