package openapi

import (
	"encoding/json"
	"slices"
	"strings"
)

// Schema says what a JSON value looks like, or refers to a schema that does.
type Schema struct {
	Ref                  string       `json:"$ref,omitempty"`
	Type                 Types        `json:"type,omitempty"`
	Format               string       `json:"format,omitempty"`
	ContentMediaType     string       `json:"contentMediaType,omitempty"`
	Description          string       `json:"description,omitempty"`
	Enum                 []any        `json:"enum,omitempty"`
	Default              any          `json:"default,omitempty"`
	Minimum              *int         `json:"minimum,omitempty"`
	Maximum              *int         `json:"maximum,omitempty"`
	MinLength            int          `json:"minLength,omitempty"`
	MaxLength            int          `json:"maxLength,omitempty"`
	Items                *Schema      `json:"items,omitempty"`
	Properties           Map[*Schema] `json:"properties,omitempty"`
	AdditionalProperties *Schema      `json:"additionalProperties,omitempty"`
	Required             []string     `json:"required,omitempty"`
	AnyOf                []*Schema    `json:"anyOf,omitempty"`
}

// Types are the JSON types that a value may have.
type Types []string

// MarshalJSON writes a single type without a list around it.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

const schemas = "#/components/schemas/"

// RefTo is the schema that is a component.
func RefTo(name string) *Schema { return &Schema{Ref: schemas + name} }

// Of is the schema of a type alone.
func Of(typ string) *Schema { return &Schema{Type: Types{typ}} }

// AnyObject is the schema of objects with any members.
func AnyObject() *Schema { return &Schema{Type: Types{"object"}, AdditionalProperties: &Schema{}} }

// ListOf is the schema of arrays.
func ListOf(items *Schema) *Schema { return &Schema{Type: Types{"array"}, Items: items} }

// Nullable is the schema with null among its values.
func (s *Schema) Nullable() *Schema {
	if s.Ref != "" {
		return &Schema{AnyOf: []*Schema{s, Of("null")}}
	}
	if s.AnyOf != nil || slices.Contains(s.Type, "null") {
		return s
	}
	s.Type = append(s.Type, "null")
	if s.Enum != nil {
		s.Enum = append(s.Enum, nil)
	}
	return s
}

// Add adds a property to an object.
func (s *Schema) Add(name string, value *Schema, required bool) {
	s.Properties.Set(name, value)
	if required {
		s.Required = append(s.Required, name)
	}
}

// Example makes a value that fits a schema, with those that are known for names of properties.
func (c *Components) Example(s *Schema, known map[string]any) any { return c.example(s, "", known) }

func (c *Components) example(s *Schema, name string, known map[string]any) any {
	if s.Ref != "" {
		target, _ := c.Schemas.Get(strings.TrimPrefix(s.Ref, schemas))
		return c.example(target, name, known)
	}
	if len(s.AnyOf) > 0 {
		return c.example(s.AnyOf[0], name, known)
	}
	value, isKnown := known[name]
	if isKnown && s.takes(value) {
		return value
	}
	switch {
	case s.Default != nil:
		return s.Default
	case s.Enum != nil:
		return s.Enum[0]
	}
	switch s.Type[0] {
	case "object":
		return c.exampleObject(s, known)
	case "array":
		return []any{c.example(s.Items, name, known)}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	}
	return exampleText(s.Format)
}

func (c *Components) exampleObject(s *Schema, known map[string]any) Map[any] {
	example := Map[any]{}
	for _, p := range s.Properties {
		example.Set(p.Name, c.example(p.Value, p.Name, known))
	}
	return example
}

// takes tells whether a value is of the schema's type: names mean different things in different places.
func (s *Schema) takes(value any) bool {
	switch value := value.(type) {
	case string:
		return slices.Contains(s.Type, "string") && s.Format == "" && (s.Enum == nil || slices.Contains(s.Enum, any(value)))
	case int:
		return slices.Contains(s.Type, "integer")
	case bool:
		return slices.Contains(s.Type, "boolean")
	case nil:
		return slices.Contains(s.Type, "null")
	case []any:
		return slices.Contains(s.Type, "array")
	}
	return slices.Contains(s.Type, "object") && s.Properties == nil
}

func exampleText(format string) string {
	switch format {
	case "date-time":
		return "2024-05-01T12:00:00.000000Z"
	case "uuid":
		return "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	case "uri":
		return "https://datagen.example/media/1"
	}
	return "text"
}
