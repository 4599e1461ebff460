package fetch

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"code.dny.dev/ssrf"
)

// guard refuses to connect to addresses that are not public, by the registries
// of IANA, unless they are in one of the networks of allow.
func guard(allow []netip.Prefix) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	for _, network := range allow {
		if network.Addr().Is4() {
			v4 = append(v4, network)
		} else {
			v6 = append(v6, network)
		}
	}
	return ssrf.New(
		ssrf.WithPorts(443),
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
		// A public address at which Azure serves its machines' metadata.
		ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")),
	)
}

func newRequest(ctx context.Context, url string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, refuse("not a URL", err)
	}
	request.Header.Set("User-Agent", userAgent)
	// Said by us, it also keeps the transport from unpacking what comes compressed all the same.
	request.Header.Set("Accept-Encoding", "identity")
	return request, checkURL(request.URL)
}

// checkURL refuses URLs by their text.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "https":
		return refuse("only https URLs are fetched", nil)
	case u.Hostname() == "":
		return refuse("the URL has no host", nil)
	case u.User != nil:
		return refuse("the URL must not have a user name or password", nil)
	case u.Port() != "" && u.Port() != "443":
		return refuse("only port 443 is fetched from", nil)
	default:
		return nil
	}
}

// checkRedirect judges where an answer wants the request to go next.
func checkRedirect(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return refuse("redirects too often", nil)
	}
	next.Header.Del("Referer") // a signed URL is nobody else's business
	if err := checkURL(next.URL); err != nil {
		return refuse("redirects to a URL that is refused: "+err.Error(), nil)
	}
	return nil
}
