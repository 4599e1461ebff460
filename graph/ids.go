package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// gqlgen hands an argument of the type ID over as a string, whichever entity it is of.

// identifier is a pointer to the Go type of an entity's id.
type identifier[ID any] interface {
	*ID
	graphql.Unmarshaler
}

// parse reads the id of an entity, found at path among the arguments.
func parse[ID any, P identifier[ID]](id string, path ...any) (ID, error) {
	var parsed ID
	if err := P(&parsed).UnmarshalGQL(id); err != nil {
		return parsed, fault.InvalidAt(err.Error(), path...)
	}
	return parsed, nil
}

// with calls do with the id in the argument of that name.
func with[ID any, P identifier[ID], R any](argument, id string, do func(ID) (R, error)) (R, error) {
	parsed, err := parse[ID, P](id, argument)
	if err != nil {
		var none R
		return none, err
	}
	return do(parsed)
}

// parseTargets reads the ids of rows that are to be changed if they have the given versions.
func parseTargets[ID comparable, P identifier[ID]](ids []string, versions []int) (catalog.Targets[ID], error) {
	parsed, err := parseAll[ID, P](ids, "ids")
	return catalog.Targets[ID]{IDs: parsed, Versions: versions}, err
}

// parseAll reads the ids of the list in the argument of that name, which may be nil.
func parseAll[ID comparable, P identifier[ID]](ids []string, argument string) ([]ID, error) {
	if err := catalog.CheckCount(len(ids), argument); err != nil || ids == nil {
		return nil, err
	}
	parsed := make([]ID, len(ids))
	var c fault.Check
	for i, id := range ids {
		var err error
		parsed[i], err = parse[ID, P](id, argument, i)
		c.AddErr(err)
	}
	return parsed, c.Err()
}

// remove deletes a row and answers its id.
func remove[ID comparable, P identifier[ID]](id string, version *int, do func(catalog.Targets[ID]) error) (string, error) {
	parsed, err := parse[ID, P](id, "id")
	if err != nil {
		return "", err
	}
	return id, ofOne(do(catalog.One(parsed, version)))
}

// ofOne has complaints about the only one of ids name the argument id.
func ofOne(err error) error {
	fields, ok := errors.AsType[fault.Fields](err)
	if !ok {
		return err
	}
	for i, f := range fields {
		if len(f.Path) > 0 && f.Path[0] == "ids" {
			fields[i].Path = []any{"id"}
		}
	}
	return fields
}

// removeAll deletes rows and answers their ids.
func removeAll[ID comparable, P identifier[ID]](ids []string, versions []int, do func(catalog.Targets[ID]) error) ([]string, error) {
	t, err := parseTargets[ID, P](ids, versions)
	if err != nil {
		return nil, err
	}
	return ids, do(t)
}

// below puts complaints under an argument.
func below(argument string, err error) error {
	fields, ok := errors.AsType[fault.Fields](err)
	if !ok {
		return err
	}
	var c fault.Check
	c.Add(fields, argument)
	return c.Err()
}

// values follows the pointers in a list of inputs, none of which is nil.
func values[T any](pointers []*T) []T {
	vs := make([]T, len(pointers))
	for i, p := range pointers {
		vs[i] = *p
	}
	return vs
}

// at is the path of item i of the list in an argument.
func at(argument string) func(i int) []any {
	return func(i int) []any { return []any{argument, i} }
}

// inputAt is the path of the input of item i of the list in an argument.
func inputAt(argument string) func(i int) []any {
	return func(i int) []any { return []any{argument, i, "input"} }
}

// single is the path of the only item, which is in the argument input.
func single(int) []any { return []any{"input"} }

// first is the only row of a list. There is none when it was deleted just now.
func first[R any](rows []*R, err error) (*R, error) {
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.NotFound
	}
	return rows[0], nil
}

// tableOf is the table of the entity whose id it is.
func tableOf(_ context.Context, id string) (string, error) {
	typ, _, err := gid.Decode(id)
	if err != nil {
		return "", fault.InvalidAt(err.Error(), "id")
	}
	known, ok := entities[typ]
	if !ok {
		return "", fault.InvalidAt(fmt.Sprintf("%q is the id of nothing that can be fetched", id), "id")
	}
	return known.table, nil
}

// entity is one whose rows can be fetched by their ids.
type entity struct {
	table string
	key   func(id string) (any, error) // reads an id as the database has it
}

// entities are those that node fetches, by the names of their types in ids.
var entities = map[string]entity{
	"Workspace":  {workspace.Table, keyOf[gid.WorkspaceID]},
	"User":       {user.Table, keyOf[gid.UserID]},
	"APIKey":     {apikey.Table, keyOf[gid.APIKeyID]},
	"Dataset":    {dataset.Table, keyOf[gid.DatasetID]},
	"Member":     {member.Table, keyOf[gid.MemberID]},
	"Label":      {label.Table, keyOf[gid.LabelID]},
	"Image":      {image.Table, keyOf[gid.ImageID]},
	"Annotation": {annotation.Table, keyOf[gid.AnnotationID]},
	"Batch":      {batch.Table, keyOf[gid.BatchID]},
	"Job":        {job.Table, keyOf[gid.JobID]},
	"Snapshot":   {snapshot.Table, keyOf[gid.SnapshotID]},
}

func keyOf[ID any, P identifier[ID]](id string) (any, error) { return parse[ID, P](id, "id") }
