package fetch

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/url"

	"github.com/datasetgen/datagen/internal/fault"
)

// refusal is a fault.Invalid in words for the person who named the URL. Its
// cause, which may tell of our network, is for the log alone.
type refusal struct {
	says  string
	cause error // may be nil
}

func refuse(says string, cause error) error { return &refusal{says, cause} }

// Error satisfies error.
func (r *refusal) Error() string { return r.says }

// Unwrap makes it a fault.Invalid.
func (*refusal) Unwrap() error { return fault.Invalid }

// LogValue satisfies slog.LogValuer.
func (r *refusal) LogValue() slog.Value {
	if r.cause == nil {
		return slog.StringValue(r.says)
	}
	return slog.StringValue(r.says + ": " + r.cause.Error())
}

// unreachable explains why there is no answer. The words are the same for an
// address that is not allowed, a closed or silent port and a name that nobody
// knows: told apart they would draw a map of our network.
func unreachable(err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // its text quotes the URL, which may be a key to what it names
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return refuse("has no valid certificate", err)
	}
	return refuse("cannot be reached", err)
}
