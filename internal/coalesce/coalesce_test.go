package coalesce_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/coalesce"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	var asked, keys atomic.Int32
	c := coalesce.New(func(_ context.Context, ks []int) (map[int]int, error) {
		asked.Add(1)
		keys.Add(int32(len(ks)))
		time.Sleep(20 * time.Millisecond)
		squares := make(map[int]int)
		for _, k := range ks {
			squares[k] = k * k
		}
		return squares, nil
	})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			if got, err := c.Ask(t.Context(), i/2); got != (i/2)*(i/2) || err != nil {
				t.Errorf("%d: %d, %v", i/2, got, err)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n > 10 {
		t.Errorf("asked %d times for what was asked at once", n)
	}
	if n := keys.Load(); n > 60 {
		t.Errorf("asked for %d keys, of which there are 50", n)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	failure := errors.New("no")
	block := make(chan struct{})
	c := coalesce.New(func(ctx context.Context, _ []string) (map[string]int, error) {
		<-block
		return nil, errors.Join(failure, ctx.Err())
	})
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := c.Ask(left, "a"); !errors.Is(err, context.Canceled) || errors.Is(err, failure) {
		t.Errorf("one who has left: %v", err)
	}
	close(block)
	if _, err := c.Ask(t.Context(), "b"); !errors.Is(err, failure) || errors.Is(err, context.Canceled) {
		t.Errorf("the next: %v", err)
	}
}
