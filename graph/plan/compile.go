package plan

import (
	"context"
	"slices"

	"entgo.io/ent/schema/field"
	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/snapshot"
)

// compiler makes a plan of what a client selects.
type compiler struct {
	reader    *Reader
	ctx       context.Context //nolint:containedctx // of one call, which the arguments of fields are read with
	operation *graphql.OperationContext
}

// level is how rows of an entity are read and written: all that one statement finds.
type level struct {
	shape   *ent.Shape
	columns []string // that are read of each row, beside its id
	steps   []step   // which write a row
	members []member
	keys    [][]int // of each member, the columns that lead to it
}

// step writes a part of a row: a text, and then what is of a column, or else one of the members.
type step struct {
	text   []byte
	write  func(b []byte, x *reading, row []cell) ([]byte, error) // nil when there is nothing but the text
	member bool                                                   // the next member comes after the text
}

// fieldsOf are the fields that a client selects of a field whose type has these names, with fragments and directives followed.
func (c *compiler) fieldsOf(f graphql.CollectedField, types ...string) ([]graphql.CollectedField, error) {
	fields := graphql.CollectFields(c.operation, f.Selections, types)
	for _, f := range fields {
		if len(f.Deferrables) > 0 {
			return nil, unplanned("%s is deferred", f.Name)
		}
	}
	return fields, nil
}

// node makes the level of rows that are selected as they are.
func (c *compiler) node(shape *ent.Shape, f graphql.CollectedField) (*level, error) {
	b := levelBuilder{compiler: c, level: &level{shape: shape}}
	if err := b.object(f); err != nil {
		return nil, err
	}
	return b.done(), nil
}

// levelBuilder puts a level together.
type levelBuilder struct {
	*compiler

	level *level
	text  []byte // that no step writes yet
}

func (b *levelBuilder) done() *level {
	b.flush(step{})
	return b.level
}

// flush adds a step, before which the text comes.
func (b *levelBuilder) flush(s step) {
	s.text, b.text = b.text, nil
	b.level.steps = append(b.level.steps, s)
}

// column has a column read, and returns its place in the row.
func (b *levelBuilder) column(name string) int {
	if name == "id" {
		return 0
	}
	i := slices.Index(b.level.columns, name)
	if i < 0 {
		i = len(b.level.columns)
		b.level.columns = append(b.level.columns, name)
	}
	return i + 1
}

// member adds a member, which the columns lead to.
func (b *levelBuilder) member(m member, columns ...string) {
	keys := make([]int, len(columns))
	for i, name := range columns {
		keys[i] = b.column(name)
	}
	b.level.members, b.level.keys = append(b.level.members, m), append(b.level.keys, keys)
	b.flush(step{member: true})
}

// object writes what is selected of a row.
func (b *levelBuilder) object(selection graphql.CollectedField) error {
	fields, err := b.fieldsOf(selection, b.level.shape.Type, "Node")
	if err != nil {
		return err
	}
	for i, f := range fields {
		b.name(i, f)
		if err := b.field(f); err != nil {
			return err
		}
	}
	b.end(len(fields))
	return nil
}

// name writes what comes before the value of the i-th field of an object.
func (b *levelBuilder) name(i int, f graphql.CollectedField) {
	b.text = appendName(b.text, i, f.Alias)
}

// end writes what comes after the last of n fields of an object.
func (b *levelBuilder) end(n int) { b.text = appendEnd(b.text, n) }

func appendName(b []byte, i int, alias string) []byte {
	if i == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(appendText(b, alias), ':')
}

func appendEnd(b []byte, n int) []byte {
	if n == 0 {
		b = append(b, '{')
	}
	return append(b, '}')
}

// field writes the value of a field.
func (b *levelBuilder) field(f graphql.CollectedField) error {
	shape := b.level.shape
	if f.Name == "__typename" {
		b.text = appendText(b.text, shape.Type)
		return nil
	}
	if known, ok := b.reader.fields[shape.Entity][f.Name]; ok {
		return b.known(known, f)
	}
	if col, ok := shape.Columns[f.Name]; ok {
		b.value(col, f.Definition.Type.NonNull)
		return nil
	}
	edge, ok := shape.Edges[f.Name]
	if !ok {
		return unplanned("%s.%s", shape.Type, f.Name)
	}
	to := b.reader.shapes[edge.To]
	if edge.One {
		below, err := b.node(to, f)
		b.member(&one{level: below, required: f.Definition.Type.NonNull}, edge.Column)
		return err
	}
	m, err := b.page(to, f, edge.Column)
	if err == nil && len(m.page.Filter) == 0 {
		m.counter = b.reader.counters[shape.Entity][f.Name]
	}
	b.member(m, "id")
	return err
}

// value writes what is in a column.
func (b *levelBuilder) value(col *ent.Column, required bool) {
	place, write := b.column(col.Name), writerOf(col)
	b.flush(step{write: func(out []byte, x *reading, row []cell) ([]byte, error) {
		if v := row[place].Value; v != nil {
			return write(out, x, v)
		}
		if required {
			return out, unplanned("%s is null", col.Name)
		}
		return append(out, "null"...), nil
	}})
}

// known writes a field that follows from others.
func (b *levelBuilder) known(k Field, f graphql.CollectedField) error {
	args := Args(f.ArgumentMap(b.operation.Variables))
	switch {
	case k.Computed != nil:
		b.computed(k.Computed, args)
		return nil
	case k.Loaded != nil:
		m, err := b.loaded(k.Loaded, args, f)
		b.member(m, "id")
		return err
	case k.Frozen:
		m, err := b.frozen(f)
		b.member(m, snapshot.FieldID, snapshot.FieldDatasetID, snapshot.FieldEpoch)
		return err
	}
	listed, err := k.Listed(args)
	if err != nil {
		return err
	}
	m, err := b.listed(listed, f)
	b.member(m, "id")
	return err
}

func (b *levelBuilder) computed(k *Computed, args Args) {
	places := make([]int, len(k.Columns))
	for i, name := range k.Columns {
		places[i] = b.column(name)
	}
	b.flush(step{write: func(out []byte, x *reading, row []cell) ([]byte, error) {
		values := make(Row, len(places))
		for i, p := range places {
			values[i] = row[p]
		}
		return appendValue(out, k.Value(x.ctx, args, values), nil)
	}})
}

func (c *compiler) loaded(k *Loaded, args Args, f graphql.CollectedField) (member, error) {
	form, err := c.form(f)
	if err != nil {
		return nil, err
	}
	return &loaded{field: k, args: args, form: form}, nil
}

// frozen makes a member of a snapshot, which is a field of its dataset as it was.
func (c *compiler) frozen(f graphql.CollectedField) (member, error) {
	b := levelBuilder{compiler: c, level: &level{shape: c.reader.shapes[ent.TypeDataset]}}
	if err := b.field(f); err != nil {
		return nil, err
	}
	if l := b.level; len(l.members) == 1 && len(l.keys[0]) == 1 && l.keys[0][0] == 0 {
		return &frozen{of: l.members[0]}, nil
	}
	return nil, unplanned("%s of a snapshot", f.Name)
}

func (c *compiler) listed(k Listed, f graphql.CollectedField) (member, error) {
	through := c.reader.shapes[k.To]
	switch {
	case k.Numbers:
		return &list{level: numbers(through), fk: k.Column, order: k.Order}, nil
	case k.Through != "":
		l, err := c.node(c.reader.shapes[k.Of], f)
		return &linked{level: l, table: through, fk: k.Column, column: k.Through}, err
	}
	l, err := c.node(through, f)
	m := &list{level: l, fk: k.Column, order: k.Order}
	if k.First {
		m.limit, m.as = 1, asFirst
	}
	return m, err
}

// numbers is a level that writes the ids of rows as integers.
func numbers(shape *ent.Shape) *level {
	write := writerOf(&ent.Column{Name: "id", Type: field.TypeInt})
	return &level{shape: shape, steps: []step{{write: func(b []byte, x *reading, row []cell) ([]byte, error) { return write(b, x, row[0].Value) }}}}
}
