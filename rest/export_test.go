package rest

import "cmp"

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

// Routes lists the routes as "GET /datasets/{dataset}".
func Routes() (all []string) {
	for _, row := range routes() {
		all = append(all, row.method+" "+cmp.Or(row.path, "/"))
	}
	return all
}
