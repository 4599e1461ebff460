package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/media"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/upload"
	"github.com/datasetgen/datagen/internal/web"
)

// app is what commands work with.
type app struct {
	config config.Config
	log    *slog.Logger
	db     *database.DB
	keys   *auth.Keys
	auth   *auth.Authority
	reads  func() graph.Reads // of the handler
}

// open reads the settings and opens a database whose schema is up to date.
// Commands act as the program itself: the context that it returns says so.
func (s surroundings) open(ctx context.Context) (context.Context, *app, error) {
	a, err := s.configure()
	if err != nil {
		return nil, nil, err
	}
	if err := a.migrate(ctx); err != nil {
		return nil, nil, err
	}
	if a.db, err = database.Open(ctx, a.config.Database); err != nil {
		return nil, nil, err
	}
	if err := a.openAuthority(); err != nil {
		return nil, nil, errors.Join(err, a.close())
	}
	return access.System(ctx), a, nil
}

// configure reads the settings.
func (s surroundings) configure() (*app, error) {
	environ, err := config.Environ(".env", s.environ)
	if err != nil {
		return nil, err
	}
	c, err := config.Load(environ)
	if err != nil {
		return nil, err
	}
	return &app{config: c, log: slog.New(web.LogHandler(c.LogHandler(s.err)))}, nil
}

// migrate brings the schema up to date.
func (a *app) migrate(ctx context.Context) error {
	db, err := database.Open(ctx, a.config.DatabaseDirect)
	if err != nil {
		return err
	}
	taken, err := db.Migrate(ctx)
	for _, m := range taken {
		a.log.InfoContext(ctx, "migrated the database", "version", m.Version, "name", m.Name)
	}
	return errors.Join(err, db.Close())
}

func (a *app) openAuthority() error {
	secret, err := a.config.SigningKey()
	if err != nil {
		return fmt.Errorf("SECRET_KEY: %w", err)
	}
	var previous []string
	if a.config.SecretPrevious != "" {
		previous = append(previous, string(a.config.SecretPrevious))
	}
	if a.keys, err = auth.NewKeys(string(secret), previous...); err != nil {
		return fmt.Errorf("SECRET_KEY: %w", err)
	}
	a.auth = auth.New(a.db, a.keys, auth.Options{
		AccessTTL:  a.config.AccessTokenTTL,
		RefreshTTL: a.config.RefreshTokenTTL,
		LegacyTTL:  a.config.LegacyTokenTTL,
		Log:        a.log,
	})
	return nil
}

func (a *app) close() error { return a.db.Close() }

// pictures are the parts of a server that handle pixels.
type pictures struct {
	store   storage.Store
	ingest  *ingest.Pipeline
	media   *media.Service
	exports *download.Service
	uploads *upload.Service
}

// pixelMemory bounds what is decoded at a time in one process, in bytes: for each
// processor a picture of the greatest size that is taken, and one more.
func pixelMemory() int64 { return int64(runtime.GOMAXPROCS(0)+1) * 200 << 20 }

// fetchTime bounds how long a picture may take to come from a URL.
const fetchTime = time.Minute

func (a *app) openPictures(ctx context.Context) (*pictures, error) {
	store, err := storage.Open(ctx, a.config.Storage)
	if err != nil {
		return nil, fmt.Errorf("STORAGE_URL: %w", err)
	}
	decoder := imaging.NewDecoder(pixelMemory())
	uploads := upload.New(upload.Options{DB: a.db, Store: store, MaxLength: int64(a.config.MaxUploadTotal), Quota: a.limits()})
	exports := download.New(a.db, store, a.keys)
	return &pictures{
		store: store,
		ingest: ingest.New(ingest.Options{
			DB:        a.db,
			Store:     store,
			Preparer:  decoder,
			MaxUpload: int64(a.config.MaxUpload),
			Keep:      imaging.Options{KeepEXIF: a.config.KeepEXIF},
			Quota:     a.limits(),
			Uploads:   uploads,
			Fetcher: fetch.New(fetch.Options{
				MaxBytes: int64(a.config.MaxUpload),
				Timeout:  fetchTime,
				Allow:    a.config.FetchAllow,
			}),
		}),
		media: media.New(media.Options{
			Signer:      a.keys,
			DB:          a.db,
			Store:       store,
			Thumbnailer: decoder,
			Archiver:    exports,
			Redirect:    a.config.MediaMode == config.Redirect,
		}),
		exports: exports,
		uploads: uploads,
	}, nil
}

// withStore opens the database and the store for a command.
func (s surroundings) withStore(ctx context.Context, do func(context.Context, *app, *pictures) error) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	p, err := a.openPictures(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.store.Close()) }()
	return do(ctx, a, p)
}
