package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// TestEverythingIsDescribed: whoever reads the schema finds a sentence at each type, field, argument and value.
func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	undescribed := func(description string, name ...string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", strings.Join(name, "."))
		}
	}
	for name, def := range theSchema().Types {
		if strings.HasPrefix(name, "__") {
			continue
		}
		undescribed(def.Description, name)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			undescribed(f.Description, name, f.Name)
			for _, a := range f.Arguments {
				undescribed(a.Description, name, f.Name, a.Name)
			}
		}
		for _, v := range def.EnumValues {
			undescribed(v.Description, name, v.Name)
		}
	}
}

// TestRowsHaveTheirNumber: what REST knows by a number has it as databaseId, beside the opaque id.
func TestRowsHaveTheirNumber(t *testing.T) {
	t.Parallel()
	for name, def := range theSchema().Types {
		if !implements(def, "Node") {
			continue
		}
		want := "Int!"
		if name == "Annotation" {
			want = "String!" // a UUID
		}
		if f := def.Fields.ForName("databaseId"); f == nil || f.Type.String() != want {
			t.Errorf("%s.databaseId is %v, want %s", name, f, want)
		}
	}
}

// TestListsArePaged: a connection takes the arguments of a page at every level, and another list of rows says how many
// it has. Those that do not are named here.
func TestListsArePaged(t *testing.T) {
	t.Parallel()
	whole := map[string]bool{"Image.labels": true, "Query.nodes": true, "Query.existingImages": true}
	for name, def := range theSchema().Types {
		if def.Kind != ast.Object || name == "Mutation" || strings.HasSuffix(name, "Payload") {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasSuffix(f.Type.Name(), "Connection") {
				for _, argument := range []string{"after", "first", "before", "last", "offset", "orderBy", "where"} {
					if f.Arguments.ForName(argument) == nil {
						t.Errorf("%s.%s takes no %s", name, f.Name, argument)
					}
				}
				continue
			}
			rows := f.Type.Elem != nil && implements(theSchema().Types[f.Type.Name()], "Node")
			if rows && !whole[name+"."+f.Name] && f.Arguments.ForName("first") == nil {
				t.Errorf("%s.%s is a list without pages", name, f.Name)
			}
		}
	}
}

func implements(def *ast.Definition, name string) bool {
	return slices.Contains(def.Interfaces, name)
}
