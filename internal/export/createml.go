package export

// createML is what Apple's Create ML trains object detectors from:
// https://developer.apple.com/documentation/createml/mlobjectdetector/datasource. A split is a folder with pictures and one JSON.
func createML() Format {
	return Format{
		Name: "createml", Title: "Create ML", Parts: createMLParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return (boxes | byName).check(d, img) },
	}
}

func createMLParts(d *Dataset, _ Options) (parts []Part) {
	names, of := splitsByName(d, "valid")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name], Of: Shapes}, Name: func(int) string { return name + "/_annotations.createml.json" }, Head: []byte("["), Tail: []byte("\n]\n"),
			Item: func(img *Image, at Place) []Piece { return []Piece{{Text: createMLImage(d, img, at)}} },
		}, picturesIn(name+"/", of[name]...))
	}
	return parts
}

// createMLImage has the centres of boxes, in pixels from the upper left corner.
func createMLImage(d *Dataset, img *Image, at Place) []byte {
	b := appendJSON(append(comma(nil, at.Images), "\n{\"image\":"...), img.FileName())
	b = append(b, `,"annotations":[`...)
	w, h, n := float64(img.Width), float64(img.Height), 0
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		b = appendJSON(append(comma(b, n), `{"label":`...), d.Labels[a.Class].Name)
		b = appendNumber(append(b, `,"coordinates":{"x":`...), pixels((box.Left+box.Right)/2*w))
		b = appendNumber(append(b, `,"y":`...), pixels((box.Top+box.Bottom)/2*h))
		b = appendNumber(append(b, `,"width":`...), pixels((box.Right-box.Left)*w))
		b = append(appendNumber(append(b, `,"height":`...), pixels((box.Bottom-box.Top)*h)), "}}"...)
		n++
	}
	return append(b, "]}"...)
}
