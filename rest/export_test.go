package rest

import "cmp"

// Routes lists the routes as "GET /datasets/{dataset}".
func Routes() (all []string) {
	for _, row := range routes() {
		all = append(all, row.method+" "+cmp.Or(row.path, "/"))
	}
	return all
}
