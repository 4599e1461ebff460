package work_test

import (
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/work"
)

func TestDays(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 2, 27, 23, 0, 0, 0, time.UTC)
	for later, want := range map[time.Duration]int{
		0: 0, 23 * time.Hour: 0, 24 * time.Hour: 1, 47*time.Hour + 59*time.Minute: 1, 30 * 24 * time.Hour: 30,
	} {
		if got := work.Days(&ent.Job{CreatedAt: made, UpdatedAt: made.Add(later)}); got != want {
			t.Errorf("%d days after %s, want %d", got, later, want)
		}
	}
}
