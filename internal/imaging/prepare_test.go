package imaging_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/imaging"
)

// prepare tells what is kept of a picture.
func prepare(tb testing.TB, b []byte) (imaging.Info, error) {
	tb.Helper()
	prepared, err := imaging.NewDecoder(imaging.DefaultMemory).Prepare(tb.Context(), bytes.NewReader(b), int64(len(b)), imaging.Options{})
	return prepared.Info, err
}

// kept returns what is kept of a picture, and the bytes of it.
func kept(tb testing.TB, b []byte, o imaging.Options) (imaging.Prepared, []byte) {
	tb.Helper()
	prepared, err := imaging.NewDecoder(imaging.DefaultMemory).Prepare(tb.Context(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		tb.Fatal(err)
	}
	content, err := io.ReadAll(prepared.Content)
	if err != nil || int64(len(content)) != prepared.Size || prepared.Changed == bytes.Equal(content, b) {
		tb.Fatalf("%d bytes of content, of %d: %+v, %v", len(content), len(b), prepared, err)
	}
	return prepared, content
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	s := scene(40, 30, false)
	in := image.Rect(0, 0, 40, 30)
	jpegFile := encodeJPEG(t, s)
	secondSegment := 4 + int(binary.BigEndian.Uint16(jpegFile[4:]))
	bulky := slices.Repeat(segment(0xe2, bytes.Repeat([]byte{0xff, 0xda, 0xff, 0xc0}, 16_000)), 50) // 3 MB of what looks like markers
	for name, tt := range map[string]struct {
		picture []byte
		want    string
	}{
		"PNG":                       {encodePNG(t, s), "png 40×30"},
		"PNG, transparent":          {encodePNG(t, scene(40, 30, true)), "png 40×30"},
		"PNG, 16 bits":              {encodePNG(t, as(image.NewNRGBA64(in), s)), "png 40×30"},
		"PNG, gray":                 {encodePNG(t, as(image.NewGray(in), s)), "png 40×30"},
		"PNG, gray, 16 bits":        {encodePNG(t, as(image.NewGray16(in), s)), "png 40×30"},
		"PNG, paletted":             {encodePNG(t, frame(0, 0, 40, 30, false)), "png 40×30"},
		"PNG, interlaced":           {file(t, "interlaced.png"), "png 40×30"},
		"PNG, interlaced, 16 bits":  {file(t, "interlaced-16.png"), "png 40×30"},
		"PNG, 1×1":                  {encodePNG(t, scene(1, 1, false)), "png 1×1"},
		"PNG, widest":               {encodePNG(t, image.NewGray(image.Rect(0, 0, 16384, 1))), "png 16384×1"},
		"PNG, highest":              {encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 16384))), "png 1×16384"},
		"PNG with HTML in it":       {withText(encodePNG(t, s)), "png 40×30"},
		"JPEG":                      {jpegFile, "jpeg 40×30"},
		"JPEG, 1×1":                 {encodeJPEG(t, scene(1, 1, false)), "jpeg 1×1"},
		"JPEG, 17×33":               {encodeJPEG(t, scene(17, 33, false)), "jpeg 17×33"},
		"JPEG, 4:4:4":               {file(t, "444.jpg"), "jpeg 40×30"},
		"JPEG, 4:2:2":               {file(t, "422.jpg"), "jpeg 40×30"},
		"JPEG, gray":                {file(t, "gray.jpg"), "jpeg 40×30"},
		"JPEG, CMYK":                {file(t, "cmyk.jpg"), "jpeg 40×30"},
		"JPEG, progressive":         {file(t, "progressive.jpg"), "jpeg 40×30"},
		"JPEG, bulky":               {slices.Insert(slices.Clone(jpegFile), 2, bulky...), "jpeg 40×30"},
		"JPEG, bulky before EXIF":   {slices.Insert(withEXIF("jpeg", jpegFile, exif(binary.BigEndian, 6)), 2, bulky...), "jpeg 30×40"},
		"JPEG, filled and garbled":  {slices.Insert(slices.Clone(jpegFile), secondSegment, 0, 'x', 0xff, 0, 0xff, 0xff), "jpeg 40×30"},
		"JPEG, zeros between":       {slices.Insert(slices.Clone(jpegFile), secondSegment, make([]byte, 1<<18)...), "jpeg 40×30"},
		"PNG, as small as can be":   {blackPNG(t, 3000, 3000), "png 3000×3000"},
		"JPEG, as small as can be":  {encodeJPEG(t, image.NewGray(image.Rect(0, 0, 1000, 1000))), "jpeg 1000×1000"},
		"WebP, lossy":               {file(t, "lossy.webp"), "webp 40×30"},
		"WebP, lossy, alpha":        {file(t, "lossy-alpha.webp"), "webp 40×30"},
		"WebP, lossless":            {file(t, "lossless.webp"), "webp 40×30"},
		"WebP, lossless, alpha":     {file(t, "lossless-alpha.webp"), "webp 40×30"},
		"WebP, 1×1":                 {file(t, "1x1.webp"), "webp 1×1"},
		"WebP, animated":            {file(t, "animated-lossy.webp"), "webp 40×30"},
		"WebP, animated, alpha":     {file(t, "animated-lossy-alpha.webp"), "webp 40×30"},
		"WebP, animated, lossless":  {file(t, "animated-lossless.webp"), "webp 40×30"},
		"WebP, alpha flag for none": {riff(vp8x(1<<4, 40, 30), file(t, "lossy.webp")[12:]), "webp 40×30"},
		"WebP, unknown chunks":      {riff(vp8x(0, 40, 30), riffChunk("ABCD", []byte("odd")), file(t, "lossy.webp")[12:], riffChunk("XYZ ", nil)), "webp 40×30"},
		"GIF":                       {encodeGIF(t, 40, 30, frame(0, 0, 40, 30, false)), "gif 40×30"},
		"GIF, transparent":          {encodeGIF(t, 40, 30, frame(0, 0, 40, 30, true)), "gif 40×30"},
		"GIF, interlaced":           {file(t, "interlaced.gif"), "gif 40×30"},
		"GIF, 1×1":                  {encodeGIF(t, 1, 1, frame(0, 0, 1, 1, false)), "gif 1×1"},
		"GIF, animated":             {encodeGIF(t, 40, 30, frame(10, 5, 20, 20, false), frame(0, 0, 40, 30, true)), "gif 40×30"},
		"GIF that is JavaScript":    {encodeGIF(t, '/'|'*'<<8, 9, frame(0, 0, 9, 9, false)), "gif 10799×9"},
		"GIF without an end":        {cut(encodeGIF(t, 40, 30, frame(0, 0, 40, 30, false)), 1), "gif 40×30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := prepare(t, tt.picture)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(info); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			// What follows a picture is nobody's business here.
			if info, err = prepare(t, append(slices.Clone(tt.picture), "*/=alert(1)//<script>alert(1)</script>"...)); err != nil || describe(info) != tt.want {
				t.Errorf("with garbage behind it: %s, %v", describe(info), err)
			}
		})
	}
}

func describe(info imaging.Info) string {
	return fmt.Sprintf("%s %d×%d", info.Format, info.Width, info.Height)
}

// withText returns a PNG that is a web page too, for a browser that is told so.
func withText(picture []byte) []byte {
	return slices.Insert(slices.Clone(picture), endOfIHDR, pngChunk("tEXt", []byte("Comment\x00<html><script>alert(1)</script>"))...)
}

func cut(b []byte, n int) []byte { return b[:len(b)-n] }

// TestPrepareBadEXIF: EXIF data that makes no sense is as good as none.
func TestPrepareBadEXIF(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	good := exif(order, 6)
	head := good[:8]
	directory := func(entries ...[]byte) []byte {
		return append(order.AppendUint16(slices.Clone(head), uint16(len(entries))), bytes.Join(entries, nil)...)
	}
	for name, data := range map[string][]byte{
		"nothing":             {},
		"another order":       []byte("XX*\x00\x08\x00\x00\x00"),
		"another magic":       []byte("II+\x00\x08\x00\x00\x00"),
		"no directory":        head,
		"directory far away":  append([]byte("II*\x00\xff\xff\xff\xff"), good[8:]...),
		"directory at itself": append([]byte("II*\x00\x00\x00\x00\x00"), good[8:]...),
		"cut in the entry":    good[:8+2+12+11],
		"endless entries":     append(slices.Clone(head), 0xff, 0xff),
		"zero":                exif(order, 0),
		"nine":                exif(order, 9),
		"a large number":      exif(order, 0xffff),
		"of another type":     directory(entry(order, nil, 0x0112, 4, 1, 6)),
		"several":             directory(entry(order, nil, 0x0112, 3, 2, 6)),
		"none":                directory(entry(order, nil, 0x0112, 3, 0, 6)),
		"the first one wins":  directory(entry(order, nil, 0x0112, 3, 1, 1), entry(order, nil, 0x0112, 3, 1, 6)),
	} {
		for format, picture := range map[string][]byte{"jpeg": encodeJPEG(t, scene(40, 30, false)), "png": encodePNG(t, scene(40, 30, false)), "webp": file(t, "lossy.webp")} {
			if info, err := prepare(t, withEXIF(format, picture, data)); err != nil || describe(info) != format+" 40×30" {
				t.Errorf("%s in %s: %s, %v", name, format, describe(info), err)
			}
		}
	}
	jpegFile := encodeJPEG(t, scene(40, 30, false))
	if info, err := prepare(t, withEXIF("jpeg", withEXIF("jpeg", jpegFile, exif(order, 6)), exif(order, 1))); err != nil || info.Width != 40 {
		t.Errorf("of two EXIF segments the first does not count: %+v, %v", info, err)
	}
}

// TestPrepareCutOff cuts pictures at every length: none is taken for whole.
func TestPrepareCutOff(t *testing.T) {
	t.Parallel()
	pictures := files(t)
	pictures["png"] = encodePNG(t, scene(40, 30, true))
	pictures["jpeg"] = encodeJPEG(t, scene(17, 33, false))
	pictures["gif"] = encodeGIF(t, 40, 30, frame(0, 0, 40, 30, true))
	pictures["exif.png"] = withEXIF("png", encodePNG(t, scene(40, 30, false)), exif(binary.BigEndian, 6))
	pictures["exif.webp"] = withEXIF("webp", file(t, "lossy.webp"), exif(binary.BigEndian, 6))
	for name, picture := range pictures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := len(picture)
			if strings.HasSuffix(name, "gif") {
				end-- // the last byte says that this is the end
			}
			for n := 0; n < end; n += 1 + end/500*(end/500) {
				if _, err := prepare(t, picture[:n]); !errors.Is(err, fault.Invalid) {
					t.Fatalf("%d of %d bytes: error = %v, want %v", n, end, err, fault.Invalid)
				}
				// The same when there is less to read than was said.
				_, err := imaging.NewDecoder(1).Prepare(t.Context(), bytes.NewReader(picture[:n]), int64(len(picture)), imaging.Options{})
				if !errors.Is(err, fault.Invalid) {
					t.Fatalf("%d bytes in place of %d: error = %v, want %v", n, len(picture), err, fault.Invalid)
				}
			}
		})
	}
	animation := encodeGIF(t, 40, 30, frame(0, 0, 40, 30, false), frame(0, 0, 40, 30, true))
	if _, err := prepare(t, cut(animation, 20)); !errors.Is(err, fault.Invalid) {
		t.Errorf("an animation that is cut in its second frame: error = %v, want %v", err, fault.Invalid)
	}
}

// TestPrepareErrorsOfReading: it is not the picture's fault when it can't be read.
func TestPrepareErrorsOfReading(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	for name, picture := range map[string][]byte{
		"PNG": encodePNG(t, scene(40, 30, false)), "JPEG": encodeJPEG(t, scene(40, 30, false)),
		"WebP": file(t, "lossy.webp"), "GIF": encodeGIF(t, 40, 30, frame(0, 0, 40, 30, false)),
	} {
		for n := range len(picture) - 1 {
			r := &breaking{Reader: bytes.NewReader(picture), after: n, err: broken}
			if _, err := imaging.NewDecoder(1).Prepare(t.Context(), r, int64(len(picture)), imaging.Options{}); !errors.Is(err, broken) || errors.Is(err, fault.Invalid) {
				t.Fatalf("%s that breaks after %d bytes: error = %v, want %v", name, n, err, broken)
			}
		}
		r := struct {
			io.Reader
			io.Seeker
		}{bytes.NewReader(picture), &breaking{err: broken}}
		if _, err := imaging.NewDecoder(1).Prepare(t.Context(), r, int64(len(picture)), imaging.Options{}); !errors.Is(err, broken) {
			t.Errorf("%s that does not seek: error = %v, want %v", name, err, broken)
		}
		slow := struct {
			io.Reader
			io.Seeker
		}{nil, bytes.NewReader(picture)}
		slow.Reader = iotest.OneByteReader(slow.Seeker.(io.Reader))
		if _, err := imaging.NewDecoder(1).Prepare(t.Context(), slow, int64(len(picture)), imaging.Options{}); err != nil {
			t.Errorf("%s byte by byte: %v", name, err)
		}
	}
}

// breaking is a reader that fails from some place on. Without a Reader it fails to seek.
type breaking struct {
	*bytes.Reader
	after int
	err   error
}

func (b *breaking) Read(p []byte) (int, error) {
	at := int(b.Size()) - b.Len()
	if at >= b.after {
		return 0, b.err
	}
	return b.Reader.Read(p[:min(len(p), b.after-at)])
}

func (b *breaking) Seek(offset int64, whence int) (int64, error) {
	if b.Reader == nil {
		return 0, b.err
	}
	return b.Reader.Seek(offset, whence)
}

func TestPrepareWhenCancelled(t *testing.T) {
	t.Parallel()
	picture := encodePNG(t, scene(40, 30, false))
	size := int64(len(picture))
	d := imaging.NewDecoder(8 << 20)
	release, err := imaging.Fill(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}

	waiting := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := d.Prepare(ctx, bytes.NewReader(picture), size, imaging.Options{})
		waiting <- err
	}()
	go func() {
		_, _, err := d.Thumbnail(ctx, bytes.NewReader(picture), size, 64)
		waiting <- err
	}()
	cancel()
	for range 2 {
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("while it waits: error = %v, want %v", err, context.Canceled)
		}
	}

	go func() {
		_, err := d.Prepare(t.Context(), bytes.NewReader(picture), size, imaging.Options{})
		waiting <- err
	}()
	release()
	if err := <-waiting; err != nil {
		t.Errorf("when there is room again: %v", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	r := &cancelling{Reader: bytes.NewReader(picture), at: 3, cancel: cancel} // the first reads the header, the next decode
	if _, err := d.Prepare(ctx, r, size, imaging.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("while it decodes: error = %v, want %v", err, context.Canceled)
	}
}

// cancelling is a reader of one byte at a time that cancels at a seek.
type cancelling struct {
	*bytes.Reader
	at     int
	cancel func()
}

func (c *cancelling) Seek(offset int64, whence int) (int64, error) {
	if c.at--; c.at == 0 {
		c.cancel()
	}
	return c.Reader.Seek(offset, whence)
}

// TestManyAtOnce: with room for one at a time, all come through.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d := imaging.NewDecoder(0)
	errs := make(chan error)
	pictures := files(t)
	for _, picture := range pictures {
		go func() {
			_, err := d.Prepare(t.Context(), bytes.NewReader(picture), int64(len(picture)), imaging.Options{})
			_, _, err2 := d.Thumbnail(t.Context(), bytes.NewReader(picture), int64(len(picture)), 64)
			errs <- errors.Join(err, err2)
		}()
	}
	for range pictures {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestCodecThatPanics(t *testing.T) {
	t.Parallel()
	picture := encodePNG(t, scene(40, 30, false))
	panicked, err := imaging.DecodePanicking(t.Context(), bytes.NewReader(picture), int64(len(picture)))
	if !panicked || !errors.Is(err, fault.Invalid) || err.Error() != "the picture is cut off or corrupted" {
		t.Errorf("error = %v, of a panic: %v", err, panicked)
	}
}
