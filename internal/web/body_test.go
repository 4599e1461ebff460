package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/web"
)

// echo answers how much it read, or what went wrong, as handlers do.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		web.Error(w, r, err)
		return
	}
	fmt.Fprintf(w, "%d bytes", n)
})

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	address := start(t, &web.Server{}, stack(t, web.Options{MaxBody: 1000}, echo))
	for name, tt := range map[string]struct {
		body io.Reader
		want string
	}{
		"at the limit":       {strings.NewReader(strings.Repeat("x", 1000)), "200 1000 bytes"},
		"announced too long": {strings.NewReader(strings.Repeat("x", 1001)), `413 {"errors":[{"extensions":{"code":"TOO_LARGE",`},
		"too long":           {io.MultiReader(strings.NewReader(strings.Repeat("x", 1001))), `413 {"errors":[{"extensions":{"code":"TOO_LARGE",`},
		"in chunks":          {io.MultiReader(strings.NewReader(strings.Repeat("x", 999))), "200 999 bytes"},
		"none":               {nil, "200 0 bytes"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, tt.body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if got := fmt.Sprint(response.StatusCode, " ", string(body)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestUnboundedBody(t *testing.T) {
	t.Parallel()
	address := start(t, &web.Server{}, stack(t, web.Options{MaxBody: 10, Unbounded: "/uploads"}, echo))
	for path, want := range map[string]string{
		"/uploads/":               "200 11 bytes",
		"/uploads/1":              "200 11 bytes",
		"/uploads":                "200 11 bytes",
		"//uploads/1":             "200 11 bytes",
		"/uploadsome":             "413 ",
		"/graphql":                "413 ",
		"/graphql/uploads/":       "413 ",
		"/uploads/../graphql":     "413 ",
		"/uploads/%2e%2e":         "413 ",
		"/api/..%2f..%2fuploads/": "413 ",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader("01234567890"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if got := fmt.Sprint(response.StatusCode, " ", string(body)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestTooLargeIsRefusedUnread: an honest client learns it before it sends.
func TestTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	address := start(t, &web.Server{}, stack(t, web.Options{MaxBody: 1000}, echo))
	conn := dial(t, address)
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 413") {
		t.Errorf("got %q, %v", line, err)
	}
}

// TestPace sends a piece of a body at a time.
func TestPace(t *testing.T) {
	t.Parallel()
	pace := web.Pace{Grace: 300 * time.Millisecond, Rate: 100}
	for name, tt := range map[string]struct {
		size   int
		pieces []string
		pause  time.Duration
		want   string
	}{
		"at once":             {size: 4, pieces: []string{"four"}, want: "200 OK"},
		"within the grace":    {size: 4, pieces: []string{"fo", "ur"}, pause: 50 * time.Millisecond, want: "200 OK"},
		"fast enough":         {size: 900, pieces: strings.SplitAfter(strings.Repeat("x", 299)+"|"+strings.Repeat("y", 299)+"|"+strings.Repeat("z", 300), "|"), pause: 400 * time.Millisecond, want: "200 OK"},
		"nothing":             {size: 4, want: "400 Bad Request"},
		"a byte now and then": {size: 40, pieces: strings.Split(strings.Repeat("x", 40), ""), pause: 100 * time.Millisecond, want: "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, start(t, &web.Server{Pace: pace}, stack(t, web.Options{}, echo)))
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", tt.size)
			go func() {
				for _, piece := range tt.pieces {
					io.WriteString(conn, piece)
					time.Sleep(tt.pause)
				}
			}()
			if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, tt.want) {
				t.Errorf("got %q, %v, want %s", line, err, tt.want)
			}
		})
	}
}

// TestPaceIsTheClientsAlone: a handler may take longer than the client may,
// before it reads, between two reads and after.
func TestPaceIsTheClientsAlone(t *testing.T) {
	t.Parallel()
	const grace = 100 * time.Millisecond
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			time.Sleep(2 * grace)
			if _, err := io.ReadFull(r.Body, make([]byte, 2)); err != nil {
				web.Error(w, r, err)
				return
			}
		}
		time.Sleep(2 * grace)
		if err := r.Context().Err(); err != nil {
			web.Error(w, r, err)
		}
	})
	address := start(t, &web.Server{Pace: web.Pace{Grace: grace, Rate: 1 << 20}}, handler)
	response, err := http.Post("http://"+address, "text/plain", strings.NewReader("sixsix"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		t.Errorf("%s %s", response.Status, body)
	}
}

// TestUnreadBodyHoldsNothing: the server reads on after a handler that does not.
func TestUnreadBodyHoldsNothing(t *testing.T) {
	t.Parallel()
	address := start(t, &web.Server{Pace: web.Pace{Grace: 50 * time.Millisecond, Rate: 100}}, ok)
	conn := dial(t, address)
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
	if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200") {
		t.Errorf("got %q, %v, want an answer and the end of the connection", got, err)
	}
}

// TestBrokenBodyIsTheClientsFault: nothing of it fills the log as an error of ours.
func TestBrokenBodyIsTheClientsFault(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	address := start(t, &web.Server{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	}))
	conn := dial(t, address)
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfour")
	conn.Close()
	if err := <-failed; !errors.Is(err, fault.Invalid) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error = %v", err)
	}
}

// start runs server with handler on a port of its own and returns its address.
// Limits that server leaves open are those of NewServer.
func start(t *testing.T, server *web.Server, handler http.Handler) string {
	t.Helper()
	address, stop := run(t, server, handler)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return address
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}
