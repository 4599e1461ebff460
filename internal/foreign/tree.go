package foreign

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/fault"
)

// File is one of the files of a dataset.
type File struct {
	Path   string // below the place that is imported, with slashes
	Size   int64  // bytes
	Stream func(context.Context) (io.ReadCloser, error)
}

// Tree is the files of a dataset.
type Tree struct {
	files    map[string]*File
	paths    []string            // in the order of the alphabet
	named    map[string][]string // paths by the names of pictures, without folders
	pictures map[string]string   // paths of pictures by what they are without their extensions
}

// maxFiles is how many files a dataset may have: all are listed in memory.
const maxFiles = 2_000_000

// NewTree makes a Tree. Of files with one path the first counts.
func NewTree(files []*File) (*Tree, error) {
	if len(files) > maxFiles {
		return nil, fault.InvalidAt(fmt.Sprintf("has %d files; at most %d are allowed", len(files), maxFiles))
	}
	t := &Tree{files: make(map[string]*File, len(files)), named: map[string][]string{}, pictures: map[string]string{}}
	for _, f := range files {
		if t.files[f.Path] != nil {
			continue
		}
		t.files[f.Path] = f
		t.paths = append(t.paths, f.Path)
	}
	slices.Sort(t.paths)
	for _, p := range t.paths {
		if IsPicture(p) {
			t.named[path.Base(p)] = append(t.named[path.Base(p)], p)
			t.pictures[stem(p)] = p
		}
	}
	return t, nil
}

// with returns the paths of files with an extension, in any case.
func (t *Tree) with(extensions ...string) (paths []string) {
	for _, p := range t.paths {
		if slices.Contains(extensions, strings.ToLower(path.Ext(p))) {
			paths = append(paths, p)
		}
	}
	return paths
}

// called returns the paths of files of a name, wherever they lie, those nearest to the top first.
func (t *Tree) called(name string) (paths []string) {
	for _, p := range t.paths {
		if strings.EqualFold(path.Base(p), name) {
			paths = append(paths, p)
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")) })
	return paths
}

// picture finds the picture that a file tells of: by its path from one of the folders, with its extension or without, or by
// its name alone if no other picture has it. It is nil when there is none.
func (t *Tree) picture(name string, folders ...string) *File {
	name = strings.ReplaceAll(name, `\`, "/")
	for _, folder := range folders {
		place := strings.TrimPrefix(path.Join("/", folder, name), "/")
		if !IsPicture(place) {
			place = t.pictures[place]
		}
		if f := t.files[place]; f != nil {
			return f
		}
	}
	if same := t.named[path.Base(name)]; len(same) == 1 {
		return t.files[same[0]]
	}
	return nil
}

// around are folders in which the pictures may lie that a file tells of.
func around(file string) (folders []string) {
	folder := path.Dir(file)
	split := stem(path.Base(file))
	if i := strings.LastIndexByte(split, '_'); i >= 0 { // instances_train
		split = split[i+1:]
	}
	for _, root := range []string{folder, path.Dir(folder)} {
		folders = append(folders, root, path.Join(root, "images"), path.Join(root, "images", split), path.Join(root, split))
	}
	return folders
}

// IsPicture tells pictures by their extensions.
func IsPicture(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff":
		return true
	}
	return false
}

// stem is a path without its extension.
func stem(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }

// splitOf returns the split that a path tells: by the innermost of its folders that is called so, or by a word of the name
// of the file, as in instances_train2017.json. It is empty when it tells none.
func splitOf(file string) (split image.Split) {
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		if s := splitNamed(folder); s != "" {
			split = s
		}
	}
	return split
}

// splitIn is splitOf with the words of the file's name, which count first.
func splitIn(file string) image.Split {
	words := strings.FieldsFunc(stem(path.Base(file)), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range slices.Backward(words) {
		if s := splitNamed(word); s != "" {
			return s
		}
	}
	return splitOf(file)
}

// splitNamed is the split that goes by a name, empty when none does.
func splitNamed(name string) image.Split {
	switch strings.ToLower(strings.TrimRightFunc(name, unicode.IsDigit)) {
	case "train", "training":
		return image.SplitTrain
	case "val", "valid", "validation":
		return image.SplitVal
	case "test", "testing":
		return image.SplitTest
	}
	return ""
}

// open opens a file as a stream of which pieces can be bounded. What is wrong with the file is told when it is read.
func (f *File) open(ctx context.Context) (*pieces, error) {
	r, err := f.Stream(ctx)
	if errors.Is(err, fault.Invalid) {
		r = io.NopCloser(failed{err})
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	p := &pieces{ReadCloser: r, left: maxPiece}
	p.passMark()
	return p, nil
}

// text reads a file that has to fit in memory. One that is larger, or cannot be read by what it holds, is a fault.Invalid.
func (f *File) text(ctx context.Context) ([]byte, error) {
	r, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if message, ok := broken(err); ok {
		return nil, invalid(f.Path + " " + message)
	}
	return text, err
}

// maxPiece is how long a piece of a file may be, in bytes: what is told of one image, or of one shape.
const maxPiece = 32 << 20

// pieces reads a file whose reader says where pieces begin.
type pieces struct {
	io.ReadCloser

	left int
}

// Read satisfies io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, fault.InvalidAt(fmt.Sprintf("a part of it is longer than %d bytes", maxPiece))
	}
	n, err := p.ReadCloser.Read(b)
	p.left -= n
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, fault.Invalid) {
		err = readError{err}
	}
	return n, err
}

// passMark passes over the byte order mark that the file may begin with.
func (p *pieces) passMark() {
	begin := make([]byte, len(byteOrderMark))
	n, err := io.ReadFull(p.ReadCloser, begin)
	if begin = begin[:n]; string(begin) == byteOrderMark {
		begin = nil
	}
	rest := io.Reader(p.ReadCloser)
	if err != nil {
		rest = failed{err}
	}
	p.ReadCloser = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), rest), p.ReadCloser}
}

// failed is a reader of what cannot be read on.
type failed struct{ error }

// Read satisfies io.Reader.
func (f failed) Read([]byte) (int, error) {
	if errors.Is(f.error, io.ErrUnexpectedEOF) {
		return 0, io.EOF
	}
	return 0, f.error
}

// next tells that another piece begins.
func (p *pieces) next() { p.left = maxPiece }

// UTF-8 byte order mark, which programs on Windows begin files with.
const byteOrderMark = "\ufeff"
