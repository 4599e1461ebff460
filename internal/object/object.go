// Package object keeps account of the bytes in the store that rows name by
// their hash: images, and archives of snapshots. What is named is never removed,
// and what is named by nothing is, once it has been so for long enough.
//
// Whoever is about to name bytes puts them with a Keeper, which enters them in
// the table of objects before they are in the store, and claims them in the
// transaction that names them. A Sweeper removes bytes under the same rows, so
// that of a sweep and an upload of the same bytes one always waits for the other.
package object

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/object"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/coalesce"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// Keeper puts bytes into the store. It is safe for concurrent use.
type Keeper struct {
	db      *database.DB
	store   storage.Store
	entries *coalesce.Caller[entry, standing]
}

// Kept are bytes that were put.
type Kept struct {
	SHA256 string // in hex

	// born tells the row that they were entered in from one that was made for the same bytes after a sweep had removed
	// them, by somebody who may still be putting them.
	born time.Time
}

// entry is an object that is about to be put.
type entry struct {
	sum  string
	size int64
	crcs CRCs
}

// standing is how the row of an object stands once it has been entered; the zero one is not there yet.
type standing struct {
	born     time.Time
	removing *time.Time // until when somebody may remove the object; nil is nobody
}

// isStuck tells that a removal takes so long that it must have been broken off.
func (s standing) isStuck() bool {
	return s.removing != nil && time.Since(s.removing.Add(-removeClaim)) > maxRemoval
}

// NewKeeper returns a Keeper of what the rows of db name.
func NewKeeper(db *database.DB, store storage.Store) *Keeper {
	k := &Keeper{db: db, store: store}
	k.entries = coalesce.New(k.tryEnter)
	return k
}

// Put stores the size bytes of r, which is at its beginning, and whose SHA-256 in hex is sum, for good. They stay until
// the keep time of sweeps is over at least, and for as long as a row names them: see
// Claim. While a sweep removes the same bytes, Put waits, but not for one that died, or whose store is down: that is a
// fault.Unavailable.
func (k *Keeper) Put(ctx context.Context, sum string, r io.ReadSeeker, size int64) (kept Kept, err error) {
	defer fault.Wrap(&err, "keep object %s", sum)

	key, err := storage.ObjectKey(sum)
	if err != nil {
		return Kept{}, err
	}
	crcs, err := crcsOf(r)
	if err != nil {
		return Kept{}, err
	}
	born, err := k.enter(ctx, entry{sum, size, crcs})
	if err != nil {
		return Kept{}, err
	}
	return Kept{sum, born}, k.store.Put(ctx, key, r, size)
}

const (
	// patience is the time between looks at an object that is being removed.
	patience = 20 * time.Millisecond
	// maxWaiting is for how long there are such looks. A removal takes a moment; one that was broken off keeps the object
	// for removeClaim, and who waits has a place among those that put.
	maxWaiting = 3 * time.Second
	// maxRemoval is how long ago a removal may have begun, by the clock of another process, for anybody to wait for it.
	maxRemoval = 10 * time.Second
)

var errRemoving = fmt.Errorf("%w: these bytes are being removed at the moment; send them again in some minutes", fault.Unavailable)

// enter says that the bytes are wanted, and returns when their row was born.
func (k *Keeper) enter(ctx context.Context, e entry) (born time.Time, err error) {
	enough := time.After(maxWaiting)
	for {
		found, err := k.entries.Ask(ctx, e)
		switch {
		case err != nil:
			return time.Time{}, err
		case found.isStuck():
			return time.Time{}, errRemoving
		case !found.born.IsZero() && found.removing == nil:
			return found.born, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-enough:
			return time.Time{}, errRemoving
		case <-time.After(patience):
		}
	}
}

// tryEnter enters objects, but for those that are being removed, and returns how their rows stand.
func (k *Keeper) tryEnter(ctx context.Context, entries []entry) (map[entry]standing, error) {
	// In one order, so that processes do not deadlock, and each hash once: who says another size of it is wrong, and will
	// find out as the bytes are put.
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.sum, b.sum) })
	rows := slices.CompactFunc(slices.Clone(entries), func(a, b entry) bool { return a.sum == b.sum })
	found, err := database.Result(access.System(ctx), k.db, func(ctx context.Context, tx *ent.Tx) (map[string]standing, error) {
		if err := k.upsert(ctx, tx, rows); err != nil {
			return nil, err
		}
		return standingOf(ctx, tx, rows)
	})
	all := make(map[entry]standing, len(entries))
	for _, e := range entries {
		all[e] = found[e.sum]
	}
	return all, err
}

// upsert makes rows, or says in them that they are wanted, but for those whose objects are being removed.
func (k *Keeper) upsert(ctx context.Context, tx *ent.Tx, rows []entry) error {
	now := database.Now()
	d := sql.Dialect(k.db.Dialect())
	t := d.Table(object.Table)
	removing := t.C(object.FieldRemovingUntil)
	insert := d.Insert(object.Table).
		Columns(object.FieldID, object.FieldSize, object.FieldCrc32, object.FieldCrc32c, object.FieldCreatedAt, object.FieldWantedAt)
	for _, r := range rows {
		insert.Values(r.sum, r.size, int64(r.crcs.IEEE), int64(r.crcs.Castagnoli), now, now)
	}
	statement, args := insert.OnConflict(
		sql.ConflictColumns(object.FieldID),
		sql.ResolveWith(func(u *sql.UpdateSet) {
			// What somebody began to remove is born anew.
			u.Set(object.FieldCreatedAt, sql.Expr(fmt.Sprintf("CASE WHEN %s IS NULL THEN %s ELSE excluded.%s END",
				removing, t.C(object.FieldCreatedAt), object.FieldCreatedAt)))
			u.SetExcluded(object.FieldWantedAt).SetNull(object.FieldUnnamedSince).SetNull(object.FieldRemovingUntil)
		}),
		// One whose time is over did not get to the end.
		sql.UpdateWhere(sql.Or(sql.IsNull(removing), sql.LT(removing, now))),
	).Query()
	_, err := tx.ExecContext(ctx, statement, args...)
	return err
}

func standingOf(ctx context.Context, tx *ent.Tx, rows []entry) (map[string]standing, error) {
	sums := make([]string, len(rows))
	for i, r := range rows {
		sums[i] = r.sum
	}
	objects, err := tx.Object.Query().Where(object.IDIn(sums...)).
		Select(object.FieldID, object.FieldCreatedAt, object.FieldRemovingUntil).All(ctx)
	found := make(map[string]standing, len(objects))
	for _, o := range objects {
		found[o.ID] = standing{o.CreatedAt, o.RemovingUntil}
	}
	return found, err
}

// Claim makes sure, in the transaction that is about to name objects, that no sweep removes them: it holds their rows
// until the transaction ends. It returns the hashes of those that a sweep has removed, or removes, since they were put:
// whoever needs them ends the transaction and puts them again.
func Claim(ctx context.Context, tx *ent.Tx, kept ...Kept) (removed []string, err error) {
	defer fault.Wrap(&err, "claim objects")

	ctx = access.System(ctx)
	sums := make([]string, len(kept))
	for i, k := range kept {
		sums[i] = k.SHA256
	}
	slices.Sort(sums)
	rows, err := database.InBulk(slices.Compact(sums), func(sums []string) ([]*ent.Object, error) {
		q := tx.Object.Query().Where(object.IDIn(sums...)).Order(object.ByID())
		q.Modify(database.Lock)
		rows, err := q.All(ctx)
		if err != nil {
			return nil, err
		}
		return rows, tx.Object.Update().Where(object.IDIn(sums...), object.UnnamedSinceNotNil()).ClearUnnamedSince().Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	born := make(map[string]time.Time, len(rows))
	for _, o := range rows {
		if o.RemovingUntil == nil {
			born[o.ID] = o.CreatedAt
		}
	}
	for _, k := range kept {
		if !born[k.SHA256].Equal(k.born) {
			removed = append(removed, k.SHA256)
		}
	}
	return removed, nil
}
