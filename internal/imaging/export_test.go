package imaging

import (
	"context"
	"errors"
	"image"
	"io"
)

// Header returns the stored size that a file claims, and the bytes that its
// decoding reserves.
func Header(ctx context.Context, r io.ReadSeeker, size int64) (stored image.Point, memory int64, err error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return image.Point{}, 0, err
	}
	return image.Pt(p.width, p.height), p.memory + overhead, nil
}

// PrepareNeeds returns the bytes that Prepare reserves.
func PrepareNeeds(ctx context.Context, r io.ReadSeeker, size int64) (int64, error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return 0, err
	}
	return p.memory + p.turningNeeds() + overhead, nil
}

// Decode returns the pixels of a picture, and how they have to be turned.
func Decode(ctx context.Context, r io.ReadSeeker, size int64) (image.Image, Orientation, error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return nil, 0, err
	}
	img, err := p.decode()
	return img, p.orientation, err
}

// ThumbnailNeeds returns the bytes that a thumbnail reserves.
func ThumbnailNeeds(ctx context.Context, r io.ReadSeeker, size int64, width int) (int64, error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return 0, err
	}
	return p.memory + p.shrinkingNeeds(p.within(SnapWidth(width))) + overhead, nil
}

// Fill takes all room of d.
func Fill(ctx context.Context, d *Decoder) (release func(), err error) {
	return d.reserve(ctx, d.memory)
}

// DecodePanicking decodes with a codec that panics.
func DecodePanicking(ctx context.Context, r io.ReadSeeker, size int64) (panicked bool, err error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return false, err
	}
	p.codec.decode = func(io.Reader) (image.Image, error) { panic("index out of range") }
	_, err = p.decode()
	return errors.Is(err, errPanic), err
}

// HalveYCbCr is halveYCbCr.
var HalveYCbCr = halveYCbCr
