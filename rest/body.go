package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// raw is a value as it was sent: JSON, or texts or a file of a form.
type raw struct {
	json  []byte
	texts []string
	file  *multipart.FileHeader
}

// text is what a form has under the name, the last one of several.
func (v raw) text() (string, bool) {
	if len(v.texts) == 0 {
		return "", false
	}
	return v.texts[len(v.texts)-1], true
}

// sent is a body: its members, or its items when it is a list.
type sent struct {
	members map[string]raw
	items   [][]byte // of a JSON array
	other   string   // what the old service called the type of a body that is no object: list, int, …
}

// formMemory is how much of a form is held in memory, in bytes; larger files wait on disk.
const formMemory = 8 << 20

// maxItems is how many items a list may have: the only lists are those of annotations.
const maxItems = annotate.MaxChanges

// readBody reads a body in any of the ways in which old clients send one, and keeps of it what the form knows.
func (c *compiledForm) readBody(r *http.Request) (sent, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if errors.Is(err, mime.ErrInvalidMediaParameter) {
		err = nil // the type is known all the same
	}
	switch {
	case r.Header.Get("Content-Type") == "", err == nil && media == "application/json":
		return c.readJSON(r.Body)
	case err != nil:
		return sent{}, unsupportedMedia(r)
	}
	switch media {
	case "application/x-www-form-urlencoded":
		return c.readForm(r.Body)
	case "multipart/form-data":
		return c.readMultipart(r, params["boundary"])
	}
	return sent{}, unsupportedMedia(r)
}

func unsupportedMedia(r *http.Request) error {
	return refusal{http.StatusUnsupportedMediaType, detail(fmt.Sprintf("Unsupported media type %q in request.", r.Header.Get("Content-Type")))}
}

func (c *compiledForm) readJSON(from io.Reader) (sent, error) {
	body, err := io.ReadAll(from) // bounded by MAX_BODY
	if err != nil {
		return sent{}, err
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return sent{}, nil
	}
	switch {
	case !utf8.Valid(body):
		return sent{}, malformed("the text is not UTF-8")
	case !json.Valid(body):
		return sent{}, malformed(syntax(body))
	case body[0] == '{':
		members, err := c.membersOf(body)
		return sent{members: members}, err
	case body[0] == '[':
		return readItems(body)
	}
	return sent{other: pythonType(body)}, nil
}

func noDictionary(but string) string {
	return "Invalid data. Expected a dictionary, but got " + but + "."
}

func readItems(list []byte) (sent, error) {
	s := sent{other: "list"}
	for item := range rawjson.Elements(list) {
		if len(s.items) == maxItems {
			return sent{}, refusal{http.StatusBadRequest, detail(fmt.Sprintf("The list has more than %d items.", maxItems))}
		}
		s.items = append(s.items, item)
	}
	return s, nil
}

// syntax says where what is no JSON goes wrong, without its text.
func syntax(body []byte) string {
	err := json.Unmarshal(body, new(json.RawMessage))
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%v (char %d)", err, at.Offset)
	}
	return "the text is malformed"
}

func malformed(says string) error {
	return refusal{http.StatusBadRequest, detail("JSON parse error - " + says)}
}

func (c *compiledForm) readForm(from io.Reader) (sent, error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return sent{}, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return sent{}, refusal{http.StatusBadRequest, detail("Form parse error - the text is malformed.")}
	}
	members := map[string]raw{}
	for name, texts := range values {
		members[name] = raw{texts: texts}
	}
	return sent{members: members}, nil
}

func (c *compiledForm) readMultipart(r *http.Request, boundary string) (sent, error) {
	wrong := refusal{http.StatusBadRequest, detail("Multipart form parse error - the form is malformed.")}
	if boundary == "" {
		return sent{}, wrong
	}
	if err := r.ParseMultipartForm(formMemory); err != nil { // every body is bounded by MAX_BODY
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return sent{}, err
		}
		return sent{}, wrong
	}
	members := map[string]raw{}
	for name, texts := range r.MultipartForm.Value {
		members[name] = raw{texts: texts}
	}
	for name, files := range r.MultipartForm.File {
		members[name] = raw{file: files[len(files)-1]}
	}
	return sent{members: members}, nil
}

// membersOf reads those members of a JSON object that the form knows. The last one of a name counts.
func (c *compiledForm) membersOf(object []byte) (map[string]raw, error) {
	if object[0] != '{' {
		return nil, complaint(noDictionary(pythonType(object)))
	}
	members := map[string]raw{}
	for name, value := range rawjson.Object(object).Members() {
		if c.knows(name) {
			members[name] = raw{json: value}
		}
	}
	return members, nil
}

func (c *compiledForm) knows(wire string) bool {
	return slices.ContainsFunc(c.fields, func(f compiledField) bool { return f.wire == wire })
}
