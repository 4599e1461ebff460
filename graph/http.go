package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
)

// How long an operation may run once its request is read.
const (
	usualTime = time.Minute
	slowTime  = 15 * time.Minute // of one that selects a field that is @slow
)

// ServeHTTP serves GraphQL over HTTP (https://graphql.github.io/graphql-over-http): POST of JSON
// and of multipart forms, and GET for queries.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params := graphql.RawParams{Headers: r.Header}
	params.ReadTime.Start = graphql.Now()
	req, err := g.read(r)
	defer removeFiles(r)
	params.ReadTime.End = graphql.Now()
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	ctx, read := withHow(graphql.StartOperationTrace(r.Context()), r.Header.Get(readBy) == "resolvers")
	response := g.run(ctx, params, req)
	if response == nil { // the client has gone
		return
	}
	if said := read.String(); said != "" {
		w.Header().Set(readBy, said)
	}
	write(w, status(r, response), mediaType(r), response)
}

// removeFiles deletes what a form left on the disk.
func removeFiles(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // a file that stays is the system's to clear
	}
}

// read reads an operation from a request.
func (g *Gateway) read(r *http.Request) (request, error) {
	switch r.Method {
	case http.MethodGet:
		return readQuery(r)
	case http.MethodPost:
	default:
		return request{}, errMethod
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return request{}, errMedia
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return request{}, errMedia
	}
	switch media {
	case "application/json":
		return readJSON(r.Body)
	case "multipart/form-data":
		return readMultipart(r)
	}
	return request{}, errMedia
}

// httpError is what is wrong with a request as far as HTTP goes.
type httpError struct {
	status int
	says   string
}

func (e httpError) Error() string { return e.says }

var (
	errMethod  = httpError{http.StatusMethodNotAllowed, "GraphQL takes GET and POST"}
	errMedia   = httpError{http.StatusUnsupportedMediaType, "send application/json or multipart/form-data"}
	errBody    = fmt.Errorf("%w: the body is not a JSON object with a query, in UTF-8", fault.Invalid)
	errNoQuery = fmt.Errorf("%w: query is missing", fault.Invalid)
)

// readQuery reads an operation from the URL. A content type on a GET is a sign of a page
// that tries to pass for a client, unless it is JSON.
func readQuery(r *http.Request) (request, error) {
	if t := r.Header.Get("Content-Type"); t != "" && !strings.HasPrefix(t, "application/json") {
		return request{}, errMedia
	}
	q := r.URL.Query()
	if !q.Has("query") {
		return request{}, errNoQuery
	}
	variables := []byte(q.Get("variables"))
	return request{
		document:  q.Get("query"),
		operation: q.Get("operationName"),
		variables: jsonVariables(variables),
		readOnly:  true,
	}, checkVariables(variables)
}

// checkVariables refuses what cannot be variables, whatever the operation.
func checkVariables(text []byte) error {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] == '{' || string(text) == "null" {
		return nil
	}
	return fault.InvalidAt("must be a JSON object", "variables")
}

// body is an operation as JSON has it.
type body struct {
	Query         *string          `json:"query"`
	OperationName *string          `json:"operationName"`
	Variables     json.RawMessage  `json:"variables"`
	Extensions    *json.RawMessage `json:"extensions"`
}

func readJSON(from io.Reader) (request, error) {
	text, err := io.ReadAll(from) // bounded by the limit on bodies
	if err != nil {
		return request{}, err
	}
	var b body
	if !utf8.Valid(text) || json.Unmarshal(text, &b) != nil { // which would put other characters for what is no UTF-8
		return request{}, errBody // not with the parser's words, which quote the body
	}
	return b.request()
}

func (b body) request() (request, error) {
	if b.Query == nil {
		return request{}, errNoQuery
	}
	if b.Extensions != nil {
		var extensions map[string]any
		if json.Unmarshal(*b.Extensions, &extensions) != nil {
			return request{}, errBody
		}
	}
	req := request{document: *b.Query, variables: jsonVariables(b.Variables)}
	if b.OperationName != nil {
		req.operation = *b.OperationName
	}
	return req, checkVariables(b.Variables)
}

// refuse answers a request that holds no operation.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := fault.Describe(err).Status
	if e, ok := errors.AsType[httpError](err); ok {
		code, err = e.status, fmt.Errorf("%w: %w", fault.Invalid, e)
		w.Header().Set("Allow", "GET, POST, OPTIONS")
	}
	write(w, code, mediaType(r), &graphql.Response{Errors: gqlerror.List{g.present(r.Context(), err)}})
}

const (
	mediaGraphQL = "application/graphql-response+json"
	mediaJSON    = "application/json"
)

// mediaType is the one of the two that the client prefers, or JSON when it does not say.
func mediaType(r *http.Request) string {
	for accept := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		switch media, _, _ := mime.ParseMediaType(accept); media {
		case mediaGraphQL, mediaJSON:
			return media
		}
	}
	return mediaJSON
}

// pressing are codes that HTTP clients act on, when nothing else was answered.
var pressing = map[any]int{
	"TOO_LARGE":    http.StatusRequestEntityTooLarge,
	"RATE_LIMITED": http.StatusTooManyRequests,
	"UNAVAILABLE":  http.StatusServiceUnavailable,
}

// status is that of an answer. Clients that ask for plain JSON get 200 for
// whatever is well-formed, as the specification wants it.
func status(r *http.Request, response *graphql.Response) int {
	if len(response.Errors) == 0 {
		return http.StatusOK
	}
	if code, ok := pressing[response.Errors[0].Extensions["code"]]; ok && !hasData(response) {
		return code
	}
	if len(response.Data) == 0 && mediaType(r) == mediaGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func hasData(response *graphql.Response) bool {
	return len(response.Data) > 0 && string(response.Data) != "null"
}

// retryAfter is when to try again, in seconds.
func retryAfter(response *graphql.Response) int {
	if len(response.Errors) > 0 {
		if throttled, ok := errors.AsType[*auth.ThrottledError](response.Errors[0]); ok {
			return throttled.Seconds()
		}
	}
	return 2
}

// write writes an answer as it stands: its data are JSON already.
func write(w http.ResponseWriter, status int, media string, response *graphql.Response) {
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", strconv.Itoa(retryAfter(response)))
	}
	var parts [][]byte
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors)
		if err != nil {
			status, errs = http.StatusInternalServerError, []byte(`[{"message":"internal error"}]`)
		}
		parts = append(parts, []byte(`"errors":`), errs)
	}
	if len(response.Data) > 0 {
		if parts != nil {
			parts = append(parts, []byte(","))
		}
		parts = append(parts, []byte(`"data":`), response.Data)
	}
	w.WriteHeader(status)
	for _, part := range append([][]byte{{'{'}}, append(parts, []byte{'}'})...) {
		if _, err := w.Write(part); err != nil { //nolint:gosec // JSON, and typed so: no page runs it
			return // the client has gone
		}
	}
}
