package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// Allowed tells whether the guard of o lets connections to addr happen.
func Allowed(allow []netip.Prefix, addr netip.AddrPort) bool {
	return guard(allow).SafeAddrPort(addr) == nil
}

// Rewire makes f resolve names by resolver, trust roots, and be patient for only
// so long. Where it would connect to an address that it allows, whichever that
// is, it gets connected to server instead; nothing else is different.
func (f *Fetcher) Rewire(resolver *net.Resolver, roots *x509.CertPool, server string, patience time.Duration) {
	f.patience = patience
	f.dialer.Resolver = resolver
	transport := f.client.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		var allowed atomic.Bool
		d := *f.dialer
		d.Control = func(network, address string, c syscall.RawConn) error {
			if err := f.dialer.Control(network, address, c); err != nil {
				return err
			}
			allowed.Store(true)
			return errors.New("allowed")
		}
		conn, err := d.DialContext(ctx, network, address)
		if !allowed.Load() {
			return conn, err
		}
		return new(net.Dialer).DialContext(ctx, "tcp", server)
	}
}
