// Package media makes the URLs of pictures, and of the archives of snapshots,
// and serves what they name.
//
// Such a URL works by itself, in an <img> without a header. It names an image
// or a snapshot and the viewer whom it was made for, and whoever has it sees
// what that viewer may see at that moment.
package media

import (
	"context"
	"io"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/web"
)

// Signer makes and checks what nobody else can make, as auth.Keys does.
type Signer interface {
	MAC(purpose string, msg []byte) []byte
	VerifyMAC(purpose string, msg, sum []byte) bool
}

// Thumbnailer makes small pictures, as imaging.Decoder does.
type Thumbnailer interface {
	Thumbnail(ctx context.Context, r io.ReadSeeker, size int64, width int) (content []byte, contentType string, err error)
}

// Archiver makes the archives of snapshots, as download.Service does.
type Archiver interface {
	Archive(ctx context.Context, snap *ent.Snapshot) (content io.ReadSeekCloser, tag string, err error)
}

// Options are what a Service works with. All but Redirect and Now must be set.
type Options struct {
	Signer      Signer
	DB          *database.DB
	Store       storage.Store
	Thumbnailer Thumbnailer
	Archiver    Archiver
	Redirect    bool             // clients get pictures and archives from the store itself, which can sign URLs
	Now         func() time.Time // nil is time.Now
}

// Service makes URLs and, as a handler of all below /media/, serves them.
type Service struct {
	signer      Signer
	db          *database.DB
	store       storage.Store
	thumbnailer Thumbnailer
	archiver    Archiver
	redirect    bool
	clock       func() time.Time

	viewers *cache[gid.UserID, access.Viewer]
	sights  *cache[sight, picture]
	making  singleflight.Group  // of thumbnails, by their keys
	turns   *semaphore.Weighted // of thumbnails that are being made
}

// New returns a Service.
func New(o Options) *Service {
	clock := o.Now
	if clock == nil {
		clock = time.Now
	}
	return &Service{
		signer:      o.Signer,
		db:          o.DB,
		store:       o.Store,
		thumbnailer: o.Thumbnailer,
		archiver:    o.Archiver,
		redirect:    o.Redirect,
		clock:       clock,
		viewers:     newCache[gid.UserID, access.Viewer](maxViewers),
		sights:      newCache[sight, picture](maxSights),
		turns:       semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
	}
}

// URL returns where the viewer of ctx finds the image's file: absolute, the same
// all day (UTC) so that browsers keep what they got, and good until the end of
// the next day. It is empty where no viewer asks: there is nobody then whose
// right to see the image could be looked up when it is opened.
func (s *Service) URL(ctx context.Context, img *ent.Image) string {
	return s.url(ctx, link{image: img.ID, name: img.Name, snapshot: gid.SnapshotID(img.InSnapshot())})
}

// ThumbnailURL returns where a small version of the image is, by the rules of
// URL. Its width, in pixels, is imaging.SnapWidth(width) at most.
func (s *Service) ThumbnailURL(ctx context.Context, img *ent.Image, width int) string {
	return s.url(ctx, link{image: img.ID, name: img.Name, width: imaging.SnapWidth(width), snapshot: gid.SnapshotID(img.InSnapshot())})
}

// ArchiveURL returns where the viewer of ctx finds the archive of a snapshot, by
// the rules of URL. It is nil where there is none, and where no viewer asks.
func (s *Service) ArchiveURL(ctx context.Context, snap *ent.Snapshot) *string {
	return s.archive(ctx, snap, web.BaseURL(ctx)+"/")
}

// ArchivePath returns the same as ArchiveURL, from below the address of the
// server on: media/snapshots/….
func (s *Service) ArchivePath(ctx context.Context, snap *ent.Snapshot) *string {
	return s.archive(ctx, snap, "")
}

func (s *Service) archive(ctx context.Context, snap *ent.Snapshot, base string) *string {
	signed := s.signFor(ctx, link{snapshot: snap.ID, dataset: snap.DatasetID})
	if snap.ArchiveSha256 == nil && !snap.Zipped || signed == "" {
		return nil
	}
	return new(base + strings.TrimPrefix(signed, "/"))
}

func (s *Service) url(ctx context.Context, l link) string {
	signed := s.signFor(ctx, l)
	if signed == "" {
		return ""
	}
	return web.BaseURL(ctx) + signed
}

// signFor returns the path and query of a URL for the viewer of ctx, or nothing
// where no viewer asks.
func (s *Service) signFor(ctx context.Context, l link) string {
	v, ok := access.ViewerFrom(ctx)
	if !ok {
		return ""
	}
	l.viewer, l.day = v.UserID, s.now().Format(time.DateOnly)
	return s.sign(l)
}

func (s *Service) now() time.Time { return s.clock().UTC() }
