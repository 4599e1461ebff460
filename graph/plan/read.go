package plan

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// reading is a plan that is carried out, in the present or at a moment.
type reading struct {
	ctx    context.Context //nolint:containedctx // of one call
	db     *database.DB
	in     gid.SnapshotID // that is read, which ids name; 0 in the present
	suffix []byte         // of ids
}

func newReading(ctx context.Context, db *database.DB) *reading {
	x := &reading{ctx: ctx, db: db, in: gid.SnapshotID(history.MomentOf(ctx).InSnapshot())}
	x.suffix = []byte(gid.In(x.in, ""))
	return x
}

// at reads at a moment.
func (x *reading) at(m *history.Moment) *reading { return newReading(history.At(x.ctx, m), x.db) }

// rows are what a statement found, written but for their members.
type rows struct {
	text    []byte
	ends    []int   // where each part of a row ends in text: a member comes after each but the last
	spans   []span  // the rows of each parent
	members []found // of all rows
	parts   int     // of a row
}

// span is rows that come one after the other: the first, and where they end.
type span struct{ from, to int }

// of are the rows of a parent.
func (r *rows) of(parent int) (from, to int) { return r.spans[parent].from, r.spans[parent].to }

// append writes a row.
func (r *rows) append(b []byte, i int) (_ []byte, err error) {
	at := 0
	if i > 0 {
		at = r.ends[i*r.parts-1]
	}
	for part, end := range r.ends[i*r.parts : (i+1)*r.parts] {
		if part > 0 {
			if b, err = r.members[part-1].append(b, i); err != nil {
				return b, err
			}
		}
		b = append(b, r.text[at:end]...)
		at = end
	}
	return b, nil
}

// appendList writes rows as a list.
func (r *rows) appendList(b []byte, from, to int) (_ []byte, err error) {
	b = append(b, '[')
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		if b, err = r.append(b, i); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// cell is a column of a row.
type cell = database.Cell

// rows reads the rows of a level below the parents, and what they have for members. Each is called with each row, if there is one.
func (x *reading) rows(l *level, parents []int, s statement, each func([]cell) error) (*rows, error) {
	s.columns = l.columns
	query, args, err := s.build(x, parents)
	if err != nil {
		return nil, err
	}
	w := newWriter(x, l, each)
	w.placeOf, w.rows.spans = s.placeOf(x, parents), make([]span, max(len(parents), 1))
	if err := x.scan(query, args, 1+len(l.columns), w.add); err != nil {
		return nil, err
	}
	if w.placeOf == nil {
		w.rows.spans[0].to = w.n
	}
	return w.finish()
}

// byID reads the rows of a level that have the ids, and where each is.
func (x *reading) byID(l *level, ids []int) (*rows, map[int]int, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == 0 {
		ids = ids[1:]
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	index := make(map[int]int, len(ids))
	s := statement{shape: l.shape, columns: l.columns, page: &ent.Page{}, where: []Condition{isAmong("id", ids)}}
	query, args, err := s.build(x, nil)
	if err != nil {
		return nil, nil, err
	}
	w := newWriter(x, l, func(row []cell) error {
		id, err := number(row[0])
		index[id] = len(index)
		return err
	})
	if err := x.scan(query, args, 1+len(l.columns), w.add); err != nil {
		return nil, nil, err
	}
	found, err := w.finish()
	return found, index, err
}

// writer writes rows as they are read.
type writer struct {
	x       *reading
	level   *level
	rows    *rows
	keys    [][]int // of each member, the numbers that lead to it
	n       int     // how many rows there are
	each    func([]cell) error
	placeOf func(key int) int // of the parent, from the first column; nil when nobody wants to know
}

func newWriter(x *reading, l *level, each func([]cell) error) *writer {
	return &writer{x: x, level: l, rows: &rows{parts: len(l.members) + 1}, keys: make([][]int, len(l.members)), each: each}
}

// add writes a row. Key is its first column, which is the parent's place, or else the id again.
func (w *writer) add(key []byte, row []cell) (err error) {
	if w.placeOf != nil {
		if err := w.belongs(key); err != nil {
			return err
		}
	}
	r := w.rows
	for _, s := range w.level.steps {
		r.text = append(r.text, s.text...)
		switch {
		case s.member:
			r.ends = append(r.ends, len(r.text))
		case s.write != nil:
			if r.text, err = s.write(r.text, w.x, row); err != nil {
				return err
			}
		}
	}
	r.ends = append(r.ends, len(r.text))
	for m, columns := range w.level.keys {
		for _, c := range columns {
			n, err := number(row[c])
			if err != nil {
				return err
			}
			w.keys[m] = append(w.keys[m], n)
		}
	}
	w.n++
	if w.each != nil {
		return w.each(row)
	}
	return nil
}

// belongs notes whose row the present one is.
func (w *writer) belongs(key []byte) error {
	n, err := strconv.Atoi(string(key))
	if err != nil {
		return err
	}
	of := &w.rows.spans[w.placeOf(n)]
	switch {
	case of.to == 0:
		of.from = w.n
	case of.to != w.n:
		return fmt.Errorf("rows of parent %d come apart", n)
	}
	of.to = w.n + 1
	return nil
}

// finish reads the members of the rows.
func (w *writer) finish() (_ *rows, err error) {
	if w.n == 0 {
		return w.rows, nil
	}
	w.rows.members = make([]found, len(w.level.members))
	for i, m := range w.level.members {
		if w.rows.members[i], err = m.read(w.x, w.keys[i]); err != nil {
			return nil, err
		}
	}
	return w.rows, nil
}

// number is an id, or another number that leads to a member; 0 is null.
func number(c cell) (int, error) {
	switch v := c.Value.(type) {
	case nil:
		return 0, nil
	case int64:
		return int(v), nil
	case []byte:
		return strconv.Atoi(string(v))
	}
	return 0, fmt.Errorf("%T is no number", c.Value)
}

// scan runs a query and calls add with each row: its first column, and the others of which there are n. Where the first is
// the id, it is the first of the others too.
func (x *reading) scan(query string, args []any, n int, add func(key []byte, row []cell) error) error {
	return x.db.Scan(x.ctx, query, args, n, add)
}

// count counts the rows of a connection for each of the parents.
func (x *reading) count(shape *ent.Shape, fk string, p *ent.Page, parents []int) ([]int64, error) {
	s := statement{shape: shape, fk: fk, page: &ent.Page{Filter: p.Filter}}
	query, args, err := s.count(x, parents)
	if err != nil {
		return nil, err
	}
	var counts []int64
	err = x.scan(query, args, 0, func(key []byte, _ []cell) error {
		n, err := strconv.ParseInt(string(key), 10, 64)
		counts = append(counts, n)
		return err
	})
	return counts, err
}

// links reads the different numbers in a column of a table for each of the parents, ascending.
func (x *reading) links(table *ent.Shape, fk, column string, parents []int) ([][]int, error) {
	links := make([][]int, len(parents))
	places := make(map[int]int, len(parents))
	for i, p := range parents {
		places[p] = i
	}
	s := statement{shape: table, page: &ent.Page{}, where: []Condition{isAmong(fk, parents)}}
	query, args, err := s.pairs(x, fk, column)
	if err != nil {
		return nil, err
	}
	err = x.scan(query, args, 1, func(key []byte, row []cell) error {
		parent, err := strconv.Atoi(string(key))
		if err != nil {
			return err
		}
		id, err := number(row[0])
		links[places[parent]] = append(links[places[parent]], id)
		return err
	})
	return links, err
}
