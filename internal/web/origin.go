package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

type originKey struct{}

// origin is where a request came from and what it was sent to, as far as that can be believed.
type origin struct {
	client  netip.Addr
	secure  bool   // the client spoke https
	baseURL string // without a slash at its end
}

// ClientIP returns the address of the client that sent the request of ctx: the
// nearest hop that is no trusted proxy. Without a request it is empty.
func ClientIP(ctx context.Context) string {
	if o := originOf(ctx); o.client.IsValid() {
		return o.client.String()
	}
	return ""
}

// BaseURL returns what stands before the path in an absolute URL of ours,
// without a slash at its end: https://data.example.com. Without a request it is empty.
func BaseURL(ctx context.Context) string { return originOf(ctx).baseURL }

func originOf(ctx context.Context) origin {
	o, _ := ctx.Value(originKey{}).(origin)
	return o
}

// forwarded are the headers by which proxies tell of the request they got, and
// clients pretend that they did.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// locate finds out where the request comes from. What forwarded headers say
// replaces the request's host, or is taken away if a trusted proxy did not say it,
// so that nothing behind has to ask again whom it may believe.
func locate(publicURL string, trusted []netip.Prefix) layer {
	public := strings.TrimRight(publicURL, "/")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o := origin{client: peer(r), secure: r.TLS != nil, baseURL: public}
			if contains(trusted, o.client) {
				believe(r, &o, trusted)
			} else {
				dropForwarded(r)
			}
			if o.baseURL == "" {
				o.baseURL = scheme(o.secure) + "://" + r.Host
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), originKey{}, o)))
		})
	}
}

// believe takes client, scheme and host from the headers of a trusted proxy.
func believe(r *http.Request, o *origin, trusted []netip.Prefix) {
	o.client = client(r.Header.Values("X-Forwarded-For"), o.client, trusted)
	switch strings.ToLower(last(r.Header.Values("X-Forwarded-Proto"))) {
	case "https":
		o.secure = true
	case "http":
		o.secure = false
	}
	if host := last(r.Header.Values("X-Forwarded-Host")); isHost(host) {
		r.Host = host
	}
}

func dropForwarded(r *http.Request) {
	for _, name := range forwarded {
		r.Header.Del(name)
	}
}

func scheme(secure bool) string {
	if secure {
		return "https"
	}
	return "http"
}

// client walks the hops that proxies noted, from the nearest to the first that
// is not trusted. What stands before that, or before what is no address,
// anybody can have written.
func client(forwardedFor []string, peer netip.Addr, trusted []netip.Prefix) netip.Addr {
	hops := strings.Split(strings.Join(forwardedFor, ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			return peer
		}
		peer = addr
		if !contains(trusted, addr) {
			return peer
		}
	}
	return peer
}

// parseHop reads an address; some proxies add the port.
func parseHop(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return plain(withPort.Addr()), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return plain(addr), err
}

func peer(r *http.Request) netip.Addr {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr) // the server itself writes it
	return plain(addr.Addr())
}

// plain writes an address in the one way in which prefixes are compared with it.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// last returns what the nearest proxy wrote; of a list, what stands before it may be the client's.
func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	value := values[len(values)-1]
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}

// hostForm is a name, an IPv4 address or an IPv6 address in brackets, perhaps with a port.
var hostForm = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

func isHost(s string) bool { return len(s) <= 255 && hostForm.MatchString(s) }

// hostname returns host without its port, in the form in which names are compared.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
