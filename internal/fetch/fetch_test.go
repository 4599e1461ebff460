package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestGet asks sites that behave.
func TestGet(t *testing.T) {
	t.Parallel()
	large := make([]byte, limit)
	rand.Read(large)
	for name, tt := range map[string]struct {
		path   string
		answer http.HandlerFunc
		want   fetch.File
	}{
		"a file":             {"/a/boat.png", write("pixels"), fetch.File{Content: []byte("pixels"), Name: "boat.png"}},
		"an empty file":      {"/", write(""), fetch.File{Content: []byte{}}},
		"the largest":        {"/", write(string(large)), fetch.File{Content: large}},
		"the largest, piped": {"/", chunks(1, string(large)), fetch.File{Content: large}},
		"chunks":             {"/", chunks(3, "ab"), fetch.File{Content: []byte("ababab")}},
		"three redirects":    {"/3", redirects, fetch.File{Content: []byte("here"), Name: "0"}},
		"to another host":    {"/", elsewhere, fetch.File{Content: []byte("here"), Name: "found.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, tt.answer, nil)
			got, err := in.fetcher().Get(t.Context(), "https://"+site+tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(bytes.Equal)); diff != "" {
				t.Errorf("(-want +got):\n%.1000s", diff)
			}
			in.checkClosed(t)
		})
	}
}

// TestGetFails asks sites that do not behave.
func TestGetFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path   string
		answer http.HandlerFunc
		says   string
	}{
		"no content":          {"/", status(http.StatusNoContent), "answers with status 204"},
		"partial content":     {"/", status(http.StatusPartialContent), "answers with status 206"},
		"not modified":        {"/", status(http.StatusNotModified), "answers with status 304"},
		"forbidden":           {"/", status(http.StatusForbidden), "answers with status 403"},
		"not found":           {"/", status(http.StatusNotFound), "answers with status 404"},
		"trouble":             {"/", status(http.StatusBadGateway), "answers with status 502"},
		"four redirects":      {"/4", redirects, "redirects too often"},
		"redirect loop":       {"/", redirect("/"), "redirects too often"},
		"redirect nowhere":    {"/", status(http.StatusFound), "answers with status 302"},
		"redirect to no URL":  {"/", redirect("https://%zz/"), "cannot be reached"},
		"one byte too many":   {"/", write(strings.Repeat("x", limit+1)), "has more than 1000000 bytes"},
		"says it is large":    {"/", claim(1 << 40), "has more than 1000000 bytes"},
		"endless":             {"/", chunks(1<<30, strings.Repeat("x", 1<<16)), "has more than 1000000 bytes"},
		"breaks off":          {"/", claim(100), "breaks off before its end"},
		"breaks off a chunk":  {"/", abort, "breaks off before its end"},
		"hangs up":            {"/", hangUp, "cannot be reached"},
		"no length it can be": {"/", raw("HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n"), "cannot be reached"},
		"no HTTP":             {"/", raw("SSH-2.0-OpenSSH_9.9\r\n"), "cannot be reached"},
		"a long header":       {"/", longHeader, "cannot be reached"},
		"header flood":        {"/", flood("HTTP/1.1 200 OK\r\n", "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaa\r\n"), "cannot be reached"},
		"a header's flood":    {"/", flood("HTTP/1.1 200 OK\r\nX-Flood: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "cannot be reached"},
		"early hints flood":   {"/", flood("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, tt.answer, nil)
			got, err := in.fetcher().Get(t.Context(), "https://"+site+tt.path)
			if said := testkit.Said(err); said != "INVALID "+tt.says {
				t.Errorf("error = %s, want %s", said, tt.says)
			}
			if diff := cmp.Diff(fetch.File{}, got); diff != "" {
				t.Errorf("(-want +got):\n%.1000s", diff)
			}
			in.checkClosed(t)
		})
	}
}

// TestGetTimesOut asks sites that take too long, on the whole or for a step.
func TestGetTimesOut(t *testing.T) {
	t.Parallel()
	const short, long = 300 * time.Millisecond, time.Minute
	bucket := strings.Repeat("x", 1<<14) // four make a piece
	for name, tt := range map[string]struct {
		timeout, patience time.Duration
		answer            http.HandlerFunc
		says              string
	}{
		"silence":             {long, short, drip(0, ""), "INVALID does not answer in time"},
		"silence after a bit": {long, short, drip(1, "x"), "INVALID does not answer in time"},
		"a slow drip":         {long, short, drip(1000, "x"), "INVALID does not answer in time"},
		"a slow header":       {long, short, dripHeader, "INVALID does not answer in time"},
		"slow on the whole":   {short, long, drip(1000, bucket), "INVALID does not answer in time"},
		"steady":              {long, 750 * time.Millisecond, flow(60, bucket), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, tt.answer, nil)
			start := time.Now()
			_, err := in.hasty(tt.timeout, tt.patience).Get(t.Context(), "https://"+site+"/")
			if got := testkit.Said(err); got != tt.says {
				t.Errorf("error = %q, want %q", got, tt.says)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			in.checkClosed(t)
		})
	}
}

// TestGetSendsNothingOfOurs looks at what a site gets to see, directly and after a redirect.
func TestGetSendsNothingOfOurs(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	in := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Proto != "HTTP/1.1" {
			t.Errorf("got a %s by %s", r.Method, r.Proto)
		}
		seen = append(seen, r.Header)
		if r.Host == site {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Domain: "example.com"})
			http.Redirect(w, r, "https://"+friend+"/", http.StatusFound)
		}
	}, nil)
	f := in.fetcher()
	for range 2 { // cookies would come back
		if _, err := f.Get(t.Context(), "https://"+site+"/?signature=secret"); err != nil {
			t.Fatal(err)
		}
	}
	plain := http.Header{
		"User-Agent":      {"Datagen (+https://github.com/datasetgen/datagen)"},
		"Accept-Encoding": {"identity"},
		"Connection":      {"close"},
	}
	if diff := cmp.Diff([]http.Header{plain, plain, plain, plain}, seen); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// TestGetUnpacksNothing: compressed content stays as it came, however much is in it.
func TestGetUnpacksNothing(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 100*limit)); err != nil {
		t.Fatal(err)
	}
	z.Close()
	in := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, bomb.String())
	}, nil)
	got, err := in.fetcher().Get(t.Context(), "https://"+site+"/")
	if err != nil || !bytes.Equal(got.Content, bomb.Bytes()) {
		t.Errorf("%d bytes, %v; want the %d that were sent", len(got.Content), err, bomb.Len())
	}
}

// TestGetVerifies: whoever has no certificate for the name is not asked for anything.
func TestGetVerifies(t *testing.T) {
	t.Parallel()
	in := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") }, map[string][][]string{"example.org": {{public}}})
	for _, target := range []string{"https://example.org/", "https://" + public + "/"} {
		_, err := in.fetcher().Get(t.Context(), target)
		if got := testkit.Said(err); got != "INVALID has no valid certificate" {
			t.Errorf("error of %s = %s", target, got)
		}
	}
	in.checkClosed(t)
}

func TestGetFromAllowedNetwork(t *testing.T) {
	t.Parallel()
	in := serve(t, write("pixels"), map[string][][]string{site: {{"10.1.2.3"}}})
	for network, want := range map[string]string{"10.1.0.0/16": "", "10.2.0.0/16": "INVALID cannot be reached"} {
		_, err := in.fetcher(network).Get(t.Context(), "https://"+site+"/")
		if got := testkit.Said(err); got != want {
			t.Errorf("%s: %q, want %q", network, got, want)
		}
	}
}

// TestGetEnds: when the caller's time is up or the caller has left, the error says so.
func TestGetEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"left": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, context.Canceled},
		"left before": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled},
		"late": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, context.DeadlineExceeded},
	} {
		for where, answer := range map[string]http.HandlerFunc{"header": drip(0, ""), "body": drip(1000, strings.Repeat("x", 1<<16))} {
			t.Run(name+" in the "+where, func(t *testing.T) {
				t.Parallel()
				in := serve(t, answer, nil)
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				//nolint:errorlint // as it is, not wrapped
				if _, err := in.fetcher().Get(ctx, "https://"+site+"/"); err != tt.want {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
				in.checkClosed(t)
			})
		}
	}
}

// TestGetEndsHandshakes: of a site that is connected to and says nothing no
// connection stays when time is up.
func TestGetEndsHandshakes(t *testing.T) {
	t.Parallel()
	in := serve(t, write(""), nil)
	silent := testkit.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer silent.Close()
	f := in.rewired(silent.Addr().String(), time.Minute, 50*time.Millisecond)
	_, err := f.Get(t.Context(), "https://"+site+"/")
	if got := testkit.Said(err); got != "INVALID does not answer in time" {
		t.Errorf("error = %s", got)
	}
	conn := testkit.Must(silent.Accept())(t)
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays open")
	}
}

// TestCauses: what clients may not know the log tells, but not the URL, which may be a key.
func TestCauses(t *testing.T) {
	t.Parallel()
	in := serve(t, write(""), inside)
	for target, want := range map[string]string{
		"https://inside.example.com/?key=secret": "127.0.0.1 is not a permitted destination",
		"https://nobody.example.com/?key=secret": "no such host",
		"http://" + site + "/?key=secret":        notHTTPS,
	} {
		_, err := in.fetcher().Get(t.Context(), target)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("fetch", "error", err)
		if got := log.String(); !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%s is logged as %s", target, got)
		}
		if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "127") {
			t.Errorf("%s: error = %v", target, err)
		}
	}
}

// TestNoProxy is alone: it sets the environment.
func TestNoProxy(t *testing.T) {
	in := serve(t, write("pixels"), nil)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, in.URL)
	}
	if _, err := in.fetcher().Get(t.Context(), "https://"+site+"/"); err != nil {
		t.Error(err)
	}
}

// TestNothingIsLeft is alone: it counts goroutines.
func TestNothingIsLeft(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"/1": redirects, "/404": status(http.StatusNotFound), "/drip": drip(1000, "x"), "/short": claim(100), "/gone": hangUp, "/0": write("x"),
	}
	in := serve(t, func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w, r) }, inside)
	before := runtime.NumGoroutine()
	f := in.hasty(time.Second, 300*time.Millisecond)
	for path := range answers {
		_, err := f.Get(t.Context(), "https://"+site+path)
		if succeeds := path == "/0" || path == "/1"; (err == nil) != succeeds {
			t.Errorf("%s: error = %v", path, err)
		}
	}
	in.checkClosed(t)
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "goroutines stay")
}

// checkClosed fails unless all connections to in get closed, within seconds.
func (in *internet) checkClosed(t *testing.T) {
	t.Helper()
	eventually(t, func() bool { _, open := in.connections(); return open == 0 }, "connections stay open")
}

func eventually(t *testing.T, is func() bool, otherwise string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise)
		}
	}
}

func write(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// redirect answers with a Location as it is, sound or not.
func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// redirects counts down: /3 redirects to /2.
func redirects(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if n > 0 {
		http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusMovedPermanently)
		return
	}
	io.WriteString(w, "here")
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Host == site {
		http.Redirect(w, r, "https://"+friend+"/found.png", http.StatusTemporaryRedirect)
		return
	}
	io.WriteString(w, "here")
}

// chunks sends content n times, without telling how much that is.
func chunks(n int, content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for range n {
			if _, err := io.WriteString(w, content); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
}

// claim sends fewer bytes than it says.
func claim(size int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		io.WriteString(w, "short")
	}
}

// drip sends a bit every 20 ms, n times, and then nothing until the client has left.
func drip(n int, bit string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		flow(n, bit)(w, r)
		<-r.Context().Done()
	}
}

// flow sends a bit every 20 ms, n times.
func flow(n int, bit string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for range n {
			time.Sleep(20 * time.Millisecond)
			if _, err := io.WriteString(w, bit); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
}

func abort(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, "begun")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func longHeader(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Long", strings.Repeat("x", 100_000))
}

// raw answers with bytes that are no answer of a Go server.
func raw(answer string) http.HandlerFunc { return stream(answer, "", 0) }

// flood repeats a bit without end.
func flood(start, bit string) http.HandlerFunc { return stream(start, bit, 0) }

func dripHeader(w http.ResponseWriter, r *http.Request) {
	stream("HTTP/1.1 200 OK\r\n", "X-Drip: x\r\n", 20*time.Millisecond)(w, r)
}

// stream writes start and then bits, if there is one, until the client hangs up.
func stream(start, bit string, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, err = io.WriteString(conn, start)
		for err == nil && bit != "" {
			time.Sleep(pause)
			_, err = io.WriteString(conn, bit)
		}
	}
}
