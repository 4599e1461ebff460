// Package lease has work in the background done by one process of many, whichever comes first.
package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/lease"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
)

// term is for how long work is one process's unless it says that it is still at it.
const term = time.Minute

// Do does the work of that name, if it was last done longer than every ago and no process is at it, and tells whether
// it has. The context of the work ends when it can no longer be told that nobody else has begun. Work that fails is due at once.
func Do(ctx context.Context, db *database.DB, name string, every time.Duration, work func(context.Context) error) (done bool, err error) {
	defer fault.Wrap(&err, "lease %s", name)

	l := held{db, name, rand.Text()}
	taken, err := database.Result(access.System(ctx), db, func(ctx context.Context, tx *ent.Tx) (bool, error) {
		return l.take(ctx, tx, every)
	})
	if !taken || err != nil {
		return false, err
	}
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		defer cancel()
		l.hold(working)
	}()
	err = work(working)
	cancel()
	<-stopped
	return err == nil, errors.Join(err, l.end(ctx, err == nil))
}

// held is a lease that this process may have.
type held struct {
	db     *database.DB
	name   string
	holder string
}

// take makes the lease this process's, if it is free and its work is due.
func (l held) take(ctx context.Context, tx *ent.Tx, every time.Duration) (bool, error) {
	q := tx.Lease.Query().Where(lease.ID(l.name))
	q.Modify(database.Lock)
	row, err := q.Only(ctx)
	now := database.Now()
	switch {
	case ent.IsNotFound(err):
		err := tx.Lease.Create().SetID(l.name).SetHolder(l.holder).SetExpiresAt(now.Add(term)).Exec(ctx)
		if ent.IsConstraintError(err) {
			err = database.Overtaken(err)
		}
		return err == nil, err
	case err != nil:
		return false, err
	case row.ExpiresAt.After(now), row.DoneAt != nil && row.DoneAt.After(now.Add(-every)):
		return false, nil
	}
	return true, row.Update().SetHolder(l.holder).SetExpiresAt(now.Add(term)).Exec(ctx)
}

// hold renews the lease until ctx is done, or until it no longer can.
func (l held) hold(ctx context.Context) {
	ticker := time.NewTicker(term / 4)
	defer ticker.Stop()
	for sure := time.Now().Add(term); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		n, err := l.update(ctx, func(u *ent.LeaseUpdate) { u.SetExpiresAt(database.Now().Add(term)) })
		switch {
		case err == nil && n == 0: // another process has it
			return
		case err == nil:
			sure = now.Add(term)
		case time.Now().After(sure.Add(-term / 4)):
			return
		}
	}
}

// end gives the lease back.
func (l held) end(ctx context.Context, done bool) error {
	_, err := l.update(context.WithoutCancel(ctx), func(u *ent.LeaseUpdate) {
		u.SetExpiresAt(database.Now())
		if done {
			u.SetDoneAt(database.Now())
		}
	})
	return err
}

// update changes the lease if it is still this process's, and returns 0 if it is not.
func (l held) update(ctx context.Context, change func(*ent.LeaseUpdate)) (n int, err error) {
	return database.Result(access.System(ctx), l.db, func(ctx context.Context, tx *ent.Tx) (int, error) {
		u := tx.Lease.Update().Where(lease.ID(l.name), lease.Holder(l.holder))
		change(u)
		return u.Save(ctx)
	})
}
