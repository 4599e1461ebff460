package plan

import (
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// member is a part of rows that takes statements of its own. Read finds it for all rows at once, by the numbers that lead to it, in
// the order of the rows; 0 is a null. At the root there is one member of no row.
type member interface {
	read(x *reading, keys []int) (found, error)
}

// found is what was read of a member. Append writes that of the i-th row.
type found interface {
	append(b []byte, i int) ([]byte, error)
}

// one is a row that others refer to by its id.
type one struct {
	level    *level
	required bool
}

func (m *one) read(x *reading, keys []int) (found, error) {
	rows, index, err := x.byID(m.level, keys)
	return &oneFound{m, rows, index, keys}, err
}

type oneFound struct {
	*one

	rows  *rows
	index map[int]int // from ids to rows
	keys  []int
}

func (f *oneFound) append(b []byte, i int) ([]byte, error) {
	if row, ok := f.index[f.keys[i]]; ok {
		return f.rows.append(b, row)
	}
	if f.required {
		return b, unplanned("%s %d is not to be seen", f.level.shape.Type, f.keys[i])
	}
	return append(b, "null"...), nil
}

// list is rows in an order of their own.
type list struct {
	level *level
	fk    string // the column that leads to the parent; empty at the root
	where []Condition
	order []ent.PageOrder
	limit int // 0 is none
	as    style
}

// style is how a list is written.
type style int

const (
	asList  style = iota
	asFirst       // the first row alone, or null
)

func (m *list) read(x *reading, keys []int) (found, error) {
	rows, err := x.rows(m.level, keys, statement{shape: m.level.shape, fk: m.fk, where: m.where, page: &ent.Page{Order: m.order, Limit: m.limit}}, nil)
	return &listFound{m, rows}, err
}

type listFound struct {
	*list

	rows *rows
}

func (f *listFound) append(b []byte, parent int) ([]byte, error) {
	from, to := f.rows.of(parent)
	if f.as != asFirst {
		return f.rows.appendList(b, from, to)
	}
	if from == to {
		return append(b, "null"...), nil
	}
	return f.rows.append(b, from)
}

// linked is rows that are linked to others through a table, each once, ordered by id.
type linked struct {
	level  *level
	table  *ent.Shape
	fk     string // of the table, to the parent
	column string // of the table, to the rows
}

func (m *linked) read(x *reading, keys []int) (found, error) {
	links, err := x.links(m.table, m.fk, m.column, keys)
	if err != nil {
		return nil, err
	}
	rows, index, err := x.byID(m.level, slices.Concat(links...))
	return &linkedFound{rows, index, links}, err
}

type linkedFound struct {
	rows  *rows
	index map[int]int
	links [][]int
}

func (f *linkedFound) append(b []byte, i int) (_ []byte, err error) {
	b = append(b, '[')
	first := true
	for _, id := range f.links[i] {
		row, ok := f.index[id]
		if !ok { // gone meanwhile
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		if b, err = f.rows.append(b, row); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// frozen is what a snapshot sees of its dataset. Each snapshot has to be asked by itself.
type frozen struct{ of member }

// read takes three numbers of each snapshot: its id, its dataset, and the last epoch that it sees.
func (m *frozen) read(x *reading, keys []int) (found, error) {
	f := &frozenFound{of: make([]found, 0, len(keys)/3)}
	for key := range slices.Chunk(keys, 3) {
		if key[2] == 0 { // of which an archive was kept alone
			f.of = append(f.of, nil)
			continue
		}
		then := x.at(&history.Moment{Snapshot: gid.SnapshotID(key[0]), Dataset: gid.DatasetID(key[1]), Epoch: key[2]})
		part, err := m.of.read(then, key[1:2])
		if err != nil {
			return nil, err
		}
		f.of = append(f.of, part)
	}
	return f, nil
}

type frozenFound struct{ of []found }

func (f *frozenFound) append(b []byte, i int) ([]byte, error) {
	if f.of[i] == nil {
		return append(b, "null"...), nil
	}
	return f.of[i].append(b, 0)
}

// loaded is found in a way of its own.
type loaded struct {
	field *Loaded
	args  Args
	form  *form
}

func (m *loaded) read(x *reading, keys []int) (found, error) {
	ids := slices.Clone(keys)
	slices.Sort(ids)
	values, err := m.field.Load(x.ctx, m.args, slices.Compact(ids), m.form.names())
	return &loadedFound{m, keys, values}, err
}

type loadedFound struct {
	*loaded

	keys   []int
	values map[int]any
}

func (f *loadedFound) append(b []byte, i int) ([]byte, error) {
	return appendValue(b, f.values[f.keys[i]], f.form)
}
