package rest_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

// accessRow is a row of testdata/access.txt: a request, and what each of testkit.Actors gets from it.
type accessRow struct {
	line   int
	writes bool
	method string
	path   string // below the base, with names of the world's rows in braces
	body   string // JSON, with such names after $
	cells  []string
}

var accessLine = regexp.MustCompile(`^((?:[-0xe✓] ){11})  ([A-Z]+) (\S+) ?(.*)$`)

func readAccessTable(t *testing.T) (table []accessRow) {
	t.Helper()
	file := testkit.Must(os.Open("testdata/access.txt"))(t)
	defer file.Close()
	writes := false
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		switch line := lines.Text(); {
		case line == "" || strings.HasPrefix(line, "#"):
		case line == "reads" || line == "writes":
			writes = line == "writes"
		default:
			match := accessLine.FindStringSubmatch(line)
			if match == nil {
				t.Fatalf("testdata/access.txt:%d is no row: %s", n, line)
			}
			table = append(table, accessRow{n, writes, match[2], match[3], match[4], strings.Fields(match[1])})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

// route is the row's route, as rest.Routes has it.
func (row accessRow) route() string {
	path, _, _ := strings.Cut(row.path, "?")
	return row.method + " " + regexp.MustCompile(`\d`).ReplaceAllString(path, "")
}

// TestAccessTableIsWhole: the table has a row for each route that there is, and for no other.
func TestAccessTableIsWhole(t *testing.T) {
	t.Parallel()
	want := rest.Routes()
	var got []string
	for _, row := range readAccessTable(t) {
		got = append(got, row.route())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("routes of the API and of testdata/access.txt (-API +table):\n%s", diff)
	}
}

// TestAccessTable sends each request as each kind of person. What is refused or only reads changes nothing in
// the database, and what is done changes something.
func TestAccessTable(t *testing.T) {
	t.Parallel()
	accessServers(t, func(t *testing.T, s *accessServer) {
		for _, row := range readAccessTable(t) {
			t.Run(fmt.Sprintf("%d %s", row.line, row.route()), func(t *testing.T) {
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
	var path, body string
	var before []string
	for i, actor := range testkit.Actors {
		if w == nil {
			w = s.newWorld(t)
			path, body = w.fill(t, row.path), w.fill(t, row.body)
			before = w.Dump(t)
		}
		got := w.sendAs(t, actor, row.method, path, body)
		if got.sign() != row.cells[i] {
			t.Errorf("%s gets %s, want %s: %d %s", actor, got.sign(), row.cells[i], got.status, got.body)
		}
		done := row.writes && got.sign() == "✓"
		if after := w.Dump(t); slices.Equal(before, after) == done {
			t.Errorf("%s gets %s: %s\nchanged (-before +after):\n%s", actor, got.sign(), got.body, cmp.Diff(before, after))
		}
		if done || t.Failed() {
			w = nil
		}
	}
}

// emptyPage is what lists answer when there is nothing that one may see.
const emptyPage = `200 {"next":null,"previous":null,"count":0,"page_size":40,"results":[]}`

const (
	notFound  = `404 {"detail":"Not found."}`
	noImage   = `403 {"error":"Invalid image or permission denied."}`
	anonymous = `401 {"detail":"Authentication credentials were not provided."}`
	denied    = `403 {"detail":"You do not have permission to perform this action."}`
)

var accessSigns = map[string]string{anonymous: "-", denied: "x", noImage: "e", notFound: "0", emptyPage: "0"}

// sign is the character of the table that stands for the reply.
func (r reply) sign() string {
	sign, known := accessSigns[r.line()]
	switch {
	case known:
		return sign
	case r.status < http.StatusMultipleChoices:
		return "✓"
	}
	return "?"
}

// line is the reply as a test's table has it.
func (r reply) line() string { return fmt.Sprint(r.status, " ", r.body) }

// TestForeignIDs puts ids that are not there, one at a time, into the paths of all that the owner of a dataset may
// do. Nothing comes of it.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	accessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		w.sibling = w.Sibling(t)
		before := w.Dump(t)
		for _, row := range readAccessTable(t) {
			for _, name := range variableName.FindAllString(row.path, -1) {
				for _, id := range w.strangers(strings.Trim(name, "{}0123456789")) {
					path := w.fill(t, strings.Replace(row.path, name, id, 1))
					got := w.sendAs(t, "owner", row.method, path, w.fill(t, row.body))
					if want := row.withStranger(name, id); got.line() != want {
						t.Errorf("%s %s: %s, want %s", row.method, path, got.line(), want)
					}
				}
			}
		}
		if after := w.Dump(t); !slices.Equal(before, after) {
			t.Errorf("changed (-before +after):\n%s", cmp.Diff(before, after))
		}
	})
}

var (
	variableName = regexp.MustCompile(`\{\w+\}`)
	someNumber   = regexp.MustCompile(`^\d+$`)
)

// withStranger is the answer to the request with an id that is not there in the place of a variable.
func (row accessRow) withStranger(name, id string) string {
	isKey := someNumber.MatchString(id) && name != "{annotation}"
	isList := row.method == http.MethodGet && !strings.HasSuffix(row.path, "}") && !strings.HasSuffix(row.path, "_chart")
	switch {
	case isKey && isList:
		return emptyPage
	case isKey && strings.HasSuffix(row.path, "/annotations/batch"):
		return noImage
	}
	return notFound
}

// strangers are ids that the owner of the world's dataset does not find in the place of a variable.
func (w *accessWorld) strangers(name string) []string {
	const missing, huge = "999999", "99999999999999999999"
	ids := []string{missing, huge, "0", "abc", "1.5", "-1", "%20", "1%00"}
	if name == "annotation" {
		ids = append(ids, "00000000-0000-0000-0000-000000000000", fmt.Sprint(rowsOf(w.World)["annotation2"]))
	}
	for _, other := range []*testkit.World{w.Foreign, w.sibling} {
		if id := fmt.Sprint(rowsOf(other)[name]); name != "dataset" || other == w.Foreign {
			ids = append(ids, id)
		}
	}
	return ids
}
