package upload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestConnectionIsCut: what came before the end is kept, and the rest comes later.
func TestConnectionIsCut(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := random(5500, 1)
		where := create(t, w.url, len(content))
		conn := announce(t, where, len(content))
		testkit.Must(conn.Write(content[:3300]))(t)
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		w.wait(t, where, 3300)
		finish(t, where, content)
		if !bytes.Equal(w.stored(t, where), content) {
			t.Error("other bytes are stored")
		}
	})
}

// TestConnectionHangs: a client that comes back by another connection need not wait for the end of the first.
func TestConnectionHangs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := random(5500, 1)
		where := create(t, w.url, len(content))
		conn := announce(t, where, len(content))
		defer conn.Close()
		testkit.Must(conn.Write(content[:3300]))(t)
		w.wait(t, where, 3000)
		begun := time.Now()
		if got := head(t, where).offset(t); got < 3000 {
			t.Errorf("%d bytes are there", got)
		}
		finish(t, where, content)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if !bytes.Equal(w.stored(t, where), content) {
			t.Error("other bytes are stored")
		}
	})
}

// wait waits until so many bytes are there. It does not ask the server, which would break off the request that sends them.
func (w *world) wait(t *testing.T, url string, received int64) {
	t.Helper()
	for range 1000 {
		if w.DB.Upload.GetX(system(t), id(url)).Received >= received {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d bytes never come", received)
}

// announce begins a PATCH of so many bytes, none of which it sends.
func announce(t *testing.T, where string, length int) net.Conn {
	t.Helper()
	u := testkit.Must(url.Parse(where))(t)
	conn := testkit.Must(new(net.Dialer).DialContext(t.Context(), "tcp", u.Host))(t)
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: %s\r\nActor: owner\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n", u.Path, u.Host, length)
	return conn
}

// TestTwoProcesses: what one of them takes the other knows, and goes on with.
func TestTwoProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, other := w.serve(t, w.store)
		content := random(5500, 1)
		where := create(t, w.url, len(content))
		there := other + id(where)
		for i, url := range []string{where, there, where, there, where, there} {
			if got := head(t, url).offset(t); got != i*1000 {
				t.Fatalf("%d bytes are there, want %d", got, i*1000)
			}
			must(t, http.StatusNoContent)(patch(t, url, i*1000, bytes.NewReader(content[i*1000:min(i*1000+1000, len(content))])))
		}
		if !bytes.Equal(w.stored(t, where), content) {
			t.Error("other bytes are stored")
		}
	})
}

// TestRace has requests of two processes send different bytes for the same place, one place after the other: at most one of
// them is told that its bytes are there, and they are.
func TestRace(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const places, racers = 8, 6
		_, other := w.serve(t, w.store)
		where := create(t, w.url, places*partLength)
		urls := []string{where, other + id(where)}
		var told [places][]byte     // whose bytes were acknowledged, if anybody's
		senders := map[string]int{} // for which place bytes were sent, from 1 on
		for place := range places {
			var all sync.WaitGroup
			var mu sync.Mutex
			for i := range racers {
				all.Go(func() {
					mine := random(partLength, uint64(place*racers+i))
					r, err := patch(t, urls[i%2], place*partLength, bytes.NewReader(mine))
					mu.Lock()
					defer mu.Unlock()
					senders[string(mine)] = place + 1
					switch {
					case err != nil || !slices.Contains([]int{204, 400, 409}, r.status): // 400 is for who was broken off
						t.Errorf("status %d %s, %v", r.status, r.body, err)
					case r.status == http.StatusNoContent && told[place] != nil:
						t.Errorf("place %d: two were told that their bytes are there", place)
					case r.status == http.StatusNoContent:
						told[place] = mine
					}
				})
			}
			all.Wait()
			for head(t, where).offset(t) == place*partLength { // all broke one another off
				must(t, http.StatusNoContent)(patch(t, where, place*partLength, bytes.NewReader(random(partLength, uint64(place*racers)))))
			}
		}
		for place, got := range slices.Collect(slices.Chunk(w.stored(t, where), partLength)) {
			if told[place] != nil && !bytes.Equal(got, told[place]) {
				t.Errorf("place %d: other bytes are stored than were acknowledged", place)
			}
			if whose := senders[string(got)]; whose != place+1 {
				t.Errorf("place %d: the bytes were never sent for it", place)
			}
		}
	})
}

// flakyStore fails, or takes its time, as trouble says, at each Put, and deletes nothing while it is stuck.
type flakyStore struct {
	storage.Store

	trouble func(put func() error) error
	stuck   atomic.Bool
}

func (s *flakyStore) Delete(ctx context.Context, key storage.Key) error {
	if s.stuck.Load() {
		return errDisk
	}
	return s.Store.Delete(ctx, key)
}

func (s *flakyStore) Put(ctx context.Context, key storage.Key, r io.Reader, size int64) error {
	return s.trouble(func() error { return s.Store.Put(ctx, key, r, size) })
}

var errDisk = errors.New("the disk is on fire")

// TestStoreFails: whatever happens to the store, no byte is lost that was acknowledged, and the client comes to an end.
func TestStoreFails(t *testing.T) {
	dice := func(faces int) bool { return rand.IntN(faces) == 0 }
	for name, trouble := range map[string]func(put func() error) error{
		"it takes nothing": func(put func() error) error {
			if dice(2) {
				return errDisk
			}
			return put()
		},
		"it takes all and fails": func(put func() error) error {
			err := put()
			if dice(2) {
				return errDisk
			}
			return err
		},
		"it is slow": func(put func() error) error {
			time.Sleep(20 * time.Millisecond)
			return put()
		},
		"all of these": func(put func() error) error {
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
			if dice(4) {
				return errDisk
			}
			err := put()
			if dice(4) {
				return errDisk
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				_, url := w.serve(t, &flakyStore{Store: w.store, trouble: trouble})
				content := random(15_500, 1)
				where := create(t, url, len(content))
				finish(t, where, content)
				if !bytes.Equal(w.stored(t, where), content) {
					t.Error("other bytes are stored")
				}
			})
		})
	}
}

// TestStoreIsDown: a client is told nothing of why.
func TestStoreIsDown(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, url := w.serve(t, &flakyStore{Store: w.store, trouble: func(func() error) error { return errDisk }})
		where := create(t, url, 10)
		got := must(t, http.StatusInternalServerError)(patch(t, where, 0, strings.NewReader("0123456789")))
		if got.body != "INTERNAL: internal error\n" {
			t.Error(got.body)
		}
		if offset := head(t, where).offset(t); offset != 0 {
			t.Errorf("%d bytes are there", offset)
		}
	})
}

// TestDeletedMeanwhile: of an upload that goes while bytes come, nothing stays.
func TestDeletedMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var where string
		_, url := w.serve(t, &flakyStore{Store: w.store, trouble: func(put func() error) error {
			if err := w.service.Delete(w.As(context.Background(), "owner"), id(where)); err != nil {
				t.Error(err)
			}
			return put()
		}})
		where = create(t, url, 10)
		must(t, http.StatusNotFound)(patch(t, where, 0, strings.NewReader("0123456789")))
		must(t, http.StatusNotFound)(send(t, http.MethodHead, where, nil))
		if n := w.parts(t); n > 0 {
			t.Errorf("%d parts are left", n)
		}
	})
}

// TestStoreDeletesNothing: what cannot be deleted with its upload is deleted by a later sweep.
func TestStoreDeletesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		store := &flakyStore{Store: w.store, trouble: func(put func() error) error { return put() }}
		service, url := w.serve(t, store)
		where := create(t, url, 2500)
		finish(t, where, random(2500, 1))
		store.stuck.Store(true)
		must(t, http.StatusNoContent)(send(t, http.MethodDelete, where, nil))
		must(t, http.StatusNotFound)(send(t, http.MethodHead, where, nil))
		for _, file := range testkit.Must(filepath.Glob(filepath.Join(w.folder, "uploads", "*", "*", "*", "*")))(t) {
			if err := os.Chtimes(file, time.Time{}, time.Now().Add(-26*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := service.Sweep(t.Context()); !errors.Is(err, errDisk) || w.parts(t) != 3 {
			t.Errorf("%v; %d parts are left", err, w.parts(t))
		}
		store.stuck.Store(false)
		if err := service.Sweep(t.Context()); err != nil || w.parts(t) != 0 {
			t.Errorf("%v; %d parts are left", err, w.parts(t))
		}
	})
}

// TestMemoryIsBounded sends 50 files of 4 MiB at once, in parts of 1 MiB.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 400 MB")
	}
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		const files, length, most = 50, 4 << 20, 64 << 20
		w := newWorld(t, db)
		w.service.SetPartLength(1 << 20)
		ctx, stop := context.WithCancel(t.Context())
		peak := make(chan uint64)
		go func() { peak <- highest(ctx) }()
		var all sync.WaitGroup
		for i := range files {
			all.Go(func() {
				actor := "Actor: " + []string{"owner", "manager", "admin"}[i%3]
				where := create(t, w.url, length, actor)
				content := io.LimitReader(rand.NewChaCha8([32]byte{byte(i)}), length)
				must(t, http.StatusNoContent)(patch(t, where, 0, content, actor))
			})
		}
		all.Wait()
		stop()
		if got := <-peak; got > most {
			t.Errorf("the heap had %d MiB, want %d at most", got>>20, most>>20)
		} else {
			t.Logf("the heap had %d MiB", got>>20)
		}
	})
}

// highest is the most that the heap has until ctx ends, in bytes.
func highest(ctx context.Context) (peak uint64) {
	for ctx.Err() == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		time.Sleep(5 * time.Millisecond)
	}
	return peak
}
