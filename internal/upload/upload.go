// Package upload takes files of any size in parts, over as many requests as it takes, by the protocol tus 1.0
// (https://tus.io/protocols/resumable-upload). It does so by itself rather than by URLs that a bucket signs: it is
// one way over every store, what is sent is checked before anything names it, and no page holds a right to write in a bucket.
//
// A part is in the store for good before the row of its upload says so: what a client was told is there survives the
// death of the process. Which number a part has is settled in the database before it is put, so that no two writers put the same.
package upload

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/upload"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/storage"
)

const (
	// partLength is how many bytes a part has, unless a request ends.
	partLength = 16 << 20
	// maxParts is how many parts an upload may have: all their lengths are written with each of them.
	maxParts = 10_000
	// maxOpen is how many uploads a user may have at a time, the finished ones that nobody has used among them.
	maxOpen = 20
	// lifetime is how long after its first request an upload is given up, and what is there of it deleted.
	lifetime = 24 * time.Hour
)

// Options are what a Service works with.
type Options struct {
	DB        *database.DB
	Store     storage.Store
	MaxLength int64        // of an upload, in bytes
	Quota     quota.Limits // of workspaces that have none of their own
}

// Service takes uploads. Any number of them may share a database and a store. It is safe for concurrent use.
type Service struct {
	db         *database.DB
	store      storage.Store
	maxLength  int64
	quota      quota.Limits
	partLength int64
	turns      turns
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{db: o.DB, store: o.Store, maxLength: o.MaxLength, quota: o.Quota, partLength: partLength, turns: turns{held: map[string]*turn{}}}
}

// create makes the row of an upload of the viewer's.
func (s *Service) create(ctx context.Context, name string, length int64) (*ent.Upload, error) {
	v, err := access.Require(ctx)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 32)
	rand.Read(id)
	return database.Result(ctx, s.db, func(ctx context.Context, tx *ent.Tx) (*ent.Upload, error) {
		q := tx.User.Query().Where(user.ID(v.UserID))
		q.Modify(database.Lock) // so that nobody else counts now
		u, err := q.Only(ctx)
		if err != nil {
			return nil, err
		}
		n, err := tx.Upload.Query().Where(upload.ExpiresAtGT(database.Now())).Count(ctx)
		if err != nil {
			return nil, err
		}
		if n >= maxOpen {
			return nil, fmt.Errorf("%w: %d uploads are under way or unused; use or delete one first", fault.QuotaExceeded, n)
		}
		if err := s.quota.CheckUpload(ctx, s.db, tx, u.WorkspaceID, length); err != nil {
			return nil, err
		}
		return tx.Upload.Create().
			SetID(hex.EncodeToString(id)).
			SetUserID(v.UserID).
			SetName(name).
			SetLength(length).
			SetExpiresAt(database.Now().Add(lifetime)).
			Save(ctx)
	})
}

// find returns an upload of the viewer's.
func (s *Service) find(ctx context.Context, id string) (*ent.Upload, error) {
	row, err := s.db.Upload.Query().Where(upload.ID(id), upload.ExpiresAtGT(database.Now())).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("upload %w", fault.NotFound)
	}
	return row, err
}

// reserve makes the next number of a part of the upload the caller's, who is about to add bytes after those that row says there are.
func (s *Service) reserve(ctx context.Context, row *ent.Upload) (part int, err error) {
	err = s.change(ctx, row, func(now *ent.Upload) (*ent.UploadUpdateOne, error) {
		if part = len(now.Parts); part >= maxParts {
			return nil, fmt.Errorf("%w: the upload has come in %d pieces, and may in no more; send larger ones", fault.Invalid, part)
		}
		return now.Update().SetParts(append(now.Parts, 0)), nil
	})
	return part, err
}

// acknowledge notes that a part is in the store, and brings row up to date.
func (s *Service) acknowledge(ctx context.Context, row *ent.Upload, part int, length int64) error {
	return s.change(ctx, row, func(now *ent.Upload) (*ent.UploadUpdateOne, error) {
		now.Parts[part] = length
		return now.Update().SetParts(now.Parts).SetReceived(now.Received + length), nil
	})
}

// change changes an upload that has not got further than row says, and brings row up to date. It is a fault.Conflict when
// another request was faster.
func (s *Service) change(ctx context.Context, row *ent.Upload, to func(now *ent.Upload) (*ent.UploadUpdateOne, error)) error {
	changed, err := database.Result(ctx, s.db, func(ctx context.Context, tx *ent.Tx) (*ent.Upload, error) {
		q := tx.Upload.Query().Where(upload.ID(row.ID))
		q.Modify(database.Lock)
		now, err := q.Only(ctx)
		if err != nil {
			return nil, err
		}
		if now.Received != row.Received {
			return nil, errOvertaken
		}
		update, err := to(now)
		if err != nil {
			return nil, err
		}
		return update.Save(ctx)
	})
	if err != nil {
		return err
	}
	row.Received, row.Parts = changed.Received, changed.Parts
	return nil
}

var errOvertaken = fmt.Errorf("%w: another request has got further", fault.Conflict)

// Delete gives up an upload of the viewer's, or lets go of one that has been used.
func (s *Service) Delete(ctx context.Context, id string) error {
	row, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	return s.remove(ctx, row)
}

// remove deletes an upload. What of its parts cannot be deleted now is left to Sweep.
func (s *Service) remove(ctx context.Context, row *ent.Upload) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.Upload.Delete().Where(upload.ID(row.ID)).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for part, length := range row.Parts {
		if length > 0 {
			s.deletePart(ctx, row.ID, part)
		}
	}
	return nil
}

// deletePart deletes a part from the store, if it can.
func (s *Service) deletePart(ctx context.Context, id string, part int) {
	key, err := storage.UploadKey(id, part)
	if err == nil {
		err = s.store.Delete(ctx, key)
	}
	if err != nil {
		slog.WarnContext(ctx, "a part of an upload is left for the sweep", "error", err)
	}
}

// put puts a part into the store.
func (s *Service) put(ctx context.Context, id string, part int, r io.Reader, length int64) error {
	key, err := storage.UploadKey(id, part)
	if err != nil {
		return err
	}
	return s.store.Put(ctx, key, r, length)
}
