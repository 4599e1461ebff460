package config

import (
	"fmt"
	"iter"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats there are.
const (
	Text LogFormat = "text"
	JSON LogFormat = "json"
)

// MediaMode is how clients get the files of a store.
type MediaMode string

// The modes there are.
const (
	Stream   MediaMode = "stream"
	Redirect MediaMode = "redirect"
)

// Size is a number of bytes. Its text form is a number and perhaps a unit: 50MB.
type Size int64

var units = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// UnmarshalText reads forms such as 1000000, 50MB, 50 MB and 48MiB.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "bBgGiIkKmM ")
	unit, ok := units[strings.ToLower(strings.TrimSpace(string(text[len(digits):])))]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n < 0 || n > 1<<62/unit {
		return fmt.Errorf("want a number of bytes such as 1000000, 50MB or 48MiB, got %q", text)
	}
	*s = Size(n * unit)
	return nil
}

// Hosts are names that a server answers to. One that starts with a dot stands
// for the name after it and its subdomains; * stands for any.
type Hosts []string

// UnmarshalText reads a list with commas.
func (h *Hosts) UnmarshalText(text []byte) error {
	for name := range items(text) {
		if strings.ContainsAny(name, "/@ ") || hasPort(name) {
			return fmt.Errorf("want host names without scheme and port, got %q", name)
		}
		*h = append(*h, strings.ToLower(name))
	}
	return nil
}

// hasPort tells whether a colon stands in host outside of a [literal IPv6 address].
func hasPort(host string) bool {
	return strings.Contains(host, ":") && !strings.HasSuffix(host, "]")
}

// Origins are the scheme, host and port of web pages, as browsers send them in
// the Origin header; * stands for every page.
type Origins []string

// UnmarshalText reads a list with commas.
func (o *Origins) UnmarshalText(text []byte) error {
	for item := range items(text) {
		origin := strings.ToLower(strings.TrimSuffix(item, "/"))
		if origin != "*" && !isOrigin(origin) {
			return fmt.Errorf("want origins such as https://app.example.com, got %q", item)
		}
		*o = append(*o, origin)
	}
	return nil
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isWeb(*u) && *u == (url.URL{Scheme: u.Scheme, Host: u.Host}) && !strings.Contains(s, "*")
}

// Networks are ranges of addresses.
type Networks []netip.Prefix

// UnmarshalText reads a list with commas of addresses and CIDR ranges.
func (n *Networks) UnmarshalText(text []byte) error {
	for item := range items(text) {
		prefix, err := parsePrefix(item)
		if err != nil {
			return fmt.Errorf("want addresses or CIDR ranges such as 10.0.0.0/8, got %q", item)
		}
		*n = append(*n, prefix)
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return addr.Unmap().Prefix(addr.Unmap().BitLen())
}

// items yields what stands between the commas of a list, without blanks.
func items(text []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for item := range strings.SplitSeq(string(text), ",") {
			if item = strings.TrimSpace(item); item != "" && !yield(item) {
				return
			}
		}
	}
}
