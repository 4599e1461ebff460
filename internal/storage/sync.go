package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// makeFolder makes a folder and its parents, and each durable in its own parent.
func makeFolder(name string) error {
	err := os.Mkdir(name, folderMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(filepath.Dir(name)); err != nil {
			return err
		}
		err = os.Mkdir(name, folderMode)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return syncAndClose(parent)
}

func (l *local) createFile(name string) (tempFile, error) {
	return l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, contentMode)
}

func (l *local) flushFile(name string) error {
	f, err := l.root.Open(name)
	if err != nil {
		return err
	}
	return syncAndClose(f)
}

// syncAndClose syncs what was opened for reading, where that can be done:
// Windows can't, and keeps names in a journal of its own, and some network file
// systems have no such thing as syncing a folder.
func syncAndClose(f *os.File) error {
	var err error
	if runtime.GOOS != "windows" {
		err = f.Sync()
	}
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
