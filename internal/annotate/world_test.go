package annotate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// annotator is the context in which the annotator asks.
func annotator(t *testing.T, w *testkit.World) context.Context {
	t.Helper()
	return w.As(t.Context(), "annotator")
}

// tables are all rows that saving may change, as text.
func tables(t *testing.T, db *database.DB) string {
	t.Helper()
	ctx := access.System(context.Background())
	var b strings.Builder
	enc := json.NewEncoder(&b)
	for _, a := range db.Annotation.Query().Order(annotation.ByID()).AllX(ctx) {
		a.Siblings = nil
		if err := enc.Encode(a); err != nil {
			t.Fatal(err)
		}
	}
	for _, img := range db.Image.Query().Order(image.ByID()).AllX(ctx) {
		if err := enc.Encode(img); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// versionOf is the present version of an image.
func versionOf(t *testing.T, w *testkit.World, img *ent.Image) int {
	t.Helper()
	return w.DB.Image.GetX(access.System(t.Context()), img.ID).Version
}

// on lists the annotations of an image, in their order.
func on(t *testing.T, w *testkit.World, img *ent.Image) []*ent.Annotation {
	t.Helper()
	return w.DB.Annotation.Query().Where(annotation.ImageID(img.ID)).
		Order(annotation.ByPosition(), annotation.ByID()).AllX(access.System(t.Context()))
}

// box is a new box on an image.
func box(w *testkit.World, img *ent.Image, i int) *annotate.CreateInput {
	return &annotate.CreateInput{ImageID: img.ID, LabelID: w.Labels[0].ID, Type: annotate.BoundingBox, Data: testkit.Box(i)}
}

func newID() *gid.AnnotationID {
	id := gid.AnnotationID(uuid.New())
	return &id
}

func sure(v *float64) graphql.Omittable[*float64] { return graphql.OmittableOf(v) }

func create(in *annotate.CreateInput) annotate.Change { return annotate.Change{Create: in} }
func update(in annotate.UpdateInput) annotate.Change  { return annotate.Change{Update: &in} }
func remove(in annotate.DeleteInput) annotate.Change  { return annotate.Change{Delete: &in} }

// outcome is a result as a line: its status, the version it leaves, and what is wrong.
func outcome(r annotate.Result) string {
	var b strings.Builder
	b.WriteString(string(r.Status))
	if r.Annotation != nil {
		fmt.Fprintf(&b, " v%d", r.Annotation.Version)
	}
	for _, f := range r.Problems {
		fmt.Fprintf(&b, "; %s: %s", fault.Path(f.Path...), f.Message)
	}
	return b.String()
}

func outcomes(results []annotate.Result) []string {
	lines := make([]string, len(results))
	for i, r := range results {
		lines[i] = outcome(r)
	}
	return lines
}

// must makes changes of which none may fail.
func must(t *testing.T, w *testkit.World, changes ...annotate.Change) []annotate.Result {
	t.Helper()
	results, err := annotate.Annotate(annotator(t, w), w.DB, w.Dataset.ID, changes, true)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// codeOf is the code that a client sees, or the empty text.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.Describe(err).Code
}

func object(text string) rawjson.Object { return rawjson.Object(text) }
