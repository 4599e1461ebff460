package web

import "net/http"

// securityHeaders are for answers that are data. A handler that serves a page
// or a picture sets what it needs in their place.
var securityHeaders = map[string]string{
	"Content-Security-Policy":    "default-src 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Referrer-Policy":            "same-origin",
	"X-Content-Type-Options":     "nosniff",
	"X-Frame-Options":            "DENY",
}

func setSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		if originOf(r.Context()).secure {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000") // a year; subdomains are not ours to bind
		}
		next.ServeHTTP(w, r)
	})
}
