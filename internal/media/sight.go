package media

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/snapshot"
)

const (
	sightTTL   = 4 * time.Second // of the 5 s in which access must end
	maxViewers = 1 << 12
	maxSights  = 1 << 13
)

// sight is that of an image by a viewer.
type sight struct {
	viewer   gid.UserID
	image    gid.ImageID
	snapshot gid.SnapshotID // as which sees it; 0 is as it is
}

// picture is what serving needs to know of an image.
type picture struct {
	name         string
	originalName string
	sum          string // SHA-256 of the file, in hex
	format       image.Format
}

// look returns the image that a link names, if its viewer may see it now or
// could a moment ago, and fault.NotFound otherwise.
func (s *Service) look(ctx context.Context, l link) (picture, error) {
	at := sight{l.viewer, l.image, l.snapshot}
	pic, _, ok := s.sights.get(at, s.now())
	if !ok {
		v, until, err := s.viewer(ctx, l.viewer)
		if err != nil {
			return picture{}, err
		}
		if pic, err = s.find(access.WithViewer(ctx, v), at); err != nil {
			return picture{}, err
		}
		s.sights.put(at, pic, until) // what is known of the viewer is not to be older either
	}
	if pic.name != l.name {
		return picture{}, errGone
	}
	return pic, nil
}

var errGone = fmt.Errorf("file %w", fault.NotFound)

// viewer returns what a user may see, as the database has it, and until when
// that may be believed. A user who may not sign in sees nothing.
func (s *Service) viewer(ctx context.Context, id gid.UserID) (access.Viewer, time.Time, error) {
	now := s.now() // from before the question
	if v, until, ok := s.viewers.get(id, now); ok {
		return v, until, nil
	}
	v, err := access.ViewerOf(ctx, s.db.Client, id)
	if errors.Is(err, fault.NotFound) {
		return access.Viewer{}, time.Time{}, errGone
	}
	if err != nil {
		return access.Viewer{}, time.Time{}, fmt.Errorf("look up what a URL names: %w", err)
	}
	until := now.Add(sightTTL)
	s.viewers.put(id, v, until)
	return v, until, nil
}

// find returns an image that the viewer of ctx sees.
func (s *Service) find(ctx context.Context, at sight) (picture, error) {
	ctx, err := snapshot.At(ctx, s.db, at.snapshot)
	if errors.Is(err, fault.NotFound) {
		return picture{}, errGone
	}
	if err != nil {
		return picture{}, fmt.Errorf("look up what a URL names: %w", err)
	}
	q := s.db.Image.Query().Where(image.ID(at.image))
	q.Select(image.FieldName, image.FieldOriginalName, image.FieldObjectSha256, image.FieldFormat)
	img, err := q.Only(ctx)
	if err != nil {
		return picture{}, gone(err)
	}
	return picture{img.Name, img.OriginalName, img.ObjectSha256, img.Format}, nil
}

// gone gives one answer for what is not there and what may not be seen.
func gone(err error) error {
	if ent.IsNotFound(err) {
		return errGone
	}
	return fmt.Errorf("look up what a URL names: %w", err)
}

// cache remembers for a short time. It forgets what was not asked for longest
// when it is full.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	entries *simplelru.LRU[K, entry[V]]
}

type entry[V any] struct {
	value V
	until time.Time
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	entries, _ := simplelru.NewLRU[K, entry[V]](size, nil) // an error means a size below one
	return &cache[K, V]{entries: entries}
}

func (c *cache[K, V]) get(key K, now time.Time) (value V, until time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries.Get(key)
	return e.value, e.until, ok && now.Before(e.until)
}

func (c *cache[K, V]) put(key K, value V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Add(key, entry[V]{value, until})
}
