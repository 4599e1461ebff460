package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/jpeg"
	"slices"
)

// component is the samples of one kind in a JPEG, and its sampling factors.
type component struct {
	samples      *raster
	across, down int
}

// turnedJPEG returns a JPEG of the same components. image/jpeg would halve the
// colours of all, and knows no CMYK, so it is given each component as a picture
// of its own, in gray, and the file is put together of these: a scan for each.
func (p *picture) turnedJPEG(img image.Image, metadata content) (content, error) {
	components, adobe := componentsOf(img)
	file := bytes.NewBuffer(adobe)
	file.Write(segment(jpegSOF0, p.frameHeader(components)))
	var gray bytes.Buffer
	for i, c := range components {
		gray.Reset()
		turned := (*image.Gray)(p.orientation.turn(c.samples, 1))
		if err := jpeg.Encode(&gray, turned, &jpeg.Options{Quality: p.quality}); err != nil {
			return nil, err
		}
		addScan(file, byte(i+1), gray.Bytes())
	}
	file.Write([]byte{0xff, jpegEOI})
	begin := content{patch(0, []byte("\xff\xd8"))}
	return slices.Concat(begin, metadata, p.colours, content{patch(0, file.Bytes())}), nil
}

// frameHeader returns the data of a frame header, ITU-T T.81, B.2.2.
func (p *picture) frameHeader(components []component) []byte {
	width, height := p.orientation.upright(p.width, p.height)
	b := binary.BigEndian.AppendUint16([]byte{8}, uint16(height)) // 8 bits a sample
	b = append(binary.BigEndian.AppendUint16(b, uint16(width)), byte(len(components)))
	for i, c := range components {
		across, down := p.orientation.upright(c.across, c.down)
		b = append(b, byte(i+1), byte(across<<4|down), 0)
	}
	return b
}

// addScan adds the pixels of a JPEG that image/jpeg has made as the scan of a
// component, and before the first one its tables, which are those of all.
func addScan(file *bytes.Buffer, id byte, gray []byte) {
	const scanHeader = 10
	at := func(marker byte) int { return bytes.Index(gray, []byte{0xff, marker}) } // tables have no such bytes
	scan := at(jpegSOS)
	if id == 1 {
		file.Write(gray[jpegSOI:at(jpegSOF0)])
		file.Write(gray[at(jpegDHT):scan])
	}
	file.Write(segment(jpegSOS, []byte{1, id, 0, 0, 63, 0}))
	file.Write(gray[scan+scanHeader : len(gray)-2])
}

func segment(marker byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data)))
	return append(b, data...)
}

// componentsOf returns the components of a decoded JPEG, and the segment that
// says what they are where that is neither gray nor YCbCr.
func componentsOf(img image.Image) ([]component, []byte) {
	size := img.Bounds().Size()
	adobe := segment(jpegAPPe, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")) // as they are, without a transform
	switch img := img.(type) {
	case *image.Gray:
		return []component{{(*raster)(img), 1, 1}}, nil
	case *image.CMYK:
		return split((*raster)(img), 4, 255), adobe // inverted, as Adobe has it
	case *image.YCbCr:
		if across, down := factors(img.SubsampleRatio); across <= 2 && size.X%across == 0 && size.Y%down == 0 {
			chroma := image.Rect(0, 0, size.X/across, size.Y/down)
			return []component{
				{&raster{img.Y, img.YStride, img.Rect}, across, down},
				{&raster{img.Cb, img.CStride, chroma}, 1, 1},
				{&raster{img.Cr, img.CStride, chroma}, 1, 1},
			}, nil
		}
	}
	// RGB, and what would not stay where it is when turned: chroma that is shared
	// with pixels beyond the edge, or by four in a row, which few programs read.
	rgba := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(rgba, rgba.Rect, img, image.Point{}, draw.Src)
	return split((*raster)(rgba), 3, 0), adobe
}

// factors returns how many pixels share a sample of chroma, each way.
func factors(ratio image.YCbCrSubsampleRatio) (across, down int) {
	switch ratio {
	case image.YCbCrSubsampleRatio444:
		return 1, 1
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	default:
		return 4, 1
	}
}

// split returns the first n of each 4 samples, inverted by a mask.
func split(from *raster, n int, mask byte) []component {
	size := from.Rect.Size()
	components := make([]component, n)
	for i := range components {
		to := image.NewGray(image.Rectangle{Max: size})
		for y := range size.Y {
			row := from.Pix[y*from.Stride+i:]
			for x := range size.X {
				to.Pix[y*to.Stride+x] = row[4*x] ^ mask
			}
		}
		components[i] = component{(*raster)(to), 1, 1}
	}
	return components
}
