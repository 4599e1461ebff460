package rest

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/web"
)

// ServeHTTP answers requests under Base.
func (api *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if file := api.docs.assets[r.URL.Path]; file != nil {
		file.ServeHTTP(w, r)
		return
	}
	res, params := api.match(r.URL.EscapedPath())
	if res == nil {
		api.refuse(w, r, notFound)
		return
	}
	w.Header().Set("Allow", res.allow())
	w.Header().Add("Vary", "Accept")
	if r.Method == http.MethodOptions {
		write(w, ok, res.describe())
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = get
	}
	c := &call{api: api, r: r, open: res.isOpen(), route: res.methods[method]}
	if c.route != nil && c.route.answer.serve != nil {
		c.route.answer.serve(api, w, r)
		return
	}
	defer c.removeFiles()
	body, err := c.answer(params)
	if err != nil {
		api.refuse(w, r, err)
		return
	}
	status := c.route.status
	if method == get && status == ok && isKnown(w.Header(), r.Header, body) {
		status, body = http.StatusNotModified, nil
	}
	write(w, status, body)
}

// call is one request.
type call struct {
	api    *API
	r      *http.Request
	open   bool              // all methods of the resource are open to all
	route  *compiledRoute    // nil when the resource knows no such method
	params map[string]string // keys of the rows that the path names, by its variables
	sent   sent
}

// removeFiles deletes what a form left on the disk.
func (c *call) removeFiles() {
	if c.r.MultipartForm != nil {
		_ = c.r.MultipartForm.RemoveAll() // a file that stays is the system's to clear
	}
}

// answer returns the body of the answer.
func (c *call) answer(params map[string]string) ([]byte, error) {
	if err := c.signIn(); err != nil {
		return nil, err
	}
	if c.route == nil {
		return nil, refusal{http.StatusMethodNotAllowed, detail("Method \"" + c.r.Method + "\" not allowed.")}
	}
	var isKey bool
	if c.params, isKey = keysOf(params); !isKey {
		return nil, notFound
	}
	if c.route.answer.paged {
		return c.page()
	}
	for _, key := range c.params {
		if key == "" {
			return nil, c.route.says.of(notFound)
		}
	}
	variables, err := c.variables()
	if err != nil {
		return nil, err
	}
	value, err := c.ask(variables)
	if err != nil {
		return nil, err
	}
	return c.route.answer.write(c, value)
}

// signIn finds out who asks. To sign in, nobody has a use for old credentials; what else is open to all looks at
// credentials because they tell who asks.
func (c *call) signIn() error {
	if c.open && (c.route == nil || c.route.method == post) {
		c.r.Body = http.MaxBytesReader(nil, c.r.Body, openBody)
		return nil
	}
	v, err := c.api.authenticate(c.r.Context(), c.r.Header.Get("Authorization"))
	switch {
	case err == nil:
		c.r = c.r.WithContext(access.WithViewer(c.r.Context(), v))
	case errors.Is(err, auth.ErrNoCredentials) && c.open:
	default:
		return err
	}
	return nil
}

// openBody is how many bytes anybody may send without having signed in.
const openBody = 64 << 10

// variables are those of the route's operation. The body of a request that writes is read once what it is about is
// known to be there for who asks.
func (c *call) variables() (map[string]any, error) {
	if err := c.find(); err != nil {
		return nil, err
	}
	variables := c.pathVariables()
	if c.route.form == nil {
		return variables, nil
	}
	body, err := c.route.form.readBody(c.r)
	if err != nil {
		return nil, c.route.says.of(err)
	}
	sent, wrong, err := c.route.form.variables(body, c.params)
	switch {
	case err != nil:
		return nil, err
	case wrong != nil:
		return nil, c.route.says.about(wrong)
	}
	maps.Copy(variables, sent)
	c.sent = body
	return variables, nil
}

// find looks whether what a write is about is there, in what the path says that it is in. None of it ever moves.
func (c *call) find() error {
	if c.route.scope == "" {
		return nil
	}
	variables := map[string]any{}
	for name, key := range c.params {
		variables[name] = variable(name, key)
	}
	response := c.run(c.route.scope, variables)
	if len(response.Errors) > 0 {
		return c.route.says.failure(response, nil, sent{})
	}
	if absent(member(response.Data, c.route.found)) {
		return c.route.says.of(notFound)
	}
	return nil
}

func (c *call) pathVariables() map[string]any {
	variables := map[string]any{}
	for name, key := range c.params {
		if c.route.takes[name] {
			variables[name] = variable(name, key)
		}
	}
	return variables
}

// How long an operation may take.
const (
	usualTime = time.Minute
	longTime  = 15 * time.Minute // of those that go through all pictures of a dataset or a zip, or wait behind other pictures
)

// run runs an operation for who asks.
func (c *call) run(operation string, variables map[string]any) *graphql.Response {
	limit := usualTime
	if c.route.long {
		limit = longTime
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), limit)
	defer cancel()
	response := c.api.run.Run(ctx, operation, c.r.Header, variables)
	if response == nil {
		return &graphql.Response{Data: []byte("null")} // the client has gone
	}
	return response
}

// ask runs the route's operation and returns what the path of its answer leads to, in the old spelling.
func (c *call) ask(variables map[string]any) ([]byte, error) {
	if c.route.operation == "" {
		return nil, nil
	}
	response := c.run(c.route.operation, variables)
	if len(response.Errors) > 0 {
		return nil, c.route.says.failure(response, c.route.form, c.sent)
	}
	value := find(response.Data, c.route.answer.path)
	if absent(value) {
		return nil, c.route.says.of(notFound)
	}
	body, _ := c.route.shape.write(make([]byte, 0, len(value)), value)
	return body, nil
}

// describe answers OPTIONS.
func (res *resource) describe() []byte {
	return encode(map[string]any{
		"name":        res.path,
		"description": "",
		"renders":     []string{"application/json"},
		"parses":      []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"},
	})
}

// encode writes JSON as the old service did, without escaping for HTML.
func encode(v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // made of maps, lists and texts alone
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func write(w http.ResponseWriter, status int, body []byte) {
	if w.Header().Get("ETag") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON, and typed so; it fails when the client has gone
}

// rootBody names what there is.
func rootBody(c *call, _ []byte) ([]byte, error) {
	return encode(map[string]string{"datasets": web.BaseURL(c.r.Context()) + Base + "/datasets/"}), nil
}
