package media_test

import (
	"context"
	"errors"
	"image/color"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// SignedURL signs like no cloud does, and fails when told to.
func (s *spyStore) SignedURL(_ context.Context, key storage.Key, o storage.SignOptions) (string, error) {
	s.signed = append(s.signed, o)
	return "https://store.example.com/" + key.String() + "?signed", storage.Unreachable(s.sign)
}

func newRedirecting(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, testkit.SQLite(t))
	w.redirect = true
	w.Service = w.process()
	return w
}

// TestRedirect sends clients to the store for pictures and archives, and for nothing else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	w := newRedirecting(t)
	img := w.add(t, "a.html", image.FormatPNG, pngOf(9, 9, color.Black))
	snap := w.archived(t)
	picture := w.URL(w.as(t, "viewer"), img)
	for name, tt := range map[string]struct {
		method, url string
		sum         string // of what the client is sent to
		options     storage.SignOptions
	}{
		"picture":   {"GET", picture, img.Sha256, storage.SignOptions{Expiry: 5 * time.Minute, ContentType: "image/png", ContentDisposition: "inline; filename=a.html.png"}},
		"archive":   {"GET", *w.ArchiveURL(w.as(t, "viewer"), snap), *snap.ArchiveSha256, storage.SignOptions{Expiry: 5 * time.Minute, ContentType: "application/zip", ContentDisposition: "attachment; filename=dataset_1__snapshot_1.zip"}},
		"thumbnail": {method: "GET", url: w.ThumbnailURL(w.as(t, "viewer"), img, 64)},
		"head":      {method: "HEAD", url: picture},
	} {
		w.store.signed = nil
		answer := w.do(t, tt.method, tt.url)
		if tt.sum == "" {
			if answer.Code != http.StatusOK || answer.Header().Get("Etag") == "" || len(w.store.signed) > 0 {
				t.Errorf("%s: %d, %v", name, answer.Code, answer.Header())
			}
			continue
		}
		want := http.Header{
			"Location":                     {"https://store.example.com/objects/" + tt.sum[:2] + "/" + tt.sum[2:4] + "/" + tt.sum + "?signed"},
			"Cache-Control":                {"private, max-age=240"},
			"Cross-Origin-Resource-Policy": {"cross-origin"},
		}
		if diff := cmp.Diff(want, answer.Header()); answer.Code != http.StatusFound || diff != "" {
			t.Errorf("%s: %d, header (-want +got):\n%s", name, answer.Code, diff)
		}
		if diff := cmp.Diff([]storage.SignOptions{tt.options}, w.store.signed); diff != "" {
			t.Errorf("%s: signed (-want +got):\n%s", name, diff)
		}
	}
}

// TestRedirectAsksForAccess: each time, as when the bytes go through here.
func TestRedirectAsksForAccess(t *testing.T) {
	t.Parallel()
	w := newRedirecting(t)
	address := w.urlFor(t, "viewer")
	if got := w.get(t, address).Code; got != http.StatusFound {
		t.Errorf("before: %d, want %d", got, http.StatusFound)
	}
	if got := w.get(t, w.urlFor(t, "stranger")).Code; got != http.StatusNotFound {
		t.Errorf("stranger: %d, want %d", got, http.StatusNotFound)
	}
	w.write(t, func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.Member.Delete().Where(member.UserID(w.users["viewer"].ID)).Exec(ctx)
		return err
	})
	w.clock.advance(5 * time.Second)
	if got := w.get(t, address).Code; got != http.StatusNotFound {
		t.Errorf("after: %d, want %d", got, http.StatusNotFound)
	}
}

// TestRedirectNearTheEnd: a browser keeps the redirect no longer than the URL that it came for is good.
func TestRedirectNearTheEnd(t *testing.T) {
	t.Parallel()
	w := newRedirecting(t)
	address := w.urlFor(t, "viewer")
	w.clock.set(time.Date(2026, 11, 24, 23, 59, 0, 0, time.UTC))
	if got := w.get(t, address).Header().Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control = %q, want 60 s", got)
	}
}

func TestRedirectTrouble(t *testing.T) {
	t.Parallel()
	w := newRedirecting(t)
	w.store.sign = errors.New("no credentials")
	answer := w.get(t, w.urlFor(t, "viewer"))
	if answer.Code != http.StatusServiceUnavailable || message(answer) != "the files cannot be reached; try again" || answer.Header().Get("Location") != "" {
		t.Errorf("%d %s %v", answer.Code, answer.Body, answer.Header())
	}
}
