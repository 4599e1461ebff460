package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/moment"
	"github.com/datasetgen/datagen/internal/web"
)

// present gives err the code and the message that a client may see, and logs what it may not.
func (g *Gateway) present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{Err: err, Path: graphql.GetPath(ctx)}
	var public fault.Public
	switch known, ok := errors.AsType[*gqlerror.Error](err); {
	case ok && known.Extensions["code"] != nil: // of the parser, of validation, of paging
		if known.Path == nil {
			known.Path = out.Path
		}
		return known
	case ok && len(known.Path) > len(out.Path):
		public = argumentFault(known, len(out.Path))
	case ok && known.Err != nil:
		public = fault.Describe(known.Err) // without the position that gqlgen puts before its words
	default:
		public = fault.Describe(err)
	}
	out.Message = public.Message
	out.Extensions = map[string]any{"code": public.Code}
	if len(public.Fields) > 0 {
		out.Extensions["fields"] = public.Fields
	}
	if public.Current != nil {
		out.Extensions["current"] = g.state(public.Current)
	}
	if public.Status >= http.StatusInternalServerError {
		out.Extensions["requestId"] = web.RequestID(ctx)
		g.log.ErrorContext(ctx, "operation failed", "error", err, "path", out.Path.String())
	}
	return out
}

// argumentFault is what a client sees of a scalar's refusal to read an argument. gqlgen
// tells it by its path, which leads on from the field into the arguments.
func argumentFault(err *gqlerror.Error, depth int) fault.Public {
	field := fault.Field{Message: err.Message}
	for _, p := range err.Path[depth:] {
		switch p := p.(type) {
		case ast.PathName:
			field.Path = append(field.Path, string(p))
		case ast.PathIndex:
			field.Path = append(field.Path, int(p))
		}
	}
	return fault.Describe(fault.Fields{field})
}

// state is what GraphQL would show of a row's columns, for a client whose write was stale.
func (g *Gateway) state(row any) map[string]json.RawMessage {
	v := reflect.Indirect(reflect.ValueOf(row))
	if v.Kind() != reflect.Struct || g.clientSchema.Types[v.Type().Name()] == nil {
		return nil
	}
	shown := g.clientSchema.Types[v.Type().Name()].Fields
	fields := map[string]json.RawMessage{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		column, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && shown.ForName(camel(column)) != nil {
			fields[camel(column)] = show(v.FieldByIndex(f.Index))
		}
	}
	return fields
}

func show(v reflect.Value) json.RawMessage {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return json.RawMessage("null")
	}
	var b bytes.Buffer
	switch x := reflect.Indirect(v).Interface().(type) {
	case graphql.Marshaler:
		x.MarshalGQL(&b)
	case time.Time:
		moment.MarshalTime(x).MarshalGQL(&b)
	default:
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(x) // a column is a number, a text or a boolean
	}
	return bytes.TrimSpace(b.Bytes())
}

// camel turns dataset_id into datasetId.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
