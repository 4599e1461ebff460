package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// load is requests that several clients send at once, each its next when it has the answer to the last.
type load struct {
	client      *http.Client
	connections int
	took        []time.Duration
	spent       time.Duration
	allocated   uint64
	bytes       int64
}

func newLoad(connections int) *load {
	return &load{
		connections: connections,
		client:      &http.Client{Transport: &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, DisableCompression: true}},
	}
}

// run sends requests for some time.
func (l *load) run(ctx context.Context, d time.Duration, op operation, server string) error {
	var before, after runtime.MemStats
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i := range l.connections {
		group.Go(func() error {
			took, bytes, err := l.send(ctx, start.Add(d), op, server, i)
			mu.Lock()
			defer mu.Unlock()
			l.took = append(l.took, took...)
			l.bytes = max(l.bytes, bytes)
			return err
		})
	}
	err := group.Wait()
	l.spent += time.Since(start)
	runtime.ReadMemStats(&after)
	l.allocated += after.Mallocs - before.Mallocs
	return err
}

func (l *load) send(ctx context.Context, until time.Time, op operation, server string, client int) (took []time.Duration, bytes int64, err error) {
	for i := 0; len(took) == 0 || time.Now().Before(until); i++ {
		start := time.Now()
		r, err := op.request(ctx, server, client, i)
		if err != nil {
			return nil, 0, err
		}
		if bytes, err = exchange(l.client, r, io.Discard); err != nil {
			return nil, 0, err
		}
		took = append(took, time.Since(start))
	}
	return took, bytes, nil
}

// exchange sends a request and returns how long the answer is.
func exchange(client *http.Client, r *http.Request, into io.Writer) (int64, error) {
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	n, err := io.Copy(into, response.Body)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s answers %s", r.Method, r.URL.Path, response.Status)
	}
	return n, err
}

func (l *load) percentile(p int) time.Duration {
	slices.Sort(l.took)
	return l.took[min(len(l.took)-1, len(l.took)*p/100)]
}

func (l *load) perSecond() float64 { return float64(len(l.took)) / l.spent.Seconds() }

func (l *load) allocations() float64 { return float64(l.allocated) / float64(len(l.took)) }
