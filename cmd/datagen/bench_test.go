package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/bench"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestBench measures for as short a time as it takes. Over PostgreSQL, floors answer what the server does, or else it fails.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	for name, url := range map[string]func(testing.TB) config.DatabaseURL{"sqlite": testkit.SQLiteURL, "postgres": testkit.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := url(t)
			db := testkit.Must(database.Open(t.Context(), at))(t)
			defer db.Close()
			leaveBehind(t, db, "bench@datagen.invalid")
			environ := []string{"DATABASE_URL=" + string(at), "STORAGE_URL=file:" + t.TempDir(), "SECRET_KEY=" + rand.Text() + rand.Text()}
			var out, errs bytes.Buffer
			err := newProgram(environ, strings.NewReader(""), &out, &errs).Run(t.Context(),
				[]string{"datagen", "bench", "--images", "120", "--annotations", "2", "--children", "100", "--time", "1ms", "--json"})
			if err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			if n := db.Workspace.Query().CountX(access.System(t.Context())); n > 0 {
				t.Errorf("%d workspaces are left", n)
			}
			floors, operations := 0, map[string]bool{}
			for d := json.NewDecoder(&out); d.More(); {
				var r bench.Result
				if err := d.Decode(&r); err != nil {
					t.Fatal(err)
				}
				operations[r.Operation] = true
				if r.Floor != nil {
					floors++
				}
				if r.P50 <= 0 || r.P99 < r.P50 || r.PerSecond <= 0 || r.Bytes <= 0 || r.Allocations <= 0 {
					t.Errorf("%+v", r)
				}
			}
			if len(operations) < 12 || (floors > 0) != (name == "postgres") {
				t.Errorf("%d operations and %d floors", len(operations), floors)
			}
		})
	}
}

// leaveBehind makes the workspace that a run leaves which was killed, with such a user.
func leaveBehind(t *testing.T, db *database.DB, email string) {
	t.Helper()
	ctx := access.System(t.Context())
	w := db.Workspace.Create().SetName("datagen bench").SaveX(ctx)
	u := db.User.Create().SetWorkspace(w).SetEmail(email).SaveX(ctx)
	db.Dataset.Create().SetWorkspace(w).SetOwner(u).SetName("boats").ExecX(ctx)
}

// TestBenchTouchesNothing of a workspace that happens to have the name of its own.
func TestBenchTouchesNothing(t *testing.T) {
	t.Parallel()
	at := testkit.SQLiteURL(t)
	db := testkit.Must(database.Open(t.Context(), at))(t)
	defer db.Close()
	leaveBehind(t, db, "ana@example.com")
	var out, errs bytes.Buffer
	err := newProgram([]string{"DATABASE_URL=" + string(at), "STORAGE_URL=file:" + t.TempDir()}, strings.NewReader(""), &out, &errs).
		Run(t.Context(), []string{"datagen", "bench", "--time", "1ms"})
	if err == nil || !strings.Contains(err.Error(), `there is a workspace "datagen bench" with users of its own`) {
		t.Error(err)
	}
	if n := db.Dataset.Query().CountX(access.System(t.Context())); n != 1 {
		t.Errorf("%d datasets are left of 1", n)
	}
}
