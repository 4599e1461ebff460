package media_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/media"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/web"
)

func TestURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	morning, first := w.clock.Now(), w.urlFor(t, "viewer")

	shape := regexp.MustCompile(`^/media/images/1/0a1b\.x\?viewer=[0-9]+&day=2026-11-23&signature=[\w-]{43}$`)
	if !shape.MatchString(first) {
		t.Errorf("URL = %q, want %v", first, shape)
	}
	w.clock.set(time.Date(2026, 11, 24, 4, 59, 59, 0, time.FixedZone("east", 5*60*60))) // 23:59:59 UTC
	if got := w.urlFor(t, "viewer"); got != first {
		t.Errorf("URL in the evening = %q, want %q", got, first)
	}
	if got := w.urlFor(t, "owner"); got == first {
		t.Errorf("URL for two viewers = %q", got)
	}
	w.clock.advance(time.Second)
	if got := w.urlFor(t, "viewer"); got == first {
		t.Errorf("URL on two days = %q", got)
	}
	w.clock.set(morning)
	for width, want := range map[int]string{-1: "64", 0: "64", 1: "64", 64: "64", 65: "128", 200: "256", 9999: "1024"} {
		got := w.ThumbnailURL(w.as(t, "viewer"), w.image, width)
		if !strings.Contains(got, "&day=2026-11-23&width="+want+"&signature=") {
			t.Errorf("URL of thumbnail for %d = %q, want width %s", width, got, want)
		}
	}
}

// TestURLForNobody: there is none.
func TestURLForNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	for name, ctx := range map[string]context.Context{"nobody": t.Context(), "system": access.System(t.Context())} {
		if got := w.URL(ctx, w.image) + w.ThumbnailURL(ctx, w.image, 64); got != "" {
			t.Errorf("%s: URLs = %q, want none", name, got)
		}
	}
}

// TestURLIsAbsolute: it begins with the address by which clients know the server.
func TestURLIsAbsolute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	middleware := testkit.Must(web.Middleware(web.Options{Log: slog.New(slog.DiscardHandler), PublicURL: "https://data.example.com/api/", MaxBody: 1}))(t)
	viewer, _ := access.ViewerFrom(w.as(t, "viewer"))
	var got string
	middleware.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = w.URL(access.WithViewer(r.Context(), viewer), w.image)
	}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql", nil))
	if want := "https://data.example.com/api" + w.urlFor(t, "viewer"); got != want {
		t.Errorf("URL = %q, want %q", got, want)
	}
}

// TestDays: a URL is good until the end of the day after it was made.
func TestDays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		address := w.urlFor(t, "viewer")
		for now, want := range map[string]int{
			"2026-11-22T23:59:59Z": http.StatusOK, // of a server whose clock is late
			"2026-11-23T00:00:00Z": http.StatusOK,
			"2026-11-23T23:59:59Z": http.StatusOK,
			"2026-11-24T00:00:00Z": http.StatusOK,
			"2026-11-24T23:59:59Z": http.StatusOK,
			"2026-11-25T00:00:00Z": http.StatusForbidden,
			"2026-11-25T05:00:00Z": http.StatusForbidden,
			"2027-11-23T10:00:00Z": http.StatusForbidden,
		} {
			w.clock.set(testkit.Must(time.Parse(time.RFC3339, now))(t))
			if got := w.get(t, address).Code; got != want {
				t.Errorf("at %s: %d, want %d", now, got, want)
			}
		}
	})
}

// TestPreviousSecret: URLs outlive a change of the server's secret.
func TestPreviousSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	address := w.urlFor(t, "viewer")
	for name, tt := range map[string]struct {
		secrets []string
		want    int
	}{
		"changed":   {[]string{strings.Repeat("n", 32), "0123456789abcdef0123456789abcdef"}, http.StatusOK},
		"forgotten": {[]string{strings.Repeat("n", 32)}, http.StatusForbidden},
	} {
		w.keys = testkit.Must(auth.NewKeys(tt.secrets[0], tt.secrets[1:]...))(t)
		w.Service = w.process()
		if got := w.get(t, address).Code; got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestAltered: a URL is good to the letter or not at all, and all that is wrong gets the same answer.
func TestAltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	good, other := w.ThumbnailURL(w.as(t, "viewer"), w.image, 64), w.urlFor(t, "owner")
	path, query, _ := strings.Cut(good, "?")
	text, sum, _ := strings.Cut(good, "&signature=")
	_, sumOfOther, _ := strings.Cut(other, "&signature=")
	altered := []string{
		path, path + "?", text, text + "&signature=", text + "&signature=" + sumOfOther, text + "&signature=" + sum[:42],
		text + "&Signature=" + sum, text + "&signature=%" + "41" + sum[1:], text + "&signature=" + sum + "=",
		good + "&", good + "&v=2", good + "&signature=" + sum, good + "&width=1024", path + "?v=2&" + query, path + "?signature=" + sum,
		path + "/?" + query, strings.Replace(good, "&width=64", "", 1), strings.Replace(good, "viewer", "%76iewer", 1),
		strings.Replace(good, "/media/", "//media/", 1), strings.Replace(good, "/media/", "/./media/", 1), strings.Replace(good, "0a1b", "%30a1b", 1),
		w.signed("/media/images/1/x?viewer=1&day=2026-13-01"), w.signed("/media/images/1/x?viewer=1&day="), w.signed("/media/images/1/x?viewer=1"),
		w.signed("/media/images/1/x?viewer=one&day=2026-11-23"), w.signed("/media/images/one/x?viewer=1&day=2026-11-23"),
		w.signed("/media/images/1/x?viewer=1&day=2026-11-23&width=wide"), w.signed("?viewer=1&day=2026-11-23"),
	}
	for i := range good {
		for letter := byte(' '); letter <= '~'; letter++ {
			altered = append(altered, good[:i]+string(letter)+good[i+1:])
		}
		altered = append(altered, good[:i]+good[i+1:], good[:i]+good[i:i+1]+good[i:])
	}
	refusal := w.get(t, path).Body.String()
	if !strings.Contains(refusal, `"FORBIDDEN"`) {
		t.Errorf("refusal = %s", refusal)
	}
	for _, address := range altered {
		if _, err := url.Parse(address); err != nil || address == good {
			continue
		}
		answer := w.get(t, address)
		if answer.Code != http.StatusForbidden || answer.Body.String() != refusal {
			t.Errorf("%s: %d %s, want %d %s", address, answer.Code, answer.Body, http.StatusForbidden, refusal)
		}
	}
	if n := w.store.opens(); n != 0 {
		t.Errorf("%d objects were opened, want none", n)
	}
	if got := w.get(t, good).Code; got != http.StatusOK {
		t.Errorf("unaltered: %d, want %d", got, http.StatusOK)
	}
}

// TestHostilePaths: no path leads out of the place of pictures, not even one that we had signed.
func TestHostilePaths(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const query = "?viewer=1&day=2026-11-23"
		for _, path := range hostilePaths() {
			for _, address := range []string{path, path + query, w.signed(path + query), w.signed(path + query + "&width=64")} {
				u, err := url.Parse(address)
				if err != nil {
					continue
				}
				answer := httptest.NewRecorder()
				w.ServeHTTP(answer, (&http.Request{Method: http.MethodGet, URL: u}).WithContext(t.Context()))
				if answer.Code != http.StatusForbidden && answer.Code != http.StatusNotFound {
					t.Errorf("%q: %d, want %d or %d", address, answer.Code, http.StatusForbidden, http.StatusNotFound)
				}
			}
		}
		if n := w.store.opens(); n != 0 {
			t.Errorf("%d objects were opened, want none", n)
		}
	})
}

// hostilePaths are ways to write "up", in each place of a path, and files that attackers like.
func hostilePaths() (paths []string) {
	ups := []string{
		"..", ".", "...", "....//", "..;", "%2e%2e", "%2E%2E", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "%uff0e%uff0e",
		`..\`, "..%5c", "..%5C..", "%2e%2e%2f", "..%2f..%2f", "..%252f", "%00", "..%00", "%0a..", "~", "~root", "-1", "0", "1%00", "1e0", "0x1",
	}
	targets := []string{"etc/passwd", "data/datagen.db", "objects/ab/cd/x", "", "1/0a1b.png", "%2fetc%2fpasswd", `c:\windows\win.ini`, "tmp/x"}
	for _, up := range ups {
		for _, target := range targets {
			paths = append(paths,
				"/media/images/"+up+"/"+up+"/"+up+"/"+target,
				"/media/images/1/"+up+"/"+target,
				"/media/"+up+"/"+target,
				"/"+up+"/"+target,
			)
		}
	}
	return append(paths, "/media/images", "/media/images/", "/media/images//", "/media/images/1", "/media/images/1/", "/", "/media/objects/ab/cd",
		"/media/images/99999999999999999999/x", "/media/images/9223372036854775807/x", "//etc/passwd", "/media/images/1//etc/passwd")
}

var _ media.Signer = (*auth.Keys)(nil)
