package demo

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// nightSky is a sky to compose.
type nightSky struct {
	seed uint64
	size image.Point
}

var (
	skies     = [][2]color.NRGBA{{rgb(0x0b1033), rgb(0x3b3f8f)}, {rgb(0x120b2e), rgb(0x6a3a7c)}, {rgb(0x071a2b), rgb(0x1f5f74)}}
	starlight = []color.NRGBA{rgb(0xffe08a), rgb(0xfff4d6), rgb(0xffc2a1), rgb(0xbfe3ff)}
	planets   = []color.NRGBA{rgb(0xe28a5b), rgb(0x7fb8a4), rgb(0xc88fc9)}
)

// compose decides what is in the picture.
func (n nightSky) compose() *scene {
	r := rand.New(rand.NewPCG(n.seed, 0))
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	w, h := float64(n.size.X), float64(n.size.Y)
	unit := min(w, h)
	sky := pick(r, skies)
	ground := h * .84
	s := &scene{size: n.size, gradients: []gradient{{0, n.size.Y, sky[0], sky[1]}}}
	somewhere := func(m model, least, most float64) {
		size := between(least, most) * unit
		for range 40 {
			if s.hang(m.stand(between(0, w), between(0, ground-.05*h-.62*size), size, r.IntN(2) == 0)) {
				return
			}
		}
	}
	somewhere(craters(ball(moon, rgb(0xf4f1de)), rgb(0xd5d0bd)), .18, .28)
	if r.IntN(2) == 0 {
		somewhere(ringed(pick(r, planets), rgb(0xf0d9b5)), .10, .15)
	}
	for range 5 + r.IntN(5) {
		somewhere(spark(pick(r, starlight), between(0, 2*math.Pi)), .06, .15)
	}
	s.paint(hill(w, h, ground, between(0, 6), mix(sky[0], rgb(0x000000), 25, 100)))
	return s
}

// hill is the ground below a sky.
func hill(w, h, top, phase float64, ink color.NRGBA) layer {
	p := polygon{}
	for x := 0.0; x <= w+8; x += 8 {
		p = append(p, on(x, top+.05*h*math.Sin(x/w*5+phase)))
	}
	return area(ink, append(p, on(w+8, h), on(0, h)))
}
