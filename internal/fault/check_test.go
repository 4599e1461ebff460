package fault_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		check func(*fault.Check)
		want  string
	}{
		"nothing":        {func(*fault.Check) {}, ""},
		"so":             {func(c *fault.Check) { c.That(true, "no", "a") }, ""},
		"not so":         {func(c *fault.Check) { c.That(false, "no", "a") }, "a: no"},
		"no path":        {func(c *fault.Check) { c.That(false, "no") }, "no"},
		"two":            {func(c *fault.Check) { c.That(false, "no", "a"); c.That(false, "never", "b", 1) }, "a: no; b[1]: never"},
		"text":           {func(c *fault.Check) { c.Text(text("ééé"), 3, "a") }, ""},
		"no text":        {func(c *fault.Check) { c.Text(nil, 0, "a") }, ""},
		"empty text":     {func(c *fault.Check) { c.Text(text(""), 0, "a") }, ""},
		"long text":      {func(c *fault.Check) { c.Text(text("éééé"), 3, "a") }, "a: has 4 characters; at most 3 are allowed"},
		"NUL":            {func(c *fault.Check) { c.Text(text("a\x00"), 3, "a") }, "a: must not contain the character NUL"},
		"line":           {func(c *fault.Check) { c.Line(text(" x "), 3, "a") }, ""},
		"no line":        {func(c *fault.Check) { c.Line(nil, 3, "a") }, ""},
		"blank line":     {func(c *fault.Check) { c.Line(text(" \t\n"), 1, "a") }, "a: must not be blank"},
		"empty line":     {func(c *fault.Check) { c.Line(text(""), 1, "a") }, "a: must not be blank"},
		"long line":      {func(c *fault.Check) { c.Line(text("abcd"), 3, "a") }, "a: has 4 characters; at most 3 are allowed"},
		"taken over":     {func(c *fault.Check) { c.Add(fault.Fields{{Path: []any{"a"}, Message: "no"}}, "list", 2) }, "list[2].a: no"},
		"error":          {func(c *fault.Check) { c.AddErr(fault.InvalidAt("no", "a")) }, "a: no"},
		"no error":       {func(c *fault.Check) { c.AddErr(nil) }, ""},
		"wrapped error":  {func(c *fault.Check) { c.AddErr(errors.Join(fault.InvalidAt("no", "a"))) }, "a: no"},
		"foreign errors": {func(c *fault.Check) { c.AddErr(errors.New("no")) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c fault.Check
			tt.check(&c)
			err := c.Err()
			if (err == nil) != (tt.want == "") || err != nil && (err.Error() != tt.want || !errors.Is(err, fault.Invalid)) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// TestAddKeepsPathsApart: complaints that are taken over twice share no memory.
func TestAddKeepsPathsApart(t *testing.T) {
	t.Parallel()
	var c fault.Check
	base := make([]any, 1, 8)
	base[0] = "list"
	for _, name := range []string{"a", "b"} {
		c.Add(fault.Fields{{Path: []any{name}, Message: "no"}}, base...)
	}
	if diff := cmp.Diff("list.a: no; list.b: no", c.Err().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
