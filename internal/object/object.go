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
	entries *coalesce.Caller[entry, bool]
}

// entry is an object that is about to be put.
type entry struct {
	sum  string
	size int64
}

// NewKeeper returns a Keeper of what the rows of db name.
func NewKeeper(db *database.DB, store storage.Store) *Keeper {
	k := &Keeper{db: db, store: store}
	k.entries = coalesce.New(k.tryEnter)
	return k
}

// Put stores the size bytes of r, whose SHA-256 in hex is sum, for good. They stay until
// the keep time of sweeps is over at least, and for as long as a row names them: see
// Claim. While a sweep removes the same bytes, Put waits, but not for one that died, or whose store is down: that is a
// fault.Unavailable.
func (k *Keeper) Put(ctx context.Context, sum string, r io.Reader, size int64) (err error) {
	defer fault.Wrap(&err, "keep object %s", sum)

	key, err := storage.ObjectKey(sum)
	if err != nil {
		return err
	}
	if err := k.enter(ctx, entry{sum, size}); err != nil {
		return err
	}
	return k.store.Put(ctx, key, r, size)
}

const (
	// patience is the time between looks at an object that is being removed.
	patience = 20 * time.Millisecond
	// maxWaiting is for how long there are such looks. A removal takes a moment; one that was broken off keeps the object
	// for removeClaim, and who waits has a place among those that put.
	maxWaiting = 3 * time.Second
)

var errRemoving = fmt.Errorf("%w: these bytes are being removed at the moment; send them again in some minutes", fault.Unavailable)

// enter says that the bytes are wanted.
func (k *Keeper) enter(ctx context.Context, e entry) error {
	enough := time.After(maxWaiting)
	for {
		entered, err := k.entries.Ask(ctx, e)
		if entered || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return errRemoving
		case <-time.After(patience):
		}
	}
}

// tryEnter enters objects, but for those that are being removed, and tells which.
func (k *Keeper) tryEnter(ctx context.Context, entries []entry) (map[entry]bool, error) {
	// In one order, so that processes do not deadlock, and each hash once: who says another size of it is wrong, and will
	// find out as the bytes are put.
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.sum, b.sum) })
	rows := slices.CompactFunc(slices.Clone(entries), func(a, b entry) bool { return a.sum == b.sum })
	entered, err := database.Result(access.System(ctx), k.db, func(ctx context.Context, tx *ent.Tx) (map[string]bool, error) {
		return k.upsert(ctx, tx, rows)
	})
	all := make(map[entry]bool, len(entries))
	for _, e := range entries {
		all[e] = entered[e.sum]
	}
	return all, err
}

// upsert returns the hashes of the rows that it has made or changed.
func (k *Keeper) upsert(ctx context.Context, tx *ent.Tx, rows []entry) (entered map[string]bool, err error) {
	now := database.Now()
	d := sql.Dialect(k.db.Dialect())
	removing := d.Table(object.Table).C(object.FieldRemovingUntil)
	insert := d.Insert(object.Table).Columns(object.FieldID, object.FieldSize, object.FieldCreatedAt, object.FieldWantedAt)
	for _, r := range rows {
		insert.Values(r.sum, r.size, now, now)
	}
	statement, args := insert.OnConflict(
		sql.ConflictColumns(object.FieldID),
		sql.ResolveWith(func(u *sql.UpdateSet) {
			u.SetExcluded(object.FieldWantedAt).SetNull(object.FieldUnnamedSince).SetNull(object.FieldRemovingUntil)
		}),
		// One whose time is over did not get to the end.
		sql.UpdateWhere(sql.Or(sql.IsNull(removing), sql.LT(removing, now))),
	).Returning(object.FieldID).Query()
	result, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	entered = make(map[string]bool, len(rows))
	for result.Next() {
		var sum string
		if err := result.Scan(&sum); err != nil {
			return nil, err
		}
		entered[sum] = true
	}
	return entered, result.Err()
}

// Claim makes sure, in the transaction that is about to name objects by their SHA-256, that no sweep removes them: it
// holds their rows until the transaction ends. It returns those that a sweep has removed, or removes, since they were
// put: whoever needs them ends the transaction and puts them again.
func Claim(ctx context.Context, tx *ent.Tx, sums ...string) (removed []string, err error) {
	defer fault.Wrap(&err, "claim objects")

	ctx = access.System(ctx)
	sums = slices.Compact(slices.Sorted(slices.Values(sums)))
	held, err := database.InBulk(sums, func(sums []string) ([]string, error) {
		q := tx.Object.Query().Where(object.IDIn(sums...)).Order(object.ByID())
		q.Modify(database.Lock)
		rows, err := q.All(ctx)
		if err != nil {
			return nil, err
		}
		return inPlace(rows), tx.Object.Update().Where(object.IDIn(sums...), object.UnnamedSinceNotNil()).ClearUnnamedSince().Exec(ctx)
	})
	return slices.DeleteFunc(sums, func(sum string) bool {
		_, ok := slices.BinarySearch(held, sum)
		return ok
	}), err
}

// inPlace returns the hashes of the objects that nobody has begun to remove.
func inPlace(rows []*ent.Object) (sums []string) {
	for _, o := range rows {
		if o.RemovingUntil == nil {
			sums = append(sums, o.ID)
		}
	}
	return sums
}
