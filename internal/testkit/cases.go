package testkit

import (
	"errors"
	"testing"

	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
)

// Worlds runs test in a world of its own on each of the two databases.
func Worlds(t *testing.T, test func(t *testing.T, w *World), opts ...database.Option) {
	t.Helper()
	Databases(t, func(t *testing.T, db *database.DB) { test(t, NewWorld(t, db)) }, opts...)
}

// EachWorld is Worlds for a table of cases, each in a world of its own.
func EachWorld[C any](t *testing.T, cases map[string]C, test func(t *testing.T, w *World, c C)) {
	t.Helper()
	Databases(t, func(t *testing.T, db *database.DB) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) { test(t, NewWorld(t, db), c) })
		}
	})
}

// Said is the code and the words of an error as a client sees them, or the empty text.
func Said(err error) string {
	if err == nil {
		return ""
	}
	public := fault.Describe(err)
	return public.Code + " " + public.Message
}

// StaleRow is the present row that a conflict carries, or nil.
func StaleRow(err error) any {
	stale, ok := errors.AsType[*fault.StaleError](err)
	if !ok {
		return nil
	}
	return stale.Current
}
