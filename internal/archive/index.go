// Package archive makes the files of exports: zips that are functions of what they hold, so that any byte of one can be
// written without those before it. One pass over the dataset measures an archive and makes its index, which is kept;
// from that follow its length, its tag, and the places from which it can be written.
package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sort"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
)

// Index is what is known of an archive once it was measured.
type Index struct {
	Size      int64     `json:"size"` // bytes of the archive
	Directory directory `json:"directory"`
	Series    []shard   `json:"series,omitempty"`
	Marks     []mark    `json:"marks"` // ascending; the first is the beginning
	Sum       uint32    `json:"sum"`   // of what comes after the last
}

// shard is a file that comes in pieces.
type shard struct {
	Part  int    `json:"part"`
	Shard int    `json:"shard"`
	Size  int64  `json:"size"` // bytes
	CRC   uint32 `json:"crc"`
}

const (
	// markImages and markBytes are how far marks are from each other, if images are small, or large.
	markImages = 256
	markBytes  = 64 << 20
)

// measuring is a sink that makes an index.
type measuring struct {
	index     Index
	directory *bufio.Writer
	at        int64 // bytes of the archive up to here
	since     int   // images since the last mark
	sum       uint32

	current  entry // the file that is open
	shard    shard
	isOpen   bool
	unplaced int // marks from this one on lie in it, and do not count its header yet
}

// Measure goes through an export, and writes its index to w: a header in JSON after the length of that, and the central
// directory.
func Measure(ctx context.Context, d *export.Dataset, parts []export.Part, w io.Writer) (index *Index, err error) {
	defer fault.Wrap(&err, "measure an archive")

	spool, err := os.CreateTemp("", "directory-*")
	if err != nil {
		return nil, err
	}
	defer discard(spool)
	m := &measuring{directory: bufio.NewWriter(spool)}
	if err := walk(ctx, d, parts, mark{}, m); err != nil {
		return nil, err
	}
	if err := m.directory.Flush(); err != nil {
		return nil, err
	}
	m.index.Directory.Offset, m.index.Sum = m.at, m.sum
	m.index.Size = m.at + m.index.Directory.Size + int64(len(m.index.Directory.end()))
	header, err := json.Marshal(m.index)
	if err != nil {
		return nil, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	_, err = io.Copy(w, io.MultiReader(prefixed(header), spool))
	return &m.index, err
}

func discard(file *os.File) {
	_ = file.Close()           // its bytes are of no use any more
	_ = os.Remove(file.Name()) // one that stays is the system's to clear
}

func (m *measuring) file(name string, pieces []export.Piece) error {
	e := entry{name: name, size: length(pieces), crc: sumOf(pieces)}
	m.sum = also(m.sum, e.crc, e.size)
	return m.add(e)
}

// also is a sum of the files or pieces that another is of, and one more.
func also(sum, crc uint32, size int64) uint32 {
	return crc32.Update(sum, crc32.IEEETable, append64(append32(nil, crc), uint64(size))) //nolint:gosec // no size is negative
}

// add puts a file after the others.
func (m *measuring) add(e entry) error {
	e.offset = m.at
	m.at += e.headerLength() + e.size
	central := e.central(nil)
	m.index.Directory.Size += int64(len(central))
	m.index.Directory.Files++
	_, err := m.directory.Write(central)
	return err
}

func (m *measuring) open(part, number int, name string) error {
	m.current, m.shard, m.isOpen = entry{name: name}, shard{Part: part, Shard: number}, true
	m.unplaced = len(m.index.Marks)
	return nil
}

func (m *measuring) pieces(pieces []export.Piece) error {
	n, crc := length(pieces), sumOf(pieces)
	m.sum = also(m.sum, crc, n)
	m.current.crc = export.CombineCRC(crc32.IEEE, m.current.crc, crc, n)
	m.current.size += n
	return nil
}

func (m *measuring) close() error {
	for i := range m.index.Marks[m.unplaced:] {
		m.index.Marks[m.unplaced+i].Offset += m.current.headerLength()
	}
	m.shard.Size, m.shard.CRC, m.isOpen = m.current.size, m.current.crc, false
	m.index.Series = append(m.index.Series, m.shard)
	return m.add(m.current)
}

func (m *measuring) mark(at mark) error {
	at.Offset = m.at
	if m.isOpen {
		at.Offset += at.InFile
	}
	m.since++
	marks := m.index.Marks
	if last := len(marks) - 1; last >= 0 && at.After != 0 && m.since < markImages && at.Offset-marks[last].Offset < markBytes {
		return nil
	}
	at.Sum, m.sum, m.since = m.sum, 0, 0
	m.index.Marks = append(m.index.Marks, at)
	return nil
}

// Stored is an index that was kept, with its central directory.
type Stored struct {
	Index

	Tag string // of the bytes of the archive: others have another

	content io.ReadSeeker
	begins  int64 // the directory, in the content
}

// maxHeader bounds the header of an index, in bytes: marks of some 10 million images.
const maxHeader = 64 << 20

var errIndex = errors.New("the index of an archive is broken")

// ReadIndex reads what Measure wrote. The content stays in use.
func ReadIndex(content io.ReadSeeker) (*Stored, error) {
	var size [8]byte
	if _, err := io.ReadFull(content, size[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	n := int64(binary.LittleEndian.Uint64(size[:])) //nolint:gosec // looked at in the next line
	if n < 0 || n > maxHeader {
		return nil, errIndex
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(content, header); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	sum := sha256.Sum256(header) // in which are sums of all files
	s := &Stored{Tag: hex.EncodeToString(sum[:16]), content: content, begins: n + int64(len(size))}
	if err := json.Unmarshal(header, &s.Index); err != nil || len(s.Marks) == 0 {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	return s, nil
}

// prefixed is a text after its length.
func prefixed(text []byte) io.Reader {
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return bytes.NewReader(append(size, text...))
}

// markBefore is the place of the last mark that is not after an offset.
func (i *Index) markBefore(offset int64) int {
	n := sort.Search(len(i.Marks), func(n int) bool { return i.Marks[n].Offset > offset })
	return max(n-1, 0)
}

// shardOf is a shard of a part, and false when the index has none such.
func (i *Index) shardOf(part, number int) (shard, bool) {
	for _, s := range i.Series {
		if s.Part == part && s.Shard == number {
			return s, true
		}
	}
	return shard{}, false
}
