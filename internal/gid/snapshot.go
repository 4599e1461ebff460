package gid

import (
	"context"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Row returns the row that the present field is one of, or lies below: the closest whose type is a T.
func Row[T any](ctx context.Context) (row T, ok bool) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return row, false
	}
	for fc = fc.Parent; fc != nil; fc = fc.Parent {
		if row, ok = rowOf[T](fc.Result); ok {
			return row, true
		}
	}
	return row, false
}

// rowOf looks through the pointers that gqlgen has to the items of a list.
func rowOf[T any](result any) (row T, ok bool) {
	if row, ok = result.(T); ok || result == nil {
		return row, ok
	}
	v := reflect.ValueOf(result)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return row, false
	}
	return reflect.TypeAssert[T](v.Elem())
}

// In returns the form of an id that names a snapshot, and how it names an entity outside one.
func In(snapshot SnapshotID, key string) string {
	if snapshot == 0 {
		return key
	}
	return key + "@" + strconv.Itoa(int(snapshot))
}

// Split returns the GraphQL form of an id without the snapshot that it names, and that; 0 when it names none.
func Split(id string) (string, SnapshotID, error) {
	typ, key, err := Decode(id)
	if err != nil {
		return "", 0, err
	}
	key, in, ok := strings.Cut(key, "@")
	if !ok {
		return id, 0, nil
	}
	n, err := strconv.ParseInt(in, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != in {
		return "", 0, malformed("%q is not an id", id)
	}
	return Encode(typ, key), SnapshotID(n), nil
}

// marshal writes the GraphQL form of an id. It names the snapshot that the row was read from whose field it is.
func marshal(ctx context.Context, w io.Writer, typ, key string) error {
	var in SnapshotID
	if row, ok := Row[interface{ InSnapshot() int }](ctx); ok {
		in = SnapshotID(row.InSnapshot())
	}
	return write(w, typ, In(in, key))
}

func write(w io.Writer, typ, key string) error {
	_, err := io.WriteString(w, `"`+Encode(typ, key)+`"`)
	return err
}

// now leaves out the snapshot that an id of a query names: where the row was read does not matter to what filters by it.
func now(ctx context.Context, v any) any {
	id, ok := v.(string)
	if !ok || !graphql.HasOperationContext(ctx) || graphql.GetOperationContext(ctx).Operation.Operation != ast.Query {
		return v
	}
	if present, _, err := Split(id); err == nil {
		return present
	}
	return v
}
