package rest

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/openapi"
)

// body is what a route reads. Lists come as JSON alone.
func (d describer) body(c *compiledRoute, op *ast.OperationDefinition) *openapi.Body {
	if c.form == nil {
		return nil
	}
	f := formDescriber{c.form, op, d.prepared.Schema()}
	name := d.idOf(c) + "Body"
	schema := f.schema(inJSON)
	body := &openapi.Body{Required: len(schema.Required) > 0 || c.form.list != ""}
	if c.form.list != "" {
		schema = openapi.ListOf(d.component(name+"Item", schema))
		body.Content.Set("application/json", &openapi.Media{Schema: schema, Example: d.example(schema)})
		return body
	}
	ref := d.component(name, schema)
	body.Content.Set("application/json", &openapi.Media{Schema: ref, Example: d.example(ref)})
	if f.has(jsonObject) {
		ref = d.component(name+"AsForm", f.schema(inForm))
	}
	body.Content.Set("application/x-www-form-urlencoded", &openapi.Media{Schema: ref})
	if f.has(picture) || f.has(upload) {
		ref = d.component(name+"WithFile", f.schema(withFile))
	}
	body.Content.Set("multipart/form-data", &openapi.Media{Schema: ref})
	return body
}

// manner is how a body is written.
type manner int

const (
	inJSON   manner = iota
	inForm          // objects are JSON in text
	withFile        // likewise, and files come as such
)

// formDescriber writes the schemas of a form.
type formDescriber struct {
	form *compiledForm
	op   *ast.OperationDefinition
	of   *ast.Schema
}

// schema is that of the form's fields.
func (f formDescriber) schema(as manner) *openapi.Schema {
	s := openapi.Of("object")
	for _, field := range f.form.fields {
		value := field.schema(as)
		s.Add(field.wire, described(value, cmp.Or(value.Description, f.about(field))), field.required)
	}
	return s
}

func (f formDescriber) has(k kind) bool {
	return slices.ContainsFunc(f.form.fields, func(field compiledField) bool { return field.kind == k })
}

func (f compiledField) isFile() bool { return f.kind == picture || f.kind == upload }

// about is what the schema says of a field: in the operation's input, in the one that makes rows, or of an argument.
func (f formDescriber) about(field compiledField) string {
	name := field.name
	if field.isFile() {
		name = "data"
	}
	input := f.op.VariableDefinitions.ForName(cmp.Or(f.form.list, "input"))
	if input == nil {
		return f.aboutArgument(name)
	}
	for _, typ := range []string{input.Type.Name(), f.form.create} {
		if def := f.of.Types[typ].Fields.ForName(name); def != nil {
			return def.Description
		}
	}
	return ""
}

// aboutArgument is what the schema says of the argument that a variable is given to.
func (f formDescriber) aboutArgument(variable string) string {
	called := fieldAt(f.op.SelectionSet, nil)
	for _, argument := range called.Arguments {
		if argument.Value.Raw == variable {
			return called.Definition.Arguments.ForName(argument.Name).Description
		}
	}
	return ""
}

// schema is that of a field's values.
func (f compiledField) schema(as manner) *openapi.Schema {
	s := f.kind.schema()
	switch {
	case f.kind == text:
		s.MaxLength = f.max
		if !f.blank {
			s.MinLength = 1
		}
	case f.kind == jsonObject && as != inJSON:
		s = &openapi.Schema{Type: openapi.Types{"string"}, Description: "A JSON object, as text."}
	case f.isFile() && as == withFile:
		s.Format, s.ContentMediaType = "binary", "application/octet-stream"
	}
	if f.nullable {
		return s.Nullable()
	}
	return s
}

func (k kind) schema() *openapi.Schema {
	switch k {
	case integer:
		return &openapi.Schema{Type: openapi.Types{"integer"}, Format: "int32"}
	case boolean:
		return openapi.Of("boolean")
	case jsonObject:
		return openapi.AnyObject()
	case key:
		return rowKey()
	case keys:
		return openapi.ListOf(rowKey())
	case uuidKey:
		return &openapi.Schema{Type: openapi.Types{"string"}, Format: "uuid"}
	case pathKey:
		return described(rowKey(), "The one that the path says as well.")
	case kept:
		return &openapi.Schema{
			Type: openapi.Types{"string"}, Format: "uri",
			Description: "Where the picture is, as it was read: it cannot be replaced.",
		}
	}
	return openapi.Of("string")
}

func rowKey() *openapi.Schema {
	return &openapi.Schema{Type: openapi.Types{"integer"}, Minimum: new(1)}
}
