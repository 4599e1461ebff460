package demo

import (
	"fmt"
	"image"

	entimage "github.com/datasetgen/datagen/ent/image"
)

// The sizes of pictures, in pixels.
var (
	wide     = image.Pt(512, 320)
	broad    = image.Pt(512, 384)
	square   = image.Pt(400, 400)
	portrait = image.Pt(384, 512)
	small    = image.Pt(360, 240)
)

// cameraShots are photographs, so to speak, from the pier.
func cameraShots() []shot {
	return photographs("pier", []harbour{
		{1, "at dawn", broad, 0},
		{2, "in the morning", portrait, 0},
		{3, "at noon", wide, 0},
		{4, "in the evening", square, 0},
		{5, "at sunset", broad, 0},
		{6, "under clouds", portrait, 0},
		{7, "at dusk", wide, 0},
		{8, "at night", square, 0},
		{9, "at dawn", broad, 0},
		{10, "in the morning", portrait, 0},
		{11, "at noon", wide, 0},
		{12, "in the evening", square, 0},
		{13, "at sunset", wide, 0},
		{14, "under clouds", portrait, 0},
		{15, "at noon", broad, 0},
		{16, "in the morning", small, 0},
	})
}

// droneShots nobody has looked at yet.
func droneShots() []shot {
	return photographs("drone", []harbour{
		{41, "in the morning", wide, 0},
		{42, "at noon", square, 0},
		{43, "under clouds", broad, 0},
		{44, "in the evening", portrait, 0},
		{45, "at sunset", wide, 0},
		{46, "at noon", broad, 0},
		{47, "at dawn", square, 0},
		{48, "at night", wide, 0},
	})
}

// photograph is what is known of a picture beside its pixels.
type photograph struct {
	Camera string `json:"camera"`
	Frame  int    `json:"frame"`
}

// photographs are JPEG files, and now and then a PNG.
func photographs(camera string, harbours []harbour) []shot {
	shots := make([]shot, len(harbours))
	for i, h := range harbours {
		ending := "jpg"
		if i%4 == 3 {
			ending = "png"
		}
		shots[i] = shot{
			scene: h.compose(),
			name:  fmt.Sprintf("%s-%04d.%s", camera, 17*i+3, ending),
			extra: photograph{camera, 17*i + 3},
		}
	}
	return shots
}

// generation is how a picture came about.
type generation struct {
	Model    string       `json:"model"`
	Seed     uint64       `json:"seed"`
	Steps    int          `json:"steps"`
	Strength float64      `json:"strength,omitempty"` // of the change to the base image
	Mask     *boundingBox `json:"mask,omitempty"`     // what was painted anew
}

const generator = "demo-diffusion-1"

// generatedHarbours are those of the generated shots.
var generatedHarbours = []harbour{
	{21, "at sunset", broad, 0},
	{22, "at noon", square, 0},
	{23, "at night", wide, 0},
	{24, "in the morning", portrait, 0},
	{25, "at dusk", broad, 0},
	{26, "in the evening", wide, 0},
	{27, "under clouds", square, 0},
	{28, "at dawn", portrait, 0},
	{29, "at noon", broad, 0},
	{30, "at sunset", square, 0},
	{31, "in the morning", wide, 0},
	{32, "at dusk", portrait, 0},
	{33, "in the evening", broad, 0},
	{34, "at night", square, 0},
}

// generatedShots were made from prompts alone.
func generatedShots() []shot {
	shots := make([]shot, len(generatedHarbours))
	for i, h := range generatedHarbours {
		s := h.compose()
		shots[i] = shot{
			scene:          s,
			name:           fmt.Sprintf("harbour-%d.png", h.seed),
			generationType: "text2image",
			prompt:         s.describe(),
			extra:          generation{Model: generator, Seed: h.seed, Steps: 28},
		}
	}
	return shots
}

// variantShots were made from generated ones: three have one more boat, three are at another hour.
func variantShots() []shot {
	var shots []shot
	for base, hour := range []string{"", "at sunset", "", "at night", "", "in the morning"} {
		h := generatedHarbours[base]
		if hour == "" {
			h.extras = 1
			shots = append(shots, inpainted(h, base))
		} else {
			h.hour = hour
			shots = append(shots, repainted(h, base))
		}
	}
	return shots
}

// inpainted has one thing more than its base.
func inpainted(h harbour, base int) shot {
	s := h.compose()
	added := s.things[len(s.things)-1].box().in(s.size)
	return shot{
		scene:          s,
		name:           fmt.Sprintf("harbour-%d-boat.png", h.seed),
		generationType: "inpainting",
		prompt:         "a boat on the water, flat illustration",
		extra:          generation{Model: generator, Seed: h.seed + 100, Steps: 20, Mask: &added},
		base:           base,
	}
}

// repainted is its base at another hour.
func repainted(h harbour, base int) shot {
	s := h.compose()
	return shot{
		scene:          s,
		name:           fmt.Sprintf("harbour-%d-relit.png", h.seed),
		generationType: "image2image",
		prompt:         "the same harbour " + h.hour + ", flat illustration",
		extra:          generation{Model: generator, Seed: h.seed + 100, Steps: 24, Strength: .6},
		base:           base,
	}
}

// nightSkyShots are PNG files, and now and then a GIF.
func nightSkyShots() []shot {
	sizes := []image.Point{image.Pt(320, 320), image.Pt(360, 270), image.Pt(270, 360)}
	shots := make([]shot, 8)
	for i := range shots {
		ending := "png"
		if i%3 == 1 {
			ending = "gif"
		}
		shots[i] = shot{
			scene: nightSky{uint64(i + 1), sizes[i%len(sizes)]}.compose(),
			name:  fmt.Sprintf("sky-%d.%s", i+1, ending),
			extra: struct{}{},
		}
	}
	return divide(shots)
}

// divide shares shots out among the parts that a model is trained, tuned and tested with.
func divide(shots []shot) []shot {
	parts := []entimage.Split{
		entimage.SplitTrain, entimage.SplitTrain, entimage.SplitVal, entimage.SplitTrain, entimage.SplitTest, entimage.SplitTrain,
	}
	for i := range shots {
		shots[i].split = parts[i%len(parts)]
	}
	return shots
}
