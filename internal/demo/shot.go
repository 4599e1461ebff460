package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	entimage "github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// shot is a picture of the demo, and what is known of it.
type shot struct {
	*scene
	name           string // that it is uploaded under; its ending is its format
	generationType string // empty when it was not generated
	prompt         string
	extra          any            // a JSON object
	split          entimage.Split // empty for none
	base           int            // of a variant: the place, among its bases, of the one that it was made from
}

func (s shot) synthetic() bool { return s.generationType != "" }

// negativePrompt goes with all prompts.
const negativePrompt = "people, text, watermark, blur"

// information returns what else is known of the shot.
func (s shot) information() (rawjson.Object, error) {
	text, err := json.Marshal(s.extra)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", s.name, err)
	}
	return rawjson.Parse(text)
}

// describe says what is in a harbour, as one would ask an image generator for it.
func (s *scene) describe() string {
	counts := map[string]int{}
	for _, t := range s.things {
		counts[t.label]++
	}
	delete(counts, sun) // the hour has it
	parts := []string{"a harbour " + s.hour}
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, counted(counts[label], label))
	}
	return strings.Join(parts, ", ") + ", flat illustration"
}

func counted(n int, noun string) string {
	words := []string{"no", "a", "two", "three", "four", "five", "six"}
	switch {
	case n == 1:
		return "a " + noun
	case n < len(words):
		return words[n] + " " + noun + "s"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// develop draws the shots and returns their files, on all processors at once.
func develop(ctx context.Context, shots []shot) ([][]byte, error) {
	files := make([][]byte, len(shots))
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range shots {
		workers.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			files[i], err = encode(s.render(), s.name)
			return err
		})
	}
	return files, workers.Wait()
}

// encode returns the file of a picture, in the format that the ending of its name tells.
func encode(img *image.RGBA, name string) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch path.Ext(name) {
	case ".jpg":
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 88})
	case ".gif":
		err = gif.Encode(&b, paletted(img), nil)
	default:
		fast := png.Encoder{CompressionLevel: png.BestSpeed} // to spend longer would save 7% of small files
		err = fast.Encode(&b, img)
	}
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// paletted reduces a picture to its 256 most frequent colours.
func paletted(img *image.RGBA) *image.Paletted {
	counts := map[color.RGBA]int{}
	for i := 0; i < len(img.Pix); i += 4 {
		counts[rgbaAt(img, i)]++
	}
	colours := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	p := make(color.Palette, min(len(colours), 256))
	for i := range p {
		p[i] = colours[i]
	}
	places := make(map[color.RGBA]uint8, len(colours))
	for _, c := range colours {
		places[c] = uint8(p.Index(c)) //nolint:gosec // G115: of 256 at most
	}
	out := image.NewPaletted(img.Rect, p)
	for i := range out.Pix {
		out.Pix[i] = places[rgbaAt(img, 4*i)]
	}
	return out
}

func rgbaAt(img *image.RGBA, i int) color.RGBA {
	return color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3]}
}
