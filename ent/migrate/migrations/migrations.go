// Package migrations holds the SQL that leads from an empty database to the schema, one
// chain of files for each of the two databases.
//
// After a change of ent/schema, `go run ./ent/migrate/diff NAME` writes the next file of both.
package migrations

import "embed"

// Files are postgres/*.sql and sqlite/*.sql, named by the time at which they were made.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
