//go:build unix

package ingest_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/ingest"
)

// TestFileBecomesAPipe: what has become a pipe since it was listed is refused, and nobody waits for it.
func TestFileBecomesAPipe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Join(folder, "a.png")
	if err := os.WriteFile(name, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for f, err := range ingest.FolderFiles(folder) {
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(name), syscall.Mkfifo(name, 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(t.Context()); !errors.Is(err, fault.Invalid) {
			t.Errorf("error = %v, want %v", err, fault.Invalid)
		}
	}
}
