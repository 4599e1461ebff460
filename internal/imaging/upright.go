package imaging

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
)

// turned returns an upright copy of the picture, whose pixels are img, and its
// format: that of the picture, or PNG for WebP, which there is no good encoder
// for. Pixels are as in img, but those of a JPEG are compressed once more. The
// copy says which colours its numbers are, and has the metadata that is given.
func (p *picture) turned(img image.Image, metadata content) (content, Format, error) {
	switch p.codec.format {
	case JPEG:
		c, err := p.turnedJPEG(img, metadata)
		return c, JPEG, err
	case WebP:
		c, err := p.turnedWebP(img, metadata)
		return c, PNG, err
	default:
		c, err := p.turnedPNG(img, metadata)
		return c, PNG, err
	}
}

// turningNeeds returns the bytes that turned takes, at most.
func (p *picture) turningNeeds() int64 {
	pixels := int64(p.width) * int64(p.height)
	switch {
	case p.orientation == Upright:
		return 0
	case p.codec.format == PNG:
		return 2*p.memory + 3*p.source.size // a copy, what encoding takes, and a file that grows once
	default:
		return 12*pixels + p.source.size // pixels of 4 bytes, a copy, the file of that, and metadata
	}
}

func (p *picture) turnedPNG(img image.Image, metadata content) (content, error) {
	colours := p.colours
	if p.gray && !isGray(img) { // with alpha, and what fits gray does not fit what it becomes
		colours = nil
	}
	return p.encodePNG(img, colours, metadata)
}

func isGray(img image.Image) bool {
	model := img.ColorModel()
	return model == color.GrayModel || model == color.Gray16Model
}

// encodePNG returns img upright as a PNG with more chunks.
func (p *picture) encodePNG(img image.Image, chunks ...content) (content, error) {
	var b bytes.Buffer
	b.Grow(int(p.source.size))
	if err := png.Encode(&b, p.orientation.apply(img)); err != nil {
		return nil, err
	}
	return insert(b.Bytes(), pngSignature+pngChunkHeader+pngIHDR+pngCRC, chunks...), nil
}

// insert returns b with more content at a place in it.
func insert(b []byte, at int, more ...content) content {
	c := content{patch(0, b[:at])}
	for _, m := range more {
		c = append(c, m...)
	}
	return append(c, patch(0, b[at:]))
}

// turnedWebP returns a PNG, for which chunks have to be written anew.
func (p *picture) turnedWebP(img image.Image, metadata content) (content, error) {
	profile, err := p.pngProfile()
	if err != nil {
		return nil, err
	}
	chunks, err := p.pngMetadata(metadata)
	if err != nil {
		return nil, err
	}
	return p.encodePNG(nrgba(img), profile, chunks)
}

// pngProfile returns the ICC profile of a WebP, if it has one, as a PNG has it.
func (p *picture) pngProfile() (content, error) {
	if len(p.colours) == 0 {
		return nil, nil
	}
	b := bytes.NewBufferString("ICC\x00\x00") // its name, and the method of compression
	z := zlib.NewWriter(b)
	if _, err := io.Copy(z, p.colours.reader(p.source.reader())); err != nil {
		return nil, p.source.explain(err)
	}
	err := z.Close()
	return content{patch(0, appendPNGChunk(nil, "iCCP", b.Bytes()))}, err
}

// pngMetadata returns the EXIF data and XMP of a WebP as a PNG has them.
func (p *picture) pngMetadata(metadata content) (content, error) {
	const xmp = "XML:com.adobe.xmp\x00\x00\x00\x00\x00" // neither compressed nor of a language
	var b []byte
	for r := bufio.NewReader(metadata.reader(p.source.reader())); ; {
		c, err := readChunk(r, 0)
		if err == io.EOF { //nolint:errorlint // Peek returns it as it is
			return content{patch(0, b)}, nil
		}
		if err != nil {
			return nil, p.source.explain(err)
		}
		data, err := io.ReadAll(io.LimitReader(r, c.length()+c.length()%2))
		if err != nil {
			return nil, p.source.explain(err)
		}
		data = data[:min(c.length(), int64(len(data)))]
		if c.name.is("EXIF") {
			b = appendPNGChunk(b, "eXIf", bytes.TrimPrefix(data, []byte(exifPrefix)))
		} else {
			b = appendPNGChunk(b, "iTXt", append([]byte(xmp), data...))
		}
	}
}

func appendPNGChunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	begin := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[begin:]))
}

// nrgba returns the pixels of a WebP in a form that a PNG has too.
func nrgba(img image.Image) *image.NRGBA {
	switch img := img.(type) {
	case *image.NRGBA:
		return img
	case *image.NYCbCrA:
		to := nrgba(&img.YCbCr)
		for y := range to.Rect.Dy() {
			for x := range to.Rect.Dx() {
				to.Pix[to.PixOffset(x, y)+3] = img.A[img.AOffset(img.Rect.Min.X+x, img.Rect.Min.Y+y)]
			}
		}
		return to
	default:
		to := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
		draw.Draw(to, to.Rect, img, img.Bounds().Min, draw.Src)
		return (*image.NRGBA)(to) // opaque, so that both are the same
	}
}
