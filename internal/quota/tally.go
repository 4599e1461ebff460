package quota

import (
	"context"
	"sync"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Tallies count what the calls of a process put into the store for each workspace before rows name it, so that what would
// be refused is not stored first. They only guess ahead: what Check finds in the transaction is true. Tallies are safe for
// concurrent use.
type Tallies struct {
	db     *database.DB
	limits Limits
	mu     sync.Mutex
	rooms  map[gid.WorkspaceID]*room // of those that calls add to, or have failed to
}

// room is what all calls that add to a workspace know of it.
type room struct {
	usage  Usage // as it was counted last
	coming Size  // what calls have reserved, and usage has not
	calls  int
	vain   Size      // what calls that have failed had reserved
	failed time.Time // when the last one did
}

// vainTime is for how long what was stored in vain is counted, which sweeps remove later.
const vainTime = time.Hour

// Tally is what one call adds. It is closed in the end. It is safe for concurrent use.
type Tally struct {
	all       *Tallies
	dataset   gid.DatasetID
	workspace gid.WorkspaceID
	room      *room
	coming    Size // what the call has reserved
}

// NewTallies returns the Tallies of a process.
func NewTallies(db *database.DB, limits Limits) *Tallies {
	return &Tallies{db: db, limits: limits, rooms: make(map[gid.WorkspaceID]*room)}
}

// Open returns the tally of a call that is about to add to a dataset. It counts what the workspace holds, unless another
// call has.
func (ts *Tallies) Open(ctx context.Context, dataset gid.DatasetID) (_ *Tally, err error) {
	defer fault.Wrap(&err, "count what the workspace holds")

	ctx = access.System(ctx)
	w, err := workspaceOf(ctx, ts.db.Client, dataset)
	if err != nil {
		return nil, err
	}
	t := &Tally{all: ts, dataset: dataset, workspace: w.ID}
	if t.enter(nil) {
		return t, nil
	}
	usage := ts.limits.of(w)
	if usage.isLimited() {
		err = usage.count(ctx, ts.db.Client, w.ID)
	}
	if err != nil {
		return nil, err
	}
	t.enter(usage)
	return t, nil
}

// enter takes a place in the room of the workspace. Without a usage to begin with, it is false where no other call has one.
func (t *Tally) enter(usage *Usage) bool {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	r := t.all.rooms[t.workspace]
	isEmpty := r == nil || r.calls == 0
	if isEmpty && usage == nil {
		return false
	}
	if r == nil {
		r = &room{}
		t.all.rooms[t.workspace] = r
	}
	if isEmpty {
		r.usage = *usage
	}
	if time.Since(r.failed) > vainTime {
		r.vain = Size{}
	}
	r.calls++
	t.room = r
	return true
}

// Close ends the call. What it has stored in vain is counted for a while: calls that fail one after the other must not
// store what each of them may.
func (t *Tally) Close() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	r, vain := t.room, t.coming
	t.reserve(vain.negative())
	if vain != (Size{}) && r.usage.isLimited() {
		r.vain, r.failed = r.vain.Plus(vain), time.Now()
	}
	if r.calls--; r.calls == 0 && r.vain == (Size{}) {
		delete(t.all.rooms, t.workspace)
	}
}

// Reserve reserves so much more, if it fits beside what all calls have reserved, or stored in vain.
func (t *Tally) Reserve(more Size) bool {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if t.room.usage.admit(t.room.vain.Plus(t.room.coming).Plus(more)) != nil {
		return false
	}
	t.reserve(more)
	return true
}

// Insist reserves missing, which was not to be had, of a group that Check has let pass. Only what other calls that go on
// have reserved stands in its way now, and then it returns a fault.QuotaExceeded.
func (t *Tally) Insist(group, missing Size) error {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	others := t.room.coming.Plus(t.coming.negative())
	if err := t.room.usage.admit(others.Plus(group)); err != nil {
		return err
	}
	t.reserve(missing)
	return nil
}

// Check is Limits.Check of the dataset.
func (t *Tally) Check(ctx context.Context, tx *ent.Tx, more Size) error {
	usage, err := t.all.limits.Check(ctx, t.all.db, tx, t.dataset, more)
	if usage == nil {
		return err
	}
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	t.room.usage = *usage
	return err
}

// Settle notes that a transaction adds so much, for which so much had been reserved. It comes before the transaction ends,
// so that nobody finds both in the way.
func (t *Tally) Settle(added, reserved Size) {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	t.room.usage.Images += added.Images
	t.room.usage.Bytes += added.Bytes
	t.reserve(reserved.negative())
}

// reserve is called with the lock held.
func (t *Tally) reserve(more Size) {
	t.coming = t.coming.Plus(more)
	t.room.coming = t.room.coming.Plus(more)
}
