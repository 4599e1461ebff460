// Package coalesce makes one question of many that are asked at the same time: while one is answered, those that come
// are gathered for the next.
package coalesce

import (
	"context"
	"sync"
)

// Caller asks for many keys at once what its callers ask for one by one. Make it with New. It is safe for concurrent use.
type Caller[K comparable, V any] struct {
	ask func(ctx context.Context, keys []K) (map[K]V, error)

	mu      sync.Mutex
	waiting map[K][]chan answer[V]
	asking  bool
}

type answer[V any] struct {
	value V
	err   error
}

// New returns a Caller that asks with ask, which answers for each key it is given, in any order; a key without an answer
// has the zero one. The context of ask has the values of one of the callers', and does not end.
func New[K comparable, V any](ask func(ctx context.Context, keys []K) (map[K]V, error)) *Caller[K, V] {
	return &Caller[K, V]{ask: ask, waiting: make(map[K][]chan answer[V])}
}

// Ask returns the answer for a key. An error is that of all that were asked for with it.
func (c *Caller[K, V]) Ask(ctx context.Context, key K) (V, error) {
	mine := make(chan answer[V], 1)
	c.mu.Lock()
	c.waiting[key] = append(c.waiting[key], mine)
	if !c.asking {
		c.asking = true
		go c.run(context.WithoutCancel(ctx))
	}
	c.mu.Unlock()
	select {
	case a := <-mine:
		return a.value, a.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// run asks until nobody waits.
func (c *Caller[K, V]) run(ctx context.Context) {
	for {
		c.mu.Lock()
		waiting := c.waiting
		c.waiting = make(map[K][]chan answer[V])
		c.asking = len(waiting) > 0
		c.mu.Unlock()
		if len(waiting) == 0 {
			return
		}
		keys := make([]K, 0, len(waiting))
		for k := range waiting {
			keys = append(keys, k)
		}
		values, err := c.ask(ctx, keys)
		for k, callers := range waiting {
			for _, caller := range callers {
				caller <- answer[V]{values[k], err}
			}
		}
	}
}
