package demo

import (
	"flag"
	"image"
	"image/draw"
	"image/png"
	"os"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

var sheet = flag.String("sheet", "", "write a PNG of all pictures, with what marks their things drawn over them")

// TestSheet makes a contact sheet, for whoever has changed how things look:
//
//	go test ./internal/demo -run Sheet -sheet /tmp/sheet.png
func TestSheet(t *testing.T) {
	if *sheet == "" {
		t.Skip("-sheet is not set")
	}
	const columns, cell = 6, maxSide + 8
	shots := allShots()
	out := image.NewRGBA(image.Rect(0, 0, columns*cell, (len(shots)+columns-1)/columns*cell))
	for i, s := range shots {
		corner := image.Pt(i%columns*cell, i/columns*cell)
		draw.Draw(out, image.Rectangle{Max: s.size}.Add(corner), marked(s.scene), image.Point{}, draw.Src)
	}
	file := testkit.Must(os.Create(*sheet))(t)
	if err := png.Encode(file, out); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// marked is the scene with thin lines around its things.
func marked(s *scene) *image.RGBA {
	c := &canvas{RGBA: s.render()}
	for _, th := range s.things {
		b := th.box()
		line := rect(b.min.x, b.min.y, b.max.x, b.max.y)
		if th.outline != nil {
			line = th.outline
		}
		for i, from := range line {
			to := line[(i+1)%len(line)]
			const half = .6
			c.fill(area(rgb(0xffffff), polygon{
				{from.x - half, from.y - half}, {from.x + half, from.y + half}, {to.x + half, to.y + half}, {to.x - half, to.y - half},
			}))
		}
	}
	return c.RGBA
}

// allShots are those of both datasets.
func allShots() (shots []shot) {
	for _, part := range [][]shot{cameraShots(), generatedShots(), variantShots(), droneShots(), nightSkyShots()} {
		shots = append(shots, part...)
	}
	return shots
}
