package annotate_test

import (
	"testing"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// BenchmarkReplace saves an image of 20 boxes: as they are, with one of them changed, and anew.
//
//	go test -run '^$' -bench Replace ./internal/annotate
func BenchmarkReplace(b *testing.B) {
	const boxes = 20
	for name, open := range map[string]func(testing.TB, ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := testkit.NewWorld(b, open(b))
			ctx := w.As(b.Context(), "annotator")
			save := func(list []annotate.Input) *annotate.Replacement {
				return testkit.Must(annotate.Replace(ctx, w.DB, w.Images[2].ID, list, nil))(b)
			}
			list := make([]annotate.Input, boxes)
			for i := range list {
				list[i] = annotate.Input{LabelID: w.Labels[i%2].ID, Type: annotate.BoundingBox, Data: testkit.Box(i)}
			}
			b.Run("anew", func(b *testing.B) {
				for b.Loop() {
					if r := save(list); r.Created != boxes {
						b.Fatalf("%+v", r)
					}
				}
			})
			for i, a := range save(list).Written {
				list[i].ID = &a.ID
			}
			b.Run("unchanged", func(b *testing.B) {
				for b.Loop() {
					if r := save(list); r.Kept != boxes {
						b.Fatalf("%+v", r)
					}
				}
			})
			b.Run("one changed", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					list[7].Data = testkit.Box(100 + i%2)
					if r := save(list); r.Updated != 1 {
						b.Fatalf("%+v", r)
					}
				}
			})
		})
	}
}
