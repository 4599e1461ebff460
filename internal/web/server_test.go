package web_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/web"
)

// run starts server; stop tells it to stop and returns what Serve returned.
func run(t *testing.T, server *web.Server, handler http.Handler) (address string, stop func() error) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if server.Log != nil {
		log = server.Log
	}
	full := web.NewServer(handler, server.Checks, log)
	full.HeaderTimeout = cmp.Or(server.HeaderTimeout, full.HeaderTimeout)
	full.StallTimeout = cmp.Or(server.StallTimeout, full.StallTimeout)
	full.CheckTimeout = cmp.Or(server.CheckTimeout, full.CheckTimeout)
	full.DrainDelay = server.DrainDelay
	full.DrainTimeout = cmp.Or(server.DrainTimeout, full.DrainTimeout)
	full.Pace = cmp.Or(server.Pace, full.Pace)

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- full.Serve(ctx, listener) }()
	return listener.Addr().String(), sync.OnceValue(func() error {
		cancel()
		return <-done
	})
}

func get(t *testing.T, address, path string) string {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, bytes.TrimSpace(body))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	works := func(context.Context) error { return nil }
	fails := func(context.Context) error { return errors.New("password hunter2 is wrong") }
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, tt := range map[string]struct {
		checks map[string]web.Check
		want   string
	}{
		"nothing to check": {nil, `200 {"status":"ok"}`},
		"all works":        {map[string]web.Check{"a": works, "b": works}, `200 {"status":"ok","checks":{"a":"ok","b":"ok"}}`},
		"one fails":        {map[string]web.Check{"a": fails, "b": works}, `503 {"status":"failing","checks":{"a":"failing","b":"ok"}}`},
		"one hangs":        {map[string]web.Check{"a": hangs}, `503 {"status":"failing","checks":{"a":"failing"}}`},
	} {
		server := &web.Server{Checks: tt.checks, CheckTimeout: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil))}
		address, stop := run(t, server, stack(t, web.Options{AllowedHosts: []string{"example.com"}}, ok))
		if got := get(t, address, "/readyz"); got != tt.want {
			t.Errorf("%s: /readyz: %s, want %s", name, got, tt.want)
		}
		if got := get(t, address, "/healthz"); got != `200 {"status":"ok"}` {
			t.Errorf("%s: /healthz: %s", name, got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(log.String(), "hunter2") {
		t.Error("the log does not say why a check failed")
	}
}

// TestSlowloris: connections that never finish a request are dropped, the
// kinds of slowness all at once, and others are served meanwhile.
func TestSlowloris(t *testing.T) {
	t.Parallel()
	address := start(t, &web.Server{
		HeaderTimeout: 200 * time.Millisecond, Pace: web.Pace{Grace: 200 * time.Millisecond, Rate: 1000},
	}, stack(t, web.Options{MaxBody: 1e6}, echo))
	var conns []net.Conn
	for range 100 {
		for _, half := range []string{"", "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf"} {
			conn := dial(t, address)
			io.WriteString(conn, half)
			conns = append(conns, conn)
		}
	}
	go trickle(conns)

	if got := get(t, address, "/"); got != "200 0 bytes" {
		t.Errorf("meanwhile an honest client got %s", got)
	}
	for i, conn := range conns {
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Fatalf("connection %d is still open", i)
		}
	}
}

// trickle sends a byte on each connection now and then, until all are closed.
func trickle(conns []net.Conn) {
	for open := true; open; time.Sleep(50 * time.Millisecond) {
		open = false
		for _, conn := range conns {
			if _, err := io.WriteString(conn, "x"); err == nil {
				open = true
			}
		}
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// TestStall: a client that asks and does not read is dropped; one that reads
// slowly gets everything, though it takes longer than a stall may.
func TestStall(t *testing.T) {
	t.Parallel()
	const size = 32 << 20 // more than socket buffers take
	failed := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, err := w.Write(make([]byte, size))
		failed <- err
	})
	for name, tt := range map[string]struct {
		pause time.Duration // before each megabyte
		whole bool
	}{
		"slow":   {pause: 20 * time.Millisecond, whole: true},
		"silent": {pause: time.Second},
	} {
		conn := dial(t, start(t, &web.Server{StallTimeout: 300 * time.Millisecond}, handler))
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		for len(failed) == 0 {
			time.Sleep(tt.pause)
			if _, err := io.CopyN(io.Discard, conn, 1<<20); err != nil {
				break
			}
		}
		if err := <-failed; (err == nil) != tt.whole {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestRequestInFlightFinishes(t *testing.T) {
	t.Parallel()
	began, finish := make(chan bool), make(chan bool)
	var ended error
	address, stop := run(t, &web.Server{DrainDelay: time.Second}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quick" {
			return
		}
		began <- true
		<-finish
		ended = r.Context().Err()
		io.WriteString(w, "done")
	}))
	answered := make(chan string)
	go func() { answered <- get(t, address, "/slow") }()
	<-began
	stopped := make(chan error)
	go func() { stopped <- stop() }()

	// It still answers, says that it will stop, and asks for new connections elsewhere.
	waitFor(t, func() bool { return get(t, address, "/readyz") == `503 {"status":"stopping"}` })
	if got := get(t, address, "/healthz"); got != `200 {"status":"ok"}` {
		t.Errorf("/healthz while stopping: %s", got)
	}
	conn := dial(t, address)
	io.WriteString(conn, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || !response.Close {
		t.Errorf("the connection is kept: %+v, %v", response, err)
	} else {
		response.Body.Close()
	}
	// Then it listens no more.
	waitFor(t, func() bool { return strings.Contains(get(t, address, "/healthz"), "refused") })

	finish <- true
	if got := <-answered; got != "200 done" || ended != nil {
		t.Errorf("the request in flight: %s, its context: %v", got, ended)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func waitFor(t *testing.T, fact func() bool) {
	t.Helper()
	for range 500 {
		if fact() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}

func TestRequestsAreCutOffInTheEnd(t *testing.T) {
	t.Parallel()
	began := make(chan bool, 1)
	address, stop := run(t, &web.Server{DrainTimeout: 50 * time.Millisecond}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- true
		<-r.Context().Done()
	}))
	answered := make(chan string)
	go func() { answered <- get(t, address, "/") }()
	<-began
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
	if got := <-answered; !strings.Contains(got, "EOF") {
		t.Errorf("answered %s", got)
	}
}

func TestServeReportsABadListener(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := web.NewServer(ok, nil, slog.New(slog.DiscardHandler)).Serve(t.Context(), listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error = %v", err)
	}
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	conn := dial(t, start(t, &web.Server{}, ok))
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Large: %s\r\n\r\n", strings.Repeat("x", 40<<10))
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 431") {
		t.Errorf("got %q, %v", line, err)
	}
}
