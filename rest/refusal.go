package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
)

// refusal is an error as old clients know it.
type refusal struct {
	status int
	body   map[string]any
}

// Error satisfies error.
func (r refusal) Error() string { return fmt.Sprintf("%d %v", r.status, r.body) }

func detail(says string) map[string]any { return map[string]any{"detail": says} }

var (
	notFound = refusal{http.StatusNotFound, detail("Not found.")}
	denied   = refusal{http.StatusForbidden, detail("You do not have permission to perform this action.")}
	badToken = refusal{http.StatusUnauthorized, map[string]any{"detail": "Token is invalid or expired", "code": "token_not_valid"}}
)

// unauthorized are the words for why a request is not signed in; the first that fits.
var unauthorized = []struct {
	err  error
	says string
}{
	{auth.ErrNoCredentials, "Authentication credentials were not provided."},
	{auth.ErrEmptyHeader, "Invalid token header. No credentials provided."},
	{auth.ErrSpaces, "Invalid token header. Token string should not contain spaces."},
	{auth.ErrInvalidToken, "Invalid token."},
	{fault.Unauthenticated, "Authentication credentials were not provided."},
}

// refusals are the words for codes of GraphQL that tell nothing more.
var refusals = map[string]refusal{
	"UNAUTHENTICATED": {http.StatusUnauthorized, detail("Authentication credentials were not provided.")},
	"FORBIDDEN":       denied,
	"NOT_FOUND":       notFound,
}

// statuses are those of codes whose message is for the client.
var statuses = map[string]int{
	"CONFLICT":       http.StatusConflict,
	"INVALID":        http.StatusBadRequest,
	"TOO_LARGE":      http.StatusRequestEntityTooLarge,
	"QUOTA_EXCEEDED": http.StatusForbidden,
	"RATE_LIMITED":   http.StatusTooManyRequests,
	"UNAVAILABLE":    http.StatusServiceUnavailable,
}

// wording is how a route words its errors; the zero wording is that of most.
type wording struct {
	instead map[int]refusal // of those with a status
	member  string          // that complaints about the body come under, in one text
}

var (
	ofSignIn = wording{instead: map[int]refusal{
		http.StatusUnauthorized: {http.StatusBadRequest, map[string]any{wholeForm: []string{"Unable to log in with provided credentials."}}},
	}}
	ofTokens    = wording{instead: map[int]refusal{http.StatusUnauthorized: badToken}}
	noImage     = refusal{http.StatusForbidden, map[string]any{"error": "Invalid image or permission denied."}}
	ofReplacing = wording{member: "error", instead: map[int]refusal{http.StatusForbidden: noImage, http.StatusNotFound: noImage}}
	ofAssigning = wording{member: "message"}
)

// of is err in the words of the route.
func (w wording) of(err error) error {
	r, ok := errors.AsType[refusal](err)
	if !ok {
		return err
	}
	if instead, ok := w.instead[r.status]; ok {
		return instead
	}
	if w.member != "" && r.status == http.StatusBadRequest {
		if says, ok := r.body["detail"]; ok {
			return refusal{r.status, map[string]any{w.member: says}}
		}
	}
	return r
}

// about is the refusal of a body.
func (w wording) about(wrong complaints) error {
	if w.member != "" {
		return refusal{http.StatusBadRequest, map[string]any{w.member: wrong.line()}}
	}
	return refusal{http.StatusBadRequest, wrong.body()}
}

// failure is the error that an operation has answered, to a body that was sent in a form.
func (w wording) failure(response *graphql.Response, form *compiledForm, body sent) error {
	err := response.Errors[0]
	code, _ := err.Extensions["code"].(string)
	if fields, ok := err.Extensions["fields"].([]fault.Field); ok && code == "INVALID" && form != nil {
		wrong, outside := form.wire(fields, body)
		if outside {
			return w.of(notFound) // a key in the path that makes no sense
		}
		return w.about(wrong)
	}
	if r, ok := refusals[code]; ok {
		return w.of(r)
	}
	if status, ok := statuses[code]; ok {
		if wait, ok := errors.AsType[*auth.ThrottledError](err); ok {
			return throttled{refusal{status, detail(err.Message)}, wait.Seconds()}
		}
		return w.of(refusal{status, detail(err.Message)})
	}
	return failed{err}
}

// throttled is a refusal that says when to try again.
type throttled struct {
	refusal

	seconds int
}

// failed is a failure of ours, which the gateway has logged.
type failed struct{ cause *gqlerror.Error }

// Error satisfies error.
func (f failed) Error() string { return f.cause.Error() }

// Unwrap is what went wrong.
func (f failed) Unwrap() error { return f.cause }

// retryAfter is when to try again what could not be done now, in seconds.
const retryAfter = 2

// refuse answers with an error. What a client may not know of it is logged.
func (api *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	answer := api.refusalOf(r.Context(), err)
	switch answer.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Token")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if wait, ok := errors.AsType[throttled](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(wait.seconds))
	}
	write(w, answer.status, encode(answer.body))
}

func (api *API) refusalOf(ctx context.Context, err error) refusal {
	if wait, ok := errors.AsType[throttled](err); ok {
		return wait.refusal
	}
	if r, ok := errors.AsType[refusal](err); ok {
		return r
	}
	for _, u := range unauthorized {
		if errors.Is(err, u.err) {
			return refusal{http.StatusUnauthorized, detail(u.says)}
		}
	}
	public := fault.Describe(err)
	if _, logged := errors.AsType[failed](err); !logged && public.Status >= http.StatusInternalServerError {
		api.log.ErrorContext(ctx, "request failed", "error", err)
	}
	return refusal{public.Status, detail(public.Message)}
}
