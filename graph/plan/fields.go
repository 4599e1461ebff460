package plan

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
)

// Condition restricts the rows of a statement.
type Condition = func(*sql.Selector)

// Fields are those that follow from others, by entity and by their names in the graph.
type Fields map[string]map[string]Field

// Field is one of a type that is neither a column nor an edge. It is one of its members.
type Field struct {
	Computed *Computed
	Loaded   *Loaded
	Listed   func(Args) (Listed, error)
	// Frozen is a field of snapshots that stands for that of their datasets, as they see it. It is null when a snapshot has nothing
	// but an archive.
	Frozen bool
}

// Computed follows from columns of its row.
type Computed struct {
	Columns []string
	// Value returns what the field is: a text, a number, or nil.
	Value func(ctx context.Context, args Args, row Row) any
}

// Loaded is found for many rows at once.
type Loaded struct {
	// Load returns the values of the rows with the ids, by these. Selected are the names of what is selected below the field.
	Load func(ctx context.Context, args Args, ids []int, selected map[string]bool) (map[int]any, error)
}

// Counters know how many rows connections have that are not filtered, by the entity that they are of and by their names in the
// graph.
type Counters map[string]map[string]Counter

// Counter returns how many rows belong to each of the rows with the ids, by these.
type Counter func(ctx context.Context, ids []int) (map[int]int, error)

// Listed are rows of another entity, in an order of their own, which the client gives no arguments for.
type Listed struct {
	To     string // entity
	Column string // of To, which holds the id of the row that they belong to
	Order  []ent.PageOrder
	// First has the field be the first row alone, or null when there is none.
	First bool
	// Numbers has the field be the ids of the rows, as integers.
	Numbers bool
	// Through is a column of To with ids of the entity that the field lists instead, each once, ordered by id.
	Through string
	Of      string // that entity
}

// Args are the arguments of a field.
type Args map[string]any

// Int is a number among them, which the schema has a default for.
func (a Args) Int(name string) (int, error) {
	n, err := graphql.UnmarshalInt(a[name])
	if err != nil {
		return 0, unplanned("%s: %v", name, err)
	}
	return n, nil
}

// Bool is a truth value among them, which the schema has a default for.
func (a Args) Bool(name string) (bool, error) {
	v, err := graphql.UnmarshalBoolean(a[name])
	if err != nil {
		return false, unplanned("%s: %v", name, err)
	}
	return v, nil
}

// Row is what the columns of a Computed field hold in a row.
type Row []cell

// Int is the number in a column, 0 when it is null.
func (r Row) Int(column int) int {
	n, _ := r[column].Value.(int64)
	return int(n)
}

// Null tells whether a column is null.
func (r Row) Null(column int) bool { return r[column].Value == nil }

// Text is the text in a column.
func (r Row) Text(column int) string {
	switch v := r[column].Value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return fmt.Sprint(r[column].Value)
}

// Bool is the truth value in a column.
func (r Row) Bool(column int) bool {
	switch v := r[column].Value.(type) {
	case bool:
		return v
	case int64: // as SQLite has it
		return v != 0
	}
	return false
}

// Time is the time in a column, the zero one when it is null.
func (r Row) Time(column int) time.Time {
	t, _ := r[column].Value.(time.Time)
	return t
}
