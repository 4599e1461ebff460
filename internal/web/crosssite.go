package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/rs/cors"

	"github.com/datasetgen/datagen/internal/fault"
)

const preflightAge = 7200 // seconds: the most that Chromium takes

// allowOrigins lets pages of other origins call. They sign in with a header and
// never with a cookie, so that no credentials are allowed.
func allowOrigins(origins []string) layer {
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next } // to cors, none would be all
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "Range", requestIDHeader,
			"Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset",
			"Apollo-Require-Preflight", "X-Apollo-Operation-Name", "X-Requested-With", "X-Csrftoken",
		},
		ExposedHeaders: []string{
			"Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Location", "Retry-After", requestIDHeader,
			"Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version", "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset",
		},
		MaxAge: preflightAge,
	}).Handler
}

// refuseCrossSite answers 403 to what a page of a foreign origin sends without
// the browser asking first, such as a form. Who sends Authorization is not
// tricked: a foreign page can only do that after a preflight.
func refuseCrossSite(o Options) (layer, error) {
	if slices.Contains(o.AllowedOrigins, "*") {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	origins, err := trustedOrigins(o)
	if err != nil {
		return nil, err
	}
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("allowed origin: %w", err)
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" && protection.Check(r) != nil {
				Error(w, r, fmt.Errorf("%w: the request comes from a page of another site (CORS_ALLOWED_ORIGINS)", fault.Forbidden))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// trustedOrigins are those of Options and our own, which a proxy may hide from
// us by putting another host in its requests.
func trustedOrigins(o Options) ([]string, error) {
	if o.PublicURL == "" {
		return o.AllowedOrigins, nil
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	return append(slices.Clone(o.AllowedOrigins), public.Scheme+"://"+public.Host), nil
}
