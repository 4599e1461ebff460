package auth

import (
	"context"
	"sync"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	flushEvery = 10 * time.Second
	pruneEvery = time.Hour
	useStep    = time.Minute         // between two notes of when a credential was last used
	maxUses    = 4096                // credentials used between two flushes; more are not noted
	keepEnded  = 30 * 24 * time.Hour // sessions that are over, to look into what happened
	lastWrite  = 2 * time.Second     // for the last flush
)

// Run notes when sessions and API keys were last used, and removes sessions
// that ended long ago, until ctx ends. Reads wait for none of it.
func (a *Authority) Run(ctx context.Context) {
	flush, prune := time.NewTicker(flushEvery), time.NewTicker(pruneEvery)
	defer flush.Stop()
	defer prune.Stop()
	for {
		select {
		case <-flush.C:
			a.report(ctx, a.flush(ctx))
		case <-prune.C:
			a.report(ctx, a.prune(ctx))
		case <-ctx.Done():
			a.flushLast(context.WithoutCancel(ctx))
			return
		}
	}
}

func (a *Authority) flushLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWrite)
	defer cancel()
	a.report(ctx, a.flush(ctx))
}

func (a *Authority) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "housekeeping of sessions and API keys", "error", err)
	}
}

// flush writes down what was used since the last time.
func (a *Authority) flush(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "note the use of credentials")

	sessions, keys := a.uses.take()
	if len(sessions)+len(keys) == 0 {
		return nil
	}
	now := a.now()
	return a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		err := tx.Session.Update().
			Where(session.IDIn(sessions...), session.LastUsedAtLT(now.Add(-useStep))).
			SetLastUsedAt(now).
			Exec(ctx)
		if err != nil {
			return err
		}
		return tx.APIKey.Update().
			Where(apikey.IDIn(keys...), apikey.Or(apikey.LastUsedAtIsNil(), apikey.LastUsedAtLT(now.Add(-useStep)))).
			SetLastUsedAt(now).
			Modify(keep(apikey.FieldUpdatedAt)).
			Exec(ctx)
	})
}

// prune removes sessions that ended long ago.
func (a *Authority) prune(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "prune sessions")

	return a.db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.Session.Delete().Where(session.ExpiresAtLT(a.now().Add(-keepEnded))).Exec(ctx)
		return err
	})
}

// uses are the credentials that were used since they were last taken.
type uses struct {
	mu       sync.Mutex
	sessions map[gid.SessionID]struct{}
	keys     map[gid.APIKeyID]struct{}
}

func newUses() *uses {
	return &uses{sessions: make(map[gid.SessionID]struct{}), keys: make(map[gid.APIKeyID]struct{})}
}

func (u *uses) note(id identity) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case len(u.sessions)+len(u.keys) >= maxUses:
	case id.SessionID != 0:
		u.sessions[id.SessionID] = struct{}{}
	default:
		u.keys[id.apiKey] = struct{}{}
	}
}

func (u *uses) take() (sessions []gid.SessionID, keys []gid.APIKeyID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id := range u.sessions {
		sessions = append(sessions, id)
	}
	for id := range u.keys {
		keys = append(keys, id)
	}
	clear(u.sessions)
	clear(u.keys)
	return sessions, keys
}
