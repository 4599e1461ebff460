package export

import (
	"fmt"
	"strconv"
)

// openImages is the format of Open Images V6: https://storage.googleapis.com/openimages/web/factsfigures_v7.html. Classes, which
// have names of Google's there, are described under names of ours.
func openImages() Format {
	return Format{
		Name: "openimages", Title: "Open Images", Parts: openImagesParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return (boxes | confidences).check(d, img) },
	}
}

func openImagesParts(d *Dataset, _ Options) []Part {
	classes := csvRow("LabelName", "DisplayName")
	for i, l := range d.Labels {
		classes = append(classes, csvRow(openImagesClass(d, i), l.Name)...)
	}
	parts := []Part{Fixed{Name: "annotations/oidv6-class-descriptions.csv", Content: classes}}
	names, of := splitsByName(d, "validation")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name], Of: Shapes}, Name: func(int) string { return "annotations/" + name + "-annotations-bbox.csv" },
			Head: []byte("ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"),
			Item: func(img *Image, _ Place) []Piece { return []Piece{{Text: openImagesRows(d, img)}} },
		}, Series{
			Wanted: Wanted{Splits: of[name], Of: Pictures}, Name: func(int) string { return "annotations/" + name + "-images-with-rotation.csv" },
			Head: []byte("ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n"),
			Item: func(img *Image, _ Place) []Piece {
				return []Piece{{Text: fmt.Appendf(nil, "%s,%s,,,,,,,%d,,,0\n", img.Stem(), name, img.Object.Size)}}
			},
		}, picturesIn("images/"+name+"/", of[name]...))
	}
	return parts
}

// openImagesClass is the name of a class, which another may share up to the number.
func openImagesClass(d *Dataset, class int) string {
	return "/c/" + strconv.Itoa(class) + "_" + Slug(d.Labels[class].Name)
}

// openImagesRows have the sides of boxes in pairs: both of x, then both of y.
func openImagesRows(d *Dataset, img *Image) (b []byte) {
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		confidence := 1.0
		if a.Confidence != nil {
			confidence = *a.Confidence
		}
		b = append(append(append(append(b, img.Stem()...), ",datagen,"...), openImagesClass(d, a.Class)...), ',')
		b = appendNumbers(b, confidence, fraction(box.Left), fraction(box.Right), fraction(box.Top), fraction(box.Bottom))
		b = strconv.AppendInt(append(b, ",0,"...), int64(truncated(a)), 10)
		b = append(b, ",0,0,0\n"...)
	}
	return b
}
