package openapi

import (
	"bytes"
	"encoding/json"
)

// Map is a JSON object whose members stay in the order in which they were added.
type Map[T any] []Entry[T]

// Entry is a member of a Map.
type Entry[T any] struct {
	Name  string
	Value T
}

// Get returns the value of a name.
func (m Map[T]) Get(name string) (value T, ok bool) {
	for _, e := range m {
		if e.Name == name {
			return e.Value, true
		}
	}
	return value, false
}

// Set adds a member, or gives the one of that name another value.
func (m *Map[T]) Set(name string, value T) {
	for i := range *m {
		if (*m)[i].Name == name {
			(*m)[i].Value = value
			return
		}
	}
	*m = append(*m, Entry[T]{name, value})
}

// MarshalJSON satisfies json.Marshaler.
func (m Map[T]) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, e := range m {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := Marshal(e.Name)
		if err != nil {
			return nil, err
		}
		value, err := Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// Marshal writes JSON without escaping for HTML, which people are to read.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
