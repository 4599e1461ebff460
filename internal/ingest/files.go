package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/filename"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/storage"
)

// File is one of many that pictures are imported from.
type File struct {
	Path     string    // below the place that is imported, with slashes
	Source   string    // a URL that tells it from all others
	Size     int64     // in bytes
	Modified time.Time // zero when that is not known
	Open     func(context.Context) (io.ReadSeekCloser, error)

	stream func() (io.ReadCloser, error) // nil: as Open does
}

// Stream opens a file of whatever size, to be read once from its beginning to its end.
func (f File) Stream(ctx context.Context) (io.ReadCloser, error) {
	if f.stream == nil {
		return f.Open(ctx)
	}
	return f.stream()
}

// Files are those of a place, in their order. Files that are hidden, or in a hidden folder, are not among them.
type Files = iter.Seq2[File, error]

// ImportFiles adds the pictures of files to a dataset, and calls tell with what became of each, in their order.
// They are added a hundred at a time: those of which it told stay, whatever happens later. Done again, it adds what is missing;
// a file from which an image was made after it was last changed is not even read, unless checksum is set.
func (p *Pipeline) ImportFiles(ctx context.Context, dataset gid.DatasetID, files Files, o ImportOptions, checksum bool, tell func(*ImportResult) error) (err error) {
	defer fault.Wrap(&err, "import files into dataset %d", dataset)

	items := func(yield func(item, error) bool) {
		for f, err := range files {
			if !yield(p.keeper.itemOf(f, checksum), err) {
				return
			}
		}
	}
	return p.importItems(ctx, target{dataset: dataset, duplicates: o.OnDuplicate, at: inOptions}, o, items, tell)
}

// Picture is a file to import, and what is known of it: Facts name no bytes.
type Picture struct {
	File

	Facts ImageInput
}

// ImportPictures adds the pictures of files to a dataset as ImportFiles does. A picture of which something is said that an
// image cannot have is INVALID.
func (p *Pipeline) ImportPictures(ctx context.Context, dataset gid.DatasetID, pictures []Picture, o ImportOptions, tell func(*ImportResult) error) (err error) {
	defer fault.Wrap(&err, "import pictures into dataset %d", dataset)

	items := func(yield func(item, error) bool) {
		for _, picture := range pictures {
			if !yield(p.keeper.itemKnown(picture), nil) {
				return
			}
		}
	}
	return p.importItems(ctx, target{dataset: dataset, duplicates: o.OnDuplicate, at: inOptions}, o, items, tell)
}

func (k *keeper) itemKnown(p Picture) item {
	it := k.itemOf(p.File, false)
	name := it.OriginalName
	it.ImageInput = p.Facts
	if it.OriginalName == nil {
		it.OriginalName = name
	}
	if fields := p.Facts.facts().Check(); fields != nil {
		it.open = func(context.Context) (*content, error) { return nil, fields }
	}
	return it
}

func (k *keeper) itemOf(f File, checksum bool) item {
	it := item{
		ImageInput: ImageInput{OriginalName: new(nameOf(f.Path))},
		name:       filename.Printable(f.Path),
		source:     sourceOf(f.Source),
		folders:    foldersOf(cleanPath(f.Path)),
		shared:     true,
		open:       func(ctx context.Context) (*content, error) { return k.openFile(ctx, f) },
	}
	if !checksum {
		it.modified = f.Modified
	}
	return it
}

func (k *keeper) openFile(ctx context.Context, f File) (*content, error) {
	if f.Size > k.maxUpload { // a store would send all of it
		return nil, fault.InvalidAt(k.tooLarge(f.Size))
	}
	r, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &content{r, size, func() { _ = r.Close() }}, nil // it was only read
}

// FolderFiles returns the files in a folder and in the folders below it. Links are not followed.
func FolderFiles(folder string) Files {
	return func(yield func(File, error) bool) {
		if err := eachIn(folder, func(f File) bool { return yield(f, nil) }); err != nil {
			yield(File{}, err)
		}
	}
}

// PlaceFiles returns the files in a part of a bucket.
func PlaceFiles(ctx context.Context, place *storage.Place) Files {
	return func(yield func(File, error) bool) {
		for b, err := range place.List(ctx) {
			if err == nil && !isVisible(b.Name) {
				continue
			}
			open := func(ctx context.Context) (io.ReadSeekCloser, error) { return b.Open(ctx), nil }
			if !yield(File{Path: b.Name, Source: b.URL, Size: b.Size, Modified: b.Modified, Open: open}, err) {
				return
			}
		}
	}
}

// isVisible tells files that are neither hidden themselves nor in a hidden folder.
func isVisible(name string) bool {
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		if folder != "." && !isWanted(folder) {
			return false
		}
	}
	return isWanted(name)
}

func eachIn(folder string, visit func(File) bool) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	host, err := os.Hostname() // the same path is another file elsewhere
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch hidden := name != "." && !isWanted(name); {
		case hidden && entry.IsDir():
			return fs.SkipDir
		case hidden || !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // it went away meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		source := url.URL{Scheme: "file", Host: host, Path: filepath.ToSlash(filepath.Join(folder, name))}
		// Workers open files when this walk is over, and its root closed.
		open := func(context.Context) (io.ReadSeekCloser, error) { return openRegular(filepath.Join(folder, name)) }
		if !visit(File{Path: name, Source: source.String(), Size: info.Size(), Modified: info.ModTime(), Open: open}) {
			return fs.SkipAll
		}
		return nil
	})
}

// openRegular opens a file. What has become something else since it was listed, or cannot be read, is a fault.Invalid.
func openRegular(name string) (io.ReadSeekCloser, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // nobody may write to what has become a pipe
	if err != nil {
		return nil, fault.InvalidAt(fmt.Sprintf("cannot be opened: %v", errors.Unwrap(err)))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.InvalidAt("is no file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
