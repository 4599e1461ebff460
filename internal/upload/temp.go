package upload

import (
	"io"
	"os"
)

// newTemp makes a file that is gone once it is discarded, or the process is dead.
func newTemp() (*os.File, error) {
	file, err := os.CreateTemp("", "upload-*")
	if err == nil {
		_ = os.Remove(file.Name()) // not all systems let an open file lose its name
	}
	return file, err
}

func discard(file *os.File) {
	_ = file.Close()           // its bytes are of no use any more
	_ = os.Remove(file.Name()) // it is gone by now, as a rule
}

// tempFile is gone once it is closed.
type tempFile struct{ *os.File }

// Close satisfies io.Closer.
func (f tempFile) Close() error {
	discard(f.File)
	return nil
}

// refill makes spool hold the bytes of src and nothing else, to be read from their start, and returns how many there are.
func refill(spool *os.File, src io.Reader) (int64, error) {
	if err := spool.Truncate(0); err != nil {
		return 0, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.Copy(spool, src)
	if err != nil {
		return 0, err
	}
	_, err = spool.Seek(0, io.SeekStart)
	return n, err
}
