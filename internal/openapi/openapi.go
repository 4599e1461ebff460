// Package openapi is the part of OpenAPI 3.1 that the server describes itself with. What is written comes out in
// the order in which it is declared or was added.
package openapi

// Version is the one of OpenAPI that a Document is of.
const Version = "3.1.0"

// Document describes an API.
type Document struct {
	OpenAPI    string               `json:"openapi"`
	Info       Info                 `json:"info"`
	Servers    []Server             `json:"servers,omitempty"`
	Security   []Requirement        `json:"security,omitempty"`
	Tags       []Tag                `json:"tags,omitempty"`
	Paths      Map[Map[*Operation]] `json:"paths"` // by path, by method in small letters
	Components Components           `json:"components"`
}

// Info says what is described.
type Info struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

// Server is where the API is found.
type Server struct {
	URL string `json:"url"`
}

// Requirement is a set of security schemes that a request must satisfy all of; the empty one asks for nothing.
type Requirement map[string][]string

// Tag is a group of operations.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// Operation is a method of a path.
type Operation struct {
	Tags        []string       `json:"tags,omitempty"`
	Summary     string         `json:"summary,omitempty"`
	Description string         `json:"description,omitempty"`
	ID          string         `json:"operationId"`
	Parameters  []Parameter    `json:"parameters,omitempty"`
	Body        *Body          `json:"requestBody,omitempty"`
	Responses   Map[*Response] `json:"responses"`
	Security    []Requirement  `json:"security,omitzero"` // instead of the document's
}

// Parameter is a value in the path or the query.
type Parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"` // path or query
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *Schema `json:"schema"`
}

// Body is what a request sends.
type Body struct {
	Required bool        `json:"required,omitempty"`
	Content  Map[*Media] `json:"content"`
}

// Media is a body in one media type.
type Media struct {
	Schema  *Schema `json:"schema"`
	Example any     `json:"example,omitempty"`
}

// Response is an answer, or a reference to one.
type Response struct {
	Ref         string       `json:"$ref,omitempty"`
	Description string       `json:"description,omitempty"`
	Headers     Map[*Header] `json:"headers,omitempty"`
	Content     Map[*Media]  `json:"content,omitempty"`
}

// Header is one of an answer.
type Header struct {
	Description string  `json:"description,omitempty"`
	Schema      *Schema `json:"schema"`
}

// Components are what a document refers to.
type Components struct {
	Schemas         Map[*Schema]        `json:"schemas,omitempty"`
	Responses       Map[*Response]      `json:"responses,omitempty"`
	SecuritySchemes Map[SecurityScheme] `json:"securitySchemes,omitempty"`
}

// SecurityScheme is a way to say who asks.
type SecurityScheme struct {
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
	Name        string `json:"name,omitempty"`
	In          string `json:"in,omitempty"`
	Scheme      string `json:"scheme,omitempty"`
}
