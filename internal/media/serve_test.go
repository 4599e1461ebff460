package media_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	for name, tt := range map[string]struct {
		format       image.Format
		content      []byte
		originalName string
		contentType  string
		disposition  string
	}{
		"png":             {image.FormatPNG, pngOf(9, 9, color.Black), "a.png", "image/png", `inline; filename=a.png`},
		"jpeg":            {image.FormatJPEG, jpegOf(9, 9), "IMG 1.JPEG", "image/jpeg", `inline; filename="IMG 1.JPEG"`},
		"webp":            {image.FormatWebP, webP(), "a.webp", "image/webp", `inline; filename=a.webp`},
		"gif":             {image.FormatGIF, gifOf(9, 9), "a.gif", "image/gif", `inline; filename=a.gif`},
		"another format":  {image.FormatPNG, pngOf(9, 8, color.Black), "a.jpg", "image/png", `inline; filename=a.jpg.png`},
		"a page":          {image.FormatGIF, append(gifOf(1, 1), "<script>alert(1)</script>"...), "a.html", "image/gif", `inline; filename=a.html.gif`},
		"no name":         {image.FormatPNG, pngOf(9, 7, color.Black), "", "image/png", `inline; filename=0a1b.x.png`},
		"a path":          {image.FormatPNG, pngOf(9, 6, color.Black), `../..\a.png`, "image/png", `inline; filename=a.png`},
		"quotes":          {image.FormatPNG, pngOf(9, 5, color.Black), `a"; x="b.png`, "image/png", `inline; filename="a\"; x=\"b.png"`},
		"not ASCII":       {image.FormatPNG, pngOf(9, 4, color.Black), "größe 图.png", "image/png", `inline; filename*=utf-8''gr%C3%B6%C3%9Fe%20%E5%9B%BE.png`},
		"control letters": {image.FormatPNG, pngOf(9, 3, color.Black), "a\r\nSet-Cookie: b.png", "image/png", `inline; filename*=utf-8''a%0D%0ASet-Cookie%3A%20b.png`},
	} {
		img := w.add(t, tt.originalName, tt.format, tt.content)
		answer := w.get(t, w.URL(w.as(t, "viewer"), img))
		if answer.Code != http.StatusOK || !bytes.Equal(answer.Body.Bytes(), tt.content) {
			t.Errorf("%s: %d and %d bytes, want %d and %d", name, answer.Code, answer.Body.Len(), http.StatusOK, len(tt.content))
		}
		want := http.Header{
			"Content-Type":                 {tt.contentType},
			"Content-Length":               {strconv.Itoa(len(tt.content))},
			"Content-Disposition":          {tt.disposition},
			"Content-Security-Policy":      {"default-src 'none'; style-src 'unsafe-inline'; sandbox"},
			"X-Content-Type-Options":       {"nosniff"},
			"Cross-Origin-Resource-Policy": {"cross-origin"},
			"Cache-Control":                {"private, immutable, max-age=135000"}, // 37 hours and a half to the end of tomorrow
			"Etag":                         {`"` + img.Sha256 + `"`},
			"Accept-Ranges":                {"bytes"},
		}
		if diff := cmp.Diff(want, answer.Header()); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", name, diff)
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	whole := pngOf(300, 200, color.White)
	etag, small := `"`+w.image.Sha256+`"`, `"`+w.image.Sha256+`-64"`
	for name, tt := range map[string]struct {
		method  string
		headers []string
		status  int
		body    []byte
		header  string // and its value must be there
		value   string
	}{
		"whole":            {"GET", nil, 200, whole, "Etag", etag},
		"head":             {"HEAD", nil, 200, nil, "Content-Length", strconv.Itoa(len(whole))},
		"known":            {"GET", []string{"If-None-Match", etag}, 304, nil, "Etag", etag},
		"known as weak":    {"GET", []string{"If-None-Match", `"x", W/` + etag}, 304, nil, "Cache-Control", "private, immutable, max-age=135000"},
		"known thumbnail":  {"GET", []string{"If-None-Match", small}, 200, whole, "Etag", etag},
		"range":            {"GET", []string{"Range", "bytes=1-3"}, 206, []byte("PNG"), "Content-Range", fmt.Sprintf("bytes 1-3/%d", len(whole))},
		"end":              {"GET", []string{"Range", "bytes=-4"}, 206, whole[len(whole)-4:], "Content-Type", "image/png"},
		"range of another": {"GET", []string{"Range", "bytes=1-3", "If-Range", `"x"`}, 200, whole, "Etag", etag},
		"range of this":    {"GET", []string{"Range", "bytes=1-3", "If-Range", etag}, 206, []byte("PNG"), "Etag", etag},
		"beyond":           {"GET", []string{"Range", "bytes=99999-"}, 416, []byte("invalid range: failed to overlap\n"), "Content-Range", fmt.Sprintf("bytes */%d", len(whole))},
		"if changed":       {"GET", []string{"If-Match", `"x"`}, 412, nil, "Etag", etag},
		"options":          {"OPTIONS", nil, 204, nil, "Allow", "GET, HEAD, OPTIONS"},
		"post":             {"POST", nil, 405, []byte("method not allowed\n"), "Allow", "GET, HEAD, OPTIONS"},
		"delete":           {"DELETE", nil, 405, []byte("method not allowed\n"), "Allow", "GET, HEAD, OPTIONS"},
	} {
		answer := w.do(t, tt.method, w.urlFor(t, "viewer"), tt.headers...)
		if answer.Code != tt.status || !bytes.Equal(answer.Body.Bytes(), tt.body) || answer.Header().Get(tt.header) != tt.value {
			t.Errorf("%s: %d, %s: %s, %q, want %d, %s, %q", name,
				answer.Code, tt.header, answer.Header().Get(tt.header), answer.Body.Bytes(), tt.status, tt.value, tt.body)
		}
	}
}

func TestThumbnails(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		glass := color.NRGBA{R: 255, A: 100}
		for name, tt := range map[string]struct {
			format        image.Format
			content       []byte
			asked         int
			width, height int
			contentType   string
		}{
			"png":             {image.FormatPNG, pngOf(300, 200, color.Black), 100, 128, 85, "image/jpeg"},
			"transparent png": {image.FormatPNG, pngOf(300, 200, glass), 1, 64, 42, "image/png"},
			"jpeg":            {image.FormatJPEG, jpegOf(300, 200), 64, 64, 42, "image/jpeg"},
			"gif":             {image.FormatGIF, gifOf(300, 200), 200, 256, 170, "image/jpeg"},
			"webp":            {image.FormatWebP, webP(), 200, 1, 1, "image/png"},
			"small":           {image.FormatGIF, gifOf(30, 20), 1024, 30, 20, "image/jpeg"},
		} {
			img := w.add(t, "a.x", tt.format, tt.content)
			address := w.ThumbnailURL(w.as(t, "viewer"), img, tt.asked)
			made := w.get(t, address)
			config, _, err := stdimage.DecodeConfig(made.Body)
			if err != nil || config.Width != tt.width || config.Height != tt.height {
				t.Errorf("%s: %d×%d, %v, want %d×%d", name, config.Width, config.Height, err, tt.width, tt.height)
			}
			stored := w.get(t, address)
			for _, answer := range []*httptest.ResponseRecorder{made, stored} {
				if got := answer.Header().Get("Content-Type"); answer.Code != http.StatusOK || got != tt.contentType {
					t.Errorf("%s: %d %s, want %d %s", name, answer.Code, got, http.StatusOK, tt.contentType)
				}
			}
			if diff := cmp.Diff(made.Header(), stored.Header()); diff != "" {
				t.Errorf("%s: header (-made +stored):\n%s", name, diff)
			}
			if known := w.get(t, address, "If-None-Match", made.Header().Get("Etag")); known.Code != http.StatusNotModified {
				t.Errorf("%s: %d, want %d", name, known.Code, http.StatusNotModified)
			}
			if made.Header().Get("Etag") == `"`+img.Sha256+`"` {
				t.Errorf("%s: a thumbnail has the ETag of its picture", name)
			}
		}
	})
}

// TestThumbnailIsMadeOnce: for all who ask at the same time, and for later processes.
func TestThumbnailIsMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const requests = 20
		address := w.ThumbnailURL(w.as(t, "viewer"), w.image, 64)
		w.small.before = func() {
			for w.store.opens() < requests+1 { // each looks for it, and one opens the picture
				time.Sleep(time.Millisecond)
			}
		}
		var wg sync.WaitGroup
		for range requests {
			wg.Go(func() {
				if got := w.get(t, address).Code; got != http.StatusOK {
					t.Errorf("%d, want %d", got, http.StatusOK)
				}
			})
		}
		wg.Wait()
		made := w.small.made
		w.Service = w.process()
		w.get(t, address)
		// Who looked before it was there, and asks for it after it was made, makes it again: rare and harmless.
		if made > requests/4 || w.small.made != made {
			t.Errorf("made %d times and then %d, want once and then never", made, w.small.made-made)
		}
		w.get(t, w.ThumbnailURL(w.as(t, "viewer"), w.image, 256))
		if w.small.made != made+1 {
			t.Errorf("another width was made %d times, want once", w.small.made-made)
		}
	})
}

// TestThumbnailForTheRest: who asks first and leaves does not spoil it for others.
func TestThumbnailForTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	u := testkit.Must(url.Parse(w.ThumbnailURL(w.as(t, "viewer"), w.image, 64)))(t)
	ctx, leave := context.WithCancel(t.Context())
	w.small.before = leave
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, (&http.Request{Method: http.MethodGet, URL: u}).WithContext(ctx))
	if answer.Code != http.StatusOK {
		t.Errorf("%d %s, want %d", answer.Code, answer.Body, http.StatusOK)
	}
}

func TestTrouble(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		full, thumbnail := w.urlFor(t, "viewer"), w.ThumbnailURL(w.as(t, "viewer"), w.image, 64)
		secret := errors.New("dial tcp 10.0.0.7:443: connection refused")
		for name, tt := range map[string]struct {
			url               string
			open, put, making error
			status            int
			says              string
		}{
			"store is down":                {full, secret, nil, nil, 503, "the files cannot be reached; try again"},
			"store is down for thumbnails": {thumbnail, secret, nil, nil, 503, "the files cannot be reached; try again"},
			"store is slow":                {full, context.DeadlineExceeded, nil, nil, 503, "the files cannot be reached; try again"},
			"picture is lost":              {full, fmt.Errorf("%w: object", fault.NotFound), nil, nil, 500, "internal error"},
			"picture is lost, thumbnail":   {thumbnail, fmt.Errorf("%w: object", fault.NotFound), nil, nil, 500, "internal error"},
			"picture is no picture":        {thumbnail, nil, nil, fmt.Errorf("%w: cut off", fault.Invalid), 500, "internal error"},
			"client has left":              {full, context.Canceled, nil, nil, 499, "the client went away"},
			"store is full":                {thumbnail, nil, secret, nil, 200, ""},
		} {
			w.store.open, w.store.put, w.small.err = tt.open, tt.put, tt.making
			answer := w.get(t, tt.url)
			if answer.Code != tt.status || message(answer) != tt.says {
				t.Errorf("%s: %d %q, want %d %q", name, answer.Code, message(answer), tt.status, tt.says)
			}
			if got := answer.Header().Get("Retry-After") != ""; got != (tt.status == 503) {
				t.Errorf("%s: Retry-After is %q", name, answer.Header().Get("Retry-After"))
			}
			if got := answer.Header().Get("Cache-Control"); tt.status != 200 && got != "no-store" {
				t.Errorf("%s: Cache-Control = %q, want %q", name, got, "no-store")
			}
		}
	})
}

// TestBadThumbnail: what the store has under a thumbnail's key is not served for whatever it is.
func TestBadThumbnail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	for width, content := range map[int]string{64: "<html>", 128: ""} {
		w.keep(t, w.image.Sha256, width, content)
		answer := w.get(t, w.ThumbnailURL(w.as(t, "viewer"), w.image, width))
		if answer.Code != http.StatusInternalServerError || message(answer) != "internal error" {
			t.Errorf("%q: %d %s", content, answer.Code, answer.Body)
		}
	}
}

// message is what an answer in JSON says.
func message(answer *httptest.ResponseRecorder) string {
	var body struct{ Errors []struct{ Message string } }
	if json.Unmarshal(answer.Body.Bytes(), &body) != nil || len(body.Errors) == 0 {
		return ""
	}
	return body.Errors[0].Message
}

// TestLog: what clients are not told is in the log. It is not parallel, since there is one log.
func TestLog(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	for name, tt := range map[string]struct {
		prepare func()
		want    string
	}{
		"store is down": {func() { w.store.open = errors.New("no route to host") }, `msg="request failed" error="the files cannot be reached; try again: no route to host"`},
		"cut off":       {func() { w.store.open, w.store.broken = nil, true }, `msg="file was cut off" error="disk at /secret/place is broken"`},
	} {
		log.Reset()
		tt.prepare()
		answer := w.get(t, w.urlFor(t, "viewer"))
		if strings.Contains(answer.Body.String(), "secret") || !strings.Contains(log.String(), tt.want) {
			t.Errorf("%s: the log has\n%swant %s; the client is told %s", name, &log, tt.want, answer.Body)
		}
	}
}
