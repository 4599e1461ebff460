package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/fault"
)

const (
	// formMemory is how much of a form is held in memory, in bytes; larger files wait on disk.
	formMemory = 8 << 20
	// maxFiles is how many files one request may bring.
	maxFiles = 100
)

var (
	errForm     = fmt.Errorf("%w: the form is malformed", fault.Invalid)
	errNotAsked = fmt.Errorf("%w: a multipart request without Authorization needs the header Apollo-Require-Preflight", fault.Forbidden)
)

// readMultipart reads an operation with files
// (https://github.com/jaydenseric/graphql-multipart-request-spec).
func readMultipart(r *http.Request) (request, error) {
	// A form is what any web page can make a browser send; a header is not.
	if r.Header.Get("Authorization") == "" && r.Header.Get("Apollo-Require-Preflight") == "" {
		return request{}, errNotAsked
	}
	if err := r.ParseMultipartForm(formMemory); err != nil { //nolint:gosec // every body is bounded by MAX_BODY
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return request{}, err
		}
		return request{}, errForm
	}
	var b body
	if err := json.Unmarshal([]byte(r.FormValue("operations")), &b); err != nil {
		return request{}, fault.InvalidAt("must be a JSON object with a query", "operations")
	}
	req, err := b.request()
	if err != nil {
		return request{}, err
	}
	files, err := mapped(r)
	if err != nil {
		return request{}, err
	}
	req.variables = withFiles(req.variables, files)
	return req, nil
}

// withFiles adds files to variables.
func withFiles(read variableSource, files []placed) variableSource {
	return func(schema *ast.Schema, op *ast.OperationDefinition) (map[string]any, error) {
		variables, err := read(schema, op)
		if err != nil {
			return nil, err
		}
		return variables, place(variables, files)
	}
}

// placed is a file and the path in the operation that it belongs at.
type placed struct {
	path   []string
	header *multipart.FileHeader
}

// mapped reads which file belongs where.
func mapped(r *http.Request) ([]placed, error) {
	var paths map[string][]string
	if err := json.Unmarshal([]byte(r.FormValue("map")), &paths); err != nil {
		return nil, fault.InvalidAt("must be a JSON object of lists of paths", "map")
	}
	if len(paths) > maxFiles {
		return nil, fault.InvalidAt(fmt.Sprintf("names %d files; at most %d are allowed", len(paths), maxFiles), "map")
	}
	var files []placed
	for key, targets := range paths {
		headers := r.MultipartForm.File[key]
		if len(headers) != 1 || len(targets) != 1 {
			return nil, fault.InvalidAt("must name one file of the form, and one place for it", "map", key)
		}
		path := strings.Split(targets[0], ".")
		if len(path) < 2 || path[0] != "variables" {
			return nil, fault.InvalidAt("must lead to a variable", "map", key)
		}
		files = append(files, placed{path[1:], headers[0]})
	}
	return files, nil
}

// place puts the files where they belong, which must be there and null.
func place(variables map[string]any, files []placed) error {
	for _, f := range files {
		set, ok := slot(variables, f.path)
		if !ok {
			return fault.InvalidAt("leads to nothing, or to what is not null", "map", "variables."+strings.Join(f.path, "."))
		}
		opened, err := f.header.Open() // a file on disk closes when nothing refers to it any more
		if err != nil {
			return err
		}
		set(graphql.Upload{
			File:        opened,
			Filename:    f.header.Filename,
			Size:        f.header.Size,
			ContentType: f.header.Header.Get("Content-Type"),
		})
	}
	return nil
}

// slot finds a null in objects and lists by its path, and returns what sets it.
func slot(in any, path []string) (set func(any), ok bool) {
	for len(path) > 0 {
		name, last := path[0], len(path) == 1
		path = path[1:]
		switch at := in.(type) {
		case map[string]any:
			v, present := at[name]
			if last {
				return func(file any) { at[name] = file }, present && v == nil
			}
			in = v
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			if last {
				return func(file any) { at[i] = file }, at[i] == nil
			}
			in = at[i]
		default:
			return nil, false
		}
	}
	return nil, false
}
