package rest

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/openapi"
)

// parameters are those of a route's path and query.
func (d describer) parameters(c *compiledRoute, op *ast.OperationDefinition) []openapi.Parameter {
	all := pathParameters(c.path)
	if c.list != nil {
		all = append(all, d.listParameters(c.list, op)...)
	}
	if len(c.answer.media) > 1 {
		all = append(all, inQuery("format", "Instead of the header Accept.", oneOf([]string{"json", "yaml"})))
	}
	return all
}

func pathParameters(path string) []openapi.Parameter {
	var all []openapi.Parameter
	for _, name := range variablesOf(path) {
		schema := rowKey()
		if name == "annotation" {
			schema = uuidKey.schema()
		}
		all = append(all, openapi.Parameter{Name: name, In: "path", Description: "The " + name + ".", Required: true, Schema: schema})
	}
	return all
}

func inQuery(name, says string, schema *openapi.Schema) openapi.Parameter {
	return openapi.Parameter{Name: name, In: "query", Description: says, Schema: schema}
}

func oneOf(values []string) *openapi.Schema {
	s := openapi.Of("string")
	for _, value := range values {
		s.Enum = append(s.Enum, value)
	}
	return s
}

// listParameters are those of a list.
func (d describer) listParameters(l *compiledListing, op *ast.OperationDefinition) []openapi.Parameter {
	all := []openapi.Parameter{
		inQuery("page", "Its number, from 1, or last; 1 when absent.", &openapi.Schema{
			AnyOf: []*openapi.Schema{rowKey(), oneOf([]string{"last"})},
		}),
		inQuery("page_size", "How many rows a page has.", &openapi.Schema{
			Type: openapi.Types{"integer"}, Minimum: new(1), Maximum: new(pageSize), Default: pageSize,
		}),
		inQuery("ordering", "What the rows are ordered by; with a minus before it, from the last to the first.", l.ordering()),
	}
	if len(l.search) > 0 {
		all = append(all, inQuery("search", "Words that the name must have, whatever the case of their letters.", openapi.Of("string")))
	}
	where := d.prepared.Schema().Types[op.VariableDefinitions.ForName("where").Type.Name()]
	for _, f := range l.filters {
		all = append(all, inQuery(f.param, f.about(where.Fields.ForName(f.field)), f.schema()))
	}
	return all
}

func (l *compiledListing) ordering() *openapi.Schema {
	var values []string
	for _, order := range l.orders {
		values = append(values, order, "-"+order)
	}
	s := oneOf(values)
	if l.byDefault != "" {
		s.Default = l.byDefault
	}
	return s
}

// about is what the schema says of a condition, with the old name of what it is about.
func (f compiledFilter) about(def *ast.FieldDefinition) string {
	subject, _, _ := strings.Cut(def.Description, " ")
	name, _, _ := strings.Cut(f.param, "__")
	if !strings.HasPrefix(f.field, subject) {
		return def.Description
	}
	return name + strings.TrimPrefix(def.Description, subject)
}

func (f compiledFilter) schema() *openapi.Schema {
	if f.typ == "ID" {
		return rowKey()
	}
	s := scalars[f.typ]
	return &s
}
