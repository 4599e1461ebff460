package archive

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/datasetgen/datagen/internal/export"
)

// What a zip consists of, by PKWARE's APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Files are
// stored as they are, with their sizes and CRCs before them, and have no time of their own.
const (
	localSignature     = 0x04034b50
	centralSignature   = 0x02014b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50
	endSignature       = 0x06054b50
	version            = 20
	version64          = 45
	madeByUnix         = 3 << 8
	utf8Names          = 1 << 11
	firstDay           = 1<<5 | 1 // 1980-01-01, the first that a zip can tell
	regularFile        = 0o100644 << 16
	extra64            = 1
	max32              = math.MaxUint32
	max16              = math.MaxUint16
	localSize          = 30
	longLocalExtra     = 20
)

// entry is a file of an archive.
type entry struct {
	name   string
	size   int64 // bytes
	crc    uint32
	offset int64 // of its local header
}

// isLong tells a file whose size takes 64 bits.
func (e entry) isLong() bool { return e.size >= max32 }

// headerLength is that of the local header, in bytes.
func (e entry) headerLength() int64 {
	n := int64(localSize + len(e.name))
	if e.isLong() {
		n += longLocalExtra
	}
	return n
}

// header is the local header.
//
//nolint:gosec // no size is negative, and no name nearly as long as 65,535 bytes
func (e entry) header() []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, e.headerLength()), localSignature)
	b = e.common(b)
	size, extra := uint32(min(e.size, max32)), uint16(0)
	if e.isLong() {
		extra = longLocalExtra
	}
	b = append32(b, size, size)
	b = append16(b, uint16(len(e.name)), extra)
	b = append(b, e.name...)
	if e.isLong() {
		b = append16(b, extra64, 16)
		b = append64(b, uint64(e.size), uint64(e.size))
	}
	return b
}

// common appends what both headers of a file have: the version to read it with, flags, no compression, the time and the CRC.
func (e entry) common(b []byte) []byte {
	needed := uint16(version)
	if e.isLong() || e.offset >= max32 {
		needed = version64
	}
	return append32(append16(b, needed, utf8Names, 0, 0, firstDay), e.crc)
}

// central appends the header in the central directory.
//
//nolint:gosec // no size is negative, and no name nearly as long as 65,535 bytes
func (e entry) central(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, centralSignature)
	b = append16(b, madeByUnix|version64)
	b = e.common(b)
	var long []byte
	size, offset := uint32(min(e.size, max32)), uint32(min(e.offset, max32))
	if e.isLong() {
		long = append64(long, uint64(e.size), uint64(e.size))
	}
	if e.offset >= max32 {
		long = append64(long, uint64(e.offset))
	}
	if long != nil {
		long = append(append16(nil, extra64, uint16(len(long))), long...)
	}
	b = append32(b, size, size)
	b = append16(b, uint16(len(e.name)), uint16(len(long)), 0, 0, 0)
	b = append32(b, regularFile, offset)
	b = append(b, e.name...)
	return append(b, long...)
}

// directory is where the central directory lies.
type directory struct {
	Offset int64 `json:"offset"` // in the archive
	Size   int64 `json:"size"`   // bytes
	Files  int64 `json:"files"`
}

// isLong tells one that takes 64 bits.
func (d directory) isLong() bool { return d.Offset >= max32 || d.Size >= max32 || d.Files >= max16 }

// end is what follows the central directory.
//
//nolint:gosec // no size is negative
func (d directory) end() (b []byte) {
	if d.isLong() {
		b = append64(append32(b, end64Signature), 44)
		b = append16(b, madeByUnix|version64, version64)
		b = append32(b, 0, 0)
		b = append64(b, uint64(d.Files), uint64(d.Files), uint64(d.Size), uint64(d.Offset))
		b = append32(b, locator64Signature, 0)
		b = append64(b, uint64(d.Offset+d.Size))
		b = append32(b, 1)
	}
	files := uint16(min(d.Files, max16))
	b = append16(append32(b, endSignature), 0, 0, files, files)
	b = append32(b, uint32(min(d.Size, max32)), uint32(min(d.Offset, max32)))
	return append16(b, 0)
}

// sumOf is the CRC-32 of pieces.
func sumOf(pieces []export.Piece) (crc uint32) {
	for _, p := range pieces {
		crc = crc32.Update(crc, crc32.IEEETable, p.Text)
		if p.Object != nil {
			crc = export.CombineCRC(crc32.IEEE, crc, p.Object.CRC32, p.Object.Size)
		}
	}
	return crc
}

func append16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func append32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func append64(b []byte, values ...uint64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}
