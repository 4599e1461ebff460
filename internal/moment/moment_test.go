package moment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/moment"
)

func TestMarshalTime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		t    time.Time
		want string
	}{
		"whole second":  {time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), `"2026-01-31T12:00:00.000000Z"`},
		"microseconds":  {time.Date(2026, 1, 31, 12, 0, 0, 120_000, time.UTC), `"2026-01-31T12:00:00.000120Z"`},
		"another zone":  {time.Date(2026, 1, 31, 12, 0, 0, 0, time.FixedZone("", 3600)), `"2026-01-31T11:00:00.000000Z"`},
		"the zero time": {time.Time{}, "null"},
	} {
		var b strings.Builder
		moment.MarshalTime(tt.t).MarshalGQL(&b)
		if b.String() != tt.want {
			t.Errorf("%s: %s, want %s", name, b.String(), tt.want)
		}
	}
}

func TestUnmarshalTime(t *testing.T) {
	t.Parallel()
	got, err := moment.UnmarshalTime("2026-01-31T13:00:00.5+01:00")
	if want := time.Date(2026, 1, 31, 12, 0, 0, 500_000_000, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, bad := range []any{nil, 3, "", "yesterday", "2026-01-31"} {
		if _, err := moment.UnmarshalTime(bad); err == nil {
			t.Errorf("%v is read as a time", bad)
		}
	}
}
