package rest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/gid"
)

// resource is a path and what can be done with it.
type resource struct {
	path    string
	parts   []string // of the path; a variable has braces
	methods map[string]*compiledRoute
}

// compiledRoute is a route of which all is known.
type compiledRoute struct {
	route

	form  *compiledForm
	list  *compiledListing
	shape *shape
	takes map[string]bool // variables of the path that the operation has
	scope string          // the operation that finds what a write is about; empty when there is nothing to find
	found string          // where it answers
}

func newResource(path string) *resource {
	return &resource{path: path, parts: split(path), methods: map[string]*compiledRoute{}}
}

func split(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// compile looks up what a row of the table names.
func compile(p *graph.Prepared, row route) (c *compiledRoute, err error) {
	c = &compiledRoute{route: row, takes: map[string]bool{}}
	if row.operation == "" {
		return c, nil
	}
	op := p.Operation(row.operation)
	if op == nil {
		return nil, errNoOperation(row.operation)
	}
	if row.body != nil {
		if c.form, err = compileForm(p.Schema(), op, row); err != nil {
			return nil, err
		}
	}
	if row.list != nil {
		if c.list, err = compileListing(p.Schema(), op, row.list); err != nil {
			return nil, err
		}
	}
	c.shape = shapeOf(op.SelectionSet).at(row.answer.path)
	for _, param := range variablesOf(row.path) {
		c.takes[param] = op.VariableDefinitions.ForName(param) != nil
	}
	if params := variablesOf(row.path); op.Operation == ast.Mutation && len(params) > 0 {
		c.found = params[len(params)-1]
		c.scope = "Find" + entityOf(c.found)
		if p.Operation(c.scope) == nil {
			return nil, errNoOperation(c.scope)
		}
	}
	return c, nil
}

// errNoOperation names an operation that is not there.
type errNoOperation string

// Error satisfies error.
func (e errNoOperation) Error() string { return "no operation " + string(e) }

// variablesOf lists the variables of a path.
func variablesOf(path string) (names []string) {
	for _, part := range split(path) {
		if name, ok := isVariable(part); ok {
			names = append(names, name)
		}
	}
	return names
}

func isVariable(part string) (name string, ok bool) {
	name, ok = strings.CutPrefix(part, "{")
	return strings.TrimSuffix(name, "}"), ok
}

// match finds the resource of an escaped path, with or without a slash at its end and doubled ones, and the values of its
// variables. Literal parts win over variables.
func (api *API) match(urlPath string) (found *resource, params map[string]string) {
	base, parts := split(Base), split(urlPath)
	if len(parts) < len(base) || !slices.Equal(parts[:len(base)], base) {
		return nil, nil
	}
	parts = parts[len(base):]
	for _, res := range api.paths {
		values, ok := res.match(parts)
		if ok && (found == nil || len(values) < len(params)) {
			found, params = res, values
		}
	}
	return found, params
}

func (res *resource) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(res.parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, part := range res.parts {
		name, ok := isVariable(part)
		switch {
		case ok:
			values[name] = parts[i]
		case part != parts[i]:
			return nil, false
		}
	}
	return values, true
}

// allow lists the methods of the resource, as the header Allow has them.
func (res *resource) allow() string {
	var methods []string
	for _, m := range []string{get, post, put, patch, del} {
		if res.methods[m] != nil {
			methods = append(methods, m)
		}
	}
	if slices.Contains(methods, get) {
		methods = append(methods, "HEAD")
	}
	return strings.Join(append(methods, "OPTIONS"), ", ")
}

// isOpen tells whether all that can be done with the resource is open to all.
func (res *resource) isOpen() bool {
	for _, r := range res.methods {
		if !r.open {
			return false
		}
	}
	return true
}

// keysOf makes the values of a path's variables keys of rows. When one is no number (or UUID, of an annotation), ok
// is false; when it is one that no row has, the key is empty.
func keysOf(params map[string]string) (keys map[string]string, ok bool) {
	keys = make(map[string]string, len(params))
	for name, value := range params {
		if keys[name], ok = keyIn(name, value); !ok {
			return nil, false
		}
	}
	return keys, true
}

func keyIn(name, value string) (string, bool) {
	if name == "annotation" {
		id, err := uuid.Parse(value)
		return id.String(), err == nil
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return "", false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n == 0 {
		return "", true
	}
	return strconv.FormatInt(n, 10), true
}

// variable is the GraphQL form of the value of a path's variable.
func variable(param, value string) any { return gid.Encode(entityOf(param), value) }
