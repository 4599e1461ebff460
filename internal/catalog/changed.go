package catalog

import "github.com/99designs/gqlgen/graphql"

// A row that is told to be what it is already stays as it is, its version too: a call that is sent again is
// no conflict with anybody's edit.

// Changed returns the ids of the rows that an input changes.
func Changed[ID, R any](rows []*R, id func(*R) ID, changes func(*R) bool) []ID {
	var ids []ID
	for _, r := range rows {
		if changes(r) {
			ids = append(ids, id(r))
		}
	}
	return ids
}

// Differs tells whether a field becomes another; to is nil when it is to stay.
func Differs[T comparable](to *T, from T) bool { return to != nil && *to != from }

// Moves tells whether a nullable field becomes another; to is not set when it is to stay.
func Moves[T comparable](to graphql.Omittable[*T], from *T) bool {
	v, ok := to.ValueOK()
	if !ok || v == nil || from == nil {
		return ok && v != from
	}
	return *v != *from
}
