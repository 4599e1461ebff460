package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
)

// item is a picture to be added, and how to get at its bytes.
type item struct {
	ImageInput           // what is known of it
	name       string    // what a report calls it
	source     string    // where it is imported from
	folders    string    // that it lies in, with slashes between them
	shared     bool      // others may write to it meanwhile
	modified   time.Time // when its bytes last changed; zero when that says nothing

	// open returns the bytes. What stands for none is a fault.Invalid.
	open func(context.Context) (*content, error)
}

// content is the bytes of a picture, size of them. It is closed after use.
type content struct {
	io.ReadSeeker

	size  int64
	close func()
}

func inMemory(b []byte) *content { return &content{bytes.NewReader(b), int64(len(b)), func() {}} }

// entry is what becomes of an item.
type entry struct {
	item

	dryRun    bool // nothing is stored
	picture   picture
	reserved  quota.Size  // of the tally
	refused   error       // why it is no picture that can be added
	image     *ent.Image  // the row that was made
	duplicate gid.ImageID // or the one that was there, of the same bytes
}

// picture is one whose bytes are in the store, unless there seems to be no room for it.
type picture struct {
	imaging.Info

	known bool   // its bytes are in the dataset: nothing else has been found out
	sum   string // SHA-256 of what came, in hex
	kept  object.Kept
	size  int64  // of what is kept, in bytes
	hash  uint64 // perceptual
}

// isStored is false of a picture that is known, or for which there seems to be no room.
func (p picture) isStored() bool { return p.kept.SHA256 != "" }

// quota is what the picture takes of it.
func (p picture) quota() quota.Size { return quota.Size{Images: 1, Bytes: p.size} }

// entriesOf makes entries of inputs, which may share a file: a variable of a request may stand in several places, and
// then only one at a time can read it.
func (p *Pipeline) entriesOf(images []ImageInput) []*entry {
	entries := make([]*entry, len(images))
	readers := make(map[io.ReadSeeker]*sync.Mutex)
	for i, in := range images {
		reader := new(sync.Mutex)
		if in.File != nil {
			if shared, ok := readers[in.File.File]; ok {
				reader = shared
			}
			readers[in.File.File] = reader
		}
		entries[i] = &entry{item: item{ImageInput: in, open: func(ctx context.Context) (*content, error) { return p.open(ctx, in, reader, p.keeper.maxUpload) }}}
	}
	return entries
}

// open returns the bytes of a picture, or of a zip, once nobody else reads them. An upload may have most bytes: it is copied.
func (p *Pipeline) open(ctx context.Context, in ImageInput, reader *sync.Mutex, most int64) (*content, error) {
	if in.Upload == nil {
		return in.open(reader)
	}
	r, size, _, err := p.uploads.Open(ctx, *in.Upload, most)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.InvalidAt("no such upload of yours that is whole")
	}
	if errors.Is(err, fault.TooLarge) {
		return nil, fault.InvalidAt(p.keeper.tooLarge(size))
	}
	if err != nil {
		return nil, err
	}
	return &content{r, size, func() { _ = r.Close() }}, nil // it was only read
}

// deleteUploads deletes those that are of no use any more. One that stays is deleted when its time is over.
func (p *Pipeline) deleteUploads(ctx context.Context, images []ImageInput) {
	for _, in := range images {
		if in.Upload == nil {
			continue
		}
		if err := p.uploads.Delete(context.WithoutCancel(ctx), *in.Upload); err != nil {
			slog.WarnContext(ctx, "upload was not deleted", "error", err)
		}
	}
}

func imagesOf(entries []*entry) []*ent.Image {
	images := make([]*ent.Image, len(entries))
	for i, e := range entries {
		images[i] = e.image
	}
	return images
}
