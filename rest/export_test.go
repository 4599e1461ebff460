package rest

// Document is all operations of the routes.
func Document() (string, error) { return theDocument() }

// Methods lists the methods of each path, which is whole and ends in a slash.
func Methods() map[string][]string {
	methods := map[string][]string{}
	for _, row := range routes() {
		path := Base + row.path + "/"
		methods[path] = append(methods[path], row.method)
	}
	return methods
}
