// Package web is what every request passes on its way to a handler, and the
// server that listens, says how it is and stops without losing anybody's answer.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"
)

// Options is what the middleware has to know of the deployment.
type Options struct {
	Log            *slog.Logger
	PublicURL      string         // what clients put before a path; taken from each request when empty
	AllowedHosts   []string       // names to answer to; .example.com stands for its subdomains too; any when empty
	AllowedOrigins []string       // of web pages that may call; * stands for every page
	TrustedProxies []netip.Prefix // whose X-Forwarded-* headers are believed
	MaxBody        int64          // bytes
	Unbounded      string         // the path at and below which bodies may have any length; none when empty
}

// Middleware is everything a request passes, in order. Each step relies on
// those before it: lines of the log carry the request id and the client's
// address, a refusal is logged, a preflight is answered before it could be refused.
func Middleware(o Options) (chi.Middlewares, error) {
	crossSite, err := refuseCrossSite(o)
	if err != nil {
		return nil, err
	}
	return chi.Middlewares{
		identify,
		locate(o.PublicURL, o.TrustedProxies),
		logAccess(o.Log),
		recoverPanics(o.Log),
		setSecurityHeaders,
		refuseHosts(o.AllowedHosts),
		allowOrigins(o.AllowedOrigins),
		crossSite,
		limitBody(o.MaxBody, o.Unbounded),
	}, nil
}

// A layer is one step on the way to a handler.
type layer = func(http.Handler) http.Handler
