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
	"unicode/utf8"

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

// readBody reads a body in any of the forms that old clients send.
func readBody(r *http.Request) (sent, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get("Content-Type") == "", err == nil && media == "application/json":
		return readJSON(r.Body)
	case err != nil:
		return sent{}, unsupportedMedia(r)
	}
	switch media {
	case "application/x-www-form-urlencoded":
		return readForm(r.Body)
	case "multipart/form-data":
		return readMultipart(r, params["boundary"])
	}
	return sent{}, unsupportedMedia(r)
}

func unsupportedMedia(r *http.Request) error {
	return refusal{http.StatusUnsupportedMediaType, detail(fmt.Sprintf("Unsupported media type %q in request.", r.Header.Get("Content-Type")))}
}

func readJSON(from io.Reader) (sent, error) {
	body, err := io.ReadAll(from) // bounded by MAX_BODY
	if err != nil {
		return sent{}, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return sent{}, nil
	}
	if !utf8.Valid(body) {
		return sent{}, malformed("the text is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return sent{}, malformed(syntax(err))
	}
	whole = bytes.TrimSpace(whole)
	if whole[0] == '{' {
		members, err := membersOf(whole)
		return sent{members: members}, err
	}
	s := sent{other: pythonType(whole)}
	if s.isList() {
		for item := range rawjson.Elements(whole) {
			s.items = append(s.items, item)
		}
	}
	return s, nil
}

func (s sent) isList() bool { return s.other == "list" }

// syntax says where JSON goes wrong, without its text.
func syntax(err error) string {
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%v (char %d)", err, at.Offset)
	}
	return err.Error()
}

func malformed(says string) error {
	return refusal{http.StatusBadRequest, detail("JSON parse error - " + says)}
}

func readForm(from io.Reader) (sent, error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return sent{}, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return sent{}, refusal{http.StatusBadRequest, detail("Form parse error - the text is malformed.")}
	}
	members := make(map[string]raw, len(values))
	for name, texts := range values {
		members[name] = raw{texts: texts}
	}
	return sent{members: members}, nil
}

func readMultipart(r *http.Request, boundary string) (sent, error) {
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

// membersOf reads a JSON object.
func membersOf(item []byte) (map[string]raw, error) {
	if len(item) == 0 || item[0] != '{' {
		return nil, noJSON
	}
	members := map[string]raw{}
	for name, value := range rawjson.Object(item).Members() {
		members[name] = raw{json: value}
	}
	return members, nil
}
