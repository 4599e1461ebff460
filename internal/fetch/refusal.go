package fetch

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"

	"github.com/datasetgen/datagen/internal/fault"
)

// refusal is a fault.Invalid in words for the person who named the URL. Its
// cause, which may tell of our network, is for the log alone.
type refusal struct {
	says  string
	cause error // may be nil
}

// tooLate is said of who takes too long, wherever that comes to light.
const tooLate = "does not answer in time"

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
// address that is not allowed, a closed port and a name that nobody knows:
// together they would be a map of our network.
func unreachable(err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // its text quotes the URL, which may be a key to what it names
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return refuse(tooLate, err)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return refuse("has no valid certificate", err)
	}
	return refuse("cannot be reached", err)
}
