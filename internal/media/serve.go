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
	// How long a URL of the store is good for, and how long a browser may go
	// there again without asking here whether its viewer still sees the file.
	redirectExpiry = 5 * time.Minute
	redirectAge    = 4 * time.Minute
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
	f, err := s.fileOf(r.Context(), l)
	if err != nil {
		return err
	}
	if f.ReadSeekCloser == nil && s.redirect && r.Method == http.MethodGet {
		return s.sendTo(w, r, f, until.Sub(s.now()))
	}
	if err := s.load(r.Context(), f); err != nil {
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

// sendTo has the client get f from the store, where a GET alone is good. It may
// do so again for that long at most.
func (s *Service) sendTo(w http.ResponseWriter, r *http.Request, f *file, age time.Duration) error {
	key, err := f.key()
	if err != nil {
		return err
	}
	address, err := s.store.SignedURL(r.Context(), key, storage.SignOptions{
		Expiry:             redirectExpiry,
		ContentType:        f.contentType,
		ContentDisposition: f.contentDisposition(),
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Location", address)
	h.Set("Cache-Control", "private, max-age="+seconds(min(age, redirectAge)))
	h.Set("Cross-Origin-Resource-Policy", crossOrigin)
	w.WriteHeader(http.StatusFound)
	return nil
}

// file is what is sent. Its bytes are those with that SHA-256 in the store,
// unless they are here.
type file struct {
	io.ReadSeekCloser

	sum         string // in hex
	owner       string // for the log: whose bytes they are
	etag        string
	contentType string
	disposition string // inline or attachment
	name        string // under which a browser saves it
	size        int64  // in bytes, once they are here
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
	h.Set("Content-Disposition", f.contentDisposition())
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", crossOrigin)
	h.Set("Cache-Control", "private, immutable, max-age="+seconds(age))
	h.Set("Etag", f.etag)
}

// crossOrigin is for pages that show pictures, which have origins of their own.
const crossOrigin = "cross-origin"

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func (f *file) contentDisposition() string {
	return mime.FormatMediaType(f.disposition, map[string]string{"filename": f.name})
}

// fileOf returns the file that a link names, if its viewer may see it.
func (s *Service) fileOf(ctx context.Context, l link) (*file, error) {
	if l.image == 0 {
		return s.findArchive(ctx, l)
	}
	pic, err := s.look(ctx, l)
	switch {
	case err != nil:
		return nil, err
	case l.width > 0:
		return s.openThumbnail(ctx, pic, l.width)
	}
	return pic.file(), nil
}

// file returns the picture as it came.
func (p picture) file() *file {
	contentType := imaging.Format(strings.ToLower(string(p.format))).ContentType()
	return &file{
		sum:         p.sum,
		owner:       "image " + p.name,
		etag:        `"` + p.sum + `"`,
		contentType: contentType,
		disposition: "inline",
		name:        p.fileName(contentType),
	}
}

// load opens the bytes of f, unless they are here.
func (s *Service) load(ctx context.Context, f *file) error {
	if f.ReadSeekCloser != nil {
		return nil
	}
	key, err := f.key()
	if err != nil {
		return err
	}
	f.ReadSeekCloser, f.size, err = s.store.Open(ctx, key)
	if errors.Is(err, fault.NotFound) {
		return fmt.Errorf("the bytes of %s are lost: %v", f.owner, err) //nolint:errorlint // their row is there
	}
	return err
}

func (f *file) key() (storage.Key, error) {
	key, err := storage.ObjectKey(f.sum)
	if err != nil {
		return storage.Key{}, fmt.Errorf("%s: %v", f.owner, err) //nolint:errorlint // the request is not what is invalid
	}
	return key, nil
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
