package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
)

// turns has one request of this process at a time be at an upload. Who comes breaks off who is there: a client that comes back
// has lost its connection, though the server may not know it yet. Requests of several processes meet in the database.
type turns struct {
	mu   sync.Mutex
	held map[string]*turn // by the id of the upload
}

// turn is a request that is, or wants to be, at an upload.
type turn struct {
	connection *http.ResponseController
	broken     atomic.Bool
	over       chan struct{}
}

func newTurn(w http.ResponseWriter) *turn {
	return &turn{connection: http.NewResponseController(w), over: make(chan struct{})}
}

// breakOff has the turn read no more of its body. A read that has just begun may miss it: it is for who waits to repeat it,
// as long as the turn is not over, and its connection another request's.
func (t *turn) breakOff() {
	t.broken.Store(true)
	_ = t.connection.SetReadDeadline(time.Unix(1, 0)) // what is no connection, as in a test, has none
}

// take returns whose turn it is: t's from now on, or that of another one, which it breaks off.
func (ts *turns) take(id string, t *turn) *turn {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	holder := ts.held[id]
	if holder == nil {
		ts.held[id] = t
		return t
	}
	holder.breakOff()
	return holder
}

// lock is what the protocol's handler takes a turn by.
type lock struct {
	turns *turns
	turn  *turn
	id    string
}

// NewLock satisfies handler.Locker.
func (x exchange) NewLock(id string) (handler.Lock, error) { return lock{&x.turns, x.turn, id}, nil }

// Lock satisfies handler.Lock. The handler's own way to break a request off, which it offers, loses what comes early, and is a
// data race.
func (l lock) Lock(ctx context.Context, _ func()) error {
	const repeat = 50 * time.Millisecond
	for {
		holder := l.turns.take(l.id, l.turn)
		if holder == l.turn {
			return nil
		}
		select {
		case <-ctx.Done():
			return handler.ErrFileLocked
		case <-holder.over:
		case <-time.After(repeat):
		}
	}
}

// Unlock satisfies handler.Lock.
func (l lock) Unlock() error {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	delete(l.turns.held, l.id)
	close(l.turn.over)
	return nil
}

// body is that of a request, until the request is broken off. Its errors are as the protocol's handler answers them.
type body struct {
	io.ReadCloser

	ctx  context.Context //nolint:containedctx // a Read is told none
	turn *turn
}

// Read satisfies io.Reader.
func (b body) Read(p []byte) (n int, err error) {
	if b.turn.broken.Load() {
		return 0, handler.ErrUploadInterrupted
	}
	n, err = b.ReadCloser.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case b.turn.broken.Load():
		return n, handler.ErrUploadInterrupted
	default:
		return n, refusal(b.ctx, err)
	}
}
