package testkit

import (
	"context"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/stats"
)

// VerifyStats complains about counters of datasets that are not what a recount gives. A database that the test has closed is not
// looked at.
func VerifyStats(tb testing.TB, db *database.DB) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	ids, err := stats.Datasets(ctx, db, 0)
	if err != nil && !strings.HasSuffix(err.Error(), "database is closed") {
		tb.Error(err)
	}
	for _, id := range ids {
		differences, err := stats.Verify(ctx, db, id)
		if err != nil {
			tb.Error(err)
		}
		for _, d := range differences {
			tb.Errorf("stats: %+v", d)
		}
	}
}
