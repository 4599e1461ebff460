package rest

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/internal/gid"
)

// listing is what a list can be narrowed and ordered by. The types of the operation's arguments say how.
type listing struct {
	order   string // when none is asked for and that of GraphQL is another: as ?ordering= has it
	filters []filter
	search  []string // fields of the filter that ?search= looks in
}

// filter is a query parameter that becomes a condition.
type filter struct {
	param string
	field string // of the operation's filter; param in camel case, with Id after it for the key of a row, when empty
}

// moments are the filters by time that every list has.
var moments = []filter{
	{param: "created_at"},
	{"created_at__gt", "createdAtGT"},
	{"created_at__gte", "createdAtGTE"},
	{"created_at__lt", "createdAtLT"},
	{"created_at__lte", "createdAtLTE"},
	{param: "updated_at"},
	{"updated_at__gt", "updatedAtGT"},
	{"updated_at__gte", "updatedAtGTE"},
	{"updated_at__lt", "updatedAtLT"},
	{"updated_at__lte", "updatedAtLTE"},
}

var (
	datasetList    = &listing{filters: moments, search: []string{"nameContainsFold"}}
	labelList      = &listing{order: "-created_at", filters: moments, search: []string{"nameContainsFold"}}
	annotationList = &listing{filters: moments}
	snapshotList   = &listing{filters: moments, search: []string{"nameContainsFold"}}
	imageList      = &listing{
		filters: slices.Concat([]filter{
			{param: "id"},
			{param: "name"},
			{param: "prompt"},
			{param: "negative_prompt"},
			{param: "generation_type"},
			{param: "is_synthetic"},
			{param: "done"},
			{param: "reviewed"},
			{param: "job"},
			{param: "batch"},
			{param: "base_image"},
		}, moments),
		search: []string{"nameContainsFold", "originalNameContainsFold"},
	}
	jobList = &listing{filters: slices.Concat([]filter{
		{param: "id"}, {param: "owner"}, {param: "assignee"}, {param: "batch"}, {param: "done"}, {param: "reviewed"}, {"timestamp", "createdAt"},
	}, moments)}
	batchList = &listing{
		filters: slices.Concat([]filter{
			{"unassigned", "unassignedImages"}, {"unassigned_gt", "unassignedImagesGT"}, {param: "workbench"},
		}, moments),
		search: []string{"nameContainsFold"},
	}
)

// compiledListing is a listing of which all is known.
type compiledListing struct {
	byDefault string
	filters   []compiledFilter
	search    []string
	orders    []string // values that ?ordering= takes, without their sign
}

type compiledFilter struct {
	filter

	typ    string // of the condition's value
	entity string // of the row that a key names
}

func compileListing(schema *ast.Schema, op *ast.OperationDefinition, l *listing) (*compiledListing, error) {
	where := schema.Types[op.VariableDefinitions.ForName("where").Type.Name()]
	order := schema.Types[op.VariableDefinitions.ForName("order").Type.Name()]
	c := &compiledListing{byDefault: l.order, search: l.search}
	for _, f := range l.filters {
		names := []string{f.field}
		if f.field == "" {
			names = []string{camel(f.param), camel(f.param) + "Id"}
		}
		i := slices.IndexFunc(names, func(name string) bool { return where.Fields.ForName(name) != nil })
		if i < 0 {
			return nil, fmt.Errorf("filter %s: %s knows no field for it", f.param, where.Name)
		}
		f.field = names[i]
		def := where.Fields.ForName(f.field)
		entity := entityOf(f.field)
		if f.field == "id" {
			entity = strings.TrimSuffix(where.Name, "WhereInput")
		}
		c.filters = append(c.filters, compiledFilter{f, def.Type.Name(), entity})
	}
	for _, name := range l.search {
		if where.Fields.ForName(name) == nil {
			return nil, fmt.Errorf("search: %s has no field %s", where.Name, name)
		}
	}
	for _, value := range schema.Types[order.Fields.ForName("field").Type.Name()].EnumValues {
		c.orders = append(c.orders, strings.ToLower(value.Name))
	}
	return c, nil
}

const noChoice = complaint("Select a valid choice. That choice is not one of the available choices.")

// variables makes query parameters those of an operation. Keys of rows that must be there come back in keys, by
// the parameter's name.
func (l *compiledListing) variables(query url.Values) (variables, keys map[string]any, wrong complaints) {
	variables, keys = map[string]any{}, map[string]any{}
	where := map[string]any{}
	for _, f := range l.filters {
		value, err := f.read(query.Get(f.param))
		switch {
		case err != nil:
			wrong = wrong.add(f.param, err.Error())
		case value != nil:
			where[f.field] = value
			if f.typ == "ID" && f.field != "id" {
				keys[f.param] = value
			}
		}
	}
	if terms := l.terms(query.Get("search")); terms != nil {
		where["and"] = terms
	}
	if len(where) > 0 {
		variables["where"] = where
	}
	if order := l.order(query.Get("ordering")); order != nil {
		variables["order"] = order
	}
	return variables, keys, wrong
}

// maxTerms is how many words of a search count.
const maxTerms = 20

// terms are conditions that each word of a search is found in one of the fields.
func (l *compiledListing) terms(search string) []any {
	if len(l.search) == 0 {
		return nil
	}
	var all []any
	for word := range strings.FieldsSeq(strings.ReplaceAll(search, "\x00", "")) {
		either := make([]any, len(l.search))
		for i, field := range l.search {
			either[i] = map[string]any{field: word}
		}
		all = append(all, map[string]any{"or": either})
		if len(all) == maxTerms {
			break
		}
	}
	return all
}

// order is the first of the orders asked for that there is.
func (l *compiledListing) order(ordering string) map[string]any {
	for name := range strings.SplitSeq(ordering+","+l.byDefault, ",") {
		name, descending := strings.CutPrefix(strings.TrimSpace(name), "-")
		if !slices.Contains(l.orders, name) {
			continue
		}
		direction := "ASC"
		if descending {
			direction = "DESC"
		}
		return map[string]any{"field": strings.ToUpper(name), "direction": direction}
	}
	return nil
}

// read makes the text of a parameter a value, nil when it says nothing. No row has what is not UTF-8.
func (f compiledFilter) read(s string) (any, error) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if s == "" {
		return nil, nil
	}
	if strings.Contains(s, "\x00") {
		return nil, nulText
	}
	switch f.typ {
	case "Boolean":
		return readFlag(s), nil
	case "Int":
		n, err := readInteger(raw{texts: []string{s}})
		if err != nil {
			return nil, noNumber
		}
		return n, nil
	case "Time":
		return readMoment(s)
	case "ID":
		if f.field == "id" {
			return f.readOwnKey(s)
		}
		id, err := readKey(raw{texts: []string{s}}, f.entity)
		if err != nil {
			return nil, noChoice
		}
		return id, nil
	}
	return s, nil
}

const noNumber = complaint("Enter a number.")

// readOwnKey reads the key of a listed row, which need not be there.
func (f compiledFilter) readOwnKey(s string) (any, error) {
	s = strings.TrimSpace(s)
	if !keyText.MatchString(s) {
		return nil, noNumber
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		n = math.MaxInt64 // no row has it either
	}
	return gid.Encode(f.entity, strconv.FormatInt(n, 10)), nil
}

// readFlag reads a boolean; what is none says nothing.
func readFlag(s string) any {
	switch strings.ToLower(s) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	return nil
}

// readMoment reads a time as the old service did: a day alone begins at midnight, and all is UTC that says nothing
// else. A plus that was not escaped has become a space.
func readMoment(s string) (any, error) {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, ' '); i > len("2006-01-02") {
		s = s[:i] + "+" + s[i+1:]
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339Nano), nil
		}
	}
	return nil, complaint("Enter a valid date/time.")
}
