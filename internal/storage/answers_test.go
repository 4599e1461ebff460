package storage_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

// server says what it is asked and answers as a test wants.
type server struct {
	mu     sync.Mutex
	asked  []string // method, and the range if there is one
	answer http.HandlerFunc
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")))
	s.mu.Unlock()
	s.answer(w, r)
}

// s3At returns a store on such a server.
func s3At(t *testing.T, answer http.HandlerFunc) (storage.Store, *server) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s := &server{answer: answer}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return openAt(t, storagetest.AtS3(listening.Listener.Addr().String())), s
}

// TestRequests: an object is asked for where it is read, and no more often than that.
func TestRequests(t *testing.T) {
	content := strings.Repeat("0123456789", 10_000)
	store, server := s3At(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC), strings.NewReader(content))
	})
	r, size, err := store.Open(t.Context(), storagetest.ObjectKey(t, content))
	if err != nil || size != 100_000 {
		t.Fatal(size, err)
	}
	defer r.Close()
	read := func(n int64) {
		t.Helper()
		if got, err := io.ReadAll(io.LimitReader(r, n)); err != nil || int64(len(got)) != n {
			t.Fatal(len(got), err)
		}
	}
	seek := func(offset int64, whence int) { must(r.Seek(offset, whence))(t) }
	seek(0, io.SeekEnd)
	seek(0, io.SeekStart)
	read(10)
	read(1000)
	seek(0, io.SeekCurrent)
	read(10)
	seek(-10, io.SeekEnd)
	seek(-20, io.SeekEnd)
	read(20)
	read(0)
	seek(500, io.SeekStart)
	read(10)
	if diff := cmp.Diff([]string{"HEAD", "GET", "GET bytes=99980-", "GET bytes=500-"}, server.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestBadAnswers: what a server says wrong is neither an absent object nor a whole one.
func TestBadAnswers(t *testing.T) {
	head := func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "10")
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 10:30:00 GMT")
		return r.Method == http.MethodHead
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"denied": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, fault.Unavailable},
		"broken": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, fault.Unavailable},
		"no S3":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, fault.Unavailable},
		"absent": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, fault.NotFound},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			if !head(w, r) {
				_, _ = io.WriteString(w, "01234")
			}
		}, io.ErrUnexpectedEOF},
		"short": {func(w http.ResponseWriter, r *http.Request) {
			if !head(w, r) {
				w.Header().Set("Content-Length", "5")
				_, _ = io.WriteString(w, "01234")
			}
		}, io.ErrUnexpectedEOF},
		"gone meanwhile": {func(w http.ResponseWriter, r *http.Request) {
			if !head(w, r) {
				w.Header().Del("Content-Length")
				w.WriteHeader(http.StatusNotFound)
			}
		}, fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := s3At(t, tt.answer)
			r, _, err := store.Open(t.Context(), storagetest.ObjectKey(t, "x"))
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			if got := fault.Describe(err).Code; got != "UNAVAILABLE" && !errors.Is(tt.want, fault.NotFound) {
				t.Errorf("error = %v, %s, want an outage", err, got)
			}
		})
	}
}

// TestDeniedByGCS: that an object may not be read does not say that it is absent.
func TestDeniedByGCS(t *testing.T) {
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer listening.Close()
	store := openAt(t, storagetest.AtGCS(t, listening.Listener.Addr().String()))
	key := storagetest.ObjectKey(t, "x")
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, fault.Unavailable) || errors.Is(err, fault.NotFound) {
		t.Errorf("Stat: error = %v, want %v", err, fault.Unavailable)
	}
	if err := store.Delete(t.Context(), key); !errors.Is(err, fault.Unavailable) {
		t.Errorf("Delete: error = %v, want %v", err, fault.Unavailable)
	}
}
