package rest

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const shapes = `
	scalar JSON
	type Query { row: Row rows: [Row!]! }
	type Row { id: Int data: JSON base: Row stats: Stats rows: [Row!]! }
	type Stats { images: Int labels: Int }
`

func TestShape(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: shapes})
	for name, tt := range map[string]struct{ query, in, want string }{
		"nothing to do": {`{ row { id data } }`, `{"row":{"id":1,"data":{"_":2}}}`, `{"row":{"id":1,"data":{"_":2}}}`},
		"a value":       {`{ row { base { _: id } } }`, `{"row":{"base":{"_":7}}}`, `{"row":{"base":7}}`},
		"no value":      {`{ row { base { _: id } id } }`, `{"row":{"base":null,"id":1}}`, `{"row":{"base":null,"id":1}}`},
		"a list": {
			`{ rows { _: base { id stats { images } } } }`,
			`{"rows":[{"_":{"id":1,"stats":{"images":2}}},{"_":null}]}`, `{"rows":[{"id":1,"stats":{"images":2}},null]}`,
		},
		"an empty list": {`{ rows { _: id } }`, `{"rows":[]}`, `{"rows":[]}`},
		"members":       {`{ row { id _s: stats { images labels } data } }`, `{"row":{"id":1,"_s":{"images":2,"labels":3},"data":{}}}`, `{"row":{"id":1,"images":2,"labels":3,"data":{}}}`},
		"members first": {`{ row { _s: stats { images } id } }`, `{"row":{"_s":{"images":2},"id":1}}`, `{"row":{"images":2,"id":1}}`},
		"members alone": {`{ row { _s: stats { images } } }`, `{"row":{"_s":{"images":2}}}`, `{"row":{"images":2}}`},
		"no members":    {`{ row { id _b: base { data } } }`, `{"row":{"id":1,"_b":null}}`, `{"row":{"id":1}}`},
		"members in members": {
			`{ row { _b: base { _s: stats { images } x: base { _: id } } } }`,
			`{"row":{"_b":{"_s":{"images":1},"x":{"_":2}}}}`, `{"row":{"images":1,"x":2}}`,
		},
		"what people have stored": {
			`{ row { data base { _: id } } }`,
			`{"row":{"data":{"_":{"_x":"} \" ]"}, "k" : [ 1 , {"_": 2} ]},"base":{"_":7}}}`,
			`{"row":{"data":{"_":{"_x":"} \" ]"}, "k" : [ 1 , {"_": 2} ]},"base":7}}`,
		},
		"fragments": {`{ row { ...R } } fragment R on Row { rows { ...V } } fragment V on Row { _: id }`, `{"row":{"rows":[{"_":1},{"_":2}]}}`, `{"row":{"rows":[1,2]}}`},
	} {
		doc, errs := gqlparser.LoadQueryWithRules(schema, tt.query, nil)
		if errs != nil {
			t.Fatalf("%s: %v", name, errs)
		}
		got, rest := shapeOf(doc.Operations[0].SelectionSet).write(nil, []byte(tt.in+",rest"))
		if string(got) != tt.want || string(rest) != ",rest" {
			t.Errorf("%s: %s, want %s; behind it %s", name, got, tt.want, rest)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	const data = `{"a":{"b":[1,{"c":"}"}],"c":{"d":null}},"e":2}`
	for path, want := range map[string]string{"": data, "a.c.d": `null}},"e":2}`, "e": `2}`, "a.x": "null", "x": "null", "e.f": "null"} {
		if got := find([]byte(data), names(path)); string(got) != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
