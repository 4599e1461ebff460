package rawjson_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want, err string }{
		"empty object":      {in: `{}`, want: `{}`},
		"spaces":            {in: " { \"a\" :\t[1 , 2] }\r\n", want: `{"a":[1,2]}`},
		"spaces in a text":  {in: `{"a": "b  c"}`, want: `{"a":"b  c"}`},
		"digits":            {in: `{"a":0.12345678901234567890,"b":1E+2,"c":-0}`, want: `{"a":0.12345678901234567890,"b":1E+2,"c":-0}`},
		"escapes":           {in: `{"\u0061":"<\u003c&\ud800"}`, want: `{"\u0061":"<\u003c&\ud800"}`},
		"names twice":       {in: `{"a":1,"a":2}`, want: `{"a":1,"a":2}`},
		"array":             {in: `[1]`, err: "must be a JSON object"},
		"text":              {in: `"{}"`, err: "must be a JSON object"},
		"number":            {in: `1`, err: "must be a JSON object"},
		"null":              {in: `null`, err: "must be a JSON object"},
		"nothing":           {in: ``, err: "must be valid JSON: unexpected end of JSON input"},
		"half":              {in: `{"a":`, err: "must be valid JSON: unexpected end of JSON input"},
		"two":               {in: `{}{}`, err: "must be valid JSON: invalid character '{' after top-level value"},
		"trailing comma":    {in: `{"a":1,}`, err: "must be valid JSON: invalid character '}' looking for beginning of object key string"},
		"no number":         {in: `{"a":NaN}`, err: "must be valid JSON: invalid character 'N' looking for beginning of value"},
		"no UTF-8":          {in: "{\"a\":\"\xff\"}", err: "must be UTF-8"},
		"nested too deeply": {in: strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001), err: "must be valid JSON: invalid character '{' exceeded max depth"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := rawjson.Parse([]byte(tt.in))
			if string(got) != tt.want || message(err) != tt.err {
				t.Errorf("%q, %v; want %q, %s", string(got), err, tt.want, tt.err)
			}
			if err != nil && fault.Describe(err).Code != "INVALID" {
				t.Errorf("code %s", fault.Describe(err).Code)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestUnmarshalGQL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in   any
		want string
		err  error
	}{
		"variable":              {in: json.RawMessage(` {"b": 1, "a": 1.50}`), want: `{"b":1,"a":1.50}`},
		"literal":               {in: map[string]any{"a": int64(1), "t": "<&>", "n": nil}, want: `{"a":1,"n":null,"t":"<&>"}`},
		"variable in a literal": {in: map[string]any{"a": json.RawMessage(`{"x":1.50}`), "b": json.Number("2.50")}, want: `{"a":{"x":1.50},"b":2.50}`},
		"text":                  {in: "{}", err: rawjson.ErrNotObject},
		"list":                  {in: []any{}, err: rawjson.ErrNotObject},
		"variable of a list":    {in: json.RawMessage(`[]`), err: rawjson.ErrNotObject},
		"null":                  {in: nil, err: rawjson.ErrNotObject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got rawjson.Object
			err := got.UnmarshalGQL(tt.in)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%s, %v; want %s, %v", string(got), err, tt.want, tt.err)
			}
		})
	}
}

// TestBytesStay takes an object through every way out and in.
func TestBytesStay(t *testing.T) {
	t.Parallel()
	const text = `{"a":1.50,"b":"<&>é"}`
	o := rawjson.Object(text)
	var gql strings.Builder
	o.MarshalGQL(&gql)
	value, err := o.Value()
	if gql.String() != text || value != text || err != nil {
		t.Errorf("GraphQL %s, database %v, %v", &gql, value, err)
	}
	for name, column := range map[string]any{"text": text, "bytes": []byte(text)} {
		var got rawjson.Object
		if err := got.Scan(column); err != nil || string(got) != text {
			t.Errorf("%s: %s, %v", name, string(got), err)
		}
	}
	encoded, err := json.Marshal(map[string]any{"o": o})
	var back struct{ O rawjson.Object }
	if err := errors.Join(err, json.Unmarshal(encoded, &back)); err != nil || back.O.String() != `{"a":1.50,"b":"\u003c\u0026\u003eé"}` {
		t.Errorf("JSON %s, %v", back.O, err)
	}
}

// TestScanCopies: a driver owns the bytes that it hands over.
func TestScanCopies(t *testing.T) {
	t.Parallel()
	column := []byte(`{"a":1}`)
	var o rawjson.Object
	if err := o.Scan(column); err != nil {
		t.Fatal(err)
	}
	column[1] = 'x'
	if o.String() != `{"a":1}` {
		t.Errorf("the object changed with the driver's bytes: %s", o)
	}
}

func TestNoObject(t *testing.T) {
	t.Parallel()
	var o rawjson.Object
	encoded, err := json.Marshal(o)
	if o.String() != "{}" || string(encoded) != "{}" || err != nil {
		t.Errorf("%s, %s, %v; want {}", o, encoded, err)
	}
	if err := o.Scan(nil); err != nil || o != nil {
		t.Errorf("NULL is %s, %v", string(o), err)
	}
	if err := o.Scan(1); err == nil {
		t.Error("a number was scanned")
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for object, want := range map[string][]string{
		`{}`:    nil,
		`{ } `:  nil,
		``:      nil,
		`[1]`:   nil,
		`{"a"}`: nil,
		`{"a":1,"b":[1,{"c":"}"}],"c":"x,\"]","d":{}}`: {`a=1`, `b=[1,{"c":"}"}]`, `c="x,\"]"`, `d={}`},
		` { "a" : 1 , "b" : [ 2 ] } `:                  {`a=1`, `b=[ 2 ]`},
		`{"a":true,"a":null}`:                          {`a=true`, `a=null`},
		`{"\u0077idth":1,"q\"":2,"":3}`:                {`width=1`, `q"=2`, `=3`},
		`{"a":"\\","b":1}`:                             {`a="\\"`, `b=1`},
	} {
		var got []string
		for name, value := range rawjson.Object(object).Members() {
			got = append(got, name+"="+string(value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", object, diff)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	for array, want := range map[string][]string{
		`[]`:                    nil,
		`[ ]`:                   nil,
		``:                      nil,
		`{"a":1}`:               nil,
		`null`:                  nil,
		`1`:                     nil,
		`[1]`:                   {`1`},
		`[[],[0,1],"],[",{}]`:   {`[]`, `[0,1]`, `"],["`, `{}`},
		"[ 1 ,\n-2e3 , null\t]": {`1`, `-2e3`, `null`},
	} {
		var got []string
		for value := range rawjson.Elements([]byte(array)) {
			got = append(got, string(value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", array, diff)
		}
	}
}

// TestLoopsEnd leaves both loops early.
func TestLoopsEnd(t *testing.T) {
	t.Parallel()
	for name := range rawjson.Object(`{"a":1,"b":2}`).Members() {
		if name != "a" {
			t.Errorf("went on to %s", name)
		}
		break
	}
	for value := range rawjson.Elements([]byte(`[1,2]`)) {
		if string(value) != "1" {
			t.Errorf("went on to %s", value)
		}
		break
	}
}

// FuzzParse holds what Parse lets pass against package encoding/json.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, ` {"a" : [1,{"b":"\"}"}], "a":null}`, `[1]`, `null`, `{"\u0061":"\\"}`, "{\"a\":\"\xff\"}", `{"a":1e999}`, `{"a":{"b":{}}}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for range rawjson.Object(text).Members() { // of anything, it ends
		}
		o, err := rawjson.Parse(text)
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(o, &want); err != nil {
			t.Fatalf("%q passed as %q: %v", text, o, err)
		}
		again, err := rawjson.Parse(o)
		if err != nil || string(again) != string(o) {
			t.Errorf("%q parsed again is %q, %v", o, again, err)
		}
		got := maps.Collect(o.Members())
		if !maps.EqualFunc(got, want, func(a []byte, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%s has the members %q, want %q", o, got, want)
		}
		for name, value := range got {
			checkElements(t, name, value)
		}
	})
}

func checkElements(t *testing.T, name string, value []byte) {
	t.Helper()
	var want []json.RawMessage
	if value[0] == '[' {
		if err := json.Unmarshal(value, &want); err != nil {
			t.Fatal(err)
		}
	}
	got := slices.Collect(rawjson.Elements(value))
	if !slices.EqualFunc(got, want, func(a []byte, b json.RawMessage) bool { return string(a) == string(b) }) {
		t.Errorf("%s: %s has the elements %q, want %q", name, value, got, want)
	}
}
