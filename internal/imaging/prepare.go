package imaging

import (
	"context"
	"fmt"
	"io"
)

// Options say how pictures are kept.
type Options struct {
	KeepEXIF bool // keep EXIF, XMP, IPTC and comments
}

// Prepared is a picture as it is to be kept.
type Prepared struct {
	Info // of Content, which is always upright

	PerceptualHash uint64        // of the upright picture, an animation's first frame; see Distance
	Content        io.ReadSeeker // at its beginning; it may read what Prepare was given
	Size           int64         // of Content, in bytes
	Changed        bool          // Content is not what came, byte for byte
}

// Prepare tells what the first size bytes of r are, from their beginning, and
// what is to be kept of them. Errors are those of Inspect.
func (d *Decoder) Prepare(ctx context.Context, r io.ReadSeeker, size int64, _ Options) (Prepared, error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return Prepared{}, err
	}
	release, err := d.reserve(ctx, p.memory)
	if err != nil {
		return Prepared{}, err
	}
	defer release()
	img, err := p.decode()
	if err != nil {
		return Prepared{}, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Prepared{}, fmt.Errorf("read picture: %w", err)
	}
	return Prepared{Info: p.info(), PerceptualHash: perceptualHash(img, p.orientation), Content: r, Size: size}, nil
}
