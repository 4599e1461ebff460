package fetch_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	unreachable = "cannot be reached"
	notHTTPS    = "only https URLs are fetched"
	notPort     = "only port 443 is fetched from"
	noHost      = "the URL has no host"
	credentials = "the URL must not have a user name or password"
	noURL       = "not a URL"
)

// targets are URLs of what is not public, by kind, and what is said of them.
var targets = map[string]struct{ url, says string }{
	"this network":               {"https://0.0.0.0/", unreachable},
	"0/8":                        {"https://0.1.2.3/", unreachable},
	"10/8":                       {"https://10.0.0.1/", unreachable},
	"CGN":                        {"https://100.64.0.1/", unreachable},
	"CGN's end":                  {"https://100.127.255.254/", unreachable},
	"metadata of Alibaba":        {"https://100.100.100.200/latest/meta-data/", unreachable},
	"loopback":                   {"https://127.0.0.1/", unreachable},
	"loopback elsewhere":         {"https://127.255.255.254/", unreachable},
	"metadata of AWS":            {"https://169.254.169.254/latest/meta-data/", unreachable},
	"metadata of Azure":          {"https://168.63.129.16/machine", unreachable},
	"172.16/12":                  {"https://172.16.0.1/", unreachable},
	"172.16/12's end":            {"https://172.31.255.254/", unreachable},
	"protocol assignments":       {"https://192.0.0.8/", unreachable},
	"metadata of Oracle":         {"https://192.0.0.192/", unreachable},
	"TEST-NET-1":                 {"https://192.0.2.1/", unreachable},
	"TEST-NET-2":                 {"https://198.51.100.1/", unreachable},
	"AS112":                      {"https://192.31.196.1/", unreachable},
	"AMT":                        {"https://192.52.193.1/", unreachable},
	"6to4 relays":                {"https://192.88.99.1/", unreachable},
	"192.168/16":                 {"https://192.168.1.1/", unreachable},
	"benchmarks":                 {"https://198.18.0.1/", unreachable},
	"benchmarks' end":            {"https://198.19.255.254/", unreachable},
	"multicast":                  {"https://224.0.0.1/", unreachable},
	"reserved":                   {"https://240.0.0.1/", unreachable},
	"broadcast":                  {"https://255.255.255.255/", unreachable},
	"IPv6 unspecified":           {"https://[::]/", unreachable},
	"IPv6 loopback":              {"https://[::1]/", unreachable},
	"IPv6 loopback in full":      {"https://[0:0:0:0:0:0:0:1]/", unreachable},
	"IPv4-mapped":                {"https://[::ffff:127.0.0.1]/", unreachable},
	"IPv4-mapped in hexadecimal": {"https://[::ffff:7f00:1]/", unreachable},
	"IPv4-mapped metadata":       {"https://[::ffff:169.254.169.254]/", unreachable},
	"IPv4-compatible":            {"https://[::127.0.0.1]/", unreachable},
	"IPv4-translated":            {"https://[::ffff:0:127.0.0.1]/", unreachable},
	"NAT64":                      {"https://[64:ff9b::7f00:1]/", unreachable},
	"NAT64 of a public address":  {"https://[64:ff9b::808:808]/", unreachable},
	"local NAT64":                {"https://[64:ff9b:1::7f00:1]/", unreachable},
	"discard":                    {"https://[100::1]/", unreachable},
	"Teredo":                     {"https://[2001::7f00:1]/", unreachable},
	"IPv6 benchmarks":            {"https://[2001:2::1]/", unreachable},
	"ORCHID":                     {"https://[2001:20::1]/", unreachable},
	"IPv6 documentation":         {"https://[2001:db8::1]/", unreachable},
	"IPv6 documentation, newer":  {"https://[3fff::1]/", unreachable},
	"6to4":                       {"https://[2002:7f00:1::]/", unreachable},
	"SRv6":                       {"https://[5f00::1]/", unreachable},
	"ULA":                        {"https://[fc00::1]/", unreachable},
	"metadata of AWS by IPv6":    {"https://[fd00:ec2::254]/", unreachable},
	"link-local":                 {"https://[fe80::1]/", unreachable},
	"zone":                       {"https://[fe80::1%25lo]/", unreachable},
	"zone on loopback":           {"https://[::1%25lo]/", unreachable},
	"zone without escape":        {"https://[fe80::1%lo]/", noURL},
	"site-local":                 {"https://[fec0::1]/", unreachable},
	"IPv6 multicast":             {"https://[ff02::1]/", unreachable},

	"decimal":             {"https://2130706433/", unreachable},
	"octal":               {"https://0177.0.0.1/", unreachable},
	"octal in one":        {"https://017700000001/", unreachable},
	"hexadecimal":         {"https://0x7f.0.0.1/", unreachable},
	"hexadecimal in one":  {"https://0x7f000001/", unreachable},
	"short":               {"https://127.1/", unreachable},
	"nought":              {"https://0/", unreachable},
	"full-width":          {"https://１２７.０.０.１/", unreachable},
	"circled":             {"https://①②⑦.⓪.⓪.①/", unreachable},
	"ideographic stops":   {"https://127。0。0。1/", unreachable},
	"percent-encoded":     {"https://%31%32%37.0.0.1/", noURL},
	"address and dot":     {"https://127.0.0.1./", unreachable},
	"localhost":           {"https://localhost/", unreachable},
	"localhost and dot":   {"https://localhost./", unreachable},
	"LOCALHOST":           {"https://LOCALHOST/", unreachable},
	"localhost.localnet":  {"https://localhost.localdomain/", unreachable},
	"below localhost":     {"https://x.localhost/", unreachable},
	"a name of loopback":  {"https://inside.example.com/", unreachable},
	"... and dot":         {"https://inside.example.com./", unreachable},
	"a name of ::1":       {"https://inside6.example.com/", unreachable},
	"a name of metadata":  {"https://metadata.example.com/", unreachable},
	"a name of many":      {"https://many.example.com/", unreachable},
	"a name of nobody":    {"https://nobody.example.com/", unreachable},
	"credentials":         {"https://user:secret@" + site + "/", credentials},
	"user":                {"https://user@127.0.0.1/", credentials},
	"a site as user":      {"https://" + site + "@127.0.0.1/", credentials},
	"a site as user, two": {"https://" + site + ":443@127.0.0.1:443/", credentials},
	"no user":             {"https://@127.0.0.1/", credentials},
	"SSH":                 {"https://" + site + ":22/", notPort},
	"port 80":             {"https://" + site + ":80/", notPort},
	"port 0":              {"https://" + site + ":0/", notPort},
	"port 8443":           {"https://127.0.0.1:8443/", notPort},
	"a port too large":    {"https://" + site + ":65979/", notPort}, // 443 in 16 bits
	"port 0443":           {"https://" + site + ":0443/", notPort},
	"a port's name":       {"https://" + site + ":https/", noURL},
	"http":                {"http://" + site + "/", notHTTPS},
	"http at 443":         {"http://127.0.0.1:443/", notHTTPS},
	"file":                {"file:///etc/passwd", notHTTPS},
	"file at localhost":   {"file://localhost/etc/passwd", notHTTPS},
	"ftp":                 {"ftp://" + site + "/", notHTTPS},
	"gopher":              {"gopher://127.0.0.1:443/_GET", notHTTPS},
	"data":                {"data:image/png;base64,AAAA", notHTTPS},
	"unix":                {"unix:///run/docker.sock", notHTTPS},
	"no scheme":           {"//127.0.0.1/", notHTTPS},
	"path":                {"/etc/passwd", notHTTPS},
	"nothing":             {"", notHTTPS},
	"no host":             {"https:///etc/passwd", noHost},
	"only a port":         {"https://:443/", noHost},
	"opaque":              {"https:127.0.0.1", noHost},
	"a line's end":        {"https://127.0.0.1\r\nHost: " + site + "/", noURL},
	"NUL":                 {"https://" + site + "\x00.127.0.0.1/", noURL},
	"backslash":           {`https://` + site + `\@127.0.0.1/`, noURL},
	"blank":               {" https://127.0.0.1/", noURL},
}

// inside are names of what is not public. Those that look like numbers lead
// where some systems' resolvers see them lead.
var inside = map[string][][]string{
	"inside.example.com":   {{"127.0.0.1"}},
	"inside6.example.com":  {{"::1"}},
	"metadata.example.com": {{"169.254.169.254", "fd00:ec2::254"}},
	"many.example.com":     {{"10.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1"}},
	"2130706433":           {{"127.0.0.1"}},
	"0177.0.0.1":           {{"127.0.0.1"}},
	"017700000001":         {{"127.0.0.1"}},
	"0x7f.0.0.1":           {{"127.0.0.1"}},
	"0x7f000001":           {{"127.0.0.1"}},
	"127.1":                {{"127.0.0.1"}},
	"0":                    {{"0.0.0.0"}},
	"127.0.0.1":            {{"127.0.0.1"}},
	"x.localhost":          {{"127.0.0.1"}},
}

// TestGetRefuses: of what is not public nothing is connected to, and no words
// tell what is there.
func TestGetRefuses(t *testing.T) {
	t.Parallel()
	in := serve(t, func(http.ResponseWriter, *http.Request) {}, inside)
	f := in.fetcher()
	for name, tt := range targets {
		_, err := f.Get(t.Context(), tt.url)
		if got := testkit.Said(err); got != "INVALID "+tt.says {
			t.Errorf("%s: error of %s = %s, want %s", name, tt.url, got, tt.says)
		}
	}
	if all, _ := in.connections(); all != 0 {
		t.Errorf("%d connections", all)
	}
}

// TestGetRefusesRedirects: where a redirect leads is judged like any URL.
func TestGetRefusesRedirects(t *testing.T) {
	t.Parallel()
	// Where what is no URL to us leads is not one to the client either, and
	// what is relative leads to the same site.
	relative := map[string]bool{"nothing": true, "path": true}
	in := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", targets[r.URL.Query().Get("target")].url)
		w.WriteHeader(http.StatusFound)
	}, inside)
	f := in.fetcher()
	hops := 0
	for name, tt := range targets {
		if relative[name] {
			continue
		}
		want := "redirects to a URL that is refused: " + tt.says
		if tt.says == unreachable || tt.says == noURL {
			want = unreachable
		}
		if name == "no scheme" {
			want = unreachable // takes that of the site
		}
		_, err := f.Get(t.Context(), "https://"+site+"/?target="+url.QueryEscape(name))
		if got := testkit.Said(err); got != "INVALID "+want {
			t.Errorf("%s: error of %s = %s, want %s", name, tt.url, got, want)
		}
		hops++
	}
	if all, _ := in.connections(); all != hops {
		t.Errorf("%d connections, want %d: one to the site each time", all, hops)
	}
}

// TestRebinding: a name that leads elsewhere by the time it is dialled again.
func TestRebinding(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lookups [][]string
		conns   int
		says    string
	}{
		"stays":                       {[][]string{{public}}, 2, ""},
		"public first, then loopback": {[][]string{{public}, {"127.0.0.1"}}, 1, unreachable},
		"loopback first, then public": {[][]string{{"127.0.0.1"}, {public}}, 0, unreachable},
		"then mapped":                 {[][]string{{public}, {"::ffff:127.0.0.1"}}, 1, unreachable},
		"then IPv6":                   {[][]string{{public}, {"::1"}}, 1, unreachable},
		"both at once":                {[][]string{{public, "127.0.0.1", "10.0.0.1"}}, 2, ""},
		"private before public":       {[][]string{{"10.0.0.1", "127.0.0.1", public}}, 2, ""},
		"private and public":          {[][]string{{public, "10.0.0.1"}, {"127.0.0.1", "::1"}}, 1, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					http.Redirect(w, r, "/again", http.StatusFound)
				}
			}, map[string][][]string{"rebind.example.com": tt.lookups})
			_, err := in.fetcher().Get(t.Context(), "https://rebind.example.com/")
			if (err == nil) != (tt.says == "") || err != nil && err.Error() != tt.says {
				t.Errorf("error = %v, want %q", err, tt.says)
			}
			if all, _ := in.connections(); all != tt.conns {
				t.Errorf("%d connections, want %d", all, tt.conns)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	var networks []netip.Prefix
	for _, n := range []string{"10.1.0.0/16", "fd00:1::/32", "192.168.7.7/32"} {
		networks = append(networks, netip.MustParsePrefix(n))
	}
	for addr, want := range map[string]bool{
		"10.1.2.3:443":          true,
		"10.1.2.3:80":           false,
		"10.2.0.1:443":          false,
		"192.168.7.7:443":       true,
		"192.168.7.8:443":       false,
		"[fd00:1::9]:443":       true,
		"[fd00:2::9]:443":       false,
		"[::ffff:10.1.2.3]:443": false, // the dialer makes it IPv4
		"127.0.0.1:443":         false,
		"8.8.8.8:443":           true,
		"[2606:4700::1111]:443": true,
		"[2606:4700::1%a]:443":  false,
	} {
		if got := fetch.Allowed(networks, netip.MustParseAddrPort(addr)); got != want {
			t.Errorf("%s allowed: %v, want %v", addr, got, want)
		}
	}
}

// FuzzAllowed looks for addresses that get through though the standard library
// knows that they are not public, however they are wrapped.
func FuzzAllowed(f *testing.F) {
	for _, addr := range []string{
		"127.0.0.1", "8.8.8.8", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2606:4700::1111", "fe80::1", "100.64.0.1",
	} {
		f.Add(netip.MustParseAddr(addr).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok || !fetch.Allowed(nil, netip.AddrPortFrom(addr, 443)) {
			return
		}
		if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Is4In6() {
			t.Errorf("%s is allowed", addr)
		}
		if addr.Is6() && b[0]>>5 != 1 {
			t.Errorf("%s is outside of 2000::/3 and allowed", addr)
		}
		for _, wrap := range []string{"::%s", "::ffff:%s", "64:ff9b::%s"} {
			if !addr.Is4() {
				break
			}
			if wrapped := netip.MustParseAddr(fmt.Sprintf(wrap, addr)); fetch.Allowed(nil, netip.AddrPortFrom(wrapped, 443)) {
				t.Errorf("%s is allowed", wrapped)
			}
		}
	})
}
