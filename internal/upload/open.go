package upload

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// Open returns the bytes of an upload of the viewer's that is finished, how many there are, and the name that the client gave.
// They are in a file of the caller's own, which is gone once it is closed. What is not finished is a fault.NotFound too; what
// has more than most bytes is a fault.TooLarge, and none of them are copied.
func (s *Service) Open(ctx context.Context, id string, most int64) (_ io.ReadSeekCloser, size int64, name string, err error) {
	defer fault.Wrap(&err, "open upload %.8s", id)

	row, err := s.find(ctx, id)
	if err != nil {
		return nil, 0, "", err
	}
	if row.Received != row.Length {
		return nil, 0, "", fmt.Errorf("finished upload %w", fault.NotFound)
	}
	if row.Length > most {
		return nil, row.Length, "", fmt.Errorf("%w: %d bytes", fault.TooLarge, row.Length)
	}
	f, err := newTemp()
	if err != nil {
		return nil, 0, "", err
	}
	if err := s.gather(ctx, f, row); err != nil {
		discard(f)
		return nil, 0, "", err
	}
	return tempFile{f}, row.Length, row.Name, nil
}

// gather writes the bytes of an upload to f, to be read from their start.
func (s *Service) gather(ctx context.Context, f *os.File, row *ent.Upload) error {
	all := int64(0)
	for part, length := range row.Parts {
		if length == 0 {
			continue
		}
		if err := s.copyPart(ctx, f, row.ID, part, length); err != nil {
			return err
		}
		all += length
	}
	if all != row.Length {
		return fmt.Errorf("the parts have %d bytes, want %d", all, row.Length)
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func (s *Service) copyPart(ctx context.Context, w io.Writer, id string, part int, length int64) error {
	key, err := storage.UploadKey(id, part)
	if err != nil {
		return err
	}
	r, _, err := s.store.Open(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(w, r)
	if err == nil && n != length {
		err = fmt.Errorf("part %d has %d bytes, want %d", part, n, length)
	}
	return err
}
