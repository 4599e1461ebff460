package export

import "strconv"

// imageFolder is what Hugging Face datasets load with load_dataset("imagefolder"):
// https://huggingface.co/docs/datasets/image_dataset. A split is a folder with pictures and a metadata.jsonl.
func imageFolder() Format {
	return Format{
		Name: "imagefolder", Title: "Hugging Face ImageFolder", Parts: imageFolderParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return (boxes | prompts).check(d, img) },
	}
}

func imageFolderParts(d *Dataset, _ Options) (parts []Part) {
	names, of := splitsByName(d, "validation")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name], Of: Shapes}, Name: func(int) string { return name + "/metadata.jsonl" },
			Item: func(img *Image, _ Place) []Piece { return []Piece{{Text: imageFolderLine(d, img)}} },
		}, picturesIn(name+"/", of[name]...))
	}
	return parts
}

// imageFolderLine has the same members on each line, empty lists where an image shows nothing, and boxes as COCO has them.
func imageFolderLine(d *Dataset, img *Image) []byte {
	b := append(appendJSON([]byte(`{"file_name":`), img.FileName()), `,"objects":{"bbox":[`...)
	var classes, names []byte
	w, h, n := float64(img.Width), float64(img.Height), 0
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		b = append(comma(b, n), '[')
		b = append(appendNumbers(b, pixels(box.Left*w), pixels(box.Top*h), pixels((box.Right-box.Left)*w), pixels((box.Bottom-box.Top)*h)), ']')
		classes = strconv.AppendInt(comma(classes, n), int64(a.Class), 10)
		names = appendJSON(comma(names, n), d.Labels[a.Class].Name)
		n++
	}
	b = append(append(append(append(append(b, `],"categories":[`...), classes...), `],"labels":[`...), names...), `]},"prompt":`...)
	return append(appendJSON(b, img.Prompt), "}\n"...)
}
