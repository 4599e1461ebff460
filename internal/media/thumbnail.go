package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/storage"
)

// maxMaking bounds the making of a thumbnail, which several requests may wait for.
const maxMaking = 30 * time.Second

// openThumbnail returns a thumbnail from the store, or makes it for all who ask
// for the same one.
func (s *Service) openThumbnail(ctx context.Context, pic picture, width int) (*file, error) {
	key, err := storage.ThumbnailKey(pic.sum, width)
	if err != nil {
		return nil, fmt.Errorf("thumbnail of image %s: %v", pic.name, err) //nolint:errorlint // the request is not what is invalid
	}
	content, _, err := s.store.Open(ctx, key)
	switch {
	case err == nil:
	case errors.Is(err, fault.NotFound):
		made, err, _ := s.making.Do(key.String(), func() (any, error) { return s.makeThumbnail(ctx, pic, width, key) })
		if err != nil {
			return nil, err
		}
		content = inMemory{bytes.NewReader(made.([]byte))}
	default:
		return nil, err
	}
	return newThumbnail(content, pic, width)
}

func newThumbnail(content io.ReadSeekCloser, pic picture, width int) (*file, error) {
	contentType, err := thumbnailType(content)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("thumbnail of image %s: %w", pic.name, err), content.Close())
	}
	return &file{
		ReadSeekCloser: content,
		etag:           fmt.Sprintf(`"%s-%d"`, pic.sum, width),
		contentType:    contentType,
		disposition:    "inline",
		name:           pic.fileName(contentType),
	}, nil
}

// thumbnailType tells which of the two types of thumbnails this is. Their bytes
// are our own work, so that they can be asked.
func thumbnailType(content io.ReadSeeker) (string, error) {
	start := make([]byte, 16)
	n, err := io.ReadFull(content, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	switch t := http.DetectContentType(start[:n]); t {
	case imaging.PNG.ContentType(), imaging.JPEG.ContentType():
		return t, nil
	default:
		return "", fmt.Errorf("neither PNG nor JPEG but %s", t)
	}
}

// makeThumbnail makes a thumbnail and puts it into the store for the next time.
func (s *Service) makeThumbnail(ctx context.Context, pic picture, width int, key storage.Key) ([]byte, error) {
	// The first who asked may leave, the others still want it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxMaking)
	defer cancel()
	if err := s.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.turns.Release(1)
	original := pic.file()
	if err := s.load(ctx, original); err != nil {
		return nil, err
	}
	defer original.Close()
	content, _, err := s.thumbnailer.Thumbnail(ctx, original, original.size, width)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fault.Unavailable):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("thumbnail of image %s: %v", pic.name, err) //nolint:errorlint // the request is not what is invalid
	}
	if err := s.store.Put(ctx, key, bytes.NewReader(content), int64(len(content))); err != nil {
		slog.ErrorContext(ctx, "thumbnail was not kept", "error", err) // a full disk must not hide pictures
	}
	return content, nil
}

// inMemory is content that needs no closing.
type inMemory struct{ *bytes.Reader }

// Close satisfies io.Closer.
func (inMemory) Close() error { return nil }
