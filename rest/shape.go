package rest

import (
	"bytes"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/rawjson"
)

// shape says where in an operation's answer the old wire format differs from what GraphQL writes:
//
//   - an object whose only member is called _ stands for the value of that member,
//   - the members of one whose key starts with _ are those of the object around it.
//
// It is made from the operation, so that nothing of what people have stored is taken for either.
type shape struct {
	only    *shape            // of the member _; nil when there is none
	unwrap  bool              // the object is its member _
	members map[string]*shape // by key; nil shapes are copied as they are
}

// shapeOf returns the shape of a selection, nil when it is as GraphQL writes it.
func shapeOf(set ast.SelectionSet) *shape {
	s := &shape{members: map[string]*shape{}}
	s.collect(set)
	if only, ok := s.members["_"]; ok {
		return &shape{unwrap: true, only: only}
	}
	for key, below := range s.members {
		if below != nil || strings.HasPrefix(key, "_") {
			return s
		}
	}
	return nil
}

func (s *shape) collect(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.members[selection.Alias] = shapeOf(selection.SelectionSet)
		case *ast.InlineFragment:
			s.collect(selection.SelectionSet)
		case *ast.FragmentSpread:
			s.collect(selection.Definition.SelectionSet)
		}
	}
}

// at follows the names of a path to the shape of what is there.
func (s *shape) at(path []string) *shape {
	for _, name := range path {
		if s == nil {
			return nil
		}
		s = s.members[name]
	}
	return s
}

// write appends the value that in starts with, and returns what is behind it.
func (s *shape) write(out, in []byte) (written, rest []byte) {
	switch {
	case s == nil || len(in) == 0 || in[0] != '{' && in[0] != '[':
		value, rest := rawjson.Cut(in)
		return append(out, value...), rest
	case in[0] == '[':
		return s.writeList(out, in)
	case s.unwrap:
		return s.writeOnly(out, in)
	}
	out, rest = s.writeMembers(append(out, '{'), in)
	return append(out, '}'), rest
}

func (s *shape) writeList(out, in []byte) (written, rest []byte) {
	out, in = append(out, '['), in[1:]
	for in[0] != ']' {
		if in[0] == ',' {
			out, in = append(out, ','), in[1:]
		}
		out, in = s.write(out, in)
	}
	return append(out, ']'), in[1:]
}

// writeOnly writes the value of {"_":value}.
func (s *shape) writeOnly(out, in []byte) (written, rest []byte) {
	out, in = s.only.write(out, in[len(`{"_":`):])
	return out, in[len(`}`):]
}

// writeMembers writes the members of an object, without the braces around them.
func (s *shape) writeMembers(out, in []byte) (written, rest []byte) {
	in = in[1:]
	for in[0] != '}' {
		if in[0] == ',' {
			in = in[1:]
		}
		quoted, value := rawjson.Cut(in)
		value = value[1:] // after the colon
		name := string(quoted[1 : len(quoted)-1])
		if name[0] == '_' {
			out, in = s.members[name].spread(out, value)
			continue
		}
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(append(out, quoted...), ':')
		out, in = s.members[name].write(out, value)
	}
	return out, in[1:]
}

// spread writes the members of an object among those of the one around it. Null has none.
func (s *shape) spread(out, in []byte) (written, rest []byte) {
	if in[0] != '{' {
		_, rest = rawjson.Cut(in)
		return out, rest
	}
	if s == nil {
		s = &shape{}
	}
	return s.writeMembers(out, in)
}

// find follows a path into what GraphQL has answered, and returns what is there and all that is behind it: where a
// value ends is told by whoever reads it. What is not there is null.
func find(data []byte, path []string) []byte {
	for _, name := range path {
		data = member(data, name)
	}
	return data
}

// member finds a member of the object that data starts with.
func member(data []byte, name string) []byte {
	for len(data) > 1 && (data[0] == '{' || data[0] == ',') {
		quoted, value := rawjson.Cut(data[1:])
		if len(value) == 0 {
			break
		}
		value = value[1:] // after the colon
		if string(quoted[1:len(quoted)-1]) == name {
			return value
		}
		_, data = rawjson.Cut(value)
	}
	return []byte("null")
}

// absent tells that there is nothing.
func absent(value []byte) bool { return len(value) == 0 || bytes.HasPrefix(value, []byte("null")) }
