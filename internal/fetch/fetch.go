// Package fetch gets what users' URLs name, and never anything of the
// server's own network.
//
// What a URL names is a matter of its text, and where it leads is known only
// when it is dialled: names resolve as their owners like, another way each
// time. So text is judged before each request, of redirects as well, and
// addresses where a connection is about to be made.
package fetch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	maxRedirects = 3
	maxHeader    = 64 << 10 // bytes of an answer's header

	// userAgent says whom to turn to: some sites refuse clients that do not.
	userAgent = "Datagen (+https://github.com/datasetgen/datagen)"

	// patience is how long the header of the last answer may take, and after
	// it each piece of the content.
	patience = 10 * time.Second
	piece    = 64 << 10 // bytes
)

// Options are what a Fetcher works with. MaxBytes and Timeout must be set.
type Options struct {
	MaxBytes int64          // of a file
	Timeout  time.Duration  // of a fetch, its redirects included
	Allow    []netip.Prefix // networks to fetch from though they are not public
}

// Fetcher gets what users' URLs name, and never anything of our own network.
// It knows no proxy, keeps no cookies and no connections, and sends nothing of
// the user's. It is safe for concurrent use.
type Fetcher struct {
	maxBytes int64
	timeout  time.Duration
	patience time.Duration
	dialer   *net.Dialer
	client   *http.Client
}

// New returns a Fetcher.
func New(o Options) *Fetcher {
	// Less than patience, so that silence has the words of whatever cannot be reached.
	dialer := &net.Dialer{Timeout: patience / 2, Control: guard(o.Allow).Safe}
	return &Fetcher{
		maxBytes: o.MaxBytes,
		timeout:  o.Timeout,
		patience: patience,
		dialer:   dialer,
		client: &http.Client{
			CheckRedirect: checkRedirect,
			Transport: &http.Transport{
				DialContext:            dialer.DialContext,
				DisableKeepAlives:      true, // so that each request has its address judged
				MaxResponseHeaderBytes: maxHeader,
			},
		},
	}
}

// File is what a URL named.
type File struct {
	Content []byte
	Name    string // without folders and control characters; may be empty
}

// Get fetches a file over HTTPS. Where the URL or the answer will not do, the
// error is a fault.Invalid with the reason, which tells nothing of our network;
// its cause is for the log, as a slog.LogValuer. When ctx ends first the error
// is that of ctx.
func (f *Fetcher) Get(ctx context.Context, url string) (File, error) {
	fetching, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	file, err := f.get(fetching, cancel, url)
	switch {
	case ctx.Err() != nil:
		return File{}, ctx.Err()
	case fetching.Err() != nil:
		// Even without an error: some servers end a body in order when they see us leave.
		return File{}, refuse("does not answer in time", fetching.Err())
	case err != nil:
		return File{}, err
	default:
		return file, nil
	}
}

// get fetches a file, and cancels when its bytes come too slowly.
func (f *Fetcher) get(ctx context.Context, cancel context.CancelFunc, url string) (File, error) {
	request, err := newRequest(ctx, url)
	if err != nil {
		return File{}, err
	}
	// The transport goes on dialling for requests that are over; this ends it.
	defer f.client.CloseIdleConnections()
	timer := time.AfterFunc(f.patience, cancel)
	defer timer.Stop()
	answer, err := f.client.Do(request)
	if err != nil {
		return File{}, unreachable(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return File{}, refuse(fmt.Sprintf("answers with status %d", answer.StatusCode), nil)
	}
	content, err := f.read(answer, timer)
	return File{content, nameOf(answer)}, err
}

// read returns the content of an answer, if that is not too large.
func (f *Fetcher) read(answer *http.Response, timer *time.Timer) ([]byte, error) {
	tooLarge := refuse(fmt.Sprintf("has more than %d bytes", f.maxBytes), nil)
	if answer.ContentLength > f.maxBytes {
		return nil, tooLarge
	}
	timer.Reset(f.patience)
	body := &pacedReader{r: answer.Body, left: piece, next: func() { timer.Reset(f.patience) }}
	content, err := io.ReadAll(io.LimitReader(body, f.maxBytes+1))
	if err != nil {
		return nil, refuse("breaks off before its end", err)
	}
	if int64(len(content)) > f.maxBytes {
		return nil, tooLarge
	}
	return content, nil
}

// pacedReader calls next after each piece that is read. A deadline for every
// read alone would be kept by a byte now and then.
type pacedReader struct {
	r    io.Reader
	left int // bytes of the piece
	next func()
}

func (p *pacedReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.left -= n; p.left <= 0 {
		p.left = piece
		p.next()
	}
	return n, err
}
