package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/fault"
)

// variableSource reads the variables of an operation.
type variableSource func(schema *ast.Schema, op *ast.OperationDefinition) (map[string]any, error)

// jsonVariables reads variables from JSON. Guided by their types, it leaves
// values of JSONObject as the bytes that they are (json.RawMessage).
func jsonVariables(text []byte) variableSource {
	return func(schema *ast.Schema, op *ast.OperationDefinition) (map[string]any, error) {
		if len(bytes.TrimSpace(text)) == 0 || string(bytes.TrimSpace(text)) == "null" {
			return map[string]any{}, nil
		}
		d := &variableDecoder{schema: schema, json: json.NewDecoder(bytes.NewReader(text))}
		d.json.UseNumber()
		variables, err := d.object(func(name string) *ast.Type {
			if v := op.VariableDefinitions.ForName(name); v != nil {
				return v.Type
			}
			return nil
		})
		if format, ok := errors.AsType[formatError](err); ok {
			return nil, fault.InvalidAt(string(format), "variables")
		}
		if err != nil {
			return nil, fault.InvalidAt("must be a JSON object", "variables")
		}
		return variables, nil
	}
}

type formatError string

func (e formatError) Error() string { return string(e) }

type variableDecoder struct {
	schema     *ast.Schema
	json       *json.Decoder
	conditions int // members of where arguments so far
}

// maxConditions is how many conditions the filters in variables may hold, all together: both
// databases evaluate them to a depth of their own, and take time for each.
const maxConditions = 400

// value reads one value of a type; nil is any.
func (d *variableDecoder) value(typ *ast.Type) (any, error) {
	if typ != nil && typ.NamedType == "JSONObject" {
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return nil, err
		}
		if string(raw) == "null" {
			return nil, nil
		}
		return raw, nil
	}
	token, err := d.json.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		return d.composite(token, typ)
	case string:
		return token, checkText(token)
	}
	return token, nil
}

func (d *variableDecoder) composite(open json.Delim, typ *ast.Type) (any, error) {
	if open == '[' {
		var element *ast.Type
		if typ != nil {
			element = typ.Elem
		}
		return d.list(element)
	}
	types := d.fieldTypes(typ)
	if typ == nil || !strings.HasSuffix(typ.Name(), "WhereInput") {
		return d.members(types)
	}
	return d.members(func(name string) *ast.Type {
		d.conditions++
		return types(name)
	})
}

// fieldTypes tells the type of each field of an input object; a single object may stand
// where a list of them is wanted.
func (d *variableDecoder) fieldTypes(typ *ast.Type) func(string) *ast.Type {
	for typ != nil && typ.Elem != nil {
		typ = typ.Elem
	}
	if typ == nil || d.schema.Types[typ.NamedType] == nil {
		return func(string) *ast.Type { return nil }
	}
	fields := d.schema.Types[typ.NamedType].Fields
	return func(name string) *ast.Type {
		if f := fields.ForName(name); f != nil {
			return f.Type
		}
		return nil
	}
}

func (d *variableDecoder) list(element *ast.Type) ([]any, error) {
	list := []any{}
	for d.json.More() {
		v, err := d.value(element)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.json.Token()
	return list, err
}

// object reads an object that is all there is.
func (d *variableDecoder) object(typeOf func(string) *ast.Type) (map[string]any, error) {
	token, err := d.json.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') {
		return nil, formatError("must be a JSON object")
	}
	members, err := d.members(typeOf)
	if err != nil {
		return nil, err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return nil, formatError("has something after its end")
	}
	return members, nil
}

func (d *variableDecoder) members(typeOf func(string) *ast.Type) (map[string]any, error) {
	members := map[string]any{}
	for d.json.More() {
		token, err := d.json.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, formatError(fmt.Sprintf("has the key %v", token))
		}
		typ := typeOf(name)
		if d.conditions > maxConditions {
			return nil, formatError(fmt.Sprintf("hold more than %d conditions of filters", maxConditions))
		}
		if members[name], err = d.value(typ); err != nil {
			return nil, err
		}
	}
	_, err := d.json.Token()
	return members, err
}

// checkText refuses what PostgreSQL stores in no text.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return formatError("hold a text with the character NUL")
	}
	return nil
}
