package annotate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestReplace takes lists to an image that has A, B and C. In a list, a is A as it is, A is A with other data,
// and + is a new one. What is stored reads A1 for version 1 of A.
func TestReplace(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]struct{ stored, counts string }{
		"a b c":       {"A1 B1 C1", "0 created, 0 updated, 3 kept, 0 deleted"},
		"":            {"", "0 created, 0 updated, 0 kept, 3 deleted"},
		"+":           {"+1", "1 created, 0 updated, 0 kept, 3 deleted"},
		"a b c +":     {"A1 B1 C1 +1", "1 created, 0 updated, 3 kept, 0 deleted"},
		"+ a b c":     {"+1 A1 B1 C1", "1 created, 0 updated, 3 kept, 0 deleted"},
		"a + + b + c": {"A1 +1 +1 B1 +1 C1", "3 created, 0 updated, 3 kept, 0 deleted"},
		"a c":         {"A1 C1", "0 created, 0 updated, 2 kept, 1 deleted"},
		"a B c":       {"A1 B2 C1", "0 created, 1 updated, 2 kept, 0 deleted"},
		"c a b":       {"C2 A1 B1", "0 created, 1 updated, 2 kept, 0 deleted"}, // only what moves changes
		"b c a":       {"B1 C1 A2", "0 created, 1 updated, 2 kept, 0 deleted"},
		"B + A":       {"B2 +1 A2", "1 created, 2 updated, 0 kept, 1 deleted"},
	} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
				abc := lettered(t, w)
				sent := listOf(w, abc, list)
				for _, again := range []bool{false, true} {
					version := versionOf(t, w, w.Images[2])
					r, err := annotate.Replace(annotator(t, w), w.DB, w.Images[2].ID, sent, &version)
					if err != nil {
						t.Fatal(err)
					}
					counts := fmt.Sprintf("%d created, %d updated, %d kept, %d deleted", r.Created, r.Updated, r.Kept, r.Deleted)
					if !again && counts != want.counts {
						t.Errorf("%s; want %s", counts, want.counts)
					}
					if changed := r.Created+r.Updated+r.Deleted > 0; again && changed || (r.Image.Version > version) != changed {
						t.Errorf("again %v: %s, and version %d became %d", again, counts, version, r.Image.Version)
					}
					if got := readBack(t, w, abc, r); got != want.stored {
						t.Errorf("stored %s; want %s", got, want.stored)
					}
					for i := range sent {
						sent[i].ID = &r.Written[i].ID
					}
				}
			})
		})
	}
}

// lettered draws A, B and C on the third image, which has none.
func lettered(t *testing.T, w *testkit.World) map[string]*ent.Annotation {
	t.Helper()
	abc := map[string]*ent.Annotation{}
	for i, letter := range []string{"A", "B", "C"} {
		abc[letter] = must(t, w, create(box(w, w.Images[2], i)))[0].Annotation
	}
	return abc
}

func listOf(w *testkit.World, abc map[string]*ent.Annotation, letters string) []annotate.Input {
	list := []annotate.Input{}
	for i, letter := range strings.Fields(letters) {
		in := annotate.Input{LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(100 + i)}
		if a := abc[strings.ToUpper(letter)]; a != nil {
			in.ID = &a.ID
			if letter == strings.ToLower(letter) {
				in.Data = a.Data
			}
		}
		list = append(list, in)
	}
	return list
}

// readBack reads the image, and checks that kept and changed rows kept what clients cannot set.
func readBack(t *testing.T, w *testkit.World, abc map[string]*ent.Annotation, r *annotate.Replacement) string {
	t.Helper()
	letters := map[gid.AnnotationID]string{}
	for letter, a := range abc {
		letters[a.ID] = letter
	}
	var stored []string
	for i, a := range on(t, w, w.Images[2]) {
		if r.Written[i].ID != a.ID {
			t.Errorf("result %d is %v, and stored is %v", i, r.Written[i].ID, a.ID)
		}
		letter, old := letters[a.ID], abc[letters[a.ID]]
		if old == nil {
			letter = "+"
		} else if !a.CreatedAt.Equal(old.CreatedAt) || *a.AuthorID != *old.AuthorID || a.UpdatedAt.Equal(old.UpdatedAt) != (a.Version == old.Version) {
			t.Errorf("%s was %+v and is %+v", letter, old, a)
		}
		stored = append(stored, fmt.Sprintf("%s%d", letter, a.Version))
	}
	return strings.Join(stored, " ")
}

// TestReplaceRefuses: a list with anything wrong changes nothing.
func TestReplaceRefuses(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		mine := func(change func(in *annotate.Input)) []annotate.Input {
			list := listOf(w, nil, "+ +")
			change(&list[1])
			return list
		}
		for name, tt := range map[string]struct {
			actor    string
			image    *ent.Image
			list     []annotate.Input
			expected *int
			want     string
		}{
			"an id of another image":   {"annotator", w.Images[0], mine(func(in *annotate.Input) { in.ID = &w.Drawn[1].ID }), nil, "INVALID annotations[1].id: " + taken},
			"an id of somebody else's": {"annotator", w.Images[0], mine(func(in *annotate.Input) { in.ID = &w.Foreign.Drawn[0].ID }), nil, "INVALID annotations[1].id: " + taken},
			"a foreign label":          {"annotator", w.Images[0], mine(func(in *annotate.Input) { in.LabelID = w.Foreign.Labels[0].ID }), nil, "INVALID annotations[1].labelId: " + noLabel},
			"a foreign label on its own": {
				"annotator", w.Images[0], mine(func(in *annotate.Input) { in.ID, in.LabelID = &w.Drawn[0].ID, w.Foreign.Labels[0].ID }), nil,
				"INVALID annotations[1].labelId: " + noLabel,
			},
			"a wrong shape": {
				"annotator", w.Images[0], mine(func(in *annotate.Input) { in.Type, in.Data = annotate.Polygon, object(`{}`) }), nil,
				"INVALID annotations[1].data.points: must be a list of at least 3 points",
			},
			"one id twice": {
				"annotator", w.Images[0], append(mine(func(in *annotate.Input) { in.ID = &w.Drawn[0].ID }), mine(func(in *annotate.Input) { in.ID = &w.Drawn[0].ID })...), nil,
				"INVALID annotations[3].id: is changed twice in one call",
			},
			"another version":  {"annotator", w.Images[0], nil, new(7), "CONFLICT changed since it was read"},
			"a foreign image":  {"annotator", w.Foreign.Images[0], nil, nil, "NOT_FOUND image not found"},
			"to look only":     {"viewer", w.Images[0], nil, nil, "FORBIDDEN not allowed to annotate"},
			"as a stranger":    {"no member", w.Images[0], nil, nil, "NOT_FOUND image not found"},
			"without a viewer": {"anonymous", w.Images[0], nil, nil, "UNAUTHENTICATED not signed in"},
		} {
			before := tables(t, w.DB)
			_, err := annotate.Replace(w.As(t.Context(), tt.actor), w.DB, tt.image.ID, tt.list, tt.expected)
			if got := codeOf(err) + " " + fmt.Sprint(err); got != tt.want {
				t.Errorf("%s: %s; want %s", name, got, tt.want)
			}
			if diff := cmp.Diff(before, tables(t, w.DB)); diff != "" {
				t.Errorf("%s: something changed (-before +after):\n%s", name, diff)
			}
		}
	})
}

// TestReplaceMany: an image may have more annotations than one call draws, or one statement names.
func TestReplaceMany(t *testing.T) {
	t.Parallel()
	const many = 66_000
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		numbers, id := fmt.Sprintf("generate_series(1, %d) AS n(i)", many), "lpad(i::text, 12, '0')"
		if w.DB.Dialect() == dialect.SQLite {
			numbers = fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)", many)
			id = "printf('%012d', i)"
		}
		err := w.DB.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO annotations (id, created_at, updated_at, dataset_id, born, image_id, label_id, type, data, position)
				SELECT CAST('00000000-0000-4000-8000-' || %s AS %s), '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', %d, 2, %d, %d, 'dot', '{}', i FROM %s`,
				id, map[string]string{dialect.SQLite: "text", dialect.Postgres: "uuid"}[w.DB.Dialect()],
				w.Dataset.ID, w.Images[2].ID, w.Labels[0].ID, numbers))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		kept := w.DB.Annotation.Query().Where(annotation.ImageID(w.Images[2].ID), annotation.Position(many/2)).OnlyX(access.System(t.Context()))
		r, err := annotate.Replace(annotator(t, w), w.DB, w.Images[2].ID, []annotate.Input{{ID: &kept.ID, LabelID: kept.LabelID, Type: "dot", Data: kept.Data}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if left := on(t, w, w.Images[2]); r.Deleted != many-1 || r.Kept != 1 || len(left) != 1 || left[0].Version != 1 {
			t.Errorf("%d deleted, %d kept, %d left", r.Deleted, r.Kept, len(left))
		}
	})
}

// TestReplaceAgain: a list that is sent again with the version of before is no conflict: it is what the image has already.
func TestReplaceAgain(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		id, version := gid.NewAnnotationID(), 1
		list := []annotate.Input{{ID: &id, LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(7)}}
		for i, want := range []annotate.Replacement{{Created: 1}, {Kept: 1}} {
			got, err := annotate.Replace(annotator(t, w), w.DB, w.Images[2].ID, list, &version)
			if err != nil || got.Created != want.Created || got.Kept != want.Kept || got.Deleted != 0 || got.Image.Version != 2 {
				t.Errorf("time %d: %v, %+v", i+1, err, got)
			}
		}
		list[0].Data = testkit.Box(8)
		if _, err := annotate.Replace(annotator(t, w), w.DB, w.Images[2].ID, list, &version); !errors.Is(err, fault.Conflict) {
			t.Errorf("another list with the version of before: %v", err)
		}
		list[0].LabelID = w.Foreign.Labels[0].ID
		if _, err := annotate.Replace(annotator(t, w), w.DB, w.Images[2].ID, list, &version); !errors.Is(err, fault.Conflict) {
			t.Errorf("a list that is wrong as well: %v", err)
		}
	})
}
