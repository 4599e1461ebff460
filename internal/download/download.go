// Package download serves exports: a request for one becomes the index of an archive, which is made once and kept in the
// store, and any bytes of that archive.
package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/datasetgen/datagen/ent"
	entsnapshot "github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/storage"
)

const (
	// edition is another one whenever the same dataset gives other bytes than before, so that no index of those is used.
	edition = "1"
	// maxMeasuring is how many exports are measured at once in one process, and measureTime for how long one may be.
	maxMeasuring = 2
	measureTime  = 30 * time.Minute
	// maxDownloads is how many are written at once in one process.
	maxDownloads = 16
	// indexTime is for how long an index is kept. It is made again when it is asked for later.
	indexTime = 7 * 24 * time.Hour
)

// Signer makes and checks what nobody else can make, as auth.Keys does.
type Signer interface {
	MAC(purpose string, msg []byte) []byte
	VerifyMAC(purpose string, msg, sum []byte) bool
}

// Service makes links to exports, and serves them.
type Service struct {
	db        *database.DB
	store     storage.Store
	signer    Signer
	reader    *archive.Reader
	clock     func() time.Time
	measuring singleflight.Group // of exports, by the keys of their indexes
	turns     *semaphore.Weighted
	downloads *semaphore.Weighted
}

// New returns a Service of what db and store hold.
func New(db *database.DB, store storage.Store, signer Signer) *Service {
	return &Service{
		db: db, store: store, signer: signer, reader: archive.NewReader(db, store), clock: time.Now,
		turns: semaphore.NewWeighted(maxMeasuring), downloads: semaphore.NewWeighted(maxDownloads),
	}
}

// pin makes a request name the snapshot that it is of: a new one, for what there is now. The viewer must see it.
func (s *Service) pin(ctx context.Context, r Request) (Request, *ent.Snapshot, error) {
	if r.Snapshot == 0 {
		snap, err := snapshot.Live(ctx, s.db, r.Dataset)
		if err != nil {
			return r, nil, err
		}
		r.Snapshot = snap.ID
		return r, snap, nil
	}
	if _, err := s.db.Dataset.Get(ctx, r.Dataset); err != nil {
		return r, nil, gone("dataset", err)
	}
	// One that was taken for a live export is in no list, and yet those may go on with it who see the dataset.
	snap, err := s.db.Snapshot.Query().Where(entsnapshot.ID(r.Snapshot), entsnapshot.DatasetID(r.Dataset),
		entsnapshot.Or(entsnapshot.ExpiresAtIsNil(), entsnapshot.ExpiresAtGT(s.clock()))).Only(access.System(ctx))
	if err != nil {
		return r, nil, gone("snapshot", err)
	}
	if snap.Epoch == nil {
		return r, nil, fault.InvalidAt("nothing but a zip was kept of it", snapshotParameter)
	}
	return r, snap, nil
}

func gone(what string, err error) error {
	if ent.IsNotFound(err) {
		return fmt.Errorf("%s %w", what, fault.NotFound)
	}
	return err
}

// Archive is one that can be read from any byte on, until it is closed.
type Archive struct {
	Tag  string // of its bytes; others have another
	Name string // under which people save it
	Size int64  // bytes

	ctx    context.Context //nolint:containedctx // it is read as files are, without one
	cancel context.CancelFunc
	source archive.Source
	close  func() error
	stale  func() // calls for another index

	offset int64
	pipe   *io.PipeReader
	failed error
}

// Open opens what a request asks for. When nobody has asked for it before, that takes one pass over the dataset, which goes
// on for others when ctx ends. The viewer must see the dataset.
func (s *Service) Open(ctx context.Context, r Request) (_ *Archive, err error) {
	r, snap, err := s.pin(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, r, snap)
}

func (s *Service) open(ctx context.Context, r Request, snap *ent.Snapshot) (_ *Archive, err error) {
	defer fault.Wrap(&err, "export dataset %d as %s", r.Dataset, r.Format.Name)

	if !s.downloads.TryAcquire(1) {
		return nil, errBusy
	}
	defer func() {
		if err != nil {
			s.downloads.Release(1)
		}
	}()
	key, err := keyOf(r, snap)
	if err != nil {
		return nil, err
	}
	d, err := s.reader.Dataset(ctx, snapshot.MomentOf(snap), r.Filter)
	if err != nil {
		return nil, err
	}
	parts := r.Format.Parts(d, r.Options)
	content, err := s.index(ctx, key, d, parts)
	if err != nil {
		return nil, err
	}
	index, err := archive.ReadIndex(content)
	if err != nil {
		return nil, errors.Join(err, content.Close())
	}
	a := &Archive{
		Tag: index.Tag, Name: fileName(r, d), Size: index.Size,
		source: archive.Source{Dataset: d, Parts: parts, Index: index, Store: s.store},
		close: func() error {
			s.downloads.Release(1)
			return content.Close()
		},
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	a.stale = func() {
		if err := s.store.Delete(context.WithoutCancel(ctx), key); err != nil {
			slog.ErrorContext(ctx, "index of an export stays", "error", err)
		}
	}
	return a, nil
}

var errBusy = fmt.Errorf("%w: too many exports are being written; try again in a moment", fault.Unavailable)

// Archive opens the zip of a snapshot that clients are told of who know no formats.
func (s *Service) Archive(ctx context.Context, snap *ent.Snapshot) (io.ReadSeekCloser, string, error) {
	a, err := s.open(ctx, Request{Dataset: snap.DatasetID, Snapshot: snap.ID, Format: export.LegacyYOLO()}, snap)
	if err != nil {
		return nil, "", err
	}
	return a, a.Tag, nil
}

// keyOf is that of the index of a request.
func keyOf(r Request, snap *ent.Snapshot) (storage.Key, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "edition %s of snapshot %d of %v in dataset %d: %s",
		edition, snap.ID, snap.CreatedAt.UTC(), r.Dataset, r.Query()))
	return storage.ExportKey(hex.EncodeToString(sum[:]))
}

// fileName says what is in the file.
func fileName(r Request, d *export.Dataset) string {
	name := export.Slug(d.Name)
	if name == "" {
		name = "dataset"
	}
	return fmt.Sprintf("%s-%d-%s.zip", name, r.Snapshot, r.Format.Name)
}

// index opens an index that was kept, or makes it for all who ask for the same one.
func (s *Service) index(ctx context.Context, key storage.Key, d *export.Dataset, parts []export.Part) (io.ReadSeekCloser, error) {
	content, _, err := s.store.Open(ctx, key)
	if !errors.Is(err, fault.NotFound) {
		return content, err
	}
	made := s.measuring.DoChan(key.String(), func() (any, error) {
		// The first who asked may leave, the others still want it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), measureTime)
		defer cancel()
		return nil, s.measure(ctx, key, d, parts)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case m := <-made:
		if m.Err != nil {
			return nil, m.Err
		}
	}
	content, _, err = s.store.Open(ctx, key)
	return content, err
}

func (s *Service) measure(ctx context.Context, key storage.Key, d *export.Dataset, parts []export.Part) error {
	if err := s.turns.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.turns.Release(1)
	spool, err := os.CreateTemp("", "index-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = spool.Close()           // its bytes are of no use any more
		_ = os.Remove(spool.Name()) // one that stays is the system's to clear
	}()
	if _, err := archive.Measure(ctx, d, parts, spool); err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return s.store.Put(ctx, key, spool, size)
}

// Read satisfies io.Reader.
func (a *Archive) Read(p []byte) (int, error) {
	if a.pipe == nil {
		a.pipe = a.start()
	}
	n, err := a.pipe.Read(p)
	a.offset += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		a.failed = err
	}
	return n, err
}

// start has the bytes from the present offset on written.
func (a *Archive) start() *io.PipeReader {
	read, write := io.Pipe()
	go func() {
		err := a.source.Write(a.ctx, write, a.offset, a.Size)
		if errors.Is(err, archive.ErrStale) {
			a.stale()
		}
		write.CloseWithError(err)
	}()
	return read
}

// Seek satisfies io.Seeker.
func (a *Archive) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += a.offset
	case io.SeekEnd:
		offset += a.Size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	if offset != a.offset {
		a.stop()
		a.offset = offset
	}
	return offset, nil
}

func (a *Archive) stop() {
	if a.pipe != nil {
		_ = a.pipe.Close() // always nil
		a.pipe = nil
	}
}

// Close ends what is being written.
func (a *Archive) Close() error {
	a.cancel()
	a.stop()
	return a.close()
}

// Sweep removes indexes that were not asked for lately.
func (s *Service) Sweep(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "sweep indexes of exports")

	for info, err := range s.store.List(ctx, "exports/") {
		if err != nil {
			return err
		}
		if s.clock().Sub(info.Modified) < indexTime {
			continue
		}
		if err := s.store.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}

// isWhole tells a request for all of a file or one range of it: many ranges would each be begun anew.
func isWhole(ranges string) bool { return !strings.Contains(ranges, ",") }
