package plan

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// form is what a client selects of a value that is no row.
type form struct {
	typ    string // its name; empty for one without fields
	fields []formField
}

type formField struct {
	name, alias string
	form        *form
}

// form is that of the values of a field.
func (c *compiler) form(f graphql.CollectedField) (*form, error) {
	typ := c.reader.schema.Types[f.Definition.Type.Name()]
	if typ == nil || len(f.Selections) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to select
	}
	fields, err := c.fieldsOf(f, typ.Name)
	if err != nil {
		return nil, err
	}
	made := &form{typ: typ.Name}
	for _, below := range fields {
		if c.reader.shapes[below.Definition.Type.Name()] != nil {
			return nil, unplanned("%s.%s", typ.Name, below.Name)
		}
		inner, err := c.form(below)
		if err != nil {
			return nil, err
		}
		made.fields = append(made.fields, formField{below.Name, below.Alias, inner})
	}
	return made, nil
}

// names are those of the fields.
func (f *form) names() map[string]bool {
	if f == nil {
		return nil
	}
	names := make(map[string]bool, len(f.fields))
	for _, field := range f.fields {
		names[field.name] = true
	}
	return names
}

// appendValue appends what a client selects of a value: a scalar, a struct whose fields are called as in the graph, a list.
func appendValue(b []byte, v any, f *form) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendText(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case time.Time:
		return appendTime(b, v), nil
	}
	return appendReflected(b, reflect.ValueOf(v), f)
}

func appendReflected(b []byte, v reflect.Value, f *form) (_ []byte, err error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendValue(b, v.Elem().Interface(), f)
	case reflect.String:
		return appendText(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64), nil
	case reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, v.Index(i).Interface(), f); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case reflect.Struct:
		return appendStruct(b, v, f)
	}
	return b, unplanned("a value of %v", v.Type())
}

func appendStruct(b []byte, v reflect.Value, f *form) (_ []byte, err error) {
	for i, field := range f.fields {
		b = appendName(b, i, field.alias)
		if field.name == "__typename" {
			b = appendText(b, f.typ)
			continue
		}
		value := v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, field.name) })
		if !value.IsValid() {
			return b, unplanned("%v has no %s", v.Type(), field.name)
		}
		if b, err = appendValue(b, value.Interface(), field.form); err != nil {
			return b, err
		}
	}
	return appendEnd(b, len(f.fields)), nil
}
