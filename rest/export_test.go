package rest

// Document is all operations of the routes.
func Document() (string, error) { return theDocument() }
