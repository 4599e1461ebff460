package ingest

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/internal/gid"
)

// How many files are fetched, or have been fetched and not looked at yet, at a time. They are in memory.
const (
	fetches    = 12 // by a process
	ownFetches = 4  // for a workspace: slow servers that one names are not to stop all others
)

// places are those of files that are fetched. They are safe for concurrent use.
type places struct {
	all *semaphore.Weighted
	mu  sync.Mutex
	own map[gid.WorkspaceID]*ownPlaces // where somebody has a place, or waits for one
}

// ownPlaces are those of a workspace.
type ownPlaces struct {
	*semaphore.Weighted

	users int // who have one, or wait
}

func newPlaces() *places {
	return &places{all: semaphore.NewWeighted(fetches), own: make(map[gid.WorkspaceID]*ownPlaces)}
}

// take waits for a place. It is free once the caller has called what take returns, more than once if it likes.
func (p *places) take(ctx context.Context, id gid.WorkspaceID) (free func(), err error) {
	own := p.enter(id)
	if err := own.Acquire(ctx, 1); err != nil {
		p.leave(id)
		return nil, err
	}
	leave := func() {
		own.Release(1)
		p.leave(id)
	}
	if err := p.all.Acquire(ctx, 1); err != nil {
		leave()
		return nil, err
	}
	return sync.OnceFunc(func() {
		p.all.Release(1)
		leave()
	}), nil
}

func (p *places) enter(id gid.WorkspaceID) *ownPlaces {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.own[id]
	if own == nil {
		own = &ownPlaces{Weighted: semaphore.NewWeighted(ownFetches)}
		p.own[id] = own
	}
	own.users++
	return own
}

func (p *places) leave(id gid.WorkspaceID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.own[id]
	if own.users--; own.users == 0 {
		delete(p.own, id)
	}
}
