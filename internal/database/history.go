package database

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// writing is what a transaction of Write knows of itself.
type writing struct {
	dialect string
	epochs  map[gid.DatasetID]int // of datasets that it shares, as far as they were asked for
}

type writingKey struct{}

func (db *DB) writing(ctx context.Context) context.Context {
	return context.WithValue(ctx, writingKey{}, &writing{db.dialect, map[gid.DatasetID]int{}})
}

// stampCreated makes what is created in a historic table be born in the present epoch of its dataset.
func stampCreated(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		row, ok := m.(interface {
			DatasetID() (gid.DatasetID, bool)
			SetBorn(int)
			Client() *ent.Client
		})
		if !ok || !m.Op().Is(ent.OpCreate) {
			return next.Mutate(ctx, m)
		}
		id, _ := row.DatasetID() // one that is missing is complained about later
		epoch, err := epochOf(ctx, row.Client(), id)
		if err != nil {
			return nil, err
		}
		row.SetBorn(epoch)
		return next.Mutate(ctx, m)
	})
}

// epochOf returns the present epoch of a dataset, which the transaction, if there is one, shares from now on.
func epochOf(ctx context.Context, client *ent.Client, id gid.DatasetID) (int, error) {
	w, ok := ctx.Value(writingKey{}).(*writing)
	if !ok {
		return readEpoch(ctx, client, id) // if it ends before the row is there, the row is refused
	}
	if epoch, ok := w.epochs[id]; ok {
		return epoch, nil
	}
	if err := advise(ctx, client, w.dialect, "pg_advisory_xact_lock_shared", history.LockKey+int64(id)); err != nil {
		return 0, err
	}
	epoch, err := readEpoch(ctx, client, id)
	if err != nil {
		return 0, err
	}
	w.epochs[id] = epoch
	return epoch, nil
}

// readEpoch returns 1 for a dataset that is not there: a foreign key says so better.
func readEpoch(ctx context.Context, client *ent.Client, id gid.DatasetID) (epoch int, err error) {
	rows, err := client.QueryContext(ctx, fmt.Sprintf("SELECT epoch FROM datasets WHERE id = %d", id))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return 1, rows.Err()
	}
	err = rows.Scan(&epoch)
	return epoch, err
}

// EndEpoch ends the epoch of a dataset, which the transaction owns, and returns it: what it has written is seen by a
// snapshot of that epoch, and what others write from now on is not.
func EndEpoch(ctx context.Context, tx *ent.Tx, id gid.DatasetID) (epoch int, err error) {
	if epoch, err = readEpoch(ctx, tx.Client(), id); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("UPDATE datasets SET epoch = epoch + 1 WHERE id = %d", id))
	if w, ok := ctx.Value(writingKey{}).(*writing); ok {
		delete(w.epochs, id)
	}
	return epoch, err
}

// ShareDatasetsOf shares all datasets that rows of a table lie in, as ShareDataset does each. Those of ids that are not there
// lie in none.
func ShareDatasetsOf[ID any](ctx context.Context, tx *ent.Tx, table string, ids []ID) error {
	w, ok := ctx.Value(writingKey{}).(*writing)
	if !ok {
		return errors.New("datasets are shared within Write alone")
	}
	if w.dialect != dialect.Postgres {
		return nil // a transaction is alone anyway
	}
	of := sql.Dialect(w.dialect).Select("dataset_id").Distinct().From(sql.Table(table)).Where(sql.In("id", anys(ids)...)).OrderBy("dataset_id")
	query, args := of.Query()
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock_shared(%d + d.dataset_id) FROM (%s) d", history.LockKey, query), args...)
	return err
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// timed makes what is read with a context of a moment be what was there then, see history.At.
type timed struct{ driver }

func (d timed) Query(ctx context.Context, query string, args, v any) error {
	query, err := at(ctx, d.Dialect(), query)
	if err != nil {
		return err
	}
	return d.driver.Query(ctx, query, args, v)
}

func (d timed) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	query, err := at(ctx, d.Dialect(), query)
	if err != nil {
		return nil, err
	}
	return d.driver.QueryContext(ctx, query, args...)
}

func (d timed) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := begun(d.driver.Tx(ctx))
	return timedTx{tx, d.Dialect()}, err
}

func (d timed) BeginTx(ctx context.Context, opts *stdsql.TxOptions) (dialect.Tx, error) {
	tx, err := begun(d.driver.BeginTx(ctx, opts))
	return timedTx{tx, d.Dialect()}, err
}

type timedTx struct {
	transaction
	dialect string
}

func (tx timedTx) Query(ctx context.Context, query string, args, v any) error {
	query, err := at(ctx, tx.dialect, query)
	if err != nil {
		return err
	}
	return tx.transaction.Query(ctx, query, args, v)
}

func (tx timedTx) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	query, err := at(ctx, tx.dialect, query)
	if err != nil {
		return nil, err
	}
	return tx.transaction.QueryContext(ctx, query, args...)
}

func at(ctx context.Context, db, query string) (string, error) {
	m := history.MomentOf(ctx)
	if m == nil {
		return query, nil
	}
	return m.Query(db, query)
}
