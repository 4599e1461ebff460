package imaging

import (
	"context"
	"fmt"
	"image"
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
// what is to be kept of them. It decodes the picture, the first frame of an
// animation, for nothing less proves that it is one.
//
// Kept are the pixels as they are, and what says how they are to be shown. All
// other data is dropped, and so is what follows the end of the picture. A picture
// that EXIF data says to turn is kept as an upright copy, which is in memory.
// Animations are not turned: what says so is dropped.
//
// With KeepEXIF a file is kept whole if it is upright, and otherwise its copy has
// the EXIF, XMP, IPTC and comments of the file. EXIF always says upright then.
//
// What may not be kept is a fault.Invalid that says why. Errors of r and of ctx
// are returned as they are.
func (d *Decoder) Prepare(ctx context.Context, r io.ReadSeeker, size int64, o Options) (Prepared, error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return Prepared{}, err
	}
	release, err := d.reserve(ctx, p.memory+p.turningNeeds())
	if err != nil {
		return Prepared{}, err
	}
	defer release()
	img, err := p.decode()
	if err != nil {
		return Prepared{}, err
	}
	info := p.info()
	kept, err := p.keep(img, &info, o)
	if err != nil {
		return Prepared{}, err
	}
	prepared := Prepared{Info: info, PerceptualHash: perceptualHash(img, p.orientation), Content: r, Size: size}
	if !kept.whole(size) {
		prepared.Content, prepared.Size, prepared.Changed = kept.reader(r), kept.size(), true
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Prepared{}, fmt.Errorf("read picture: %w", err)
	}
	return prepared, nil
}

// keep returns what is to be kept of a picture whose pixels are img, and says of
// that what is not as in the picture.
func (p *picture) keep(img image.Image, info *Info, o Options) (kept content, err error) {
	metadata, all := p.private, content{{length: p.source.size}}
	for _, b := range p.upright {
		metadata, all = metadata.patched(b), all.patched(b)
	}
	if !o.KeepEXIF {
		metadata, all = nil, p.kept
	}
	if p.orientation == Upright {
		return all, nil
	}
	info.Orientation = Upright
	kept, info.Format, err = p.turned(img, metadata)
	return kept, err
}
