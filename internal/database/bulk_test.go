package database_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// annotations are all columns of the table that has one of each type.
var annotations = []database.Column[*ent.Annotation]{
	{Name: annotation.FieldID, Type: "uuid", Of: func(a *ent.Annotation) any { return a.ID }},
	{Name: annotation.FieldCreatedAt, Type: "timestamptz", Of: func(a *ent.Annotation) any { return a.CreatedAt }},
	{Name: annotation.FieldUpdatedAt, Type: "timestamptz", Of: func(a *ent.Annotation) any { return a.UpdatedAt }},
	{Name: annotation.FieldVersion, Type: "bigint", Of: func(a *ent.Annotation) any { return a.Version }},
	{Name: annotation.FieldDatasetID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.DatasetID }},
	{Name: annotation.FieldImageID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.ImageID }},
	{Name: annotation.FieldLabelID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.LabelID }},
	{Name: annotation.FieldAuthorID, Type: "bigint", Of: func(a *ent.Annotation) any { return a.AuthorID }},
	{Name: annotation.FieldType, Type: "text", Of: func(a *ent.Annotation) any { return a.Type }},
	{Name: annotation.FieldData, Type: "json", Of: func(a *ent.Annotation) any { return a.Data }},
	{Name: annotation.FieldIsSynthetic, Type: "boolean", Of: func(a *ent.Annotation) any { return a.IsSynthetic }},
	{Name: annotation.FieldConfidence, Type: "double precision", Of: func(a *ent.Annotation) any { return a.Confidence }},
	{Name: annotation.FieldSource, Type: "text", Of: func(a *ent.Annotation) any { return []byte(a.Source) }},
	{Name: annotation.FieldPosition, Type: "bigint", Of: func(a *ent.Annotation) any { return a.Position }},
}

// texts are such as the text of an array might be taken in by.
var texts = []string{
	"plain", "NULL", "null", "{}", "{a,b}", `"`, `\`, `\\"`, `a,b`, " leading", "trailing ", "a\nb", "é日本\U0001F6A2", "'", "$1", "?",
}

func drafts(w *testkit.World, n int) []*ent.Annotation {
	author, sure := w.Users["annotator"].ID, 0.1+0.2
	rows := make([]*ent.Annotation, n)
	for i := range rows {
		a := &ent.Annotation{
			ID: gid.NewAnnotationID(), CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), UpdatedAt: database.Now(), Version: i + 1,
			DatasetID: w.Dataset.ID, ImageID: w.Images[2].ID, LabelID: w.Labels[i%2].ID, Type: texts[i%len(texts)],
			Data: rawjson.Object(fmt.Sprintf(`{"t":%q}`, texts[i%len(texts)])), Source: annotation.SourceModel, Position: int64(i), Born: 2,
		}
		if i%2 == 0 {
			a.AuthorID, a.Confidence, a.IsSynthetic = &author, &sure, true
		}
		rows[i] = a
	}
	return rows
}

// same compares what columns hold.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(ent.Annotation{}), cmpopts.IgnoreFields(ent.Annotation{}, "Edges", "Siblings"),
}

func stored(t *testing.T, db *database.DB, w *testkit.World) []*ent.Annotation {
	t.Helper()
	return db.Annotation.Query().Where(annotation.ImageID(w.Images[2].ID)).Order(annotation.ByPosition()).AllX(access.System(t.Context()))
}

func TestInsertAndUpdateRows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, database.Bulk - 1, database.Bulk, database.Bulk + 1, 3*database.Bulk + 7, 10*database.Bulk + 1} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, db *database.DB) {
				w := testkit.NewWorld(t, db)
				rows := drafts(w, n)
				write(t, db, database.InsertRows, rows)
				if diff := cmp.Diff(rows, stored(t, db, w), same, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("inserted (-want +got):\n%s", diff)
				}
				for i, a := range rows {
					a.Type, a.Version, a.Data = texts[(i+1)%len(texts)], a.Version+1, rawjson.Object(fmt.Sprintf(`{"n":%d}`, i))
					a.AuthorID, a.IsSynthetic = nil, !a.IsSynthetic
				}
				write(t, db, database.UpdateRows, rows[:len(rows)/2])
				got := stored(t, db, w)
				if diff := cmp.Diff(rows[:len(rows)/2], got[:len(rows)/2], same, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("updated (-want +got):\n%s", diff)
				}
				for i, a := range got[len(rows)/2:] {
					if a.Version != len(rows)/2+i+1 {
						t.Fatalf("a row that was not named has version %d", a.Version)
					}
				}
			})
		})
	}
}

func write(
	t *testing.T, db *database.DB,
	do func(context.Context, *ent.Tx, string, string, []database.Column[*ent.Annotation], []*ent.Annotation) error, rows []*ent.Annotation,
) {
	t.Helper()
	err := db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
		return do(ctx, tx, db.Dialect(), annotation.Table, annotations, rows)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInBulk(t *testing.T) {
	t.Parallel()
	items := make([]int, 2*database.Bulk+1)
	for i := range items {
		items[i] = i
	}
	var sizes []int
	got, err := database.InBulk(items, func(chunk []int) ([]int, error) {
		sizes = append(sizes, len(chunk))
		return chunk, nil
	})
	if diff := cmp.Diff(items, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]int{database.Bulk, database.Bulk, 1}, sizes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	no := errors.New("no")
	if _, err := database.InBulk(items, func([]int) ([]int, error) { return nil, no }); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
}
