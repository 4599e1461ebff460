package rest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

// oddValues are of every type, and at the ends of what there is.
var oddValues = []string{
	`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `9223372036854775808`, `""`, `" "`, `"x"`, `"\u0000"`, `"\ud800"`, `"1"`, `[]`, `[null]`, `[[]]`, `["x"]`,
	`{}`, `{"": null}`, `{"a": "\u0000"}`, `{"a": "\ud800"}`, `{"a": 1e400}`, `"` + strings.Repeat("é", 1<<14) + `"`, `{"a": ` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`,
}

// TestOddValues puts each of them into each member of the bodies of the access table. None is our fault.
func TestOddValues(t *testing.T) {
	t.Parallel()
	accessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		seen := map[string]bool{}
		for _, row := range readAccessTable(t) {
			if seen[row.route()] || row.method == http.MethodPut || !strings.Contains(row.body, "{") {
				continue // a PUT is read as a PATCH
			}
			seen[row.route()] = true
			path, body := w.fill(t, row.path), w.fill(t, row.body)
			inList := strings.HasPrefix(body, "[")
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(strings.Trim(body, "[]")), &members); err != nil {
				t.Fatal(err)
			}
			for name := range members {
				for _, value := range oddValues {
					odd := maps.Clone(members)
					odd[name] = json.RawMessage(value)
					text := string(testkit.Must(json.Marshal(odd))(t))
					if inList {
						text = "[" + text + "]"
					}
					if got := w.sendAs(t, "owner", row.method, path, text); got.status >= http.StatusInternalServerError {
						t.Errorf("%s %s %.200s: %s", row.method, path, text, got.line())
					}
				}
			}
		}
	})
}

// TestOddQueries puts odd values into each parameter of each list. Both databases answer the same.
func TestOddQueries(t *testing.T) {
	t.Parallel()
	parameters := map[string][]string{
		"/datasets":                   {"page", "page_size", "ordering", "search", "created_at__gte"},
		"/datasets/{dataset}/images":  {"name", "prompt", "generation_type", "is_synthetic", "job", "base_image", "search", "ordering"},
		"/datasets/{dataset}/jobs":    {"owner", "assignee", "timestamp", "done"},
		"/datasets/{dataset}/batches": {"unassigned", "unassigned_gt", "workbench", "updated_at"},
	}
	values := []string{
		"", " ", "0", "-1", "1.5", "1e9", "Inf", "NaN", "99999999999999999999", "x", "\x00", "x\x00", "\xff", "é", "%", "_", "\\", "'", "true", "null", "[]", "{}",
		"0000-00-00", "0001-01-01", "9999-12-31T23:59:59-23:59", "2024-02-30", "-created_at,name", strings.Repeat("x ", 5000),
	}
	answers := make(chan []string, 2)
	accessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		var got []string
		for _, list := range slices.Sorted(maps.Keys(parameters)) {
			for _, parameter := range parameters[list] {
				for _, value := range values {
					query := list + "?" + url.Values{parameter: {value}}.Encode()
					reply := w.sendAs(t, "owner", "GET", w.fill(t, query), "")
					if reply.status >= http.StatusInternalServerError {
						t.Errorf("%.200s: %s", query, reply.line())
					}
					if count, _, _ := strings.Cut(reply.body, `"results"`); parameter != "search" { // some names are random
						got = append(got, query+" "+count)
					}
				}
			}
		}
		answers <- got
	})
	t.Cleanup(func() {
		if len(answers) < cap(answers) {
			return // there is one database
		}
		one, other := <-answers, <-answers
		for i := range one {
			if one[i] != other[i] {
				t.Errorf("%.300s, and of the other database %.300s", one[i], other[i])
			}
		}
	})
}

// TestListsAskOnce: a page takes as many statements as it takes for one row.
func TestListsAskOnce(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		lists := []string{"/datasets/", "~/labels/", "~/images/", "~/images/$image3/annotations/", "~/batches/", "~/jobs/"}
		count := func() (statements []int64) {
			for _, list := range lists {
				before := c.statements.Load()
				c.check(t, fact{list, "GET " + list, "", "200"})
				statements = append(statements, c.statements.Load()-before)
			}
			return statements
		}
		grow := func() {
			c.Sibling(t)
			c.converse(t, []fact{
				{"label", "POST ~/labels/", `{"name": "x", "color": "red"}`, `201 {"id": "=more"}`},
				{"batch", "POST ~/batches/", `{"name": "x"}`, `201 {"id": "=batch"}`},
				{"job", "POST ~/jobs/", `{"assignee": $viewer, "batch": $batch}`, `201 {"id": "=job"}`},
				{"image", "POST ~/images/", `{"image": "$png", "job": $job, "batch": $batch, "base_image": $image}`, `201 {"id": "=made"}`},
				{"annotation", "POST ~/images/$made/annotations/", `{"label": $more, "type": "dot", "data": {}}`, "201"},
				{"another", "POST ~/images/$image3/annotations/", `{"label": $more, "type": "dot", "data": {}}`, "201"},
			})
		}
		grow()
		few := count()
		for range 3 {
			grow()
		}
		if many := count(); !slices.Equal(few, many) {
			t.Errorf("lists of few rows take %d statements, of many %d", few, many)
		}
	})
}
