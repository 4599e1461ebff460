package download

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/web"
)

const (
	// Path is where exports are, as chi has it.
	Path = "/api/v1/datasets/{dataset}/export"

	purpose         = "export" // of signatures
	viewerParameter = "viewer"
	untilParameter  = "until"
	signature       = "&signature="
	linkTime        = 7 * 24 * time.Hour
	retryAfter      = "10" // seconds
)

// URL returns a link to what a request asks for, as it is now where that names no snapshot. It works by itself for a week,
// or a day if it names no snapshot, and as long as the viewer sees the dataset.
func (s *Service) URL(ctx context.Context, r Request) (string, error) {
	v, err := access.Require(ctx)
	if err != nil {
		return "", err
	}
	r, _, err = s.pin(ctx, r)
	if err != nil {
		return "", err
	}
	return web.BaseURL(ctx) + s.sign(r, v.UserID), nil
}

func (s *Service) sign(r Request, viewer gid.UserID) string {
	until := s.clock().Add(linkTime).Unix()
	path := strings.Replace(Path, "{dataset}", strconv.Itoa(int(r.Dataset)), 1)
	text := fmt.Sprintf("%s/?%s&%s=%d&%s=%d", path, r.Query(), viewerParameter, viewer, untilParameter, until)
	return text + signature + encoding.EncodeToString(s.signer.MAC(purpose, []byte(text)))
}

// encoding is strict: of the letters that could end a signature, one is right.
var encoding = base64.RawURLEncoding.Strict()

// errLink is one answer for all that is no good link of ours, so that it tells nothing.
var errLink = fmt.Errorf("%w: the address was changed or is out of date", fault.Forbidden)

// ServeHTTP answers with an export: all of it or a range. Who asks is in the context of the request, or in a signed link.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if err := s.serve(w, r); err != nil {
		if fault.Describe(err).Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", retryAfter)
		}
		web.Error(w, r, err)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) error {
	ctx, query, err := s.asker(r)
	if err != nil {
		return err
	}
	dataset, err := number[gid.DatasetID](chi.URLParam(r, "dataset"))
	if err != nil {
		return fmt.Errorf("dataset %w", fault.NotFound)
	}
	request, err := Parse(dataset, query)
	if err != nil {
		return err
	}
	a, err := s.Open(ctx, request)
	if err != nil {
		return err
	}
	defer a.Close()
	a.send(w, r)
	return nil
}

func (a *Archive) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Etag", `"`+a.Tag+`"`)
	if !isWhole(r.Header.Get("Range")) {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, a)
	if a.failed != nil && r.Context().Err() == nil {
		slog.ErrorContext(r.Context(), "export was cut off", "error", a.failed, "at", a.offset, "of", a.Size)
	}
}

// asker returns a context in which the viewer of a link asks, or who is signed in, and what the query says beside.
func (s *Service) asker(r *http.Request) (context.Context, url.Values, error) {
	query := r.URL.Query()
	text, encoded, signed := strings.Cut(r.URL.EscapedPath()+"?"+r.URL.RawQuery, signature)
	if !signed {
		_, err := access.Require(r.Context())
		return r.Context(), query, err
	}
	sum, err := encoding.DecodeString(encoded)
	if err != nil || !s.signer.VerifyMAC(purpose, []byte(text), sum) {
		return nil, nil, errLink
	}
	until, err := strconv.ParseInt(query.Get(untilParameter), 10, 64)
	if err != nil || !s.clock().Before(time.Unix(until, 0)) {
		return nil, nil, errLink
	}
	id, err := number[gid.UserID](query.Get(viewerParameter))
	if err != nil {
		return nil, nil, errLink
	}
	v, err := access.ViewerOf(r.Context(), s.db.Client, id)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range []string{viewerParameter, untilParameter, strings.Trim(signature, "&=")} {
		query.Del(name)
	}
	return access.WithViewer(r.Context(), v), query, nil
}
