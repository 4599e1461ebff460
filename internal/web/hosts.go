package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// refuseHosts answers 400 to requests for other hosts: the host is part of the
// URLs that answers hold, and a page of a foreign name that resolves to this
// server would be of the same origin.
func refuseHosts(allowed []string) layer {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isHost(r.Host) || !allows(allowed, hostname(r.Host)) {
				Error(w, r, fault.InvalidAt("the server does not answer to this host name (ALLOWED_HOSTS)"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func allows(allowed []string, name string) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, name) })
}

// matches tells whether pattern stands for name, by the rules of Django's ALLOWED_HOSTS.
func matches(pattern, name string) bool {
	if strings.HasPrefix(pattern, ".") {
		return name == pattern[1:] || strings.HasSuffix(name, pattern)
	}
	return pattern == "*" || name == hostname(pattern)
}
