package object

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/object"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/storage"
)

const (
	// markPage is how many objects one statement marks.
	markPage = 5000
	// removePage is how many objects are removed under one claim, all at once.
	removePage = 16
	// removeTime bounds the removal of a page. Its claim lasts removeClaim, so much longer that clocks of processes may
	// differ, and that nobody takes over while a request to remove is still under way.
	removeTime  = time.Minute
	removeClaim = 5 * time.Minute
)

// Sweeper removes objects that nothing names.
type Sweeper struct {
	db    *database.DB
	store storage.Store
	keep  time.Duration
}

// NewSweeper returns a Sweeper that removes objects once nothing has named them for keep.
func NewSweeper(db *database.DB, store storage.Store, keep time.Duration) *Sweeper {
	return &Sweeper{db, store, keep}
}

// Report is what a sweep found and did.
type Report struct {
	Objects      int   `json:"objects"`      // that there were
	Bytes        int64 `json:"bytes"`        // of them
	Unnamed      int   `json:"unnamed"`      // that nothing names, and that are kept for now
	UnnamedBytes int64 `json:"unnamedBytes"` // of them
	Removed      int   `json:"removed"`      // or, if nothing was to be changed, would have been
	RemovedBytes int64 `json:"removedBytes"` // of them
}

// Sweep marks the objects that nothing names, and removes those that were marked long enough ago, with their thumbnails.
// What cannot be removed for now is tried again by the next sweep; Sweep goes on, and returns why.
func (s *Sweeper) Sweep(ctx context.Context) (report Report, err error) {
	defer fault.Wrap(&err, "sweep objects")

	ctx = access.System(ctx)
	if err := s.mark(ctx); err != nil {
		return report, err
	}
	err = s.removeAll(ctx, &report)
	if ctx.Err() != nil {
		return report, ctx.Err()
	}
	err = errors.Join(err, s.count(ctx, &report))
	return report, err
}

// Preview tells what Sweep would do, and changes nothing.
func (s *Sweeper) Preview(ctx context.Context) (report Report, err error) {
	defer fault.Wrap(&err, "preview a sweep of objects")

	ctx = access.System(ctx)
	due := []predicate.Object{unnamed(), object.UnnamedSinceLTE(s.due()), object.WantedAtLTE(s.due())}
	if report.Removed, report.RemovedBytes, err = s.total(ctx, due...); err != nil {
		return report, err
	}
	if err := s.count(ctx, &report); err != nil {
		return report, err
	}
	report.Unnamed -= report.Removed
	report.UnnamedBytes -= report.RemovedBytes
	return report, nil
}

// due is the time by which what is to be removed has been unnamed.
func (s *Sweeper) due() time.Time { return database.Now().Add(-s.keep) }

// count adds up what there is.
func (s *Sweeper) count(ctx context.Context, report *Report) (err error) {
	if report.Objects, report.Bytes, err = s.total(ctx); err != nil {
		return err
	}
	report.Unnamed, report.UnnamedBytes, err = s.total(ctx, unnamed())
	return err
}

func (s *Sweeper) total(ctx context.Context, where ...predicate.Object) (n int, bytes int64, err error) {
	var rows []struct {
		Count int   `sql:"count"`
		Bytes int64 `sql:"bytes"`
	}
	err = s.db.Object.Query().Where(where...).Aggregate(ent.Count(), func(s *sql.Selector) string {
		return sql.As("CAST(COALESCE(SUM("+s.C(object.FieldSize)+"), 0) AS bigint)", "bytes")
	}).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	return rows[0].Count, rows[0].Bytes, nil
}

// unnamed finds objects that neither an image nor a snapshot names.
func unnamed() predicate.Object { return predicate.Object(sql.NotPredicates(named)) }

// named finds objects that an image, as it is or as a snapshot sees it, or a snapshot names.
func named(s *sql.Selector) {
	d := sql.Dialect(s.Dialect())
	images, snapshots := d.Table(image.Table).As("naming_images"), d.Table(snapshot.Table).As("naming_snapshots")
	past := d.Table(history.Of(image.Table)).As("once_naming_images")
	s.Where(sql.Or(
		sql.Exists(d.Select(images.C(image.FieldID)).From(images).
			Where(sql.ColumnsEQ(images.C(image.FieldObjectSha256), s.C(object.FieldID)))),
		sql.Exists(d.Select(past.C(image.FieldID)).From(past).
			Where(sql.ColumnsEQ(past.C(image.FieldObjectSha256), s.C(object.FieldID)))),
		sql.Exists(d.Select(snapshots.C(snapshot.FieldID)).From(snapshots).
			Where(sql.ColumnsEQ(snapshots.C(snapshot.FieldArchiveSha256), s.C(object.FieldID)))),
	))
}

// mark notes since when objects have been unnamed, a page at a time. A mark is but a hint: it is looked at again before
// anything is removed.
func (s *Sweeper) mark(ctx context.Context) error {
	for after := ""; ; {
		ids, err := s.db.Object.Query().Where(object.IDGT(after)).Order(object.ByID()).Limit(markPage).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return err
		}
		last := ids[len(ids)-1]
		if err := s.markBetween(ctx, after, last); err != nil {
			return err
		}
		after = last
	}
}

func (s *Sweeper) markBetween(ctx context.Context, after, last string) error {
	page := object.And(object.IDGT(after), object.IDLTE(last))
	return s.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		err := tx.Object.Update().Where(page, object.UnnamedSinceNotNil(), named).ClearUnnamedSince().Exec(ctx)
		if err != nil {
			return err
		}
		return tx.Object.Update().Where(page, object.UnnamedSinceIsNil(), unnamed()).SetUnnamedSince(database.Now()).Exec(ctx)
	})
}

// removeAll removes what is due, a page at a time, the longest unnamed first. It goes on after failures, but for a page
// of which nothing could be removed: the store is down then.
func (s *Sweeper) removeAll(ctx context.Context, report *Report) (failed error) {
	due := s.due()
	for after := (cursor{}); ; {
		rows, err := s.db.Object.Query().
			Where(object.UnnamedSinceLTE(due), object.WantedAtLTE(due), after.less).
			Order(object.ByUnnamedSince(), object.ByID()).Limit(removePage).All(ctx)
		if err != nil || len(rows) == 0 {
			return errors.Join(failed, err)
		}
		last := rows[len(rows)-1]
		after = cursor{*last.UnnamedSince, last.ID}
		before := report.Removed
		err = s.removePage(ctx, rows, due, report)
		failed = errors.Join(failed, err)
		if ctx.Err() != nil || err != nil && report.Removed == before {
			return failed
		}
	}
}

// cursor is a place among the objects that are due.
type cursor struct {
	unnamedSince time.Time
	id           string
}

// less finds the objects after the place.
func (c cursor) less(s *sql.Selector) {
	object.Or(object.UnnamedSinceGT(c.unnamedSince), object.And(object.UnnamedSince(c.unnamedSince), object.IDGT(c.id)))(s)
}

// removePage removes those of the objects that are still unnamed.
func (s *Sweeper) removePage(ctx context.Context, rows []*ent.Object, due time.Time, report *Report) error {
	ids := make([]string, len(rows))
	for i, o := range rows {
		ids[i] = o.ID
	}
	until := database.Now().Add(removeClaim)
	claimed, err := database.Result(ctx, s.db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Object, error) {
		return claimForRemoval(ctx, tx, ids, due, until)
	})
	if err != nil {
		return err
	}
	removing, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	removed := make([]bool, len(claimed))
	var all errgroup.Group
	for i, o := range claimed {
		all.Go(func() error {
			err := s.remove(removing, o.ID)
			removed[i] = err == nil
			return err
		})
	}
	failed := all.Wait()
	var gone []string
	for i, o := range claimed {
		if removed[i] {
			gone = append(gone, o.ID)
			report.Removed++
			report.RemovedBytes += o.Size
		}
	}
	return errors.Join(failed, s.forget(ctx, gone, until))
}

// claimForRemoval marks those of the objects that are still to be removed as being removed, and returns them. Whoever
// is about to name one of them holds its row, and is waited for; what they named is seen by the second statement.
func claimForRemoval(ctx context.Context, tx *ent.Tx, ids []string, due, until time.Time) ([]*ent.Object, error) {
	q := tx.Object.Query().Where(object.IDIn(ids...)).Order(object.ByID())
	q.Modify(database.Lock)
	if _, err := q.IDs(ctx); err != nil {
		return nil, err
	}
	now := database.Now()
	still := object.And(
		object.IDIn(ids...), unnamed(), object.UnnamedSinceLTE(due), object.WantedAtLTE(due),
		object.Or(object.RemovingUntilIsNil(), object.RemovingUntilLT(now)),
	)
	claimed, err := tx.Object.Query().Where(still).All(ctx)
	if err != nil {
		return nil, err
	}
	ids = ids[:0]
	for _, o := range claimed {
		ids = append(ids, o.ID)
	}
	return claimed, tx.Object.Update().Where(object.IDIn(ids...)).SetRemovingUntil(until).Exec(ctx)
}

// remove removes the bytes of an object, and first what was made of them.
func (s *Sweeper) remove(ctx context.Context, sum string) error {
	for _, width := range imaging.Widths() {
		key, err := storage.ThumbnailKey(sum, width)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, key); err != nil {
			return err
		}
	}
	key, err := storage.ObjectKey(sum)
	if err != nil {
		return err
	}
	return s.store.Delete(ctx, key)
}

// forget deletes the rows of objects that were removed under the claim that lasts until then.
func (s *Sweeper) forget(ctx context.Context, sums []string, until time.Time) error {
	if len(sums) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.Object.Delete().Where(object.IDIn(sums...), object.RemovingUntil(until)).Exec(ctx)
		return err
	})
}
