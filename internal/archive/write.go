package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// Source is what an archive is written from: the same dataset and parts that it was measured with.
type Source struct {
	Dataset *export.Dataset
	Parts   []export.Part
	Index   *Stored
	Store   storage.Store // of the objects
}

// ErrStale is of an archive that cannot be written by its index any more: something that no snapshot keeps has changed, such
// as the name of a user. Measured again, it can.
var ErrStale = errors.New("what is exported is not what was measured")

// errEnough ends a walk whose rest nobody wants.
var errEnough = errors.New("enough is written")

// Write writes the bytes of the archive from one offset to another to w. When it fails, w has at most a beginning of them,
// and nothing that is not right.
func (s Source) Write(ctx context.Context, w io.Writer, from, to int64) (err error) {
	defer fault.Wrap(&err, "write an archive")

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := newQueue(ctx, s.Store, w)
	out := &writing{index: s.Index, queue: queue, from: from, to: min(to, s.Index.Size)}
	return errors.Join(out.run(ctx, s), queue.finish())
}

// run goes through what is wanted, from the last mark before it.
func (out *writing) run(ctx context.Context, s Source) error {
	out.at = out.index.Directory.Offset
	if out.from < out.at {
		if err := walk(ctx, s.Dataset, s.Parts, out.start(), out); err != nil {
			return enough(err)
		}
		if out.sum != out.index.Sum {
			return ErrStale
		}
	}
	return enough(out.finish())
}

// start goes to the last mark before what is wanted.
func (out *writing) start() mark {
	out.next = out.index.markBefore(out.from)
	at := out.index.Marks[out.next]
	out.at = at.Offset
	if at.After == 0 && at.InFile == 0 {
		return at // the walk comes to it again
	}
	out.next++
	if sh, ok := out.index.shardOf(at.Part, at.Shard); ok {
		out.shard, out.inFile = sh, at.InFile
	}
	return at
}

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// writing is a sink that writes some of the bytes of an archive.
type writing struct {
	index    *Stored
	queue    *queue
	at       int64 // bytes of the archive up to here
	from, to int64 // those that are wanted

	next   int    // of the marks of the index that is to come next
	sum    uint32 // since the one before
	shard  shard  // that is open
	inFile int64  // bytes of it up to here
}

func (out *writing) file(name string, pieces []export.Piece) error {
	e := entry{name: name, size: length(pieces), crc: sumOf(pieces), offset: out.at}
	out.sum = also(out.sum, e.crc, e.size)
	if err := out.text(e.header()); err != nil {
		return err
	}
	return out.all(pieces)
}

func (out *writing) open(part, number int, name string) error {
	s, ok := out.index.shardOf(part, number)
	if !ok {
		return ErrStale
	}
	out.shard, out.inFile = s, 0
	return out.text(entry{name: name, size: s.Size, crc: s.CRC, offset: out.at}.header())
}

func (out *writing) pieces(pieces []export.Piece) error {
	n := length(pieces)
	out.sum = also(out.sum, sumOf(pieces), n)
	out.inFile += n
	if out.inFile > out.shard.Size {
		return ErrStale
	}
	return out.all(pieces)
}

func (out *writing) close() error {
	if out.inFile != out.shard.Size {
		return ErrStale
	}
	return nil
}

// mark compares what was written with what was measured.
func (out *writing) mark(at mark) error {
	if out.next == len(out.index.Marks) {
		return nil
	}
	measured := out.index.Marks[out.next]
	if measured.Part != at.Part || measured.Pass != at.Pass || measured.After != at.After {
		return nil
	}
	begins := at.After == 0 && at.InFile == 0 && out.sum == 0 // where this walk has begun
	if measured.Offset != out.at || measured.Sum != out.sum && !begins {
		return ErrStale
	}
	out.next, out.sum = out.next+1, 0
	return nil
}

func (out *writing) all(pieces []export.Piece) error {
	for _, p := range pieces {
		if err := out.text(p.Text); err != nil {
			return err
		}
		if p.Object == nil {
			continue
		}
		if err := out.object(*p.Object); err != nil {
			return err
		}
	}
	return nil
}

// wanted is the part of the next n bytes that is wanted, and goes past them.
func (out *writing) wanted(n int64) (first, last int64) {
	first, last = max(out.from-out.at, 0), min(out.to-out.at, n)
	out.at += n
	return min(first, n), max(last, 0)
}

func (out *writing) text(b []byte) error {
	if first, last := out.wanted(int64(len(b))); first < last {
		if err := out.queue.add(job{text: b[first:last]}); err != nil {
			return err
		}
	}
	return out.enough()
}

func (out *writing) object(o export.Object) error {
	if first, last := out.wanted(o.Size); first < last {
		if err := out.queue.add(job{object: &o, first: first, last: last}); err != nil {
			return err
		}
	}
	return out.enough()
}

func (out *writing) enough() error {
	if out.at >= out.to {
		return errEnough
	}
	return nil
}

// finish writes the central directory, which is with the index, and the end.
func (out *writing) finish() error {
	d := out.index.Directory
	if out.at != d.Offset {
		return ErrStale
	}
	if first, last := out.wanted(d.Size); first < last {
		if err := out.queue.add(job{first: first, last: last, content: out.index}); err != nil {
			return err
		}
	}
	if err := out.enough(); err != nil {
		return err
	}
	return out.text(d.end())
}

// open opens the directory at an offset in it.
func (s *Stored) open(first int64) (io.Reader, error) {
	_, err := s.content.Seek(s.begins+first, io.SeekStart)
	return s.content, err
}

// errObject is of an object that is not what its row says.
func errObject(o export.Object, err error) error {
	return fmt.Errorf("object %s: %v", o.SHA256, err) //nolint:errorlint // its row is there: it is not the request's fault
}
