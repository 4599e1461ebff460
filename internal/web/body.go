package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
)

// limitBody answers 413 to a request that announces more than maxBytes, and
// lets others be read that far, when reading fails with *http.MaxBytesError. At the path unbounded, and below it,
// handlers see to it by themselves.
func limitBody(maxBytes int64, unbounded string) layer {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if unbounded != "" && isBelow(r.URL, unbounded) {
				next.ServeHTTP(w, r)
				return
			}
			if r.ContentLength > maxBytes {
				Error(w, r, fmt.Errorf("%w: a request may have %d bytes", fault.TooLarge, maxBytes))
				return
			}
			limited := *r
			limited.Body = http.MaxBytesReader(w, r.Body, maxBytes)
			next.ServeHTTP(w, &limited)
		})
	}
}

// isBelow tells whether a URL's path is that path or below it, in the eyes of every router: to some of them, what is
// escaped is another path.
func isBelow(u *url.URL, top string) bool {
	return u.RawPath == "" && strings.HasPrefix(path.Clean("/"+u.Path)+"/", top+"/")
}

// Pace is how slowly a client may send a body. The server waits for Grace in
// all and a second more for every Rate bytes that came; the time that the
// handler takes over them is not the client's.
type Pace struct {
	Grace time.Duration
	Rate  int64 // bytes a second
}

// keep fails the reading of bodies that come more slowly.
//
// A server's ReadTimeout would not do: it counts from the request's first byte,
// whatever its size, and ends the context of a handler that takes longer.
func (p Pace) keep(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		body := &pacedBody{ReadCloser: r.Body, connection: http.NewResponseController(w), pace: p}
		body.allow(p.Grace)
		// The server reads a little of what the handler left, to keep the connection.
		defer body.allow(p.Grace)
		paced := *r // the server looks into its own request for a body that it must not ask for
		paced.Body = body
		next.ServeHTTP(w, &paced)
	})
}

type pacedBody struct {
	io.ReadCloser

	connection *http.ResponseController
	pace       Pace
	got        int64         // bytes
	waited     time.Duration // for them
	ended      bool
}

// Read satisfies io.Reader. Whatever goes wrong but a body's end is the
// client's or the network's doing, and of the kind fault.Invalid.
func (b *pacedBody) Read(p []byte) (int, error) {
	start := time.Now()
	b.allow(b.pace.Grace + time.Duration(b.got/b.pace.Rate)*time.Second - b.waited)
	n, err := b.ReadCloser.Read(p)
	b.got += int64(n)
	b.waited += time.Since(start)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.end(time.Time{})
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.end(start) // which has passed: the server is not to wait for the rest either
		return n, fmt.Errorf("%w: the request's body came too slowly", fault.Invalid)
	default:
		return n, fmt.Errorf("%w: the request's body could not be read: %w", fault.Invalid, err)
	}
}

// allow gives the reads of the connection until d from now.
func (b *pacedBody) allow(d time.Duration) {
	if !b.ended {
		b.setDeadline(time.Now().Add(d))
	}
}

// end sets the last deadline. After a whole body there must be none: the server
// reads on, to learn of a client that hangs up, and would take its passing for that.
func (b *pacedBody) end(deadline time.Time) {
	b.ended = true
	b.setDeadline(deadline)
}

func (b *pacedBody) setDeadline(t time.Time) {
	_ = b.connection.SetReadDeadline(t) // what is no connection, as in a test, has none
}
