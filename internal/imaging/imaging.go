// Package imaging decides whether bytes are a picture that may be kept and what
// of them is, and makes small versions of pictures. It bounds the memory of all
// decoding in the process, whatever is sent to it.
package imaging

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// What is accepted. 50 megapixels decode into at most 1.2 GB, in the rarest of
// encodings, and mostly into a quarter of that. To turn them takes up to twice as
// much again.
const (
	MaxSide   = 16_384     // pixels
	MaxPixels = 50_000_000 // width times height
)

// DefaultMemory is enough for seven photographs of 12 megapixels at once, or for
// one of the largest, in bytes.
const DefaultMemory = 512 << 20

// Format is how a picture is encoded.
type Format string

// The formats there are.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	WebP Format = "webp"
	GIF  Format = "gif"
)

// ContentType returns the media type of the format.
func (f Format) ContentType() string { return "image/" + string(f) }

// Info is what there is to know of a picture. Width and height are those of the
// picture as people see it, upright, and of the whole canvas of an animation.
type Info struct {
	Format        Format
	Width, Height int // in pixels
	Orientation   Orientation
}

// Decoder decodes pictures in a bounded amount of memory: those that find no
// room wait for others to end. Make one for the process. It is safe for
// concurrent use.
type Decoder struct {
	room   *semaphore.Weighted
	memory int64
}

// NewDecoder returns a Decoder whose pictures take at most that many bytes at
// once. One that needs more than all of it is decoded alone.
func NewDecoder(memory int64) *Decoder {
	memory = max(memory, 1)
	return &Decoder{room: semaphore.NewWeighted(memory), memory: memory}
}

// overhead is what a picture takes besides its pixels, in bytes: buffers and tables.
const overhead = 1 << 20

// reserve waits for room for that many bytes and returns what frees it.
func (d *Decoder) reserve(ctx context.Context, bytes int64) (release func(), err error) {
	bytes = min(bytes+overhead, d.memory)
	if err := d.room.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { d.room.Release(bytes) }, nil
}
