package imaging

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/bits"
	"slices"
)

// The perceptual hash is that of Python's imagehash.phash, so that hashes can be
// compared with those of other programs. It is made of integers alone: floating
// point gives other last digits on other processors.
const (
	hashGrid = 32 // samples a side
	hashSide = 8  // of the lowest frequencies, that are compared with their median
)

// Distance returns in how many of 64 bits two perceptual hashes differ. Those
// of one picture in other sizes and qualities differ in a few; half of the bits
// differ by chance.
func Distance(a, b uint64) int { return bits.OnesCount64(a ^ b) }

// perceptualHash returns the hash of img when it is turned upright. What one can
// see through is half gray, so that black drawings on nothing and white ones
// have hashes of their own. All pictures of one colour have the hash 1<<63, but
// black ones 0.
func perceptualHash(img image.Image, o Orientation) uint64 {
	stored := means(img)
	var upright [hashGrid * hashGrid]int64
	for i := range upright {
		x, y := o.stored(i%hashGrid, i/hashGrid, image.Pt(hashGrid, hashGrid))
		upright[i] = stored[y*hashGrid+x]
	}
	f := frequencies(upright[:])
	sorted := slices.Sorted(slices.Values(f))
	middle := len(sorted) / 2
	hash := uint64(0)
	for _, v := range f {
		hash <<= 1
		if 2*v > sorted[middle-1]+sorted[middle] {
			hash |= 1
		}
	}
	return hash
}

// means returns the mean brightness of the squares of a grid over img, in 1/256
// of a step. Pixels count for each square by the area that they have in it.
func means(img image.Image) [hashGrid * hashGrid]int64 {
	size := img.Bounds().Size()
	var grid [hashGrid * hashGrid]int64
	row := grayRows(img)
	for y := range size.Y {
		across := squares(row(y))
		for j, weight := range shares(y, size.Y) {
			for i, sum := range across {
				grid[j*hashGrid+i] += weight * sum
			}
		}
	}
	for i := range grid {
		grid[i] = grid[i] * 256 / (int64(size.X) * int64(size.Y))
	}
	return grid
}

// shares yields the squares that the pixel at of size lies in, and how much of
// it does: all of it is hashGrid, all of a square size.
func shares(at, size int) func(yield func(square int, weight int64) bool) {
	return func(yield func(int, int64) bool) {
		from, to := at*hashGrid, (at+1)*hashGrid
		for square := from / size; square*size < to; square++ {
			if !yield(square, int64(min(to, (square+1)*size)-max(from, square*size))) {
				return
			}
		}
	}
}

// squares returns the sums of a row of pixels, len(row) times the means.
func squares(row []byte) (sums [hashGrid]int64) {
	size := len(row)
	for i := range sums {
		from, to := i*size, (i+1)*size
		first, last := from/hashGrid, (to-1)/hashGrid
		if first == last {
			sums[i] = int64(size) * int64(row[first])
			continue
		}
		whole := 0
		for _, v := range row[first+1 : last] {
			whole += int(v)
		}
		sums[i] = int64(((first+1)*hashGrid-from)*int(row[first]) + whole*hashGrid + (to-last*hashGrid)*int(row[last]))
	}
	return sums
}

// grayRows returns what gives the rows of img in gray, each valid until the next.
func grayRows(img image.Image) func(y int) []byte {
	in := img.Bounds()
	gray := make([]byte, in.Dx())
	switch img := img.(type) {
	case *image.YCbCr:
		return func(y int) []byte { return img.Y[img.YOffset(in.Min.X, in.Min.Y+y):][:len(gray)] }
	case *image.Gray:
		return func(y int) []byte { return img.Pix[img.PixOffset(in.Min.X, in.Min.Y+y):][:len(gray)] }
	case *image.Paletted:
		var shades [256]byte
		for i, c := range img.Palette {
			shades[i] = shade(color.RGBAModel.Convert(c).(color.RGBA))
		}
		return func(y int) []byte {
			for x, i := range img.Pix[img.PixOffset(in.Min.X, in.Min.Y+y):][:len(gray)] {
				gray[x] = shades[i]
			}
			return gray
		}
	}
	row := image.NewRGBA(image.Rect(0, 0, in.Dx(), 1))
	pixels := func(y int) []byte {
		draw.Draw(row, row.Rect, img, in.Min.Add(image.Pt(0, y)), draw.Src)
		return row.Pix
	}
	if img := asRGBA(img); img != nil {
		pixels = func(y int) []byte { return img.Pix[img.PixOffset(in.Min.X, in.Min.Y+y):] }
	}
	return func(y int) []byte {
		pixels := pixels(y)
		for x := range gray {
			p := pixels[4*x:][:4]
			gray[x] = shade(color.RGBA{p[0], p[1], p[2], p[3]})
		}
		return gray
	}
}

// asRGBA returns img itself, or nil if it would have to be converted.
func asRGBA(img image.Image) *image.RGBA {
	switch img := img.(type) {
	case *image.RGBA:
		return img
	case *image.NRGBA:
		if img.Opaque() {
			return (*image.RGBA)(img)
		}
	}
	return nil
}

// shade returns how bright a colour is on half gray, by Rec. 601 as image/color has it.
func shade(c color.RGBA) byte {
	luma := 19595*uint32(c.R) + 38470*uint32(c.G) + 7471*uint32(c.B)
	return byte((luma+1<<15)>>16) + (255-c.A)/2
}

// frequencies returns the lowest ones of a grid: the first coefficients of its
// discrete cosine transform (type II, not normalised), row by row.
func frequencies(grid []int64) []int64 {
	var cosines [hashSide][hashGrid]int64
	for k := range cosines {
		for n := range cosines[k] {
			cosines[k][n] = int64(math.Round(1 << 14 * math.Cos(math.Pi*float64(k*(2*n+1))/(2*hashGrid))))
		}
	}
	var rows [hashGrid][hashSide]int64
	for y := range rows {
		for k := range rows[y] {
			for x, v := range grid[y*hashGrid:][:hashGrid] {
				rows[y][k] += cosines[k][x] * v
			}
		}
	}
	low := make([]int64, 0, hashSide*hashSide)
	for v := range hashSide {
		for u := range hashSide {
			sum := int64(0)
			for y := range rows {
				sum += cosines[v][y] * rows[y][u]
			}
			low = append(low, sum)
		}
	}
	return low
}
