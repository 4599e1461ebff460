package rest

import (
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/openapi"
)

// commonRefusals are those that many routes share.
var commonRefusals = []struct {
	name string
	says string
	like refusal
}{
	{
		"Invalid", "What is wrong, by field of the body or parameter of the query; detail alone when a body cannot be read.",
		refusal{http.StatusBadRequest, map[string]any{"name": []string{isRequired.Error()}}},
	},
	{"Unauthorized", "Nobody has signed in.", refusal{http.StatusUnauthorized, detail("Authentication credentials were not provided.")}},
	{"Forbidden", "This is not for who asks.", denied},
	{"NotFound", "There is no such thing, or it is not for who asks.", notFound},
	{"TooLarge", "The body is too large.", refusal{http.StatusRequestEntityTooLarge, detail("the body is too large")}},
	{"Unsupported", "The body is of no type that is read.", refusal{http.StatusUnsupportedMediaType, detail(`Unsupported media type "text/plain" in request.`)}},
	{"TooMany", "Too many attempts have failed.", refusal{http.StatusTooManyRequests, detail("too many requests: try again in 4 s")}},
}

// addRefusals puts them among the components.
func (d describer) addRefusals() {
	d.doc.Components.Schemas.Set("Detail", like(detail("")))
	d.doc.Components.Schemas.Set("Complaints", &openapi.Schema{
		Type: openapi.Types{"object"}, Description: "What is wrong, by field; non_field_errors is about the whole.",
		AdditionalProperties: openapi.ListOf(openapi.Of("string")),
	})
	for _, r := range commonRefusals {
		schema := openapi.RefTo("Detail")
		if r.like.status == http.StatusBadRequest {
			schema = &openapi.Schema{AnyOf: []*openapi.Schema{openapi.RefTo("Complaints"), schema}}
		}
		d.doc.Components.Responses.Set(r.name, refusalLike(r.says, schema, r.like))
	}
}

func refusalLike(says string, schema *openapi.Schema, r refusal) *openapi.Response {
	response := &openapi.Response{Description: says}
	response.Content.Set("application/json", &openapi.Media{Schema: schema, Example: r.body})
	header, about := headerOf(r.status)
	if header != "" {
		response.Headers.Set(header, &openapi.Header{Description: about, Schema: openapi.Of("string")})
	}
	return response
}

func headerOf(status int) (name, says string) {
	switch status {
	case http.StatusUnauthorized:
		return "WWW-Authenticate", "Token."
	case http.StatusTooManyRequests:
		return "Retry-After", "How many seconds to wait."
	}
	return "", ""
}

// refused are the refusals of a route, by status, in its words.
func (d describer) refused(c *compiledRoute, op *ast.OperationDefinition) map[int]*openapi.Response {
	all := map[int]*openapi.Response{}
	for _, r := range commonRefusals {
		if !c.mayRefuse(r.like.status, op) {
			continue
		}
		status, response := c.says.document(r.name, r.says, r.like.status)
		if all[status] == nil {
			all[status] = response
		}
	}
	return all
}

// document is a refusal that many routes share, in the words of this one.
func (w wording) document(name, says string, status int) (int, *openapi.Response) {
	if instead, ok := w.instead[status]; ok {
		return instead.status, refusalLike(says, like(instead.body), instead)
	}
	if w.member != "" && status == http.StatusBadRequest {
		body := map[string]any{w.member: "name: " + isRequired.Error()}
		return status, refusalLike("What is wrong, in one text.", like(body), refusal{status, body})
	}
	return status, &openapi.Response{Ref: "#/components/responses/" + name}
}

// mayRefuse tells whether a route answers with a status at times.
func (c *compiledRoute) mayRefuse(status int, op *ast.OperationDefinition) bool {
	switch status {
	case http.StatusBadRequest:
		return c.form != nil || c.list != nil
	case http.StatusUnauthorized:
		return c.answer.serve == nil
	case http.StatusForbidden:
		return op != nil && op.Operation == ast.Mutation && !c.open
	case http.StatusNotFound:
		return len(variablesOf(c.path)) > 0 || c.list != nil
	case http.StatusTooManyRequests:
		return c.body == credentials
	}
	return c.form != nil
}
