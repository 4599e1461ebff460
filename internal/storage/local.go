package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	tempDir     = "tmp"          // holds what is being written; no key begins with it
	tempMaxAge  = 24 * time.Hour // a file that old is left over from a crash
	folderMode  = 0o700          // pictures are private
	contentMode = 0o600
)

// local keeps objects as files of a folder. os.Root keeps every access inside
// it, whatever links others put there.
type local struct {
	root    *os.Root
	create  func(name string) (tempFile, error)
	flush   func(name string) error // makes a file, or the names in a folder, durable
	durable sync.Map                // the folders, by name, whose own names and parents are durable
}

// tempFile is what writing needs of an *os.File.
type tempFile interface {
	io.WriteCloser
	Sync() error
}

// folderOf returns the folder that a file: address names.
func folderOf(address url.URL) (string, error) {
	if address.Host != "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return "", errors.New("want file:PATH, or file:///PATH for one from the root of the disk")
	}
	folder := address.Path
	if address.Opaque != "" {
		var err error
		if folder, err = url.PathUnescape(address.Opaque); err != nil {
			return "", err
		}
	}
	if folder == "" {
		return "", errors.New("the path is missing: want file:PATH")
	}
	return folder, nil
}

func openFolder(ctx context.Context, address url.URL) (Store, error) {
	folder, err := folderOf(address)
	if err != nil {
		return nil, err
	}
	return openLocal(ctx, folder)
}

// openLocal returns the store in a folder, rid of what crashes left over.
func openLocal(ctx context.Context, folder string) (*local, error) {
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	l := &local{root: root}
	l.create = l.createFile
	l.flush = l.flushFile
	if err := l.cleanTemp(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("clean %s: %w", folder, err), root.Close())
	}
	return l, nil
}

// cleanTemp removes files that were being written when a process ended. Those
// of other processes that are still at it are younger.
func (l *local) cleanTemp(ctx context.Context) error {
	if err := l.makeDirs(tempDir); err != nil {
		return err
	}
	entries, err := fs.ReadDir(l.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > tempMaxAge {
			err = l.root.Remove(path.Join(tempDir, entry.Name()))
		}
		if err := unlessGone(err); err != nil { // another process may clean at the same time
			return err
		}
	}
	return nil
}

// Put implements Store.
func (l *local) Put(ctx context.Context, key Key, r io.Reader, size int64) (err error) {
	content := exactly(ctx, r, size, key)
	defer content.blame(&err)

	info, err := l.root.Stat(key.String())
	switch {
	case err == nil && info.Mode().IsRegular() && info.Size() == size:
		if err := l.settle(key); unlessGone(err) != nil || err == nil {
			return err
		} // somebody has removed it since
	case unlessGone(err) != nil:
		return err
	}
	temp, err := l.write(content)
	if err != nil {
		return err
	}
	if err := l.rename(temp, key); err != nil {
		return errors.Join(err, l.root.Remove(temp))
	}
	return l.flushNames(path.Dir(key.String()))
}

// settle makes an object durable that is there already: whoever stores it at
// this moment may not have come that far.
func (l *local) settle(key Key) error {
	if err := l.flush(key.String()); err != nil {
		return err
	}
	return l.flushNames(path.Dir(key.String()))
}

// write returns the name of a new file that holds the bytes, durably.
func (l *local) write(content io.Reader) (string, error) {
	name := path.Join(tempDir, rand.Text())
	f, err := l.create(name)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, l.root.Remove(name))
	}
	return name, nil
}

func (l *local) rename(temp string, key Key) error {
	if err := l.makeDirs(path.Dir(key.String())); err != nil {
		return err
	}
	return l.root.Rename(temp, key.String())
}

// makeDirs makes a folder and its parents.
func (l *local) makeDirs(dir string) error {
	if dir == "." {
		return nil
	}
	if err := l.makeDirs(path.Dir(dir)); err != nil {
		return err
	}
	err := l.root.Mkdir(dir, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	l.durable.Delete(dir) // in case that somebody removed it
	return err
}

// flushNames makes the names in a folder durable, its own name, and those of
// its parents. The names of folders need that once in the life of a process,
// whoever made them: another process may have done so just now. It goes from
// the bottom up, for then journaling file systems do all in the first step.
func (l *local) flushNames(dir string) error {
	if err := l.flush(dir); err != nil {
		return err
	}
	if _, ok := l.durable.Load(dir); ok || dir == "." {
		return nil
	}
	if err := l.flushNames(path.Dir(dir)); err != nil {
		return err
	}
	l.durable.Store(dir, true)
	return nil
}

// Open implements Store.
func (l *local) Open(_ context.Context, key Key) (content io.ReadSeekCloser, size int64, err error) {
	defer outage(&err, "open %s", key)

	f, err := l.root.Open(key.String())
	if err != nil {
		return nil, 0, absent(key, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, 0, errors.Join(absent(key, err), f.Close())
	}
	return f, info.Size(), nil
}

// Stat implements Store.
func (l *local) Stat(_ context.Context, key Key) (_ Info, err error) {
	defer outage(&err, "stat %s", key)

	info, err := l.root.Stat(key.String())
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, absent(key, err)
	}
	return Info{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil
}

// Delete implements Store.
func (l *local) Delete(_ context.Context, key Key) (err error) {
	defer outage(&err, "delete %s", key)
	return unlessGone(l.root.Remove(key.String()))
}

// List implements Store. It skips files that have not the name of an object:
// people and file systems leave all kinds of things in folders.
func (l *local) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := l.walk(prefix, func(info Info) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(info, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if outage(&err, "list %q", prefix); err != nil {
			yield(Info{}, err)
		}
	}
}

// walk visits the objects under prefix. What is gone when its turn comes is left out.
func (l *local) walk(prefix string, visit func(Info) error) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	return fs.WalkDir(l.root.FS(), strings.TrimSuffix(prefix, "/"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return unlessGone(err)
		}
		key, err := ParseKey(name)
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // a folder, or not ours
		}
		info, err := entry.Info()
		if err != nil {
			return unlessGone(err)
		}
		return visit(Info{Key: key, Size: info.Size(), Modified: info.ModTime()})
	})
}

// unlessGone returns err unless it says that a file is not, or no longer, there.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SignedURL implements Store: nobody but this program serves the folder.
func (l *local) SignedURL(context.Context, Key, SignOptions) (string, error) {
	return "", errNoSignedURL
}

// Close implements Store.
func (l *local) Close() error { return l.root.Close() }

// absent gives the error of a file that is not there its kind.
func absent(key Key, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return notFound(key.String())
	}
	return err
}
