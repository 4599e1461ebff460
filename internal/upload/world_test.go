package upload_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/upload"
	"github.com/datasetgen/datagen/internal/web"
)

const (
	maxLength  = 100 << 20
	partLength = 1000
)

// world is a world with a store, and a server that takes uploads into it.
type world struct {
	*testkit.World

	folder  string
	store   storage.Store
	service *upload.Service
	url     string // where uploads are made
}

// onBoth runs test in a new world on each of the two databases.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := &world{World: testkit.NewWorld(t, db), folder: t.TempDir()}
	w.store = testkit.Must(storage.Open(t.Context(), url.URL{Scheme: "file", Path: w.folder}))(t)
	t.Cleanup(func() { w.store.Close() })
	w.service, w.url = w.serve(t, w.store)
	return w
}

// serve starts another server over the database, as if in another process.
func (w *world) serve(t *testing.T, store storage.Store) (*upload.Service, string) {
	t.Helper()
	service := upload.New(upload.Options{DB: w.DB, Store: store, MaxLength: maxLength})
	service.SetPartLength(partLength)
	return service, start(t, w.asActor(service)) + upload.Path + "/"
}

// asActor takes the header Actor for who asks.
func (w *world) asActor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		actor, readOnly := strings.CutPrefix(r.Header.Get("Actor"), "read-only ")
		ctx := w.As(r.Context(), actor)
		if v, ok := access.ViewerFrom(ctx); ok {
			v.ReadOnly = readOnly
			ctx = access.WithViewer(ctx, v)
		}
		next.ServeHTTP(rw, r.WithContext(ctx))
	})
}

// start runs a server until the test ends, and returns its address.
func start(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener := testkit.Must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	layers := testkit.Must(web.Middleware(web.Options{Log: slog.New(slog.DiscardHandler), MaxBody: 10, Unbounded: upload.Path}))(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- web.NewServer(layers.Handler(handler), nil, slog.New(slog.DiscardHandler)).Serve(ctx, listener)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// reply is what a client gets.
type reply struct {
	status int
	header http.Header
	body   string
}

// offset is how many bytes the server says it has.
func (r reply) offset(t *testing.T) int {
	t.Helper()
	return testkit.Must(strconv.Atoi(r.header.Get("Upload-Offset")))(t)
}

// send sends a request of the owner's, or whom the headers name.
func send(t *testing.T, method, url string, body io.Reader, headers ...string) (reply, error) {
	t.Helper()
	r := testkit.Must(http.NewRequestWithContext(t.Context(), method, url, body))(t)
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Actor", "owner")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(content)}, err
}

func must(t *testing.T, want int) func(reply, error) reply {
	t.Helper()
	return func(r reply, err error) reply {
		t.Helper()
		if err != nil || r.status != want {
			t.Fatalf("status %d %s, %v; want %d", r.status, r.body, err, want)
		}
		return r
	}
}

// create makes an upload of that length, and returns its URL.
func create(t *testing.T, url string, length int, headers ...string) string {
	t.Helper()
	headers = append([]string{fmt.Sprintf("Upload-Length: %d", length)}, headers...)
	return must(t, http.StatusCreated)(send(t, http.MethodPost, url, nil, headers...)).header.Get("Location")
}

func patch(t *testing.T, url string, offset int, content io.Reader, headers ...string) (reply, error) {
	t.Helper()
	headers = append([]string{"Content-Type: application/offset+octet-stream", fmt.Sprintf("Upload-Offset: %d", offset)}, headers...)
	return send(t, http.MethodPatch, url, content, headers...)
}

func head(t *testing.T, url string) reply {
	t.Helper()
	return must(t, http.StatusOK)(send(t, http.MethodHead, url, nil))
}

// finish sends what is left of content, whatever comes in between.
func finish(t *testing.T, url string, content []byte) {
	t.Helper()
	for told := 0; told < len(content); {
		offset := head(t, url).offset(t)
		if offset < told {
			t.Fatalf("%d bytes are there, after %d were acknowledged", offset, told)
		}
		told = offset
		r, err := patch(t, url, offset, bytes.NewReader(content[offset:]))
		if err == nil && r.status == http.StatusNoContent {
			told = r.offset(t)
		}
	}
}

// id is the last word of an upload's URL.
func id(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// stored returns the content of a finished upload.
func (w *world) stored(t *testing.T, url string) []byte {
	t.Helper()
	r, size, _, err := w.service.Open(w.As(t.Context(), "owner"), id(url), 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content := testkit.Must(io.ReadAll(r))(t)
	if int64(len(content)) != size {
		t.Errorf("%d bytes, want %d", len(content), size)
	}
	return content
}

// parts is how many parts there are in the store.
func (w *world) parts(t *testing.T) (n int) {
	t.Helper()
	for _, err := range w.store.List(t.Context(), "uploads/") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

// random is content that repeats nowhere.
func random(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	content := make([]byte, n)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	return content
}

func named(name string) string {
	return "Upload-Metadata: filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",filetype YQ=="
}
