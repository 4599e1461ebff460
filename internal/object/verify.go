package object

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/object"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/storage"
)

// Trouble is what can be wrong with an object.
type Trouble string

// All that can be wrong with an object.
const (
	Lost       Trouble = "lost"       // a row names it, and it is not in the store
	Damaged    Trouble = "damaged"    // its bytes are not those that were put
	Unreadable Trouble = "unreadable" // the store does not give all of its bytes
	Stray      Trouble = "stray"      // it is in the store, and has no row
)

// Problem is an object with which something is wrong.
type Problem struct {
	Trouble   Trouble          `json:"trouble"`
	Key       string           `json:"key"` // in the store
	SHA256    string           `json:"sha256"`
	Size      int64            `json:"size"`            // that it should have, in bytes; of a stray the one it has
	Found     string           `json:"found,omitempty"` // what a damaged one is, and what the store says of an unreadable one
	Images    []NamedBy        `json:"images,omitempty"`
	Snapshots []gid.SnapshotID `json:"snapshots,omitempty"` // whose archive it is
}

// NamedBy is an image that names an object.
type NamedBy struct {
	ID           gid.ImageID   `json:"id"`
	DatasetID    gid.DatasetID `json:"datasetId"`
	OriginalName string        `json:"originalName"`
	SHA256       string        `json:"sha256"` // of the file that was uploaded
}

// Verification is how far Verify has come.
type Verification struct {
	Total   int   // objects that have rows
	Checked int   // of them
	Bytes   int64 // that were read
}

// verifyPage is how many objects are checked between reports, several at once.
const (
	verifyPage    = 200
	verifyWorkers = 4
)

// maxUnreadable is how many objects in a row cannot be read before the store is taken to be down: all others would then
// be said to be unreadable too, each after a while.
const maxUnreadable = 10

// reading are the objects that Verify reads, several at once.
type reading struct {
	store      storage.Store
	unreadable atomic.Int32 // in a row
}

// Verify reads every object that has a row, and compares it with its hash; then it looks for objects that have none. It
// calls tell with each problem, and progress now and then. It goes on after objects that cannot be read, unless the store
// seems to be down. It changes nothing.
func (s *Sweeper) Verify(ctx context.Context, progress func(Verification), tell func(Problem) error) (err error) {
	defer fault.Wrap(&err, "verify objects")

	ctx = access.System(ctx)
	state := Verification{}
	if state.Total, err = s.db.Object.Query().Count(ctx); err != nil {
		return err
	}
	r := &reading{store: s.store}
	for after := ""; ; {
		page, err := s.db.Object.Query().Where(object.IDGT(after)).Order(object.ByID()).Limit(verifyPage).All(ctx)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		if err := s.verifyPage(ctx, r, page, &state, tell); err != nil {
			return err
		}
		progress(state)
	}
	return s.eachStray(ctx, objectsPrefix, func(strays []storage.Info) error {
		for _, info := range strays {
			p := Problem{Trouble: Stray, Key: info.Key.String(), SHA256: info.Key.SHA256(), Size: info.Size}
			if err := s.describe(ctx, &p); err != nil {
				return err
			}
			if err := tell(p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Sweeper) verifyPage(ctx context.Context, r *reading, page []*ent.Object, state *Verification, tell func(Problem) error) error {
	problems, read := make([]*Problem, len(page)), make([]int64, len(page))
	workers, working := errgroup.WithContext(ctx)
	workers.SetLimit(verifyWorkers)
	for i, o := range page {
		workers.Go(func() (err error) {
			problems[i], read[i], err = r.verify(working, o)
			return err
		})
	}
	if err := workers.Wait(); err != nil {
		return err
	}
	for i, p := range problems {
		state.Checked++
		state.Bytes += read[i]
		if p == nil {
			continue
		}
		if err := s.describe(ctx, p); err != nil {
			return err
		}
		if p.Trouble == Lost && len(p.Images) == 0 && len(p.Snapshots) == 0 {
			continue // an upload that is under way, or failed
		}
		if err := tell(*p); err != nil {
			return err
		}
	}
	return nil
}

// verify returns what is wrong with an object, nil for nothing, and how many bytes it has read.
func (r *reading) verify(ctx context.Context, o *ent.Object) (*Problem, int64, error) {
	key, err := storage.ObjectKey(o.ID)
	if err != nil {
		return nil, 0, err
	}
	problem := &Problem{Trouble: Lost, Key: key.String(), SHA256: o.ID, Size: o.Size}
	sum, n, err := r.sum(ctx, key)
	isLost := errors.Is(err, fault.NotFound)
	if err != nil && !isLost {
		problem.Trouble, problem.Found = Unreadable, err.Error()
		return problem, n, r.fail(ctx, err)
	}
	r.unreadable.Store(0)
	if isLost {
		return problem, 0, nil
	}
	if sum == o.ID && n == o.Size {
		return nil, n, nil
	}
	problem.Trouble = Damaged
	problem.Found = fmt.Sprintf("%d bytes with SHA-256 %s", n, sum)
	return problem, n, nil
}

// sum returns the SHA-256 of an object, in hex, and how many bytes were read.
func (r *reading) sum(ctx context.Context, key storage.Key) (sum string, n int64, err error) {
	content, _, err := r.store.Open(ctx, key)
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	n, err = io.Copy(hash, content)
	return hex.EncodeToString(hash.Sum(nil)), n, errors.Join(err, content.Close())
}

// fail returns err, with which an object could not be read, when there is no use in reading others.
func (r *reading) fail(ctx context.Context, err error) error {
	if n := r.unreadable.Add(1); n < maxUnreadable && ctx.Err() == nil {
		return nil
	}
	return err
}

// maxNamedBy bounds how many images a problem lists.
const maxNamedBy = 1000

// describe finds what names the object.
func (s *Sweeper) describe(ctx context.Context, p *Problem) error {
	images, err := s.db.Image.Query().Where(image.ObjectSha256(p.SHA256)).Order(image.ByID()).Limit(maxNamedBy).
		Select(image.FieldID, image.FieldDatasetID, image.FieldOriginalName, image.FieldSha256).All(ctx)
	if err != nil {
		return err
	}
	for _, img := range images {
		p.Images = append(p.Images, NamedBy{img.ID, img.DatasetID, img.OriginalName, img.Sha256})
	}
	p.Snapshots, err = s.db.Snapshot.Query().Where(snapshot.ArchiveSha256(p.SHA256)).Order(snapshot.ByID()).Limit(maxNamedBy).IDs(ctx)
	return err
}
