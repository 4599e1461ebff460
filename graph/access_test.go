package graph_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/graph"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/testkit"
)

// accessRow is a row of testdata/access.txt: an operation, and what each of testkit.Actors gets from it.
type accessRow struct {
	line      int
	kind      string // query or mutation
	field     string
	operation string
	cells     []string
}

var accessLine = regexp.MustCompile(`^((?:[-0xi✓] ){11})  ((\w+).*)$`)

func readAccessTable(t *testing.T) (table []accessRow) {
	t.Helper()
	file := testkit.Must(os.Open("testdata/access.txt"))(t)
	defer file.Close()
	kind := ""
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		switch line := lines.Text(); {
		case line == "" || strings.HasPrefix(line, "#"):
		case line == "query" || line == "mutation":
			kind = line
		default:
			match := accessLine.FindStringSubmatch(line)
			if match == nil {
				t.Fatalf("testdata/access.txt:%d is no row: %s", n, line)
			}
			table = append(table, accessRow{n, kind, match[3], match[2], strings.Fields(match[1])})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

// TestAccessTableIsWhole: the table has a row for each operation that there is, and for no other.
func TestAccessTableIsWhole(t *testing.T) {
	t.Parallel()
	var want, got []string
	schema := graph.ClientSchema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				want = append(want, strings.ToLower(root.Name)+" "+f.Name)
			}
		}
	}
	for _, row := range readAccessTable(t) {
		got = append(got, row.kind+" "+row.field)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("operations of the schema and of testdata/access.txt (-schema +table):\n%s", diff)
	}
}

// TestAccessTable asks each operation as each kind of person. What is refused changes nothing in the
// database, and what is done changes something.
func TestAccessTable(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		for _, row := range readAccessTable(t) {
			t.Run(fmt.Sprintf("%d %s", row.line, row.field), func(t *testing.T) {
				t.Parallel()
				row.check(t, s)
			})
		}
	})
}

// check tries the cells one after the other, those of people who change nothing in one world.
func (row accessRow) check(t *testing.T, s *accessServer) {
	t.Helper()
	var w *accessWorld
	for i, actor := range testkit.Actors {
		if w == nil {
			w = s.newWorld(t)
		}
		ctx, values := w.As(t.Context(), actor), w.values(t, actor, row.operation)
		if row.field == "signOut" {
			ctx = w.inSession(t, actor)
		}
		if got := w.try(ctx, t, row, values); got != row.cells[i] {
			t.Errorf("%s gets %s, want %s", actor, got, row.cells[i])
		}
		if row.kind == "mutation" && row.cells[i] == "✓" || t.Failed() {
			w = nil
		}
	}
}

// try runs the operation and returns the sign of its outcome.
func (w *accessWorld) try(ctx context.Context, t *testing.T, row accessRow, values map[string]accessValue) string {
	t.Helper()
	w.look(t)
	reply := w.send(ctx, t, row.kind, row.operation, values)
	sign := reply.sign()
	if sign == "?" {
		t.Errorf("%s\n%s", row.operation, reply.body)
	}
	if row.kind == "mutation" {
		w.checkChanged(t, sign == "✓", row.operation+"\n"+reply.body)
	}
	return sign
}

// signs are the characters of the table, by the codes of errors.
var signs = map[string]string{"UNAUTHENTICATED": "-", "NOT_FOUND": "0", "FORBIDDEN": "x", "INVALID": "i"}

// sign is the character of the table that stands for the reply.
func (r accessReply) sign() string {
	sign, known := signs[r.code()]
	switch {
	case len(r.Errors) == 0 && isNothing(r.Data):
		return "0"
	case len(r.Errors) == 0:
		return "✓"
	case known && isNothing(r.Data):
		return sign
	}
	return "?"
}

// isNothing tells an answer that says of no row that it exists: nulls, empty lists and counts of 0.
func isNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case float64:
		return v == 0
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !isNothing(e) })
	case map[string]any:
		for _, e := range v {
			if !isNothing(e) {
				return false
			}
		}
		return true
	}
	return false
}
