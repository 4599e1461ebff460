package graph_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestCancelledReadStops: a read whose client goes stops its statement, here one that waits for a lock that is never given back.
func TestCancelledReadStops(t *testing.T) {
	t.Parallel()
	db := testkit.Postgres(t)
	w := testkit.NewWorld(t, db)
	gateway := newAccessServer(t, db).Gateway
	system := access.System(t.Context())
	const waiting = `SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	err := db.Write(system, func(system context.Context, tx *ent.Tx) error {
		testkit.Must(tx.ExecContext(system, "LOCK TABLE annotations IN ACCESS EXCLUSIVE MODE"))(t)
		ctx, leave := context.WithCancel(w.As(t.Context(), "owner"))
		defer leave()
		done := make(chan struct{})
		go func() {
			defer close(done)
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ datasets { edges { node { annotations { edges { node { id } } } } } } }"}`))
			r.Header.Set("Content-Type", "application/json")
			gateway.ServeHTTP(httptest.NewRecorder(), r)
		}()
		await(t, "the read waits", func() bool { return count(t, tx, waiting) == 1 })
		leave()
		await(t, "nothing waits", func() bool { return count(t, tx, waiting) == 0 })
		<-done
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !isSo(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s", what)
		}
	}
}

func count(t *testing.T, tx *ent.Tx, query string) (n int) {
	t.Helper()
	rows := testkit.Must(tx.QueryContext(access.System(t.Context()), query))(t)
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
