package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// errAbsent says that a value is as good as not sent.
var errAbsent = errors.New("absent")

// complaint is what is wrong with a value, in the words of Django REST Framework.
type complaint string

// Error satisfies error.
func (c complaint) Error() string { return string(c) }

const (
	isRequired  = complaint("This field is required.")
	isNull      = complaint("This field may not be null.")
	isBlank     = complaint("This field may not be blank.")
	noText      = complaint("Not a valid string.")
	nulText     = complaint("Null characters are not allowed.")
	noInteger   = complaint("A valid integer is required.")
	noBoolean   = complaint("Must be a valid boolean.")
	noUUID      = complaint("Must be a valid UUID.")
	tooManyKeys = complaint("Ensure this field has no more than 10000 elements.")
	noJSON      = complaint("Value must be valid JSON.")
	noFile      = complaint("No file was submitted.")
	notAFile    = complaint("The submitted data was not a file. Check the encoding type on the form.")
	fixedImage  = complaint("The picture of an image cannot be replaced. Add another image instead.")
)

// read makes what was sent a value of GraphQL.
func (f compiledField) read(v raw, params map[string]string) (any, error) {
	if isNone(v, f.kind) {
		if f.nullable {
			return nil, nil
		}
		return nil, isNull
	}
	switch f.kind {
	case text:
		return f.readText(v)
	case integer:
		return readInteger(v)
	case boolean:
		return readBoolean(v)
	case jsonObject:
		return readObject(v)
	case key:
		return readKey(v, f.entity)
	case keys:
		return readKeys(v, f.entity)
	case uuidKey:
		return readUUID(v)
	case pathKey:
		return readPathKey(v, params[f.wire])
	case kept:
		return readKept(v)
	default:
		return readUpload(v)
	}
}

// isNone tells null, and in a form an empty text where that is no value.
func isNone(v raw, k kind) bool {
	if s, ok := plain(v); ok && s == "" {
		return k == key || k == boolean && v.json == nil
	}
	return string(v.json) == "null"
}

// plain is the text of a form's field or of a JSON string.
func plain(v raw) (string, bool) {
	if v.json == nil {
		s, ok := v.text()
		return s, ok && utf8.ValidString(s)
	}
	if v.json[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(v.json, &s)
	return s, err == nil
}

// scalar is plain, or a number as it was written.
func scalar(v raw) (string, bool) {
	if s, ok := plain(v); ok {
		return s, true
	}
	if len(v.json) > 0 && (v.json[0] == '-' || v.json[0] >= '0' && v.json[0] <= '9') {
		return string(v.json), true
	}
	return "", false
}

func (f compiledField) readText(v raw) (any, error) {
	s, ok := scalar(v)
	if !ok {
		return nil, noText
	}
	if !f.verbatim {
		s = strings.TrimSpace(s)
	}
	switch {
	case s == "" && !f.blank:
		return nil, isBlank
	case strings.Contains(s, "\x00"):
		return nil, nulText
	case f.max > 0 && utf8.RuneCountInString(s) > f.max:
		return nil, complaint(fmt.Sprintf("Ensure this field has no more than %d characters.", f.max))
	}
	return s, nil
}

var integerText = regexp.MustCompile(`^\s*([-+]?\d+)(\.0*)?\s*$`)

func readInteger(v raw) (any, error) {
	s, ok := scalar(v)
	match := integerText.FindStringSubmatch(s)
	if !ok || match == nil {
		return nil, noInteger
	}
	n, err := strconv.ParseInt(match[1], 10, 64)
	switch {
	case err != nil && strings.HasPrefix(match[1], "-"), n < math.MinInt32:
		return nil, complaint(fmt.Sprintf("Ensure this value is greater than or equal to %d.", math.MinInt32))
	case err != nil, n > math.MaxInt32:
		return nil, complaint(fmt.Sprintf("Ensure this value is less than or equal to %d.", math.MaxInt32))
	}
	return n, nil
}

func readBoolean(v raw) (any, error) {
	s, ok := scalar(v)
	if !ok {
		s = string(v.json)
	}
	switch strings.ToLower(s) {
	case "true", "t", "yes", "y", "on", "1", "1.0":
		return true, nil
	case "false", "f", "no", "n", "off", "0", "0.0":
		return false, nil
	}
	return nil, noBoolean
}

func readObject(v raw) (any, error) {
	value := v.json
	if s, ok := v.text(); ok {
		value = []byte(s)
		if !json.Valid(value) || !utf8.Valid(value) {
			return nil, noJSON
		}
	}
	if rest := strings.TrimSpace(string(value)); rest == "" || rest[0] != '{' {
		return nil, complaint(fmt.Sprintf("Expected a dictionary of items but got type %q.", pythonType([]byte(rest))))
	}
	return json.RawMessage(value), nil
}

// pythonType is what the old service called the type of a JSON value.
func pythonType(value []byte) string {
	if len(value) == 0 {
		return "str"
	}
	switch c := value[0]; {
	case c == '"':
		return "str"
	case c == '[':
		return "list"
	case c == '{':
		return "dict"
	case c == 't', c == 'f':
		return "bool"
	case c == 'n':
		return "NoneType"
	case bytes.ContainsAny(value, ".eE"):
		return "float"
	}
	return "int"
}

var keyText = regexp.MustCompile(`^\s*([-+]?\d+)\s*$`)

// key is the key of a row that was sent as a whole, as clients read it, and else what was sent.
func (v raw) key() raw {
	if len(v.json) == 0 || v.json[0] != '{' {
		return v
	}
	for name, value := range rawjson.Object(v.json).Members() {
		if name == "id" {
			return raw{json: value}
		}
	}
	return v
}

func readKey(v raw, entity string) (any, error) {
	s, ok := scalar(v.key())
	match := keyText.FindStringSubmatch(s)
	if !ok || match == nil {
		return nil, complaint("Incorrect type. Expected pk value, received " + pythonType(v.json) + ".")
	}
	n, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil || n < 1 {
		return nil, noRow(match[1])
	}
	return gid.Encode(entity, strconv.FormatInt(n, 10)), nil
}

// noRow says that there is no row of that key, for whoever asks.
func noRow(key string) complaint {
	return complaint(fmt.Sprintf("Invalid pk %q - object does not exist.", key))
}

// maxKeys is how many keys of a list are looked at; no operation takes as many.
const maxKeys = 10_000

func readKeys(v raw, entity string) (any, error) {
	var values []raw
	switch {
	case v.json == nil:
		for _, s := range v.texts {
			values = append(values, raw{texts: []string{s}})
		}
	case v.json[0] == '[':
		for item := range rawjson.Elements(v.json) {
			if values = append(values, raw{json: item}); len(values) > maxKeys {
				break
			}
		}
	default:
		return nil, complaint(fmt.Sprintf("Expected a list of items but got type %q.", pythonType(v.json)))
	}
	if len(values) > maxKeys {
		return nil, tooManyKeys
	}
	ids := make([]any, len(values))
	for i, value := range values {
		id, err := readKey(value, entity)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

func readUUID(v raw) (any, error) {
	s, _ := plain(v)
	id, err := uuid.Parse(s)
	if err != nil {
		return nil, noUUID
	}
	return id.String(), nil
}

// readPathKey checks that a key is the one that the path says.
func readPathKey(v raw, said string) (any, error) {
	id, err := readKey(v, "")
	if err != nil {
		return nil, err
	}
	if id != gid.Encode("", said) {
		s, _ := scalar(v)
		return nil, noRow(strings.TrimSpace(s))
	}
	return nil, errAbsent
}

// readUpload reads a file of a form, or one that was written as text.
func readUpload(v raw) (any, error) {
	if v.file != nil {
		opened, err := v.file.Open() // a file on disk closes when nothing refers to it any more
		if err != nil {
			return nil, err
		}
		return graphql.Upload{
			File: opened, Filename: v.file.Filename, Size: v.file.Size, ContentType: v.file.Header.Get("Content-Type"),
		}, nil
	}
	s, ok := plain(v)
	switch {
	case !ok:
		return nil, notAFile
	case s == "":
		return nil, noFile
	}
	return s, nil
}

// readKept lets clients send back where the picture is, as they have read it here or from the old service, and no
// other picture.
func readKept(v raw) (any, error) {
	if s, ok := plain(v); ok && (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")) {
		return nil, errAbsent
	}
	return nil, fixedImage
}
