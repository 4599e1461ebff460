package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/web"
)

const (
	methods    = "GET, HEAD, OPTIONS"
	retryAfter = "5" // seconds
	// What somebody sent as a picture may be a web page as well. Its type is what
	// our record says, and this is for a browser that thinks it knows better.
	contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

// ServeHTTP answers with the file that a URL of this service names: 403 when the
// URL is not as it was made or is out of date, 404 when it is gone or its viewer
// may no longer see it, 503 when the store does not answer.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", methods)
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

// serve answers, or returns why it has not.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) error {
	l, until, err := s.verify(r.URL)
	if err != nil {
		return err
	}
	f, err := s.open(r.Context(), l)
	if err != nil {
		return err
	}
	defer f.Close()
	f.setHeader(w.Header(), until.Sub(s.now()))
	http.ServeContent(w, r, "", time.Time{}, f)
	if f.failed != nil && r.Context().Err() == nil {
		slog.ErrorContext(r.Context(), "file was cut off", "error", f.failed, "etag", f.etag)
	}
	return nil
}

// file is what is sent.
type file struct {
	io.ReadSeekCloser

	etag        string
	contentType string
	disposition string // inline or attachment
	name        string // under which a browser saves it
	failed      error  // of the store, while it was read
}

// Read satisfies io.Reader.
func (f *file) Read(p []byte) (int, error) {
	n, err := f.ReadSeekCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.failed = err
	}
	return n, err
}

// setHeader describes f, which may be kept for that long.
func (f *file) setHeader(h http.Header, age time.Duration) {
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Disposition", mime.FormatMediaType(f.disposition, map[string]string{"filename": f.name}))
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages that show pictures have origins of their own
	h.Set("Cache-Control", "private, immutable, max-age="+strconv.Itoa(int(age.Seconds())))
	h.Set("Etag", f.etag)
}

// open returns the file that a link names, if its viewer may see it.
func (s *Service) open(ctx context.Context, l link) (*file, error) {
	if l.snapshot != 0 {
		return s.openArchive(ctx, l)
	}
	pic, err := s.look(ctx, l)
	switch {
	case err != nil:
		return nil, err
	case l.width > 0:
		return s.openThumbnail(ctx, pic, l.width)
	}
	return s.openPicture(ctx, pic)
}

func (s *Service) openPicture(ctx context.Context, pic picture) (*file, error) {
	content, _, err := s.original(ctx, pic)
	if err != nil {
		return nil, err
	}
	contentType := imaging.Format(strings.ToLower(string(pic.format))).ContentType()
	return &file{
		ReadSeekCloser: content,
		etag:           `"` + pic.sum + `"`,
		contentType:    contentType,
		disposition:    "inline",
		name:           pic.fileName(contentType),
	}, nil
}

// original opens the bytes of a picture as they came.
func (s *Service) original(ctx context.Context, pic picture) (io.ReadSeekCloser, int64, error) {
	return s.object(ctx, pic.sum, "image "+pic.name)
}

// object opens the bytes with that SHA-256, which are of what owner says.
func (s *Service) object(ctx context.Context, sum, owner string) (io.ReadSeekCloser, int64, error) {
	key, err := storage.ObjectKey(sum)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %v", owner, err) //nolint:errorlint // the request is not what is invalid
	}
	content, size, err := s.store.Open(ctx, key)
	if errors.Is(err, fault.NotFound) {
		return nil, 0, fmt.Errorf("the bytes of %s are lost: %v", owner, err) //nolint:errorlint // their row is there
	}
	return content, size, outageOf(err)
}

// extensions of file names, the usual one first.
var extensions = map[string][]string{
	imaging.PNG.ContentType():  {".png"},
	imaging.JPEG.ContentType(): {".jpg", ".jpeg", ".jpe", ".jfif"},
	imaging.WebP.ContentType(): {".webp"},
	imaging.GIF.ContentType():  {".gif"},
}

// fileName is the name that the picture came under, with an extension of what
// it is: a page.html that is a picture, and a page as well, is not to be opened
// as a page once it is saved.
func (p picture) fileName(contentType string) string {
	name := p.originalName[strings.LastIndexAny(p.originalName, `/\`)+1:]
	if name == "" {
		name = p.name
	}
	fitting := extensions[contentType]
	if !slices.Contains(fitting, strings.ToLower(path.Ext(name))) {
		name += fitting[0]
	}
	return name
}

// outage is a fault.Unavailable whose cause is for the log alone.
type outage struct{ cause error }

// outageOf tells a store that does not answer from a client that has left.
func outageOf(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return outage{err}
}

// Error satisfies error.
func (outage) Error() string { return "the files cannot be reached; try again" }

// Unwrap makes it a fault.Unavailable.
func (outage) Unwrap() error { return fault.Unavailable }

// LogValue satisfies slog.LogValuer.
func (o outage) LogValue() slog.Value { return slog.StringValue(o.cause.Error()) }
