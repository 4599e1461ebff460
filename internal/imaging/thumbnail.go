package imaging

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/draw"
)

// widths are those that thumbnails come in, few so that few have to be kept.
var widths = [...]int{64, 128, 256, 384, 512, 768, 1024}

// Widths returns the widths that thumbnails come in, in pixels, smallest first.
func Widths() []int { return slices.Clone(widths[:]) }

// SnapWidth returns the least of Widths that is no less than width, or else the greatest.
func SnapWidth(width int) int {
	i, _ := slices.BinarySearch(widths[:], width)
	return widths[min(i, len(widths)-1)]
}

const (
	tallest = 4  // a thumbnail is at most that many times as high as it may be wide
	quality = 80 // of JPEG
)

// Thumbnail returns a small version of the picture in the first size bytes of
// r, upright, and its content type: JPEG, or PNG where one can see through. Its
// width is SnapWidth(width), less when the picture itself is narrower or would
// be more than four times as high. An animation gives its first frame.
//
// Errors are those of Prepare.
func (d *Decoder) Thumbnail(ctx context.Context, r io.ReadSeeker, size int64, width int) (content []byte, contentType string, err error) {
	p, err := open(ctx, r, size)
	if err != nil {
		return nil, "", err
	}
	small := p.within(SnapWidth(width))
	release, err := d.reserve(ctx, p.memory+p.shrinkingNeeds(small))
	if err != nil {
		return nil, "", err
	}
	defer release()
	img, err := p.decode()
	if err != nil {
		return nil, "", err
	}
	return encode(p.orientation.apply(p.shrink(img, small)).(*image.RGBA))
}

// within returns the size of the thumbnail for a width, not yet upright.
func (p *picture) within(width int) image.Point {
	w, h := p.orientation.upright(p.width, p.height)
	height := tallest * width
	switch {
	case w <= width && h <= height:
		width, height = w, h
	case w*height < h*width: // it is the height that is too much
		width = max(1, w*height/h)
	default:
		height = max(1, h*width/w)
	}
	width, height = p.orientation.upright(width, height) // turns either way
	return image.Pt(width, height)
}

// shrinkingNeeds returns the bytes that shrink and encode take.
func (p *picture) shrinkingNeeds(small image.Point) int64 {
	halves := 4 * int64(p.width) * int64(p.height) / 3 // a quarter of the pixels, and a quarter of that, …
	return halves + 24*int64(small.X)*int64(small.Y)
}

// shrink draws img on a canvas of that size. Halving as long as one can and one
// step of ApproxBiLinear take a fifth of the time of CatmullRom and none of its
// memory, 32 bytes for each pixel of a column as high as the picture; the
// result differs from a true mean by less than 1 in 255 on average.
func (p *picture) shrink(img image.Image, size image.Point) *image.RGBA {
	canvas := image.NewRGBA(image.Rectangle{Max: size})
	frame := p.frame(img)
	to := image.Rect(
		frame.Min.X*size.X/p.width, frame.Min.Y*size.Y/p.height,
		int(up(int64(frame.Max.X*size.X), int64(p.width))), int(up(int64(frame.Max.Y*size.Y), int64(p.height))),
	)
	img = halve(img, to.Size())
	draw.ApproxBiLinear.Scale(canvas, to, img, img.Bounds(), draw.Src, nil)
	return canvas
}

// halve halves img until the next step would make it smaller than size.
func halve(img image.Image, size image.Point) image.Image {
	for {
		from := img.Bounds().Size()
		to := from
		if from.X >= 2*size.X {
			to.X /= 2
		}
		if from.Y >= 2*size.Y {
			to.Y /= 2
		}
		if to == from {
			return img
		}
		img = scale(img, to)
	}
}

// scale returns img in a size that is its own or half of it, each way.
func scale(img image.Image, to image.Point) image.Image {
	from := img.Bounds()
	if ycbcr, ok := img.(*image.YCbCr); ok && to == from.Size().Div(2) {
		return halveYCbCr(ycbcr)
	}
	half := image.NewRGBA(image.Rectangle{Max: to})
	draw.ApproxBiLinear.Scale(half, half.Rect, img, from, draw.Src, nil)
	return half
}

// halveYCbCr returns the means of 2×2 pixels. Photographs are of this kind, and
// to convert their colours first would take ten times as long.
func halveYCbCr(img *image.YCbCr) *image.YCbCr {
	half := image.NewYCbCr(image.Rectangle{Max: img.Rect.Size().Div(2)}, img.SubsampleRatio)
	first, last := img.Rect.Min, img.Rect.Max.Sub(image.Pt(1, 1))
	y, c := img.YOffset(first.X, first.Y), img.COffset(first.X, first.Y)
	samples := img.COffset(last.X, last.Y) - c
	chroma := image.Pt(samples%img.CStride+1, samples/img.CStride+1)
	halvePlane(half.Y, half.YStride, img.Y[y:], img.YStride, img.Rect.Size())
	halvePlane(half.Cb, half.CStride, img.Cb[c:], img.CStride, chroma)
	halvePlane(half.Cr, half.CStride, img.Cr[c:], img.CStride, chroma)
	return half
}

// halvePlane fills dst with the means of 2×2 samples of src, of which there are
// so many. Where chroma has one column or row less than twice as many, the last
// one counts for two.
func halvePlane(dst []byte, dstStride int, src []byte, srcStride int, size image.Point) {
	for y := range len(dst) / dstStride {
		above, below := src[2*y*srcStride:], src[min(2*y+1, size.Y-1)*srcStride:]
		row := dst[y*dstStride:][:dstStride]
		for x := range row {
			left, right := 2*x, min(2*x+1, size.X-1)
			sum := int(above[left]) + int(above[right]) + int(below[left]) + int(below[right])
			row[x] = byte((sum + 2) / 4)
		}
	}
}

// encode returns img as a file, and the content type of that.
func encode(img *image.RGBA) ([]byte, string, error) {
	var b bytes.Buffer
	if img.Opaque() {
		err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
		return b.Bytes(), JPEG.ContentType(), err
	}
	err := png.Encode(&b, img)
	return b.Bytes(), PNG.ContentType(), err
}
