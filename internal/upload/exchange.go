package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"unicode/utf8"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/filename"
)

// exchange is what the protocol's handler keeps files in, for one request.
type exchange struct {
	*Service
	turn   *turn
	answer http.Header
}

// NewUpload satisfies handler.DataStore.
func (x exchange) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	row, err := x.create(ctx, fileName(info.MetaData), info.Size)
	return x.file(ctx, row, err)
}

// GetUpload satisfies handler.DataStore.
func (x exchange) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	row, err := x.find(ctx, id)
	return x.file(ctx, row, err)
}

func (x exchange) file(ctx context.Context, row *ent.Upload, err error) (handler.Upload, error) {
	if err != nil {
		return nil, refusal(ctx, err)
	}
	x.answer.Set("Upload-Expires", row.ExpiresAt.UTC().Format(http.TimeFormat))
	return file{x.Service, row}, nil
}

// AsTerminatableUpload satisfies handler.TerminaterDataStore.
func (exchange) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload { return u.(file) }

// maxName bounds the name of a file, in characters.
const maxName = 500

// fileName is the name that clients give their file, under either of the keys that they use.
func fileName(meta handler.MetaData) string {
	name := meta["filename"]
	if name == "" {
		name = meta["name"]
	}
	name = filename.Printable(name)
	if utf8.RuneCountInString(name) > maxName {
		name = string([]rune(name)[:maxName])
	}
	return name
}

// refusal is err as the protocol's handler answers it: what is no client's to know goes to the log.
func refusal(ctx context.Context, err error) error {
	if _, ok := errors.AsType[handler.Error](err); ok || err == nil {
		return err
	}
	public := fault.Describe(err)
	if public.Status >= http.StatusInternalServerError {
		slog.ErrorContext(ctx, "upload failed", "error", err)
	}
	return handler.NewError(public.Code, public.Message, public.Status)
}

// file is an upload in the eyes of the protocol's handler.
type file struct {
	service *Service
	row     *ent.Upload
}

// GetInfo satisfies handler.Upload.
func (f file) GetInfo(context.Context) (handler.FileInfo, error) {
	info := handler.FileInfo{ID: f.row.ID, Size: f.row.Length, Offset: f.row.Received}
	if f.row.Name != "" {
		info.MetaData = handler.MetaData{"filename": f.row.Name}
	}
	return info, nil
}

// WriteChunk satisfies handler.Upload: it keeps what comes, in parts, and returns how many bytes are kept for good. A body that
// breaks off ends src without an error; what came of it is kept too.
func (f file) WriteChunk(ctx context.Context, _ int64, src io.Reader) (written int64, err error) {
	// Memory would not do: a client may take hours over a part.
	spool, err := newTemp()
	if err != nil {
		return 0, refusal(ctx, err)
	}
	defer discard(spool)
	for {
		n, err := f.writePart(ctx, spool, io.LimitReader(src, f.service.partLength))
		written += n
		if err != nil || n < f.service.partLength {
			return written, refusal(ctx, err)
		}
	}
}

// writePart keeps what src has as a part, if there is anything.
func (f file) writePart(ctx context.Context, spool *os.File, src io.Reader) (n int64, err error) {
	defer fault.Wrap(&err, "upload %.8s", f.row.ID)

	n, err = refill(spool, src)
	if err != nil || n == 0 {
		return 0, err
	}
	part, err := f.service.reserve(ctx, f.row)
	if err != nil {
		return 0, err
	}
	if err := f.service.put(ctx, f.row.ID, part, spool, n); err != nil {
		return 0, err
	}
	err = f.service.acknowledge(ctx, f.row, part, n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, fault.Conflict) || ent.IsNotFound(err):
		f.service.deletePart(ctx, f.row.ID, part)
	}
	return 0, err // other errors leave open whether the part was acknowledged: it stays
}

// GetReader satisfies handler.Upload. Nobody is served what was uploaded.
func (file) GetReader(context.Context) (io.ReadCloser, error) { return nil, handler.ErrNotImplemented }

// FinishUpload satisfies handler.Upload. Each part is where it is to be.
func (file) FinishUpload(context.Context) error { return nil }

// Terminate satisfies handler.TerminatableUpload.
func (f file) Terminate(ctx context.Context) error {
	return refusal(ctx, f.service.remove(ctx, f.row))
}
