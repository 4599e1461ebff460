package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

// fact is a request and what is right to answer.
type fact struct {
	name    string
	request string // a method and a path below the base; ~ is the path of the dataset, $image the id of a row
	body    string // JSON, or a form after "form "
	want    string // a status and JSON: all of a refusal, and part of another answer, see answered
}

// client is the owner of a world's dataset, and what requests call its rows.
type client struct {
	*server
	*testkit.World
	key   string // an Authorization header
	names map[string]string
}

// clients runs test on each of the two databases.
func clients(t *testing.T, test func(t *testing.T, c *client)) {
	t.Helper()
	t.Parallel()
	servers(t, func(t *testing.T, s *server) {
		w := s.world(t)
		c := &client{server: s, World: w, key: s.keyOf(t, w.Users["owner"]), names: map[string]string{}}
		c.nameRows("", w)
		c.nameRows("foreign_", w.Foreign)
		c.nameRows("other_", w.Sibling(t))
		test(t, c)
	})
}

// nameRows names the rows of a world, with a prefix.
func (c *client) nameRows(prefix string, w *testkit.World) {
	for name, id := range rowsOf(w) {
		c.names[prefix+name] = fmt.Sprint(id)
	}
	for actor, u := range w.Users {
		c.names[prefix+strings.ReplaceAll(actor, " ", "_")] = fmt.Sprint(u.ID)
	}
}

var nameInText = regexp.MustCompile(`\$(\w+)`)

// fill puts values for the names in a text.
func (c *client) fill(tb testing.TB, text string) string {
	tb.Helper()
	return nameInText.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := c.names[name[1:]]
		if !ok {
			tb.Fatalf("nothing is called %s", name)
		}
		return value
	})
}

// target is the path of a request.
func (c *client) target(tb testing.TB, path string) string {
	tb.Helper()
	if below, ok := strings.CutPrefix(path, "~"); ok {
		path = "/datasets/$dataset" + below
	}
	return c.fill(tb, rest.Base+path)
}

// ask sends a fact's request, or one that is written like it.
func (c *client) ask(tb testing.TB, request, body string) reply {
	tb.Helper()
	method, path, _ := strings.Cut(request, " ")
	contentType := "application/json"
	if form, ok := strings.CutPrefix(body, "form "); ok {
		contentType, body = "application/x-www-form-urlencoded", form
	}
	if body == "" {
		contentType = ""
	}
	return c.send(tb, c.key, method, c.target(tb, path), contentType, strings.NewReader(c.fill(tb, body)))
}

// check asks and compares.
func (c *client) check(tb testing.TB, f fact) {
	tb.Helper()
	got := c.ask(tb, f.request, f.body)
	c.compare(tb, f.name, got, f.want)
}

// compare complains unless the reply is the one that is right.
func (c *client) compare(tb testing.TB, name string, got reply, want string) {
	tb.Helper()
	status, body, _ := strings.Cut(c.fill(tb, want), " ")
	if strconv.Itoa(got.status) != status {
		tb.Errorf("%s: %s, want %s", name, got.line(), want)
		return
	}
	if body == "" {
		return
	}
	var wanted, answered any
	if err := json.Unmarshal([]byte(body), &wanted); err != nil {
		tb.Fatalf("%s: %v: %s", name, err, body)
	}
	if err := json.Unmarshal([]byte(got.body), &answered); err != nil {
		tb.Errorf("%s: %v: %s", name, err, got.body)
		return
	}
	if got.status >= http.StatusBadRequest && !cmp.Equal(wanted, answered) || !c.answered(wanted, answered) {
		tb.Errorf("%s: %s\nwant %s", name, got.line(), want)
	}
}

// answered tells whether all that is wanted is in an answer: every member of an object, and lists whole. A text that
// starts with = names what is there, for later requests, and one that starts with ~ is a regular expression.
func (c *client) answered(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, value := range want {
			below, present := object[name]
			ok = ok && present && c.answered(value, below)
		}
		return ok
	case []any:
		list, ok := got.([]any)
		return ok && slices.EqualFunc(want, list, c.answered)
	case string:
		text, isText := got.(string)
		if name, ok := strings.CutPrefix(want, "="); ok {
			c.names[name] = fmt.Sprint(got)
			return got != nil
		}
		if pattern, ok := strings.CutPrefix(want, "~"); ok {
			return isText && regexp.MustCompile(pattern).MatchString(text)
		}
	}
	return want == got
}

// converse checks facts one after the other.
func (c *client) converse(tb testing.TB, facts []fact) {
	tb.Helper()
	for _, f := range facts {
		c.check(tb, f)
	}
}

// refused checks facts, none of which changes anything.
func (c *client) refused(tb testing.TB, facts []fact) {
	tb.Helper()
	before := c.Dump(tb)
	c.converse(tb, facts)
	if after := c.Dump(tb); !slices.Equal(before, after) {
		tb.Errorf("changed (-before +after):\n%s", cmp.Diff(before, after))
	}
}

// asSystem is a context in which a test itself changes rows.
func asSystem(tb testing.TB) context.Context {
	tb.Helper()
	return access.System(context.WithoutCancel(tb.Context()))
}
