package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
)

// statement reads rows of a table, all or those of parents.
type statement struct {
	shape   *ent.Shape
	columns []string // beside the id
	fk      string   // the column that leads to the parent; empty when there are no parents
	where   []Condition
	page    *ent.Page // without Limit it is all rows
}

// build makes the statement. Its first column tells the place of the parent, see placeOf, and without parents it is the id; then
// comes the id, and then the columns. The rows of a parent come together.
func (s *statement) build(x *reading, parents []int) (string, []any, error) {
	rows, err := s.rows(x)
	if err != nil {
		return "", nil, err
	}
	switch {
	case s.fk == "":
		rows.Select(s.names(rows, "id")...)
		s.cut(rows)
		query, args := rows.Query()
		return query, args, nil
	case x.db.Dialect() == dialect.Postgres:
		return s.lateral(rows, parents)
	case s.page.Limit == 0:
		return s.joined(rows, parents)
	}
	return s.correlated(x, rows, parents)
}

// rows selects from the rows that the viewer sees and the conditions hold for.
func (s *statement) rows(x *reading) (*sql.Selector, error) {
	d := sql.Dialect(x.db.Dialect())
	rows := d.Select().From(d.Table(s.shape.Table))
	visible, err := access.Reading(x.ctx, s.shape.Entity)
	if err != nil {
		return nil, err
	}
	visible(rows)
	for _, conditions := range [][]Condition{s.where, s.page.Filter, s.page.Beyond} {
		for _, c := range conditions {
			c(rows)
		}
	}
	err = rows.Err()
	return rows, err
}

// names are the columns, after a first one.
func (s *statement) names(rows *sql.Selector, first string) []string {
	names := []string{rows.C(first), rows.C("id")}
	for _, c := range s.columns {
		names = append(names, rows.C(c))
	}
	return names
}

func (s *statement) orderBy(rows *sql.Selector) {
	for _, o := range s.page.Order {
		if o.Desc {
			rows.OrderBy(sql.Desc(rows.C(o.Column)))
		} else {
			rows.OrderBy(rows.C(o.Column))
		}
	}
}

// cut orders the rows and leaves those of the page. With an offset their ids are read first, from an index alone, so that
// skipping costs no row.
func (s *statement) cut(rows *sql.Selector) {
	if s.page.Offset > 0 {
		d := sql.Dialect(rows.Dialect())
		columns := rows.SelectedColumns()
		page := rows.Clone().Select(rows.C("id"))
		s.orderBy(page)
		page.Limit(s.page.Limit).Offset(s.page.Offset)
		t := d.Table(s.shape.Table)
		*rows = *d.Select(columns...).From(t).Where(sql.In(t.C("id"), page))
		s.orderBy(rows)
		return
	}
	s.orderBy(rows)
	if s.page.Limit > 0 {
		rows.Limit(s.page.Limit)
	}
}

// lateral reads the rows of one parent after the other, so that a page of each costs no more than its rows. The subquery has
// an order, so that PostgreSQL runs it for each parent in turn, and hands the rows on as they come.
func (s *statement) lateral(rows *sql.Selector, parents []int) (string, []any, error) {
	s.ofParent(rows)
	rows.Select(s.names(rows, "id")[1:]...)
	s.cut(rows)
	query, args := rows.Query()
	args = append(args, pq.Array(parents))
	return fmt.Sprintf(`SELECT "parents"."place", "rows".* FROM unnest($%d::bigint[]) WITH ORDINALITY AS "parents"("id", "place")`+
		` CROSS JOIN LATERAL (%s) AS "rows"`, len(args), query), args, nil
}

// ofParent leaves the rows of a parent, for PostgreSQL. A page is ordered by the parent first, and by its own order then: only the
// index that begins with the parent has that order. Were the column said to equal the parent, instead of to be among an array of
// it, its order would not count, and PostgreSQL may go through the rows of all parents by another index, in the hope of meeting enough soon.
func (s *statement) ofParent(rows *sql.Selector) {
	fk := rows.C(s.fk)
	if s.page.Limit == 0 || len(s.page.Order) == 0 {
		rows.Where(sql.ExprP(fk + ` = "parents"."id"`))
		return
	}
	rows.Where(sql.ExprP(fk + ` = ANY(ARRAY["parents"."id"])`))
	page := *s.page
	page.Order = append([]ent.PageOrder{{Column: s.fk, Desc: page.Order[0].Desc}}, page.Order...)
	s.page = &page
}

// joined reads all rows of all parents, on SQLite.
func (s *statement) joined(rows *sql.Selector, parents []int) (string, []any, error) {
	isAmong(s.fk, parents)(rows)
	rows.Select(s.names(rows, s.fk)...)
	rows.OrderBy(rows.C(s.fk))
	s.orderBy(rows)
	query, args := rows.Query()
	return query, args, nil
}

// correlated reads a page of each parent, on SQLite, which has no LATERAL.
func (s *statement) correlated(x *reading, rows *sql.Selector, parents []int) (string, []any, error) {
	key := "id"
	if x.in == 0 {
		key = "rowid" // a table has one, what a snapshot sees of it has none
	}
	rows.Where(sql.ExprP(rows.C(s.fk) + " = `parents`.`value`"))
	rows.Select(rows.C(key))
	s.orderBy(rows)
	rows.Limit(s.page.Limit)
	if s.page.Offset > 0 {
		rows.Offset(s.page.Offset)
	}
	query, args := rows.Query()
	var b strings.Builder
	b.WriteString("SELECT `parents`.`key`, `rows`.`id`")
	for _, c := range s.columns {
		fmt.Fprintf(&b, ", `rows`.`%s`", c)
	}
	fmt.Fprintf(&b, " FROM json_each(?) AS `parents` CROSS JOIN `%s` AS `rows` WHERE `rows`.`%s` IN (%s) ORDER BY `parents`.`key`", s.shape.Table, key, query)
	for _, o := range s.page.Order {
		fmt.Fprintf(&b, ", `rows`.`%s`", o.Column)
		if o.Desc {
			b.WriteString(" DESC")
		}
	}
	return b.String(), append([]any{jsonList(parents)}, args...), nil
}

// placeOf returns how the first column tells the place of a parent, nil when there are none.
func (s *statement) placeOf(x *reading, parents []int) func(int) int {
	switch {
	case s.fk == "":
		return nil
	case x.db.Dialect() == dialect.Postgres:
		return func(key int) int { return key - 1 }
	case s.page.Limit > 0:
		return func(key int) int { return key }
	}
	places := make(map[int]int, len(parents))
	for i, id := range parents {
		places[id] = i
	}
	return func(key int) int { return places[key] }
}

// count makes the statement that counts the rows, of each parent in the order of these.
func (s *statement) count(x *reading, parents []int) (string, []any, error) {
	rows, err := s.rows(x)
	if err != nil {
		return "", nil, err
	}
	rows.Select().AppendSelectExpr(sql.Raw("COUNT(*)"))
	if s.fk == "" {
		query, args := rows.Query()
		return query, args, nil
	}
	if x.db.Dialect() == dialect.Postgres {
		rows.Where(sql.ExprP(rows.C(s.fk) + ` = "parents"."id"`))
		query, args := rows.Query()
		args = append(args, pq.Array(parents))
		return fmt.Sprintf(`SELECT (%s) FROM unnest($%d::bigint[]) WITH ORDINALITY AS "parents"("id", "place") ORDER BY "parents"."place"`, query, len(args)), args, nil
	}
	rows.Where(sql.ExprP(rows.C(s.fk) + " = `parents`.`value`"))
	query, args := rows.Query()
	return fmt.Sprintf("SELECT (%s) FROM json_each(?) AS `parents` ORDER BY `parents`.`key`", query), append(args, jsonList(parents)), nil
}

// pairs makes the statement that reads the different pairs of two columns, in their order.
func (s *statement) pairs(x *reading, first, second string) (string, []any, error) {
	rows, err := s.rows(x)
	if err != nil {
		return "", nil, err
	}
	rows.Select(rows.C(first), rows.C(second)).Distinct().OrderBy(rows.C(second))
	query, args := rows.Query()
	return query, args, nil
}

// isAmong is the condition for rows whose column has one of the numbers, in one parameter.
func isAmong(column string, numbers []int) Condition {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(column))
			if s.Dialect() == dialect.Postgres {
				b.WriteString(" = ANY(").Arg(pq.Array(numbers)).WriteString("::bigint[])")
				return
			}
			b.WriteString(" IN (SELECT value FROM json_each(").Arg(jsonList(numbers)).WriteString("))")
		}))
	}
}

// jsonList is numbers as SQLite takes them in one parameter.
func jsonList(numbers []int) string {
	text, _ := json.Marshal(numbers) // numbers are always JSON
	return string(text)
}
