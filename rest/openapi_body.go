package rest

import (
	"cmp"
	"math"

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
	schema := f.schema(false)
	body := &openapi.Body{Required: len(schema.Required) > 0 || c.form.list != ""}
	if c.form.list != "" {
		schema = openapi.ListOf(d.component(name+"Item", schema))
		body.Content.Set("application/json", &openapi.Media{Schema: schema, Example: d.example(schema)})
		return body
	}
	ref := d.component(name, schema)
	encoding := f.encoding()
	body.Content.Set("application/json", &openapi.Media{Schema: ref, Example: d.example(ref)})
	body.Content.Set("application/x-www-form-urlencoded", &openapi.Media{Schema: ref, Encoding: encoding})
	if f.hasFiles() {
		ref = d.component(name+"WithFile", f.schema(true))
	}
	body.Content.Set("multipart/form-data", &openapi.Media{Schema: ref, Encoding: encoding})
	return body
}

// formDescriber writes the schemas of a form.
type formDescriber struct {
	form *compiledForm
	op   *ast.OperationDefinition
	of   *ast.Schema
}

// schema is that of the form's fields; files are files in it or text.
func (f formDescriber) schema(asFiles bool) *openapi.Schema {
	s := openapi.Of("object")
	for _, field := range f.form.fields {
		value := field.schema(asFiles)
		s.Add(field.wire, described(value, cmp.Or(value.Description, f.about(field))), field.required)
	}
	return s
}

func (f formDescriber) hasFiles() bool {
	for _, field := range f.form.fields {
		if field.isFile() {
			return true
		}
	}
	return false
}

func (f compiledField) isFile() bool { return f.kind == picture || f.kind == upload }

// encoding says which fields of a form are JSON.
func (f formDescriber) encoding() (encoding openapi.Map[openapi.Encoding]) {
	for _, field := range f.form.fields {
		if field.kind == jsonObject {
			encoding.Set(field.wire, openapi.Encoding{ContentType: "application/json"})
		}
	}
	return encoding
}

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
func (f compiledField) schema(asFile bool) *openapi.Schema {
	s := f.kind.schema()
	if f.kind == text && !f.blank {
		s.MinLength = 1
	}
	if f.kind == text {
		s.MaxLength = f.max
	}
	if f.isFile() && asFile {
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
		return &openapi.Schema{Type: openapi.Types{"integer"}, Format: "int32", Minimum: new(math.MinInt32), Maximum: new(math.MaxInt32)}
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
