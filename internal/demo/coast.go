package demo

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// Colours that things come in, before the light of the hour.
var (
	hulls   = []color.NRGBA{rgb(0xc8372d), rgb(0x1f4e79), rgb(0x2e7d5b), rgb(0x2b2d42), rgb(0xe07a1f), rgb(0x7b3f61)}
	sails   = []color.NRGBA{white, rgb(0xf6e7c8), rgb(0xf2c14e), rgb(0xe2604c), rgb(0x8ecae6)}
	buoys   = []color.NRGBA{rgb(0xd62828), rgb(0x2a9d4b), rgb(0xf4b41a)}
	walls   = []color.NRGBA{rgb(0xf5ead6), rgb(0xf2c9a1), rgb(0xe9a58b), rgb(0xcfe1e6), rgb(0xf3dc8d)}
	roofs   = []color.NRGBA{rgb(0xb5462f), rgb(0x8c3b2e), rgb(0x4a5568), rgb(0x6b4f3a)}
	greens  = []color.NRGBA{rgb(0x2f7d4f), rgb(0x3f8f3f), rgb(0x5a9a3c), rgb(0x1f6650)}
	stripes = []color.NRGBA{rgb(0xd1352b), rgb(0x1d4f8c)}
)

// harbour is a harbour to compose: of one seed are the same things at the same
// places at any hour, save that none hides the sun.
type harbour struct {
	seed   uint64
	hour   string
	size   image.Point
	extras int // boats that others of the seed do not have
}

// compose decides what is in the picture.
func (h harbour) compose() *scene {
	c := &coast{
		seed: h.seed,
		hour: hours[h.hour],
		w:    float64(h.size.X),
		h:    float64(h.size.Y),
	}
	c.scene = &scene{size: h.size, hour: h.hour}
	c.unit = min(c.w, c.h)
	c.shuffle()
	c.horizon = math.Round(c.h * c.between(.46, .58))
	boats, buoys := 2+c.rand.IntN(3), c.rand.IntN(4)
	for _, draw := range []func(){c.sky, c.sun, c.clouds, c.hills, c.land, c.village, c.water} {
		c.shuffle()
		draw()
	}
	c.repeat(boats, c.boat)
	c.repeat(buoys, c.buoy)
	c.repeat(h.extras, c.boat)
	return c.scene
}

// coast is a harbour that is being composed.
type coast struct {
	*scene
	seed    uint64
	turns   uint64
	rand    *rand.Rand
	hour    hour
	w, h    float64 // of the picture, in pixels
	unit    float64 // the lesser of both
	horizon float64 // its y
	sunAt   float64 // its x
	height  func(x float64) float64
}

// shuffle begins a new row of random numbers, so that what is drawn does not depend on how
// many numbers others took before.
func (c *coast) shuffle() {
	c.turns++
	c.rand = rand.New(rand.NewPCG(c.seed, c.turns))
}

// repeat draws several of a kind.
func (c *coast) repeat(n int, draw func()) {
	for range n {
		c.shuffle()
		draw()
	}
}

func (c *coast) between(low, high float64) float64 { return low + (high-low)*c.rand.Float64() }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (c *coast) sky() {
	horizon := int(c.horizon)
	c.gradients = []gradient{
		{0, horizon, c.hour.skyHigh, c.hour.skyLow},
		{horizon, c.size.Y, c.hour.seaFar, c.hour.seaNear},
	}
	stars := layer{ink: faded(white, 170), glows: true}
	for range 46 {
		r := c.between(.5, 1.1)
		stars.shapes = append(stars.shapes, disc(0, 0, 1, 1).moved(c.between(0, c.w), c.between(0, c.horizon*.8), r, false))
	}
	if c.hour.starry {
		c.paint(stars)
	}
}

func (c *coast) sun() {
	x, size := c.between(.16, .84), c.between(.10, .14)
	c.sunAt = x * c.w
	if c.hour.sun.A == 0 {
		return
	}
	y := c.horizon * (1 - c.hour.sunHeight)
	c.hang(ball(sun, c.hour.sun).stand(c.sunAt, y, size*c.unit, false))
}

// clouds stay clear of the sun, which would lose its edge behind them.
func (c *coast) clouds() {
	for range 2 + c.rand.IntN(4) {
		x, y, size := c.between(0, c.w), c.between(.08, .55)*c.horizon, c.between(.16, .34)*c.unit
		cloud := area(c.hour.cloud)
		for i := range 5 {
			at := float64(i)/4 - .5
			r := c.between(.16, .26) * (1.2 - math.Abs(at))
			cloud.shapes = append(cloud.shapes, disc(at, -r*.45, r*1.25, r*.8).moved(x, y, size, false))
		}
		cover := around(cloud.shapes...)
		if len(c.things) == 0 || !cover.near(c.things[0].box(), 2) {
			c.paint(cloud)
		}
	}
}

// ridge is a line of hills, heights in fractions of the picture's.
func (c *coast) ridge(least, most float64) polygon {
	var waves [3]struct{ length, phase, weight float64 }
	for i := range waves {
		waves[i].length = c.w * c.between(.25, .9) / float64(i+1)
		waves[i].phase = c.between(0, 2*math.Pi)
		waves[i].weight = 1 / float64(i+1)
	}
	p := polygon{on(0, c.horizon)}
	for x := 0.0; x <= c.w; x += 8 {
		sum := 0.0
		for _, w := range waves {
			sum += w.weight * math.Sin(x/w.length*2*math.Pi+w.phase)
		}
		share := (sum/1.84 + 1) / 2
		p = append(p, on(x, c.horizon-c.h*(least+(most-least)*share)))
	}
	return append(p, on(c.w, p[len(p)-1].y), on(c.w, c.horizon))
}

// hills stay below the lowest sun.
func (c *coast) hills() {
	far, near := c.ridge(.015, .065), c.ridge(.0, .04)
	c.paint(area(mix(c.hour.hills, c.hour.skyLow, 45, 100), far))
	c.paint(area(c.hour.hills, near))
}

// land makes a coast on one side, an island, or a coast all along.
func (c *coast) land() {
	kind, middle, reach, rise := c.rand.IntN(4), c.between(.35, .65), c.between(.45, .72), c.between(.035, .06)
	bend, phase := c.between(.12, .25), c.between(0, 2*math.Pi)
	cover := func(x float64) float64 { // from 0 for water to 1 for land
		switch kind {
		case 0:
			return smooth((reach - x) / .25)
		case 1:
			return smooth((x - (1 - reach)) / .25)
		case 2:
			return smooth((reach*.62 - math.Abs(x-middle)) / .2)
		}
		return 1
	}
	c.height = func(x float64) float64 {
		share := cover(x / c.w)
		return c.h * share * (rise + .014*math.Sin(x/c.w/bend*2*math.Pi+phase))
	}
	sand, grass := polygon{}, polygon{}
	for x := 0.0; x <= c.w+8; x += 8 {
		sand = append(sand, on(x, c.horizon-c.height(x)*.5))
		grass = append(grass, on(x, c.horizon-c.height(x)))
	}
	for x := c.w + 8; x >= 0; x -= 8 {
		share := cover(x / c.w)
		sand = append(sand, on(x, c.horizon+.030*c.h*share))
		grass = append(grass, on(x, c.horizon+.014*c.h*share))
	}
	c.paint(area(c.hour.sand, sand))
	c.paint(area(c.hour.land, grass))
}

// smooth goes from 0 to 1 without a corner.
func smooth(t float64) float64 {
	t = min(max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// village puts a lighthouse, houses and trees on the land.
func (c *coast) village() {
	lighthouses, houses, trees := min(c.rand.IntN(3), 1), 2+c.rand.IntN(3), 3+c.rand.IntN(4)
	c.repeat(lighthouses, func() { c.settle(beacon(pick(c.rand, stripes), c.hour.lit), .26, .34, .05) })
	c.repeat(houses, func() {
		c.settle(cottage(pick(c.rand, walls), pick(c.rand, roofs), c.window(), c.hour.lit), .10, .15, .4)
	})
	c.repeat(trees, func() {
		m := pick(c.rand, []func(color.NRGBA) model{pine, broadleaf})
		c.settle(m(pick(c.rand, greens)), .10, .17, .1)
	})
}

func (c *coast) window() color.NRGBA {
	if c.hour.lit {
		return lamp
	}
	return glass
}

// settle looks for ground that a model can stand on, made between least and most high, foot
// being half the width that touches the ground, in heights of the model.
func (c *coast) settle(m model, least, most, foot float64) {
	size := c.between(least, most) * c.unit
	for range 24 {
		x, mirrored := c.between(0, c.w), c.rand.IntN(2) == 0
		ground := min(c.height(x-foot*size), c.height(x+foot*size))
		if ground < .02*c.h {
			continue
		}
		if c.place(m.stand(x, c.horizon-ground+.006*c.h, size, mirrored).tinted(c.hour)) {
			return
		}
	}
}

// water draws waves, and the light of a low sun on them.
func (c *coast) water() {
	waves, path := layer{ink: c.hour.glint}, layer{ink: faded(c.hour.sun, 110)}
	depth := c.h - c.horizon
	for range 64 {
		t := c.rand.Float64()
		half := c.unit * (.012 + .05*t) * c.between(.5, 1)
		waves.shapes = append(waves.shapes, ripple(c.between(0, c.w), c.horizon+depth*(.05+.93*t), half, .6+1.4*t))
	}
	for i := range 22 {
		t := (float64(i) + .5) / 22
		half := c.unit * (.02 + .05*t) * c.between(.4, 1)
		path.shapes = append(path.shapes, ripple(c.sunAt+c.between(-.02, .02)*c.unit, c.horizon+depth*t*.96, half, .8+1.2*t))
	}
	c.paint(waves)
	if c.hour.sun.A > 0 && c.hour.sunHeight < .5 {
		c.paint(path)
	}
}

// ripple is a flat wave about (x, y).
func ripple(x, y, half, thick float64) polygon {
	return polygon{on(x-half, y), on(x-.4*half, y-thick), on(x+.4*half, y-thick), on(x+half, y), on(x+.4*half, y+thick), on(x-.4*half, y+thick)}
}

func (c *coast) boat() {
	var m model
	if c.rand.IntN(3) == 0 {
		m = trawler(pick(c.rand, hulls), white, c.window(), c.hour.lit)
	} else {
		m = sailboat(pick(c.rand, hulls), pick(c.rand, sails), pick(c.rand, stripes))
	}
	c.float(m, .13, .30)
}

func (c *coast) buoy() { c.float(marker(pick(c.rand, buoys)), .06, .13) }

// float looks for water that a model can lie on: the nearer, the larger. Its sizes are those
// at the horizon and at the lower edge of the picture.
func (c *coast) float(m model, far, near float64) {
	for range 40 {
		x, t, mirrored := c.between(0, c.w), c.between(.10, .92), c.rand.IntN(2) == 0
		y, size := c.horizon+(c.h-c.horizon)*t, c.unit*(far+(near-far)*t)
		if c.place(m.stand(x, y, size, mirrored).tinted(c.hour)) {
			return
		}
	}
}
