package catalog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/fault"
)

// MetadataWhereInput is what a value of an image's metadata must be: all that is set. A value of another kind, or none,
// is not found.
type MetadataWhereInput struct {
	Key              string
	Exists           *bool // whether there is a value, of whatever kind
	Text             *string
	TextIn           []string
	TextContainsFold *string // whatever its case
	Number           *float64
	NumberGT         *float64
	NumberGTE        *float64
	NumberLT         *float64
	NumberLTE        *float64
	Boolean          *bool
}

// maxAlternatives is how many tags or texts a filter may list.
const maxAlternatives = 100

// HasTagIn finds images with one of the tags. Field is what complaints call the list.
func HasTagIn(tags []string, field string) (predicate.Image, error) {
	tags = Tags(tags)
	return tagged(tags, " ?| ", "> 0"), checkAlternatives(len(tags), field)
}

// HasTags finds images with all of the tags.
func HasTags(tags []string, field string) (predicate.Image, error) {
	tags = Tags(tags)
	return tagged(tags, " ?& ", fmt.Sprintf("= %d", len(tags))), checkAlternatives(len(tags), field)
}

func checkAlternatives(n int, path ...any) error {
	var c fault.Check
	c.That(n <= maxAlternatives, fmt.Sprintf("has %d items; at most %d are allowed", n, maxAlternatives), path...)
	return c.Err()
}

// tagged compares tags by an operator of PostgreSQL, or how many of them an image has by one of SQLite.
func tagged(tags []string, operator, count string) predicate.Image {
	return func(s *sql.Selector) {
		column := s.C(image.FieldTags)
		s.Where(sql.P(func(b *sql.Builder) {
			if b.Dialect() == dialect.Postgres {
				b.WriteString(column + operator).Arg(pq.StringArray(tags)).WriteString("::text[]")
				return
			}
			b.WriteString("(SELECT COUNT(*) FROM json_each(CAST(" + column + " AS TEXT)) WHERE value IN (").Args(texts(tags)...)
			b.WriteString(")) " + count)
		}))
	}
}

// HasMetadata finds images whose metadata is what all of the inputs say. Field is what complaints call their list.
func HasMetadata(inputs []*MetadataWhereInput, field string) (predicate.Image, error) {
	var c fault.Check
	c.AddErr(checkAlternatives(len(inputs), field))
	for i, in := range inputs {
		c.Add(in.check(), field, i)
	}
	return func(s *sql.Selector) {
		all := []*sql.Predicate{sql.ExprP("TRUE")}
		for _, in := range inputs {
			all = append(all, in.conditions(s.Dialect(), s.C(image.FieldMetadata))...)
		}
		s.Where(sql.And(all...))
	}, c.Err()
}

func (in *MetadataWhereInput) check() fault.Fields {
	var c fault.Check
	wrong := wrongKey(in.Key)
	c.That(wrong == "", wrong, "key")
	c.AddErr(checkAlternatives(len(in.TextIn), "textIn"))
	c.Text(in.Text, valueLength, "text")
	c.Text(in.TextContainsFold, valueLength, "textContainsFold")
	for i := range in.TextIn {
		c.Text(&in.TextIn[i], valueLength, "textIn", i)
	}
	c.That(len(in.conditions(dialect.SQLite, "")) > 0, "needs a condition")
	return c.Fields()
}

// conditions are those of the input. Each is true or false of every image, and never NULL, so that it can be negated.
func (in *MetadataWhereInput) conditions(db, column string) (list []*sql.Predicate) {
	v := metadataValue{db, column, in.Key}
	if in.Exists != nil {
		list = append(list, v.exists(*in.Exists))
	}
	if in.Text != nil {
		list = append(list, v.is(*in.Text))
	}
	if in.TextIn != nil {
		list = append(list, v.text(func(b *sql.Builder, value func()) {
			value()
			if v.onPostgres() { // which knows no empty IN ()
				b.WriteString(" = ANY (").Arg(pq.StringArray(in.TextIn)).WriteString("::text[])")
				return
			}
			b.WriteString(" IN (").Args(texts(in.TextIn)...)
			b.WriteString(")")
		}))
	}
	if in.TextContainsFold != nil {
		list = append(list, v.text(func(b *sql.Builder, value func()) {
			b.WriteString("LOWER(")
			value()
			b.WriteString(") LIKE ").Arg("%" + likeEscaped(strings.ToLower(*in.TextContainsFold)) + "%").WriteString(` ESCAPE '!'`)
		}))
	}
	for _, comparison := range []struct {
		with     *float64
		operator sql.Op
	}{
		{in.Number, sql.OpEQ},
		{in.NumberGT, sql.OpGT},
		{in.NumberGTE, sql.OpGTE},
		{in.NumberLT, sql.OpLT},
		{in.NumberLTE, sql.OpLTE},
	} {
		if comparison.with != nil {
			list = append(list, v.number(comparison.operator, *comparison.with))
		}
	}
	if in.Boolean != nil {
		list = append(list, v.boolean(*in.Boolean))
	}
	return list
}

func likeEscaped(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// metadataValue is the value of a key in a column of metadata.
type metadataValue struct{ db, column, key string }

func (v metadataValue) onPostgres() bool { return v.db == dialect.Postgres }

// call writes a call of a JSON function of SQLite on the value.
func (v metadataValue) call(b *sql.Builder, function string) {
	b.WriteString(function + "(" + v.column + ", ").Arg(`$."` + v.key + `"`).WriteString(")")
}

func (v metadataValue) exists(want bool) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		if v.onPostgres() {
			b.WriteString("(" + v.column + " ? ").Arg(v.key).WriteString("::text)")
		} else {
			v.call(b, "(json_type")
			b.WriteString(" IS NOT NULL)")
		}
		if !want {
			b.WriteString(" = FALSE")
		}
	})
}

// is compares with a text. PostgreSQL would find it by an index, if there were one.
func (v metadataValue) is(text string) *sql.Predicate {
	if v.onPostgres() {
		return v.contains(text)
	}
	return v.text(func(b *sql.Builder, value func()) {
		value()
		b.WriteString(" = ").Arg(text)
	})
}

func (v metadataValue) boolean(want bool) *sql.Predicate {
	if v.onPostgres() {
		return v.contains(want)
	}
	return sql.P(func(b *sql.Builder) {
		v.call(b, "COALESCE(json_type")
		b.WriteString(" = ").Arg(strconv.FormatBool(want)).WriteString(", FALSE)")
	})
}

// contains is for PostgreSQL.
func (v metadataValue) contains(value any) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		object, _ := json.Marshal(map[string]any{v.key: value}) // a text or a boolean never fails
		b.WriteString(v.column + " @> ").Arg(string(object)).WriteString("::jsonb")
	})
}

// text is what compare writes of a value that is a text.
func (v metadataValue) text(compare func(b *sql.Builder, value func())) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		if v.onPostgres() {
			v.ofType(b, "'string'")
			compare(b, func() { b.WriteString("(" + v.column + " ->> ").Arg(v.key).WriteString("::text)") })
		} else {
			v.ofType(b, "'text'")
			compare(b, func() { v.call(b, "json_extract") })
		}
		b.WriteString(" ELSE FALSE END")
	})
}

// number compares a value that is a number. No text is made one: PostgreSQL would fail on others.
func (v metadataValue) number(operator sql.Op, with float64) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		if v.onPostgres() {
			v.ofType(b, "'number'")
			b.WriteString("(" + v.column + " -> ").Arg(v.key).WriteString("::text)::double precision")
		} else {
			v.ofType(b, "'integer', 'real'")
			b.WriteString("CAST(")
			v.call(b, "json_extract")
			b.WriteString(" AS REAL)")
		}
		b.WriteOp(operator).Arg(with).WriteString(" ELSE FALSE END")
	})
}

// ofType begins what holds for values of these types alone.
func (v metadataValue) ofType(b *sql.Builder, types string) {
	b.WriteString("CASE WHEN ")
	if v.onPostgres() {
		b.WriteString("jsonb_typeof(" + v.column + " -> ").Arg(v.key).WriteString("::text)")
	} else {
		v.call(b, "json_type")
	}
	b.WriteString(" IN (" + types + ") THEN ")
}
