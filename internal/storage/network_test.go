package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

// link is a store with a proxy in between, and the same without.
type link struct {
	proxy           *storagetest.Proxy
	through, direct storage.Store
}

func TestLinesToS3(t *testing.T) {
	address := storagetest.S3(t)
	endpoint := must(url.Parse(address.Query().Get("endpoint")))(t)
	testLines(t, func(t *testing.T, name string) link {
		proxy := storagetest.NewProxy(t, endpoint.Host)
		through := storagetest.AtS3(proxy.Host())
		return link{proxy, openAt(t, *through.JoinPath(name)), openAt(t, *address.JoinPath(name))}
	})
}

func TestLinesToGCS(t *testing.T) {
	address, host := storagetest.GCS(t)
	testLines(t, func(t *testing.T, name string) link {
		direct := openAt(t, *address.JoinPath(name))
		proxy := storagetest.NewProxy(t, host)
		through := storagetest.AtGCS(t, proxy.Host())
		return link{proxy, openAt(t, *through.JoinPath(name)), direct}
	})
}

// lines are cut at different steps of a Put of 10 MB, or of reading it.
var lines = map[string]storagetest.Line{
	"at once":          {},
	"asking":           {Up: 100, Down: 1 << 60},
	"answering":        {Up: 1 << 60, Down: 0},
	"midway in answer": {Up: 1 << 60, Down: 50},
	"soon in content":  {Up: 10_000, Down: 10_000},
	"late in content":  {Up: 7 << 20, Down: 7 << 20},
	"hanging":          {Up: 7 << 20, Down: 7 << 20, Hangs: true},
}

func testLines(t *testing.T, open func(t *testing.T, name string) link) {
	t.Helper()
	content := strings.Repeat("0123456789", 1e6)
	key := storagetest.ObjectKey(t, content)
	for name, line := range lines {
		if line.Hangs && testing.Short() {
			continue // takes twice as long as a server may be silent
		}
		l := open(t, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l.cutPut(t, key, content, line)
			l.cutRead(t, key, content, line)
		})
	}
	l := open(t, "deadline")
	t.Run("deadline", func(t *testing.T) {
		t.Parallel()
		l.deadline(t, key, content)
	})
}

// deadline gives a store that does not answer less time than it would be given anyway.
func (l link) deadline(t *testing.T, key storage.Key, content string) {
	t.Helper()
	put(t, l.through, key, content)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r, _, err := l.through.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l.proxy.Set(storagetest.Line{Hangs: true})
	started := time.Now()
	for name, try := range map[string]func() error{
		"read": func() error { _, err := io.ReadAll(r); return err },
		"put":  func() error { return l.through.Put(ctx, key, strings.NewReader(content), int64(len(content))) },
		"stat": func() error { _, err := l.through.Stat(ctx, key); return err },
	} {
		if err := try(); !errors.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error = %v, want an outage by %v", name, err, context.DeadlineExceeded)
		}
	}
	if late := time.Since(started); late > 5*time.Second {
		t.Errorf("took %v", late)
	}
}

// patience is what a call may take on a line that is cut or hangs: a Put may wait
// for silent servers one after the other, with its first question, a part, and
// to take back what it began. There is room for a slow machine.
const patience = 40 * time.Second

// cutPut breaks a Put. There is nothing afterwards or, if only the answer was
// lost, all of it, and another Put works.
func (l link) cutPut(t *testing.T, key storage.Key, content string, line storagetest.Line) {
	t.Helper()
	l.proxy.Set(line)
	started := time.Now()
	err := l.through.Put(t.Context(), key, strings.NewReader(content), int64(len(content)))
	if err != nil && !errors.Is(err, fault.Unavailable) {
		t.Errorf("put: error = %v, want %v", err, fault.Unavailable)
	}
	if took := time.Since(started); took > patience {
		t.Errorf("put: took %v", took)
	}
	stat, absent := l.stat(t, key)
	switch {
	case absent == nil && stat.Size == int64(len(content)):
	case err == nil || !errors.Is(absent, fault.NotFound):
		t.Errorf("put: %v; then stat: %+v, %v", err, stat, absent)
	}
	for info, err := range l.direct.List(t.Context(), "objects/") {
		if absent != nil || err != nil {
			t.Errorf("put: left %v, %v", info.Key, err)
		}
	}
	l.proxy.Set(storagetest.Whole())
	put(t, l.through, key, content)
}

// stat asks the server itself, which for a moment after so many broken lines may reset others too.
func (l link) stat(t *testing.T, key storage.Key) (info storage.Info, err error) {
	t.Helper()
	for range 5 {
		if info, err = l.direct.Stat(t.Context(), key); !errors.Is(err, fault.Unavailable) {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	return info, err
}

// cutRead breaks reading an object. No end of what came looks like the end of the object.
func (l link) cutRead(t *testing.T, key storage.Key, content string, line storagetest.Line) {
	t.Helper()
	r, _, err := l.through.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l.proxy.Set(line)
	started := time.Now()
	got, err := io.ReadAll(r)
	if took := time.Since(started); took > patience {
		t.Errorf("read: took %v", took)
	}
	switch {
	case !strings.HasPrefix(content, string(got)):
		t.Error("read: other bytes")
	case err == nil && len(got) != len(content):
		t.Errorf("read: %d bytes, and no error", len(got))
	case err != nil && !errors.Is(err, fault.Unavailable):
		t.Errorf("read: error = %v, want %v", err, fault.Unavailable)
	}
	l.proxy.Set(storagetest.Whole())
	rest, err := io.ReadAll(r)
	if string(got)+string(rest) != content || err != nil {
		t.Errorf("read: %d bytes and then %d, %v, do not make the object", len(got), len(rest), err)
	}
}

// TestNobodyListens: whoever asks knows soon.
func TestNobodyListens(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for name, address := range map[string]url.URL{
		"S3":  storagetest.AtS3("127.0.0.1:1"),
		"GCS": storagetest.AtGCS(t, "127.0.0.1:1"),
	} {
		store := openAt(t, address)
		key := storagetest.ObjectKey(t, "x")
		for operation, try := range map[string]func() error{
			"open":   func() error { _, _, err := store.Open(t.Context(), key); return err },
			"stat":   func() error { _, err := store.Stat(t.Context(), key); return err },
			"put":    func() error { return store.Put(t.Context(), key, strings.NewReader("x"), 1) },
			"delete": func() error { return store.Delete(t.Context(), key) },
			"list": func() (last error) {
				for _, err := range store.List(t.Context(), "objects/") {
					last = err
				}
				return last
			},
		} {
			t.Run(fmt.Sprint(name, " ", operation), func(t *testing.T) {
				t.Parallel()
				started := time.Now()
				if err := try(); !errors.Is(err, fault.Unavailable) || fault.Describe(err).Message != "the files cannot be reached; try again" {
					t.Errorf("error = %v, want %v", err, fault.Unavailable)
				}
				if took := time.Since(started); took > 10*time.Second {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
