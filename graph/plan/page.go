package plan

import (
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/gid"
)

// page is a connection.
type page struct {
	level  *level // of its edges
	page   *ent.Page
	fk     string     // the column that leads to the parent; empty at the root
	parts  []pagePart // which write it
	reads  bool       // rows, and not just their number
	counts bool
	// counter knows how many rows there are; nil when they have to be counted.
	counter Counter
	keep    func(b []byte, row []cell) ([]byte, error) // makes cursors that are kept, for pageInfo; nil when none are
}

// pagePart writes a part of a connection: a text, and then something of it.
type pagePart struct {
	text  []byte
	write func(b []byte, x *reading, f *pageFound, parent int) ([]byte, error) // nil when there is nothing but the text
}

// page makes the plan of a connection of rows whose column fk leads to a parent; all there are when it is empty.
func (c *compiler) page(shape *ent.Shape, f graphql.CollectedField, fk string) (*page, error) {
	asked, err := shape.Page(c.ctx, f.ArgumentMap(c.operation.Variables))
	if err != nil {
		return nil, unplanned("arguments of %s: %v", f.Name, err)
	}
	b := pageBuilder{compiler: c, page: &page{page: asked, fk: fk, level: &level{shape: shape}}}
	if err := b.connection(f); err != nil {
		return nil, err
	}
	return b.page, nil
}

// pageBuilder puts a page together.
type pageBuilder struct {
	*compiler

	page  *page
	text  []byte // that no part writes yet
	edges bool
}

func (b *pageBuilder) flush(write func([]byte, *reading, *pageFound, int) ([]byte, error)) {
	b.page.parts = append(b.page.parts, pagePart{b.text, write})
	b.text = nil
}

func (b *pageBuilder) connection(f graphql.CollectedField) error {
	typ := b.page.level.shape.Type + "Connection"
	fields, err := b.fieldsOf(f, typ)
	if err != nil {
		return err
	}
	for i, f := range fields {
		b.text = appendName(b.text, i, f.Alias)
		switch f.Name {
		case "__typename":
			b.text = appendText(b.text, typ)
		case "totalCount":
			b.page.counts = true
			b.flush(func(b []byte, _ *reading, f *pageFound, parent int) ([]byte, error) {
				return strconv.AppendInt(b, f.counts[parent], 10), nil
			})
		case "pageInfo":
			err = b.pageInfo(f)
		case "edges":
			err = b.edgesOf(f)
		default:
			err = unplanned("%s.%s", typ, f.Name)
		}
		if err != nil {
			return err
		}
	}
	b.text = appendEnd(b.text, len(fields))
	b.flush(nil)
	return nil
}

func (b *pageBuilder) pageInfo(f graphql.CollectedField) error {
	fields, err := b.fieldsOf(f, "PageInfo")
	if err != nil {
		return err
	}
	b.page.reads = true
	for i, f := range fields {
		b.text = appendName(b.text, i, f.Alias)
		switch f.Name {
		case "__typename":
			b.text = appendText(b.text, "PageInfo")
		case "hasNextPage":
			b.flush(func(b []byte, _ *reading, f *pageFound, parent int) ([]byte, error) {
				return strconv.AppendBool(b, f.hasNext(parent)), nil
			})
		case "hasPreviousPage":
			b.flush(func(b []byte, _ *reading, f *pageFound, parent int) ([]byte, error) {
				return strconv.AppendBool(b, f.hasPrevious(parent)), nil
			})
		case "startCursor", "endCursor":
			b.page.keep = b.page.cursorOf(&levelBuilder{level: b.page.level})
			end := f.Name == "endCursor"
			b.flush(func(b []byte, _ *reading, f *pageFound, parent int) ([]byte, error) {
				return f.appendCursor(b, parent, end), nil
			})
		default:
			return unplanned("PageInfo.%s", f.Name)
		}
	}
	b.text = appendEnd(b.text, len(fields))
	return nil
}

// edgesOf writes the edges, which may be selected once: under two names each row would be two.
func (b *pageBuilder) edgesOf(f graphql.CollectedField) error {
	if b.edges {
		return unplanned("edges under two names")
	}
	b.edges, b.page.reads = true, true
	typ := b.page.level.shape.Type + "Edge"
	fields, err := b.fieldsOf(f, typ)
	if err != nil {
		return err
	}
	rows := levelBuilder{compiler: b.compiler, level: b.page.level}
	nodes := 0
	for i, f := range fields {
		rows.name(i, f)
		switch f.Name {
		case "__typename":
			rows.text = appendText(rows.text, typ)
		case "cursor":
			b.cursor(&rows)
		case "node":
			if nodes++; nodes > 1 {
				return unplanned("node under two names")
			}
			err = rows.object(f)
		default:
			err = unplanned("%s.%s", typ, f.Name)
		}
		if err != nil {
			return err
		}
	}
	rows.end(len(fields))
	b.page.level = rows.done()
	b.flush(func(b []byte, _ *reading, f *pageFound, parent int) ([]byte, error) { return f.appendRows(b, parent) })
	return nil
}

// cursor writes the cursor of a row.
func (b *pageBuilder) cursor(rows *levelBuilder) {
	cursor := b.page.cursorOf(rows)
	rows.flush(step{write: func(b []byte, _ *reading, row []cell) ([]byte, error) { return cursor(b, row) }})
}

// cursorOf returns what appends the cursors of rows, as JSON.
func (p *page) cursorOf(rows *levelBuilder) func(b []byte, row []cell) ([]byte, error) {
	entity, order := rows.level.shape.Entity, p.page.Order[0].Column
	place := rows.column(order)
	return func(b []byte, row []cell) ([]byte, error) {
		c := ent.Cursor{ID: gid.Encode(entity, string(appendKey(nil, row[0].Value)))}
		if order != "id" {
			c.Value = row[place].Value
			if text, ok := c.Value.([]byte); ok {
				c.Value = string(text)
			}
		}
		text, err := json.Marshal(c)
		if err != nil {
			return b, err
		}
		b = append(b, '"')
		b = encoding.AppendEncode(b, text)
		return append(b, '"'), nil
	}
}

// read satisfies member.
func (p *page) read(x *reading, parents []int) (found, error) {
	f := &pageFound{page: p, x: x}
	if p.counts {
		var err error
		if f.counts, err = p.count(x, parents); err != nil {
			return nil, err
		}
	}
	if !p.reads {
		return f, nil
	}
	l := p.level
	var err error
	f.rows, err = x.rows(l, parents, statement{shape: l.shape, fk: p.fk, page: p.page}, f.keepCursor)
	return f, err
}

// count returns how many rows each of the parents has.
func (p *page) count(x *reading, parents []int) ([]int64, error) {
	if p.counter == nil {
		return x.count(p.level.shape, p.fk, p.page, parents)
	}
	known, err := p.counter(x.ctx, parents)
	counts := make([]int64, len(parents))
	for i, id := range parents {
		counts[i] = int64(known[id])
	}
	return counts, err
}

// pageFound is what was read of a connection, for each parent.
type pageFound struct {
	page   *page
	x      *reading
	rows   *rows
	counts []int64

	kept [][]byte // cursors of all rows
}

func (f *pageFound) keepCursor(row []cell) error {
	if f.page.keep == nil {
		return nil
	}
	c, err := f.page.keep(nil, row)
	f.kept = append(f.kept, c)
	return err
}

// span is the rows of a parent, without the one that was looked at to see whether there are more, and whether there was one.
func (f *pageFound) span(parent int) (from, to int, more bool) {
	from, to = f.rows.of(parent)
	if asked := f.page.page.Limit - 1; to-from > asked {
		return from, from + asked, true
	}
	return from, to, false
}

func (f *pageFound) hasNext(parent int) bool {
	_, _, more := f.span(parent)
	return f.page.page.Before != nil || more && f.page.page.First != nil
}

func (f *pageFound) hasPrevious(parent int) bool {
	_, _, more := f.span(parent)
	p := f.page.page
	return p.After != nil || p.Offset > 0 || more && p.First == nil
}

// appendCursor appends the cursor of the last row, or else of the first.
func (f *pageFound) appendCursor(b []byte, parent int, last bool) []byte {
	from, to, _ := f.span(parent)
	switch {
	case from == to:
		return append(b, "null"...)
	case last == f.backwards():
		return append(b, f.kept[from]...)
	}
	return append(b, f.kept[to-1]...)
}

// backwards tells whether the rows were read from the end.
func (f *pageFound) backwards() bool { return f.page.page.Last != nil }

func (f *pageFound) appendRows(b []byte, parent int) (_ []byte, err error) {
	from, to, _ := f.span(parent)
	b = append(b, '[')
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		row := i
		if f.backwards() {
			row = to - 1 - (i - from)
		}
		if b, err = f.rows.append(b, row); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// append satisfies found.
func (f *pageFound) append(b []byte, parent int) (_ []byte, err error) {
	for _, part := range f.page.parts {
		b = append(b, part.text...)
		if part.write == nil {
			continue
		}
		if b, err = part.write(b, f.x, f, parent); err != nil {
			return b, err
		}
	}
	return b, nil
}
