package imaging

import (
	"bytes"
	"encoding/binary"
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

// apply returns img upright.
func (o Orientation) apply(img *image.RGBA) *image.RGBA {
	if o == Upright {
		return img
	}
	size := img.Bounds().Size()
	width, height := o.upright(size.X, size.Y)
	turned := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			from := img.PixOffset(o.stored(x, y, size))
			copy(turned.Pix[turned.PixOffset(x, y):][:4], img.Pix[from:from+4])
		}
	}
	return turned
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
)

// exifOrientation finds the orientation in the first directory of EXIF data,
// and takes for upright whatever it cannot make sense of, as browsers do. A
// library would read all the rest too, which is what libraries for EXIF are
// attacked by.
func exifOrientation(exif []byte) Orientation {
	exif = bytes.TrimPrefix(exif, exifPrefix)
	order := byteOrder(exif)
	if order == nil {
		return Upright
	}
	at := int64(order.Uint32(exif[4:8]))
	if at+2 > int64(len(exif)) {
		return Upright
	}
	entries := exif[at+2:]
	for range order.Uint16(exif[at:]) {
		if len(entries) < entryLength {
			return Upright
		}
		if order.Uint16(entries) == tagOrientation {
			return orientationOf(order, entries[:entryLength])
		}
		entries = entries[entryLength:]
	}
	return Upright
}

func byteOrder(exif []byte) binary.ByteOrder {
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

func orientationOf(order binary.ByteOrder, entry []byte) Orientation {
	o := Orientation(order.Uint16(entry[8:]))
	if order.Uint16(entry[2:]) != typeShort || order.Uint32(entry[4:]) != 1 || o < Upright || o > rotate270 {
		return Upright
	}
	return o
}
