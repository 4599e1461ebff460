package main

// patches mend what entgql v0.7.0 and ent v0.14.6 get wrong for us:
//
//   - a client may give edges, node, totalCount, pageInfo and to-one edges aliases, and select something
//     else under each (entgql answered with empty or wrong data, or took the arguments of
//     one alias for those of another);
//   - ids have a Go type of their own (cursors and nodes(ids) broke on them);
//   - a page has a default and a greatest size, at every level, and one of no rows tells whether there are more;
//   - pages can be asked for by offset, at every level, and are found by ids in an index;
//   - lists are newest first, or in the order of their own that labels and annotations have;
//   - a cursor that a client makes up is refused, and before means before (entgql
//     took it for after when it came with first);
//   - pageInfo costs no count;
//   - only the columns that are asked for are read, ids among them;
//   - children of any number of parents are read in one statement;
//   - a filter by an empty list finds nothing, not everything;
//   - an id that does not exist, or that the viewer may not see, is null in nodes, not an error.
var patches = []patch{
	{"node", 1, `			return buf.String()
`, `			return strings.Trim(buf.String(), "\"")
`},
	{"node", 1, `		noder, err := c.Noder(ctx, ids[0], opts...)
		if err != nil {
`, `		noder, err := c.Noder(ctx, ids[0], opts...)
		if IsNotFound(err) {
			return []Noder{nil}, nil
		}
		if err != nil {
`},
	{"node", 1, `		ctx := graphql.WithPathContext(ctx,
`, `		if IsNotFound(errors[i]) || strings.HasPrefix(errors[i].Error(), "input: Could not resolve") {
			continue
		}
		ctx := graphql.WithPathContext(ctx,
`},

	{"where_input", 1, `if len(i.{{ $field }}) > 0 {`, `if i.{{ $field }} != nil {`},

	{"pagination", 1, `	Cursor = entgql.Cursor[{{ $idType }}]
	PageInfo = entgql.PageInfo[{{ $idType }}]
`, ``},
	// What is cut here is replaced by functions in paging.tmpl.
	{"pagination", 1, `func collectedField(ctx context.Context, path ...string) *graphql.CollectedField {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return nil
	}
	field := fc.Field
	oc := graphql.GetOperationContext(ctx)
walk:
	for _, name := range path {
		for _, f := range graphql.CollectFields(oc, field.Selections, nil) {
			if f.Alias == name {
				field = f
				continue walk
			}
		}
		return nil
	}
	return &field
}

func hasCollectedField(ctx context.Context, path ...string) bool {
	if graphql.GetFieldContext(ctx) == nil {
		return true
	}
	return collectedField(ctx, path...) != nil
}

`, ``},
	{"pagination", 1, `const errInvalidPagination = "INVALID_PAGINATION"

func validateFirstLast(first, last *int) (err *gqlerror.Error) {
	switch {
	case first != nil && last != nil:
		err = &gqlerror.Error{
			Message: "Passing both ` + "`first` and `last`" + ` to paginate a connection is not supported.",
		}
	{{- range $arg := list "first" "last" }}
		case {{ $arg }} != nil && *{{ $arg }} < 0:
			err = &gqlerror.Error{
				Message: "` + "`{{ $arg }}`" + ` on a connection cannot be less than zero.",
			}
			errcode.Set(err, errInvalidPagination)
	{{- end }}
	}
	return err
}

`, ``},
	{"pagination", 1, `	c.PageInfo.HasPreviousPage = after != nil
`, `	c.PageInfo.HasPreviousPage = after != nil || pager.offset > 0
`},
	{"pagination", 1, `		if order == nil {
			order = {{ $defaultOrder }}
		}
		o := *order
`, `		if order == nil {
			order = {{ template "gql_pagination/helper/usual_order" (extend $node "Default" $defaultOrder "Order" $order "Fields" $orderFields) }}
		}
		o := *order
`},
	{"pagination", 1, `		if pager.order == nil {
			pager.order = {{ $defaultOrder }}
		}
`, `		if pager.order == nil {
			pager.order = {{ template "gql_pagination/helper/usual_order" (extend $node "Default" $defaultOrder "Order" $order "Fields" $orderFields) }}
		}
`},
	{"pagination", 1, `{{ $query := print $node.QueryName -}}
{{ $optFilter :=`, `// With{{ $name }}Offset skips rows instead of starting after a cursor.
func With{{ $name }}Offset(offset *int) {{ $opt }} {
	return func(pager *{{ $pager }}) error {
		if offset == nil {
			return nil
		}
		if *offset < 0 {
			return invalidPage("is less than 0", "offset")
		}
		pager.offset = *offset
		return nil
	}
}

{{ $query := print $node.QueryName -}}
{{ $optFilter :=`},
	{"pagination", 1, `	reverse bool
	order {{ if`, `	reverse bool
	offset int
	order {{ if`},
	{"pagination", 1, `		direction := p.order.Direction
		if p.reverse {
			direction = direction.Reverse()
		}
		for _, predicate := range entgql.CursorsPredicate(after, before, {{ $defaultOrder }}.Field.column, p.order.Field.column, direction) {
			query = query.Where(predicate)
		}
`, `		like, err := p.order.Field.Value(&{{ $name }}{})
		if err != nil {
			return nil, err
		}
		for _, end := range []struct{
			cursor *Cursor
			direction OrderDirection
		}{ {after, p.order.Direction}, {before, p.order.Direction.Reverse()} } {
			if end.cursor == nil {
				continue
			}
			predicate, err := beyond[{{ $node.ID.Type }}](end.cursor, p.order.Field.column, {{ $defaultOrder }}.Field.column, like, end.direction)
			if err != nil {
				return nil, err
			}
			query = query.Where(predicate)
		}
`},
	{"pagination", 1, `	Direction: entgql.OrderDirectionAsc,
	Field: &{{ $orderField }}{`, `	Direction: entgql.OrderDirectionDesc,
	Field: &{{ $orderField }}{`},
	{"pagination", 1, `	if err := validateFirstLast(first, last); err != nil {
		return nil, err
	}
	pager, err := {{ $newPager }}(opts, last != nil)
	if err != nil {
		return nil, err
	}
`, `	first, err := pageSize(first, last)
	if err != nil {
		return nil, err
	}
	pager, err := {{ $newPager }}(opts, last != nil)
	if err != nil {
		return nil, err
	}
	if err := checkOffset(pager.offset, after, before, last); err != nil {
		return nil, err
	}
`},
	{"pagination", 1, `	ignoredEdges := !hasCollectedField(ctx, edgesField)
	if hasCollectedField(ctx, totalCountField) || hasCollectedField(ctx, pageInfoField) {
`, `	ignoredEdges := !hasCollectedField(ctx, edgesField) && !hasCollectedField(ctx, pageInfoField)
	if hasCollectedField(ctx, totalCountField) {
`},
	{"pagination", 1, `			conn.PageInfo.HasNextPage = first != nil && conn.TotalCount > 0
			conn.PageInfo.HasPreviousPage = last != nil && conn.TotalCount > 0
`, ``},
	{"pagination", 1, `	if ignoredEdges || (first != nil && *first == 0) || (last != nil && *last == 0) {
`, `	if ignoredEdges {
`},
	{"pagination", 1, `	if limit != 0 {
		{{ $r }}.Limit(limit)
	}
	if field := collectedField(ctx, edgesField, nodeField); field != nil {
		if err := {{ $r }}.collectField(ctx, limit == 1, graphql.GetOperationContext(ctx), *field, []string{edgesField, nodeField}); err != nil {
			return nil, err
		}
	}
`, `	if pager.offset > 0 {
		{{ $r }}.modifiers = append({{ $r }}.modifiers, pageOf("", pager.offset, limit, pager.orderExpr({{ $r }})))
	} else {
		{{ $r }}.Limit(limit)
	}
	if fc := graphql.GetFieldContext(ctx); fc != nil {
		oc := graphql.GetOperationContext(ctx)
		err := eachNode(oc, fc.Field, nil, func(node graphql.CollectedField, path []string) error {
			return {{ $r }}.collectField(ctx, limit == 1, oc, node, path)
		})
		if err != nil {
			return nil, err
		}
	}
`},
	{"pagination", 1, `{{ define "gql_pagination/helper/paginate" }}
`, `{{ define "gql_pagination/helper/usual_order" -}}
	{{- $own := "" }}
	{{- range $f := $.Scope.Fields }}{{ if or (eq $f.GQL "POSITION") (eq $f.GQL "ORDER") }}{{ $own = $f.VarName }}{{ end }}{{ end }}
	{{- if $own }}&{{ $.Scope.Order }}{Direction: entgql.OrderDirectionAsc, Field: {{ $own }} }{{ else }}{{ $.Scope.Default }}{{ end }}
{{- end }}

{{ define "gql_pagination/helper/paginate" }}
`},

	{"collection", 1, `							alias = field.Alias
							path  = append(path, alias)
`, `							path = append(path, field.Alias)
`},
	{"collection", 1, `							query = (&{{ $e.Type.ClientName }}{config: {{ $receiver }}.config}).Query()
						)
`, `							query = (&{{ $e.Type.ClientName }}{config: {{ $receiver }}.config}).Query()
						)
						{{- if $e.Unique }}
						// The same to-one edge under several aliases shares one query.
						if {{ $receiver }}.{{ $e.EagerLoadField }} != nil {
							query = {{ $receiver }}.{{ $e.EagerLoadField }}
						}
						{{- end }}
`},
	{"collection", 1, `							args := {{ $edgeArgsFunc }}(fieldArgs(`, `							alias := sibling.Place(ctx, path...)
							args := {{ $edgeArgsFunc }}(fieldArgs(`},
	{"collection", 1, `{{ else }}nil{{ end }}, path...))
							if err := validateFirstLast(args.first, args.last); err != nil {
								return fmt.Errorf("validate first and last in path %q: %w", path, err)
							}
`, `{{ else }}nil{{ end }}, field))
							first, err := pageSize(args.first, args.last)
							if err != nil {
								return err
							}
							args.first = first
`},
	{"collection", 1, `								return fmt.Errorf("create new pager in path %q: %w", path, err)
							}
`, `								return err
							}
							if err := checkOffset(pager.offset, args.after, args.before, args.last); err != nil {
								return err
							}
`},
	{"collection", 1, `							ignoredEdges := !hasCollectedField(ctx, append(path, edgesField)...)
							if hasCollectedField(ctx, append(path, totalCountField)...) || hasCollectedField(ctx, append(path, pageInfoField)...) {
`, `							ignoredEdges := !selects(opCtx, field, edgesField) && !selects(opCtx, field, pageInfoField)
							if selects(opCtx, field, totalCountField) {
`},
	{"collection", 1, `							if ignoredEdges || (args.first != nil && *args.first == 0) || (args.last != nil && *args.last == 0) {
`, `							if ignoredEdges {
`},
	{"collection", 1, `							path = append(path, edgesField, nodeField)
							if field := collectedField(ctx, path...); field != nil {
								if err := query.collectField(ctx, {{ $oneNode }}, opCtx, *field, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...); err != nil {
									return err
								}
							}
`, `							if err := eachNode(opCtx, field, path, func(node graphql.CollectedField, path []string) error {
								return query.collectField(ctx, {{ $oneNode }}, opCtx, node, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...)
							}); err != nil {
								return err
							}
`},
	{"collection", 1, `								if oneNode {
									pager.applyOrder(query.Limit(limit))
								} else {
`, `								switch {
								case oneNode && pager.offset == 0:
									pager.applyOrder(query.Limit(limit))
								case oneNode:
									query.modifiers = append(query.modifiers, pageOf("", pager.offset, limit, pager.orderExpr(query)))
								default:
`},
	{
		"collection", 1, `modify := entgql.LimitPerRow({{ $fk }}, limit, pager.orderExpr(query))`,
		`modify := pageOf({{ $fk }}, pager.offset, limit, pager.orderExpr(query))`,
	},
	{"collection", 1, `					{{- with fieldMapping $f }}`, `					{{- with answers $f }}`},
	{"collection", 1, `						{{- with fieldMapping $node.ID }}`, `						{{- with answers $node.ID }}`},
	{"collection", 1, `			if !unknownSeen {
				{{ $receiver }}.Select(selectedFields...)
			}
`, `			switch {
			case {{ $receiver }}.collected: // under another alias, which may need other columns
				{{ $receiver }}.ctx.Fields = nil
			case !unknownSeen:
				{{ $receiver }}.Select(selectedFields...)
			}
			{{ $receiver }}.collected = true
`},
	{"collection", 1, `	loadTotal []func(context.Context, []*{{ $.Name }}) error
`, `	loadTotal []func(context.Context, []*{{ $.Name }}) error
	collected bool
`},
	{"collection", 1, `			query.Where(func(s *sql.Selector) {
				s.Where(sql.InValues(s.C({{ $fk }}), ids...))
			})
`, `			query.Where(among({{ $fk }}, ids))
`},
	{"collection", 1, `		args.first = v.(*int)
`, `		args.first, _ = v.(*int)
`},
	{"collection", 1, `		args.last = v.(*int)
`, `		args.last, _ = v.(*int)
`},
	{"collection", 1, `		args.after = v.(*Cursor)
`, `		args.after, _ = v.(*Cursor)
`},
	{"collection", 1, `		args.before = v.(*Cursor)
	}
`, `		args.before, _ = v.(*Cursor)
	}
	if v, ok := rv["offset"].(*int); ok {
		args.opts = append(args.opts, With{{ $name }}Offset(v))
	}
`},
	{"collection", 1, `func fieldArgs(ctx context.Context, whereInput any, path ...string) map[string]any {
	field := collectedField(ctx, path...)
	if field == nil || field.Arguments == nil {
		return nil
	}
	oc := graphql.GetOperationContext(ctx)
`, `func fieldArgs(ctx context.Context, whereInput any, field graphql.CollectedField) map[string]any {
	oc := graphql.GetOperationContext(ctx)
`},
	{"collection", 1, `for _, k := range []string{firstField, lastField} {`, `for _, k := range []string{firstField, lastField, "offset"} {`},

	{"edge", 1, `after *Cursor, first *int, before *Cursor, last *int,
`, `after *Cursor, first *int, before *Cursor, last *int, offset *int,
`},
	{"edge", 1, `		opts := []{{ $opt }}{
`, `		first, err := pageSize(first, last)
		if err != nil {
			return nil, err
		}
		opts := []{{ $opt }}{
			With{{ $names.Node }}Offset(offset),
`},
	{"edge", 1, `		alias := graphql.GetFieldContext(ctx).Field.Alias
		totalCount,`, `		alias := sibling.Place(ctx)
		totalCount,`},
	{"edge", 1, `		return {{ $r }}.Query{{ $e.StructField }}().Paginate(`, `		query := (&{{ $e.Type.ClientName }}{config: {{ $r }}.config}).Query().Where(func(s *sql.Selector) {
			s.Where(sql.EQ(s.C({{ $n.Package }}.{{ $e.ColumnConstant }}), {{ $r }}.ID))
		})
		return query.Paginate(`},
	// All of these come with the other imports; twice they do not compile.
	{"edge", 1, `import (
	"context"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
)
`, ``},
	{"collection", 1, `	"github.com/99designs/gqlgen/graphql"
`, ``},

	{"query", 1, `			query.Where({{ $e.Type.Package }}.IDIn(ids...))
`, `			query.Where(among({{ $e.Type.Package }}.{{ $e.Type.ID.Constant }}, ids))
`},
	{"query", 1, `			query.Where(predicate.{{ $e.Type.Name }}(func(s *sql.Selector) {
				s.Where(sql.InValues(s.C({{ $.Package }}.{{ $e.ColumnConstant }}), fks...))
			}))
`, `			query.Where(among({{ $.Package }}.{{ $e.ColumnConstant }}, fks))
`},
}
