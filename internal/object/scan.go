package object

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/object"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// Strays are what lies in the store and has no row: left by a crash that took the database back, or by a restored
// backup.
type Strays struct {
	Objects    int   `json:"objects"`
	Bytes      int64 `json:"bytes"`      // of objects
	Thumbnails int   `json:"thumbnails"` // of objects without a row
}

// Adopt goes through the whole store and gives rows to objects that have none, so that sweeps remove them once their
// time has come, and those that something names are looked after again. It removes thumbnails of what has no row and is
// older than the keep time.
func (s *Sweeper) Adopt(ctx context.Context) (Strays, error) {
	return s.scan(ctx, s.enterAll, s.removeOld)
}

// PreviewStrays tells what Adopt would find, and changes nothing.
func (s *Sweeper) PreviewStrays(ctx context.Context) (Strays, error) {
	leave := func(context.Context, []storage.Info) error { return nil }
	return s.scan(ctx, leave, leave)
}

// scan goes through the whole store, and calls one function with objects and one with thumbnails that have no row.
func (s *Sweeper) scan(ctx context.Context, objects, thumbnails func(context.Context, []storage.Info) error) (strays Strays, err error) {
	defer fault.Wrap(&err, "look for stray objects")

	ctx = access.System(ctx)
	err = s.eachStray(ctx, objectsPrefix, func(found []storage.Info) error {
		strays.add(found)
		return objects(ctx, found)
	})
	if err != nil {
		return strays, err
	}
	err = s.eachStray(ctx, thumbnailsPrefix, func(found []storage.Info) error {
		strays.Thumbnails += len(found)
		return thumbnails(ctx, found)
	})
	return strays, err
}

func (s *Strays) add(found []storage.Info) {
	s.Objects += len(found)
	for _, info := range found {
		s.Bytes += info.Size
	}
}

const (
	objectsPrefix    = "objects/"
	thumbnailsPrefix = "thumbnails/"
	// scanPage is how many keys of the store are compared with rows at once.
	scanPage = 1000
)

// eachStray gives visit what lies under the prefix and is of no object that has a row.
func (s *Sweeper) eachStray(ctx context.Context, prefix string, visit func([]storage.Info) error) error {
	return eachPage(s.store.List(ctx, prefix), func(page []storage.Info) error {
		known, err := s.known(ctx, page)
		if err != nil {
			return err
		}
		strays := slices.DeleteFunc(page, func(info storage.Info) bool { return known[info.Key.Picture()] })
		if len(strays) == 0 {
			return nil
		}
		return visit(strays)
	})
}

func eachPage(all iter.Seq2[storage.Info, error], visit func([]storage.Info) error) error {
	var page []storage.Info
	for info, err := range all {
		if err != nil {
			return err
		}
		if page = append(page, info); len(page) < scanPage {
			continue
		}
		if err := visit(page); err != nil {
			return err
		}
		page = page[:0]
	}
	if len(page) == 0 {
		return nil
	}
	return visit(page)
}

// known tells which of the hashes in the keys have a row.
func (s *Sweeper) known(ctx context.Context, page []storage.Info) (map[string]bool, error) {
	sums := make(map[string]bool, len(page))
	for _, info := range page {
		sums[info.Key.Picture()] = false
	}
	ids, err := s.db.Object.Query().Where(object.IDIn(slices.Collect(maps.Keys(sums))...)).IDs(ctx)
	for _, id := range ids {
		sums[id] = true
	}
	return sums, err
}

// enterAll gives rows to objects as if they had been put when they were last written.
func (s *Sweeper) enterAll(ctx context.Context, found []storage.Info) error {
	now := database.Now()
	insert := sql.Dialect(s.db.Dialect()).Insert(object.Table).Columns(
		object.FieldID, object.FieldSize, object.FieldCreatedAt, object.FieldWantedAt)
	for _, info := range found {
		written := earlier(info.Modified.UTC().Truncate(time.Microsecond), now)
		insert.Values(info.Key.SHA256(), info.Size, written, written)
	}
	statement, args := insert.OnConflict(sql.ConflictColumns(object.FieldID), sql.DoNothing()).Query()
	return s.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// removeOld removes what was written before the keep time: a younger one may be of an object whose row is being made.
func (s *Sweeper) removeOld(ctx context.Context, found []storage.Info) error {
	for _, info := range found {
		if info.Modified.After(s.due()) {
			continue
		}
		if err := s.store.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}
