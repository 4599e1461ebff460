package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/datasetgen/datagen/internal/fault"
)

// What a zip may cost, whatever its headers say.
const (
	// maxFiles is how many pictures may be in a zip.
	maxFiles = 10_000
	// maxListing is how much of a zip is read to list it, in bytes: room for that many
	// files twice over, as macOS packs them, with long names. What one holds in memory
	// is several times its shortest record.
	maxListing = 8 << 20
	// Those of a zip with a dataset, which has texts beside the pictures.
	maxDatasetFiles   = 200_000
	maxDatasetListing = 64 << 20
	// maxGrowth is how many times its own size a zip may unpack to, besides one
	// picture that compresses as well as it likes. Pictures are compressed
	// already, so that honest zips hold about as much as they weigh.
	maxGrowth = 10
	// maxTextGrowth is the same of texts, of which a few may unpack to minText, and none to more than maxText, in bytes.
	maxTextGrowth = 100
	minText       = 16 << 20
	maxText       = 4 << 30
)

// archive is a zip that can be read at several places at once, as archive/zip does.
type archive struct {
	mu      sync.Mutex
	content io.ReadSeeker
	listing int64 // how many bytes may be read to list it
	left    int64 // how many of them are left
}

// ReadAt satisfies io.ReaderAt.
func (a *archive) ReadAt(b []byte, offset int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left -= int64(len(b)); a.left < 0 {
		return 0, fault.InvalidAt(fmt.Sprintf("its list of files takes more than %d bytes", a.listing))
	}
	if offset < 0 { // a header says so
		return 0, zip.ErrFormat
	}
	if _, err := a.content.Seek(offset, io.SeekStart); err != nil {
		return 0, readError{err}
	}
	n, err := io.ReadFull(a.content, b)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = io.EOF
	case err != nil:
		err = readError{err}
	}
	return n, err
}

// readError is a failure to read a zip. All other errors of archive/zip are about what is in it.
type readError struct{ error }

// Unwrap gives the cause.
func (e readError) Unwrap() error { return e.error }

// blame returns err if it is not about the bytes, and otherwise a fault.Invalid that says what is wrong with them.
func blame(err error, message string) error {
	_, ours := errors.AsType[readError](err)
	if ours || errors.Is(err, fault.Invalid) {
		return err
	}
	return fault.InvalidAt(message)
}

// list returns the files in a zip that people pack, of which there may be so many, named in so many bytes.
func list(content io.ReadSeeker, size int64, most int, listing int64) ([]*zip.File, error) {
	a := &archive{content: content, listing: listing, left: listing}
	r, err := zip.NewReader(a, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are but names here
		return nil, blame(err, "not a zip")
	}
	a.left = math.MaxInt64 // from here on checkSizes bounds what is read
	var files []*zip.File
	for _, f := range r.File {
		if isWanted(f.Name) {
			files = append(files, f)
		}
	}
	if n := len(files); n > most {
		return nil, fault.InvalidAt(fmt.Sprintf("has %d files; at most %d are allowed", n, most))
	}
	return files, nil
}

// isWanted tells the names of files that people pack from those of folders, and
// of what their computers add.
func isWanted(name string) bool {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	isFolder := base == "" && name != ""
	return !isFolder && !strings.HasPrefix(base, ".") && !strings.HasPrefix(name, "__MACOSX/")
}

// checkSizes complains about a zip of that size whose files weigh more than it
// does, because they share bytes, or unpack to more than pictures do.
// archive/zip does not unpack a file to more than its header says.
func checkSizes(files []*zip.File, size, maxUpload int64) error {
	most := maxGrowth*size + maxUpload
	packed, unpacked := size, most
	for _, f := range files {
		if packed -= claimed(f.CompressedSize64); packed < 0 {
			return fault.InvalidAt("its files overlap, or reach past its end")
		}
		n := claimed(f.UncompressedSize64)
		if n > maxUpload {
			continue // it is not unpacked at all
		}
		if unpacked -= n; unpacked < 0 {
			return fault.InvalidAt(fmt.Sprintf("unpacks to more than the %d bytes that are allowed for its size", most))
		}
	}
	return nil
}

// checkTexts complains about texts in a zip of that size that unpack to more than texts do.
func checkTexts(files []*zip.File, size int64) error {
	most := min(max(maxTextGrowth*size, minText), maxText)
	left := most
	for _, f := range files {
		if left -= min(claimed(f.UncompressedSize64), maxText+1); left < 0 {
			return fault.InvalidAt(fmt.Sprintf("its texts unpack to more than the %d bytes that are allowed for its size", most))
		}
	}
	return nil
}

// claimed is a size in a header, or the largest there is when that is larger.
func claimed(size uint64) int64 { return int64(min(size, math.MaxInt64)) }

// isEncrypted is the flag of a file that needs a password.
const isEncrypted = 1

// unpack returns the bytes of a file, of which there may be that many. When they
// cannot be had because of what is in the zip, the error is a fault.Invalid.
func unpack(f *zip.File, most int64) ([]byte, error) {
	if f.Flags&isEncrypted != 0 {
		return nil, fault.InvalidAt("is encrypted")
	}
	n := claimed(f.UncompressedSize64)
	if n > most {
		return nil, fault.InvalidAt(fmt.Sprintf("has %d bytes; at most %d are allowed", n, most))
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, fault.InvalidAt("is compressed in a way that is not supported")
	}
	if err != nil {
		return nil, blame(err, "is damaged")
	}
	defer r.Close()
	content := bytes.NewBuffer(make([]byte, 0, n+bytes.MinRead))           // which need not grow
	if _, err := content.ReadFrom(io.LimitReader(r, most+1)); err != nil { // to the end, where the checksum is compared
		return nil, blame(err, "is damaged")
	}
	return content.Bytes(), nil
}
