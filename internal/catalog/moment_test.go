package catalog_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// A moment is when the first statement that starts as said is about to be sent.
type moment struct {
	starts string
	meet   atomic.Pointer[func()]
}

func (m *moment) trace(statement string) {
	if meet := m.meet.Load(); meet != nil && strings.HasPrefix(statement, m.starts) && m.meet.CompareAndSwap(meet, nil) {
		(*meet)()
	}
}

// TestLabelsStayWhileInUse deletes a label at the moment when a call that has found it there is about to draw with it. The
// deletion waits, and then takes what was drawn.
func TestLabelsStayWhileInUse(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &moment{starts: `INSERT INTO "annotations"`}
			w := testkit.NewWorld(t, open(t, database.WithTrace(m.trace)))
			var wg sync.WaitGroup
			meet := func() {
				wg.Go(func() {
					if err := catalog.DeleteLabels(w.As(t.Context(), "manager"), w.DB, catalog.One(w.Labels[0].ID, nil)); err != nil {
						t.Errorf("delete: %v", err)
					}
				})
				time.Sleep(300 * time.Millisecond) // in which it would be done
			}
			m.meet.Store(&meet)
			in := annotate.CreateInput{ImageID: w.Images[2].ID, LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(1)}
			results, err := annotate.Annotate(w.As(t.Context(), "annotator"), w.DB, w.Dataset.ID, []annotate.Change{{Create: &in}}, true)
			wg.Wait()
			if err != nil || results[0].Status != annotate.Created || m.meet.Load() != nil {
				t.Fatalf("draw: %v, %v", results, err)
			}
			if n, got := w.Images[2].QueryAnnotations().CountX(system(t)), versions(t, w); n != 0 || got != "[2 2 3]" {
				t.Errorf("%d annotations are left, and images are of the versions %s", n, got)
			}
		})
	}
}
