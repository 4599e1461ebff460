package web_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/web"
)

// seen is what a handler gets to know of where a request came from.
type seen struct{ IP, Base, Host, ForwardedFor string }

func see(t *testing.T, o web.Options, r *http.Request) (got seen) {
	t.Helper()
	answer(stack(t, o, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = seen{web.ClientIP(r.Context()), web.BaseURL(r.Context()), r.Host, r.Header.Get("X-Forwarded-For")}
	})), r)
	return got
}

func TestForwardedHeadersOfStrangersAreIgnored(t *testing.T) {
	t.Parallel()
	for _, peer := range []string{"198.51.100.9:4711", "[2001:db8::9]:4711"} {
		r := request(t, "GET", "/", "X-Forwarded-For: 203.0.113.5", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example.org")
		r.RemoteAddr = peer
		got := see(t, web.Options{TrustedProxies: trusted}, r)
		got.IP = ""
		if diff := cmp.Diff(seen{Base: "http://api.example.com", Host: "api.example.com"}, got); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", peer, diff)
		}
	}
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		peer         string
		forwardedFor []string
		want         string
	}{
		"no proxy":                   {peer: "198.51.100.9:1", want: "198.51.100.9"},
		"IPv6":                       {peer: "[2001:db8::9]:1", want: "2001:db8::9"},
		"IPv4 in IPv6":               {peer: "[::ffff:198.51.100.9]:1", want: "198.51.100.9"},
		"a stranger's word":          {peer: "198.51.100.9:1", forwardedFor: []string{"203.0.113.5"}, want: "198.51.100.9"},
		"a proxy without the header": {peer: "192.0.2.1:1", want: "192.0.2.1"},
		"one proxy":                  {peer: "192.0.2.1:1", forwardedFor: []string{"203.0.113.5"}, want: "203.0.113.5"},
		"a proxy over IPv6":          {peer: "[fd00::1%eth0]:1", forwardedFor: []string{"203.0.113.5"}, want: "203.0.113.5"},
		"two proxies":                {peer: "192.0.2.1:1", forwardedFor: []string{"203.0.113.5, 192.0.2.2"}, want: "203.0.113.5"},
		"two headers":                {peer: "192.0.2.1:1", forwardedFor: []string{"203.0.113.5", "192.0.2.2"}, want: "203.0.113.5"},
		"a forged first hop":         {peer: "192.0.2.1:1", forwardedFor: []string{"10.0.0.1, 203.0.113.5"}, want: "203.0.113.5"},
		"a forged trusted hop":       {peer: "192.0.2.1:1", forwardedFor: []string{"192.0.2.7, 203.0.113.5"}, want: "203.0.113.5"},
		"rubbish":                    {peer: "192.0.2.1:1", forwardedFor: []string{"203.0.113.5, unknown, 192.0.2.2"}, want: "192.0.2.2"},
		"trusted all the way":        {peer: "192.0.2.1:1", forwardedFor: []string{"192.0.2.3, 192.0.2.2"}, want: "192.0.2.3"},
		"with ports":                 {peer: "192.0.2.1:1", forwardedFor: []string{"[2001:db8::5]:80, 192.0.2.2:90"}, want: "2001:db8::5"},
		"IPv6 in brackets":           {peer: "192.0.2.1:1", forwardedFor: []string{"[2001:db8::5]"}, want: "2001:db8::5"},
	} {
		r := request(t, "GET", "/")
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-For"] = tt.forwardedFor
		if got := see(t, web.Options{TrustedProxies: trusted}, r); got.IP != tt.want {
			t.Errorf("%s: %s, want %s", name, got.IP, tt.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		public  string
		headers []string
		tls     bool
		want    string
	}{
		"from the request":      {want: "http://api.example.com"},
		"with a port":           {headers: []string{"Host: 127.0.0.1:8000"}, want: "http://127.0.0.1:8000"},
		"over TLS":              {tls: true, want: "https://api.example.com"},
		"https at the proxy":    {headers: []string{"X-Forwarded-Proto: HTTPS"}, want: "https://api.example.com"},
		"host at the proxy":     {headers: []string{"X-Forwarded-Host: data.example.com:8443"}, want: "http://data.example.com:8443"},
		"what the client added": {headers: []string{"X-Forwarded-Proto: https, http", "X-Forwarded-Host: evil.org, data.example.com"}, want: "http://data.example.com"},
		"rubbish":               {headers: []string{"X-Forwarded-Proto: gopher", `X-Forwarded-Host: a"b`}, want: "http://api.example.com"},
		"set":                   {public: "https://example.com/data/", headers: []string{"X-Forwarded-Host: other"}, want: "https://example.com/data"},
	} {
		r := request(t, "GET", "/", tt.headers...)
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := see(t, web.Options{PublicURL: tt.public, TrustedProxies: trusted}, r); got.Base != tt.want {
			t.Errorf("%s: %s, want %s", name, got.Base, tt.want)
		}
	}
}

func TestOutsideOfRequests(t *testing.T) {
	t.Parallel()
	if got := web.ClientIP(t.Context()) + web.BaseURL(t.Context()) + web.RequestID(t.Context()); got != "" {
		t.Errorf("got %q", got)
	}
}
