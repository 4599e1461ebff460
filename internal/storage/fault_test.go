package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

// disk is a tempFile of a disk that breaks, and takes down what is asked of it.
type disk struct {
	tempFile
	space            int // bytes that can be written
	syncErr, closErr error
	log              *[]string
}

func (d *disk) Write(p []byte) (int, error) {
	*d.log = append(*d.log, "write")
	n, err := d.tempFile.Write(p[:min(len(p), d.space)])
	d.space -= n
	if n < len(p) {
		err = errors.Join(err, syscall.ENOSPC)
	}
	return n, err
}

func (d *disk) Sync() error {
	*d.log = append(*d.log, "flush file")
	return errors.Join(d.tempFile.Sync(), d.syncErr)
}

func (d *disk) Close() error { return errors.Join(d.tempFile.Close(), d.closErr) }

// record makes l use d and tells what it asks for.
func record(l *local, d disk) *[]string {
	d.log = &[]string{}
	create, flush := l.create, l.flush
	l.create = func(name string) (tempFile, error) {
		f, err := create(name)
		return &disk{f, d.space, d.syncErr, d.closErr, d.log}, err
	}
	l.flush = func(name string) error {
		*d.log = append(*d.log, "flush "+strings.ReplaceAll(name, hello, "…"))
		return flush(name)
	}
	return d.log
}

// TestPutIsDurable: when Put returns, the bytes, the name and each new folder
// above it are on the disk, in an order that leaves no gap.
func TestPutIsDurable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	l := must(openLocal(t.Context(), folder))(t)
	log := record(l, disk{space: 100})
	key := must(ObjectKey(hello))(t)
	put := func(l *local) {
		t.Helper()
		if err := l.Put(t.Context(), key, strings.NewReader("hello"), 5); err != nil {
			t.Fatal(err)
		}
	}

	put(l)
	wantLog(t, "a new object", log, "write", "flush file", "flush objects/2c/f2", "flush objects/2c", "flush objects", "flush .")

	put(l)
	wantLog(t, "one that is there", log, "flush objects/2c/f2/…", "flush objects/2c/f2")

	another := must(openLocal(t.Context(), folder))(t)
	log = record(another, disk{space: 100})
	put(another)
	wantLog(t, "one that another process may be storing", log,
		"flush objects/2c/f2/…", "flush objects/2c/f2", "flush objects/2c", "flush objects", "flush .")

	if err := os.RemoveAll(path.Join(folder, "objects")); err != nil {
		t.Fatal(err)
	}
	put(another)
	wantLog(t, "after the folders were removed", log, "write", "flush file", "flush objects/2c/f2", "flush objects/2c", "flush objects", "flush .")
}

func wantLog(t *testing.T, name string, log *[]string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
	*log = nil
}

// TestPutOnABadDisk: a Put that fails leaves neither an object nor a file.
func TestPutOnABadDisk(t *testing.T) {
	t.Parallel()
	eio := &fs.PathError{Op: "fsync", Path: "x", Err: syscall.EIO}
	for name, tt := range map[string]struct {
		disk disk
		r    io.Reader
		err  error
	}{
		"full at once":            {disk{space: 0}, nil, syscall.ENOSPC},
		"full midway":             {disk{space: 3}, nil, syscall.ENOSPC},
		"full, in small portions": {disk{space: 3}, iotest.OneByteReader(strings.NewReader("hello")), syscall.ENOSPC},
		"sync fails":              {disk{space: 5, syncErr: eio}, nil, syscall.EIO},
		"close fails":             {disk{space: 5, closErr: eio}, nil, syscall.EIO},
		"the source fails":        {disk{space: 5}, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("hello"))), iotest.ErrTimeout},
		"another hash":            {disk{space: 5}, strings.NewReader("hullo"), ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			l := must(openLocal(t.Context(), folder))(t)
			record(l, tt.disk)
			if tt.r == nil {
				tt.r = strings.NewReader("hello")
			}
			key := must(ObjectKey(hello))(t)
			if err := l.Put(t.Context(), key, tt.r, 5); !errors.Is(err, tt.err) {
				t.Errorf("error = %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff([]string{".", "tmp"}, everything(t, folder)); diff != "" {
				t.Errorf("folder (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPutWhoseNameIsNotDurable: when the last step fails the object is there,
// but whoever puts it next does not take that for enough.
func TestPutWhoseNameIsNotDurable(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{".", "objects", "objects/2c", "objects/2c/f2"} {
		l := must(openLocal(t.Context(), t.TempDir()))(t)
		key := must(ObjectKey(hello))(t)
		flush := l.flush
		l.flush = func(name string) error {
			if name == broken {
				return syscall.EIO
			}
			return flush(name)
		}
		for range 2 {
			if err := l.Put(t.Context(), key, strings.NewReader("hello"), 5); !errors.Is(err, syscall.EIO) {
				t.Errorf("%s: error = %v, want %v", broken, err, syscall.EIO)
			}
		}
		l.flush = flush
		if err := l.Put(t.Context(), key, strings.NewReader("hello"), 5); err != nil {
			t.Errorf("%s: after the repair: %v", broken, err)
		}
		if left := must(fs.ReadDir(l.root.FS(), tempDir))(t); len(left) > 0 {
			t.Errorf("%s: left in tmp: %v", broken, left)
		}
	}
}

// everything lists the folders and files under folder.
func everything(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
