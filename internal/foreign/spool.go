package foreign

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

// spool groups records by a number in a temporary file, for files that tell of shapes in any order: what it takes of memory
// depends on how many groups there are, not on how many records.
type spool struct {
	file *os.File
	w    *bufio.Writer
	size int64
	last []int64 // of each group: one more than where its last record is, 0 when it has none
}

// newSpool makes a spool, which its dataset closes.
func (d *Dataset) newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "datagen-import")
	if err != nil {
		return nil, err
	}
	s := &spool{file: f, w: bufio.NewWriterSize(f, 1<<16)}
	d.spools = append(d.spools, s)
	return s, nil
}

// Close removes what was written on the way.
func (d *Dataset) Close() error {
	var errs []error
	for _, s := range d.spools {
		errs = append(errs, s.file.Close(), os.Remove(s.file.Name()))
	}
	return errors.Join(errs...)
}

// spoolHead is where the record before of the same group is, and how long the record is.
const spoolHead = 12

// add adds a record to a group.
func (s *spool) add(group int, record []byte) error {
	for len(s.last) <= group {
		s.last = append(s.last, 0)
	}
	var head [spoolHead]byte
	binary.LittleEndian.PutUint64(head[:], uint64(s.last[group])) //nolint:gosec // a place in a file
	binary.LittleEndian.PutUint32(head[8:], uint32(len(record)))  //nolint:gosec // at most maxPiece
	_, err := s.w.Write(head[:])
	if err == nil {
		_, err = s.w.Write(record)
	}
	s.last[group] = s.size + 1
	s.size += spoolHead + int64(len(record))
	return err
}

// of returns the records of a group, at most maxShapes that are no longer together than a piece, in the order in which they were added, and how many more there are.
func (s *spool) of(group int) (records [][]byte, more int, err error) {
	if group >= len(s.last) {
		return nil, 0, nil
	}
	if err := s.w.Flush(); err != nil {
		return nil, 0, err
	}
	left := maxPiece
	for next := s.last[group]; next > 0; {
		var head [spoolHead]byte
		if _, err := s.file.ReadAt(head[:], next-1); err != nil {
			return nil, 0, err
		}
		n := int(binary.LittleEndian.Uint32(head[8:]))
		if left -= n; len(records) == maxShapes || left < 0 {
			more++
		} else {
			record := make([]byte, n)
			if _, err := s.file.ReadAt(record, next-1+spoolHead); err != nil && !errors.Is(err, io.EOF) {
				return nil, 0, err
			}
			records = append(records, record)
		}
		next = int64(binary.LittleEndian.Uint64(head[:])) //nolint:gosec // as it was written
	}
	slices.Reverse(records)
	return records, more, nil
}
