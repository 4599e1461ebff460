package rest

import (
	"net/http"
	"strings"
)

// answer says which part of an operation's data the body is, and what becomes of it.
type answer struct {
	path  []string // from the data down
	paged bool     // it is a connection
	write func(c *call, value []byte) ([]byte, error)
	serve func(api *API, w http.ResponseWriter, r *http.Request) // instead of all that; for files
	like  string                                                 // JSON, to tell readers what is no part of the data
	media []string                                               // types of the body; JSON when there are none
}

// object is the answer with what a path of names leads to; without it there is no such thing.
func object(path string) answer {
	return answer{path: names(path), write: func(_ *call, value []byte) ([]byte, error) { return value, nil }}
}

// page is the answer with a page of the connection that a path of names leads to.
func page(path string) answer { return answer{path: names(path), paged: true} }

func names(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

var (
	root     = answer{write: rootBody, like: `{"datasets":""}`}
	nothing  = answer{write: func(*call, []byte) ([]byte, error) { return nil, nil }}
	assigned = answer{like: `{"assigned_jobs":true}`, write: func(*call, []byte) ([]byte, error) { return []byte(`{"assigned_jobs":true}`), nil }}
	verified = answer{path: []string{"verified"}, like: "{}", write: func(_ *call, value []byte) ([]byte, error) {
		if string(value) != "true" {
			return nil, badToken
		}
		return []byte("{}"), nil
	}}
)
