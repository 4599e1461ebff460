package database

import (
	"context"
	sqldriver "database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/history"
)

// Bulk is how many rows one statement writes: its parameters stay below the 32,766 that
// SQLite allows and the 65,535 of PostgreSQL, and larger ones are no faster.
const Bulk = 1000

// bulk is the same where rows come as arrays, one parameter a column: the fewer statements, the less their triggers do.
func bulk(db string) int {
	if db == dialect.Postgres {
		return 10 * Bulk
	}
	return Bulk
}

// InBulk calls save with Bulk items at a time, and returns all that it returns.
func InBulk[In, Out any](items []In, save func([]In) ([]Out, error)) (saved []Out, err error) {
	for chunk := range slices.Chunk(items, Bulk) {
		out, err := save(chunk)
		if err != nil {
			return nil, err
		}
		saved = append(saved, out...)
	}
	return saved, nil
}

// Now is the present in the precision that both databases keep.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Column is one of the columns that InsertRows and UpdateRows write.
type Column[R any] struct {
	Name string
	Type string // on PostgreSQL
	Of   func(R) any
}

// InsertRows inserts rows into a table, in few statements. It goes past ent's hooks, and so past access
// and defaults: its caller has seen to it that the viewer may, and sets every column.
func InsertRows[R any](ctx context.Context, tx *ent.Tx, db, table string, columns []Column[R], rows []R) error {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = strconv.Quote(c.Name)
	}
	into := fmt.Sprintf("INSERT INTO %q (%s) ", table, strings.Join(names, ", "))
	from := "%s"
	if i := slices.IndexFunc(columns, func(c Column[R]) bool { return c.Name == "dataset_id" }); history.Has(table) && i >= 0 {
		into = fmt.Sprintf("INSERT INTO %q (%s, %s) ", table, strings.Join(names, ", "), history.Born)
		from = fmt.Sprintf("SELECT rows.*, %s FROM (%%s) AS rows", history.Epoch(fmt.Sprintf("rows.column%d", i+1)))
	}
	for chunk := range slices.Chunk(rows, bulk(db)) {
		list, args, err := tabulate(db, columns, chunk)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, into+fmt.Sprintf(from, list), args...); err != nil {
			return err
		}
	}
	return nil
}

// UpdateRows sets columns of a table to values of each row's own, in few statements. The first column is the
// key by which rows are found, and stays. It goes past ent's hooks as InsertRows does: the
// caller also sets version and updated_at.
func UpdateRows[R any](ctx context.Context, tx *ent.Tx, db, table string, columns []Column[R], rows []R) error {
	var sets []string
	for i, c := range columns[1:] {
		sets = append(sets, fmt.Sprintf("%q = changes.column%d", c.Name, i+2))
	}
	if history.Has(table) {
		sets = append(sets, history.Born+" = "+history.Epoch(table+".dataset_id"))
	}
	for chunk := range slices.Chunk(rows, bulk(db)) {
		list, args, err := tabulate(db, columns, chunk)
		if err != nil {
			return err
		}
		statement := fmt.Sprintf("UPDATE %q SET %s FROM (%s) AS changes WHERE %[1]q.%[4]q = changes.column1",
			table, strings.Join(sets, ", "), list, columns[0].Name)
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// tabulate makes a query whose result is the rows, in columns that are called column1, column2 and so on.
func tabulate[R any](db string, columns []Column[R], rows []R) (query string, args []any, err error) {
	if db == dialect.Postgres {
		return arrays(columns, rows)
	}
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	args = make([]any, 0, len(columns)*len(rows))
	for _, r := range rows {
		for _, c := range columns {
			args = append(args, c.Of(r))
		}
	}
	return "VALUES " + row + strings.Repeat(", "+row, len(rows)-1), args, nil
}

// arrays makes the query of one parameter a column. PostgreSQL takes it in twice as fast as
// a list of values, whose parameters it describes and converts one by one.
func arrays[R any](columns []Column[R], rows []R) (query string, args []any, err error) {
	names, parameters := make([]string, len(columns)), make([]string, len(columns))
	args = make([]any, len(columns))
	for i, c := range columns {
		names[i] = fmt.Sprintf("column%d", i+1)
		parameters[i] = fmt.Sprintf("$%d::%s[]", i+1, c.Type)
		array := []byte{'{'}
		for k, r := range rows {
			if k > 0 {
				array = append(array, ',')
			}
			v, err := sqldriver.DefaultParameterConverter.ConvertValue(c.Of(r))
			if err != nil {
				return "", nil, fmt.Errorf("column %s: %w", c.Name, err)
			}
			array = appendElement(array, v)
		}
		args[i] = string(append(array, '}'))
	}
	query = fmt.Sprintf("SELECT * FROM unnest(%s) AS listed (%s)", strings.Join(parameters, ", "), strings.Join(names, ", "))
	return query, args, nil
}

// appendElement writes a value as it stands in the text of an array
// (https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO).
func appendElement(to []byte, v sqldriver.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, "NULL"...)
	case int64:
		return strconv.AppendInt(to, v, 10)
	case float64:
		return strconv.AppendFloat(to, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(to, v)
	case time.Time:
		return v.AppendFormat(to, `"`+time.RFC3339Nano+`"`)
	case []byte:
		return appendQuoted(to, string(v))
	default: // the last of what a driver.Value can be
		return appendQuoted(to, v.(string))
	}
}

func appendQuoted(to []byte, s string) []byte {
	to = append(to, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			to = append(to, '\\')
		}
		to = append(to, s[i])
	}
	return append(to, '"')
}

// In is an SQL condition: the value of a column is one of the ids.
func In[ID ~int](column string, ids []ID) string {
	if len(ids) == 0 {
		return "FALSE"
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.Itoa(int(id))
	}
	return column + " IN (" + strings.Join(list, ", ") + ")"
}
