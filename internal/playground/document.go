package playground

import (
	"embed"
	"strings"
)

//go:embed examples/*.graphql session/*.graphql
var documents embed.FS

// Document is a GraphQL document that the page comes with.
type Document struct {
	Name string `json:"name"` // of its file, without .graphql
	Text string `json:"text"`
}

// Examples returns the documents that the page opens as tabs, in the order of
// their names. They are to be valid against the schema, and to find something
// in the demo data.
func Examples() ([]Document, error) { return folder("examples") }

// Operations returns what the bar at the top of the page runs: refresh,
// sign-in and sign-out. The page gives the variables email and password to
// sign-in, refreshToken to the others, and reads accessToken, refreshToken and
// user.email of the alias session.
func Operations() ([]Document, error) { return folder("session") }

// folder reads the documents of a folder, sorted by name.
func folder(name string) ([]Document, error) {
	entries, err := documents.ReadDir(name)
	if err != nil {
		return nil, err
	}
	found := make([]Document, len(entries))
	for i, entry := range entries {
		text, err := documents.ReadFile(name + "/" + entry.Name())
		if err != nil {
			return nil, err
		}
		found[i] = Document{Name: strings.TrimSuffix(entry.Name(), ".graphql"), Text: string(text)}
	}
	return found, nil
}
