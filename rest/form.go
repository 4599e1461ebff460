package rest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// form is what old clients send. The GraphQL input that it becomes says of each field what type it has, how long
// it may be, and whether it must be there; the form says how the field is called, and what is stricter here.
type form struct {
	create string // the input whose mandatory fields a POST and a PUT must have; empty for the operation's own
	fields []field
	given  map[string]string // fields of the input that the path says, by the variable of the path
	list   string            // the variable that a list of inputs becomes; empty for a single input
}

// field is one of a form.
type field struct {
	wire     string // its name in bodies
	name     string // of the input's field; wire in camel case, with Id after it for the key of a row, when empty
	kind     kind   // the input's type says it, when it is 0
	required bool   // also where the input does not ask for it
	blank    bool   // may be an empty text
	verbatim bool   // keeps the space around it
	optional bool   // may be left out of a PUT though a POST needs it
}

var (
	credentials  = &form{fields: []field{{wire: "username"}, {wire: "password", verbatim: true}}}
	refreshToken = &form{fields: []field{{wire: "refresh"}}}
	anyToken     = &form{fields: []field{{wire: "token"}}}

	datasetForm = &form{create: "CreateDatasetInput", fields: []field{
		{wire: "name"}, {wire: "description", required: true},
	}}
	labelForm = &form{create: "CreateLabelInput", fields: []field{
		{wire: "name"}, {wire: "color"}, {wire: "order"}, {wire: "prompt", blank: true}, {wire: "negative_prompt", blank: true},
	}}
	imageForm = &form{create: "ImageInput", fields: []field{
		{wire: "image", kind: picture, required: true},
		{wire: "prompt", blank: true},
		{wire: "negative_prompt", blank: true},
		{wire: "generation_type"},
		{wire: "extra_information"},
		{wire: "is_synthetic"},
		{wire: "done"},
		{wire: "reviewed"},
		{wire: "job"},
		{wire: "batch"},
		{wire: "base_image"},
	}}
	zipForm = &form{create: "ZipInput", fields: []field{{wire: "zip_file", kind: upload, required: true}}}

	annotationForm = &form{
		create: "CreateAnnotationInput",
		fields: []field{{wire: "id"}, {wire: "type"}, {wire: "data"}, {wire: "label", optional: true}, {wire: "is_synthetic"}},
		given:  map[string]string{"imageId": "image", "id": "annotation"},
	}
	annotationsForm = &form{create: "AnnotationInput", fields: annotationForm.fields, list: "annotations"}

	snapshotForm = &form{create: "CreateSnapshotInput", fields: []field{
		{wire: "dataset", kind: pathKey, required: true}, {wire: "name", blank: true}, {wire: "note", blank: true},
	}}
	jobForm = &form{
		create: "CreateJobInput",
		fields: []field{{wire: "assignee"}, {wire: "batch"}, {wire: "done"}, {wire: "reviewed"}},
		given:  map[string]string{"datasetId": "dataset"},
	}
	batchForm = &form{
		create: "CreateBatchInput",
		fields: []field{{wire: "name"}, {wire: "workbench"}},
		given:  map[string]string{"datasetId": "dataset"},
	}
	assignForm = &form{create: "AssignBatchInput", fields: []field{
		{wire: "user_ids"}, {wire: "images_per_task", name: "imagesPerJob"},
	}}
)

// kind is how a field's value is read.
type kind int

const (
	text kind = iota + 1
	integer
	boolean
	jsonObject
	key     // of a row, a number
	keys    // a list of them
	uuidKey // of an annotation
	picture // a file or its text
	upload  // likewise
	kept    // a picture that is there for good
	pathKey // a key that the path says as well
)

// compiledForm is a form of which all is known.
type compiledForm struct {
	*form

	fields []compiledField
	given  map[string]string
	input  bool // the fields make up the variable input; they are variables themselves when not
}

type compiledField struct {
	field

	entity    string // the type of the row that a key names
	max       int    // characters; 0 is any number
	nullable  bool
	mandatory bool // of what is made, whatever the method
}

// compileForm looks up in the schema what the form of a route leaves to it.
func compileForm(schema *ast.Schema, op *ast.OperationDefinition, row route) (*compiledForm, error) {
	f, method := row.body, row.method
	c := &compiledForm{form: f, given: map[string]string{}}
	types := fieldTypes{schema: schema, op: op}
	if v := op.VariableDefinitions.ForName(cmp.Or(f.list, "input")); v != nil {
		c.input = f.list == ""
		types.input = schema.Types[v.Type.Name()]
		types.create = schema.Types[f.create]
		if types.create == nil {
			return nil, fmt.Errorf("no input %q", f.create)
		}
	}
	for name, param := range f.given {
		if types.input.Fields.ForName(name) != nil && slices.Contains(variablesOf(row.path), param) {
			c.given[name] = param
		}
	}
	for _, field := range f.fields {
		if method != post && field.wire == "id" {
			continue // read-only once it is chosen
		}
		compiled, err := types.compile(field, method)
		if err != nil {
			return nil, err
		}
		c.fields = append(c.fields, compiled)
	}
	return c, nil
}

// fieldTypes finds the definitions of a form's fields.
type fieldTypes struct {
	schema *ast.Schema
	op     *ast.OperationDefinition
	input  *ast.Definition // what the form becomes; nil when its fields are variables
	create *ast.Definition // what says which fields are mandatory
}

func (t fieldTypes) compile(f field, method string) (compiledField, error) {
	c := compiledField{field: f}
	switch f.kind {
	case picture:
		if method != post {
			c.kind = kept
		}
	case upload:
	case pathKey:
		c.entity = entityOf(f.wire)
	default:
		typ, max, err := t.find(&c.field)
		if err != nil {
			return c, err
		}
		c.kind, c.max = kindOf(typ, c.name), max
		if c.kind == 0 {
			return c, fmt.Errorf("field %s: no form for the type %s", f.wire, typ)
		}
		c.entity = entityOf(c.name)
		c.nullable = c.kind == key && !typ.NonNull && !t.mandatory(c.name)
		c.required = f.required || t.mandatory(c.name)
	}
	c.mandatory = c.required
	c.required = c.required && (method == post || method == put && !f.optional)
	return c, nil
}

// find returns the type of a field and how long it may be, and completes its name.
func (t fieldTypes) find(f *field) (*ast.Type, int, error) {
	names := []string{f.name}
	if f.name == "" {
		names = []string{camel(f.wire), camel(f.wire) + "Id"}
	}
	for _, name := range names {
		f.name = name
		if t.input == nil {
			if v := t.op.VariableDefinitions.ForName(name); v != nil {
				return v.Type, 0, nil
			}
			continue
		}
		if def := t.input.Fields.ForName(name); def != nil {
			return def.Type, lengthOf(def), nil
		}
	}
	return nil, 0, fmt.Errorf("field %s: the operation knows none of %s", f.wire, strings.Join(names, ", "))
}

// mandatory tells whether GraphQL wants the field in what is made.
func (t fieldTypes) mandatory(name string) bool {
	if t.create == nil {
		return true
	}
	def := t.create.Fields.ForName(name)
	return def != nil && def.Type.NonNull
}

// lengthOf is the most characters that a field of an input may have.
func lengthOf(def *ast.FieldDefinition) int {
	directive := def.Directives.ForName("length")
	if directive == nil {
		return 0
	}
	value, err := directive.Arguments.ForName("max").Value.Value(nil)
	if n, ok := value.(int64); ok && err == nil {
		return int(n)
	}
	return 0
}

// kindOf is how values of a type are read; 0 is not at all.
func kindOf(typ *ast.Type, name string) kind {
	switch {
	case typ.Elem != nil && typ.Elem.NamedType == "ID":
		return keys
	case typ.NamedType == "ID" && name == "id":
		return uuidKey
	}
	return map[string]kind{
		"String": text, "Int": integer, "Boolean": boolean, "JSONObject": jsonObject, "ID": key,
	}[typ.NamedType]
}

// entities are the types of rows that fields name, where that is not the field's own name.
var entities = map[string]string{"assignee": "User", "owner": "User", "baseImage": "Image"}

// entityOf is the type of the row whose key a field or variable of that name holds: Label for labelId.
func entityOf(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Ids"), "Id")
	if name == "" {
		return ""
	}
	return cmp.Or(entities[name], strings.ToUpper(name[:1])+name[1:])
}

// camel turns negative_prompt into negativePrompt.
func camel(wire string) string {
	words := strings.Split(wire, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// byName finds the field that a name of the input belongs to.
func (c *compiledForm) byName(name string) (compiledField, bool) {
	i := slices.IndexFunc(c.fields, func(f compiledField) bool {
		return f.name == name || (f.kind == picture || f.kind == upload) && (name == "data" || name == "file")
	})
	if i < 0 {
		return compiledField{}, false
	}
	return c.fields[i], true
}
