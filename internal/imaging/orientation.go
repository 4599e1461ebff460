package imaging

import (
	"encoding/binary"
	"fmt"
	"image"
)

// Orientation is how the stored pixels have to be turned to be upright, in the
// numbers of EXIF, 1 to 8. 1 is upright.
type Orientation int

// The orientations there are, by what makes the stored pixels upright.
const (
	Upright Orientation = 1 + iota
	flipHorizontal
	rotate180
	flipVertical
	transpose
	rotate90 // clockwise
	transverse
	rotate270
)

// upright returns the size of a picture that is stored as width × height.
func (o Orientation) upright(width, height int) (uprightWidth, uprightHeight int) {
	if o >= transpose {
		return height, width
	}
	return width, height
}

// raster is what most kinds of images in package image are.
type raster struct {
	Pix    []uint8
	Stride int
	Rect   image.Rectangle
}

// apply returns img upright. It has to be of a kind that package png makes.
func (o Orientation) apply(img image.Image) image.Image {
	switch img := img.(type) {
	case *image.Gray:
		return (*image.Gray)(o.turn((*raster)(img), 1))
	case *image.Gray16:
		return (*image.Gray16)(o.turn((*raster)(img), 2))
	case *image.RGBA:
		return (*image.RGBA)(o.turn((*raster)(img), 4))
	case *image.NRGBA:
		return (*image.NRGBA)(o.turn((*raster)(img), 4))
	case *image.RGBA64:
		return (*image.RGBA64)(o.turn((*raster)(img), 8))
	case *image.NRGBA64:
		return (*image.NRGBA64)(o.turn((*raster)(img), 8))
	case *image.Paletted:
		turned := o.turn(&raster{img.Pix, img.Stride, img.Rect}, 1)
		return &image.Paletted{Pix: turned.Pix, Stride: turned.Stride, Rect: turned.Rect, Palette: img.Palette}
	default:
		panic(fmt.Sprintf("an image of a kind that image/png does not make: %T", img))
	}
}

// turn returns pixels of so many bytes upright.
func (o Orientation) turn(from *raster, bytes int) *raster {
	if o == Upright {
		return from
	}
	size := from.Rect.Size()
	width, height := o.upright(size.X, size.Y)
	to := &raster{make([]uint8, width*height*bytes), width * bytes, image.Rect(0, 0, width, height)}
	place := func(x, y int) int {
		x, y = o.stored(x, y, size)
		return y*from.Stride + x*bytes
	}
	first := place(0, 0)
	across, down := place(1, 0)-first, place(0, 1)-first
	for y := range height {
		row, at := to.Pix[y*to.Stride:][:to.Stride], first+y*down
		for x := 0; x < len(row); x += bytes {
			copy(row[x:x+bytes], from.Pix[at:at+bytes])
			at += across
		}
	}
	return to
}

// stored returns where in stored pixels of that size the upright pixel x, y lies.
func (o Orientation) stored(x, y int, size image.Point) (storedX, storedY int) {
	right, bottom := size.X-1, size.Y-1
	switch o {
	case flipHorizontal:
		return right - x, y
	case rotate180:
		return right - x, bottom - y
	case flipVertical:
		return x, bottom - y
	case transpose:
		return y, x
	case rotate90:
		return y, bottom - x
	case transverse:
		return right - y, bottom - x
	case rotate270:
		return right - y, x
	default:
		return x, y
	}
}

// The one entry of EXIF that matters here, and its shape: EXIF 2.32, 4.6.4.
const (
	tagOrientation = 0x0112
	typeShort      = 3
	entryLength    = 12
	entryValue     = 8 // its place in an entry
)

// order is how the bytes of numbers follow one another.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// exifOrientation finds the orientation in the first directory of EXIF data,
// and takes for upright whatever it cannot make sense of, as browsers do. A
// library would read all the rest too, which is what libraries for EXIF are
// attacked by. The EXIF data lies at a place in the file, where the patches are
// for that make it upright, if it is not.
func exifOrientation(exif []byte, place int64) (o Orientation, upright []piece) {
	order := byteOrder(exif)
	if order == nil {
		return Upright, nil
	}
	at := int64(order.Uint32(exif[4:8]))
	if at+2 > int64(len(exif)) {
		return Upright, nil
	}
	count := int(order.Uint16(exif[at:]))
	for at += 2; count > 0 && at+entryLength <= int64(len(exif)); at += entryLength {
		entry := exif[at:][:entryLength]
		if order.Uint16(entry) != tagOrientation {
			count--
			continue
		}
		if o = orientationOf(order, entry); o == Upright {
			return Upright, nil
		}
		return o, []piece{patch(place+at+entryValue, order.AppendUint16(nil, uint16(Upright)))}
	}
	return Upright, nil
}

func byteOrder(exif []byte) order {
	switch {
	case len(exif) < 8:
		return nil
	case string(exif[:4]) == "II*\x00":
		return binary.LittleEndian
	case string(exif[:4]) == "MM\x00*":
		return binary.BigEndian
	default:
		return nil
	}
}

func orientationOf(order order, entry []byte) Orientation {
	o := Orientation(order.Uint16(entry[entryValue:]))
	if order.Uint16(entry[2:]) != typeShort || order.Uint32(entry[4:]) != 1 || o < Upright || o > rotate270 {
		return Upright
	}
	return o
}
