package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
)

const (
	// page is how many rows of a history one transaction removes.
	page = 5000
	// pagesAtOnce is how many pages a call removes that somebody waits for.
	pagesAtOnce = 20
	// expiredAtOnce is how many snapshots one statement finds.
	expiredAtOnce = 1000
)

// Sweep removes the snapshots whose time is over, and what they alone see. It goes on where an earlier one stopped.
func Sweep(ctx context.Context, db *database.DB) (err error) {
	defer fault.Wrap(&err, "sweep snapshots")

	ctx = access.System(ctx)
	for {
		ids, err := db.Snapshot.Query().Where(snapshot.ExpiresAtLTE(database.Now())).Order(snapshot.ByID()).Limit(expiredAtOnce).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := removeAll(ctx, db, ids, 0); err != nil {
			return err
		}
	}
}

// removeAll removes snapshots that are in no list any more, and at most so many pages of what they alone see; 0 is no
// limit.
func removeAll(ctx context.Context, db *database.DB, ids []gid.SnapshotID, pages int) error {
	left := pages
	for _, id := range ids {
		for done := false; !done; left-- {
			if pages > 0 && left == 0 {
				return nil
			}
			var err error
			if done, err = remove(ctx, db, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove removes a page of what a snapshot alone sees, or the snapshot once there is no more, and tells which.
func remove(ctx context.Context, db *database.DB, id gid.SnapshotID) (done bool, err error) {
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (bool, error) {
		s, err := tx.Snapshot.Query().Where(snapshot.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		// Who still writes may put something into the history that this snapshot sees.
		if err := db.OwnDataset(ctx, tx, s.DatasetID); err != nil {
			return false, err
		}
		removed, err := forget(ctx, tx, s)
		if err != nil || removed > 0 {
			return false, err
		}
		return true, tx.Snapshot.DeleteOneID(id).Exec(ctx)
	})
}

// forget removes a page of what a snapshot alone sees from the histories, and returns how many rows that was.
func forget(ctx context.Context, tx *ent.Tx, s *ent.Snapshot) (removed int64, err error) {
	if s.Epoch == nil {
		return 0, nil
	}
	for _, t := range history.Historic() {
		n, err := forgetIn(ctx, tx, t, s)
		if removed += n; err != nil || removed >= page {
			return removed, err
		}
	}
	return removed, nil
}

// forgetIn removes from one history. The snapshot alone sees what was born after the one before it was taken, and died
// after it but before the next one.
func forgetIn(ctx context.Context, tx *ent.Tx, t *schema.Table, s *ent.Snapshot) (int64, error) {
	const neighbour = "(SELECT %s(epoch) FROM snapshots WHERE dataset_id = %d AND epoch %s %d)"
	before := fmt.Sprintf("COALESCE("+neighbour+", 0)", "max", s.DatasetID, "<", *s.Epoch)
	after := fmt.Sprintf("COALESCE("+neighbour+", died)", "min", s.DatasetID, ">", *s.Epoch)
	key := strings.Join(history.Key(t), ", ")
	rows := fmt.Sprintf(`SELECT %s FROM %s WHERE dataset_id = %d AND died > %d AND died <= %s AND born > %s AND born <= %[4]d ORDER BY %[1]s LIMIT %[7]d`,
		key, history.Of(t.Name), s.DatasetID, *s.Epoch, after, before, page)
	if t.Name == image.Table {
		if err := free(ctx, tx, s.DatasetID, rows); err != nil {
			return 0, err
		}
	}
	result, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM %s WHERE (%s) IN (%s)`, history.Of(t.Name), key, rows))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// free notes that the bytes of images go with the last of their rows, which are among those that a query finds.
func free(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, rows string) (err error) {
	found, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT COALESCE(sum(size), 0) FROM (
		SELECT id, max(size) AS size FROM images_history WHERE (id, born) IN (%[1]s)
		AND NOT EXISTS (SELECT 1 FROM images live WHERE live.id = images_history.id)
		AND NOT EXISTS (SELECT 1 FROM images_history other WHERE other.id = images_history.id AND (other.id, other.born) NOT IN (%[1]s))
		GROUP BY id) freed`, rows))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	var bytes int64
	for found.Next() {
		if err := found.Scan(&bytes); err != nil {
			return err
		}
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return err
	}
	return quota.Count(ctx, tx, dataset, quota.Size{Bytes: -bytes})
}
