package rest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/openapi"
)

// scalars are the JSON types of those of GraphQL, with their formats.
var scalars = map[string]openapi.Schema{
	"Int":        {Type: openapi.Types{"integer"}},
	"Float":      {Type: openapi.Types{"number"}},
	"Boolean":    {Type: openapi.Types{"boolean"}},
	"String":     {Type: openapi.Types{"string"}},
	"ID":         {Type: openapi.Types{"string"}},
	"Time":       {Type: openapi.Types{"string"}, Format: "date-time"},
	"JSONObject": *openapi.AnyObject(),
}

// formats are those of texts of which GraphQL has no type.
var formats = map[string]string{"Annotation.databaseId": "uuid", "Image.url": "uri", "Snapshot.fileUrl": "uri"}

// answered is the answer of a route when all goes well.
func (d describer) answered(c *compiledRoute, op *ast.OperationDefinition) *openapi.Response {
	if c.status == noContent {
		return &openapi.Response{Description: "Done."}
	}
	schema := d.answerSchema(c, op)
	response := &openapi.Response{Description: "Done."}
	if len(c.answer.media) == 0 {
		response.Content.Set("application/json", &openapi.Media{Schema: schema, Example: d.example(schema)})
	}
	for _, media := range c.answer.media {
		response.Content.Set(media, &openapi.Media{Schema: schema})
	}
	return response
}

func (d describer) example(s *openapi.Schema) any { return d.doc.Components.Example(s, examples) }

func (d describer) answerSchema(c *compiledRoute, op *ast.OperationDefinition) *openapi.Schema {
	switch {
	case c.answer.like != "":
		return likeJSON(c.answer.like)
	case c.answer.paged:
		return d.page(fieldAt(op.SelectionSet, c.answer.path))
	case len(c.answer.path) == 0:
		return d.object(op.SelectionSet)
	}
	field := fieldAt(op.SelectionSet, c.answer.path)
	return d.value(field, field.Definition.Type, true)
}

// page is the schema of a page of a connection.
func (d describer) page(connection *ast.Field) *openapi.Schema {
	results := fieldAt(connection.SelectionSet, []string{"results"})
	name := strings.TrimSuffix(connection.Definition.Type.Name(), "Connection") + "Page"
	page := openapi.Of("object")
	page.Description = "A page of a list."
	page.Add("next", described(openapi.Of("integer").Nullable(), "The number of the next page; null on the last one."), true)
	page.Add("previous", described(openapi.Of("integer").Nullable(), "The number of the previous page; null on the first one."), true)
	page.Add("count", described(openapi.Of("integer"), "How many rows all pages have."), true)
	page.Add("page_size", described(openapi.Of("integer"), "How many rows a page has at most."), true)
	page.Add("results", d.value(results, results.Definition.Type, true), true)
	return d.component(name, page)
}

func described(s *openapi.Schema, says string) *openapi.Schema {
	s.Description = old.Replace(says)
	return s
}

// component puts a schema among those that the document refers to.
func (d describer) component(name string, s *openapi.Schema) *openapi.Schema {
	d.doc.Components.Schemas.Set(name, s)
	return openapi.RefTo(name)
}

// value is the schema of a field's value, in the spelling that shape gives it.
func (d describer) value(field *ast.Field, typ *ast.Type, notNull bool) *openapi.Schema {
	var s *openapi.Schema
	switch {
	case typ.Elem != nil:
		s = openapi.ListOf(d.value(field, typ.Elem, false))
	case len(field.SelectionSet) > 0:
		s = d.selection(field.SelectionSet)
	default:
		s = d.scalar(field, typ.NamedType)
	}
	if typ.NonNull || notNull {
		return s
	}
	return s.Nullable()
}

func (d describer) scalar(field *ast.Field, typ string) *openapi.Schema {
	if s, ok := scalars[typ]; ok {
		s.Type = slices.Clone(s.Type) // null may come to it
		if format, ok := formats[field.ObjectDefinition.Name+"."+field.Name]; ok {
			s.Format = format
		}
		return &s
	}
	s := openapi.Of("string")
	for _, value := range d.prepared.Schema().Types[typ].EnumValues {
		s.Enum = append(s.Enum, value.Name)
	}
	return s
}

// selection is the schema of what is selected of an object. A fragment alone is a component.
func (d describer) selection(set ast.SelectionSet) *openapi.Schema {
	spread, ok := set[0].(*ast.FragmentSpread)
	if !ok || len(set) > 1 {
		return d.object(set)
	}
	name := strings.TrimSuffix(spread.Name, "Fields")
	if _, known := d.doc.Components.Schemas.Get(name); known {
		return openapi.RefTo(name)
	}
	typ := d.prepared.Schema().Types[spread.Definition.TypeCondition]
	return d.component(name, described(d.object(spread.Definition.SelectionSet), typ.Description))
}

func (d describer) object(set ast.SelectionSet) *openapi.Schema {
	s := openapi.Of("object")
	d.addMembers(s, set, true)
	if only, ok := s.Properties.Get("_"); ok {
		return only
	}
	return s
}

// addMembers adds what is selected to the properties of an object; always tells that it is never left out.
func (d describer) addMembers(s *openapi.Schema, set ast.SelectionSet, always bool) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			d.addMember(s, selection, always)
		case *ast.InlineFragment:
			d.addMembers(s, selection.SelectionSet, false)
		case *ast.FragmentSpread:
			d.addMembers(s, selection.Definition.SelectionSet, always)
		}
	}
}

func (d describer) addMember(s *openapi.Schema, field *ast.Field, always bool) {
	def := field.Definition
	switch {
	case field.Alias == "_":
		s.Add("_", d.value(field, def.Type, false), true)
	case strings.HasPrefix(field.Alias, "_"):
		d.addMembers(s, field.SelectionSet, always && def.Type.NonNull)
	default:
		s.Add(field.Alias, described(d.value(field, def.Type, false), def.Description), always)
	}
}

// responses are all answers of a route, by status.
func (d describer) responses(c *compiledRoute, op *ast.OperationDefinition) (all openapi.Map[*openapi.Response]) {
	all.Set(strconv.Itoa(c.status), d.answered(c, op))
	refused := d.refused(c, op)
	for _, status := range slices.Sorted(maps.Keys(refused)) {
		all.Set(strconv.Itoa(status), refused[status])
	}
	return all
}

// likeJSON is the schema of values like an example.
func likeJSON(example string) *openapi.Schema {
	var value any
	_ = json.Unmarshal([]byte(example), &value) // a constant
	return like(value)
}

func like(value any) *openapi.Schema {
	switch value := value.(type) {
	case map[string]any:
		s := openapi.Of("object")
		for _, name := range slices.Sorted(maps.Keys(value)) {
			s.Add(name, like(value[name]), true)
		}
		return s
	case []string:
		return openapi.ListOf(openapi.Of("string"))
	case bool:
		return openapi.Of("boolean")
	}
	return openapi.Of("string")
}
