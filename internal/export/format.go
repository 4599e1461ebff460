package export

import "github.com/datasetgen/datagen/ent/image"

// Format is a way to write datasets.
type Format struct {
	Name    string // as requests have it
	Title   string // as people call it
	Options []Option

	// Parts are what an archive in the format consists of, in that order. Equal datasets and options give equal parts.
	Parts func(d *Dataset, o Options) []Part

	// Check tells what of an image the format cannot hold, and what trainers would refuse.
	Check func(d *Dataset, o Options, img *Image) []Problem
}

// Option is one of the choices that a format leaves.
type Option struct {
	Name   string
	Values []string // those allowed, the first of which is the default
	Help   string
}

// Options are choices by name, a value for each Option of the format.
type Options map[string]string

// Part is a Fixed, a PerImage or a Series: files of an archive that follow each other.
type Part interface{ part() }

// Fixed is a file that no image changes.
type Fixed struct {
	Name    string
	Content []byte
}

// PerImage is some files of each image.
type PerImage struct {
	Wanted

	Files func(img *Image, at Place) []File
}

// File is a file of an archive.
type File struct {
	Name   string
	Pieces []Piece
}

// Series is a file that holds something of each image, or several such files, one after the other.
type Series struct {
	Wanted

	Name    func(shard int) string
	MaxSize int64 // bytes of a file after which the next begins; 0 is no limit
	Head    []byte
	Item    func(img *Image, at Place) []Piece
	Tail    []byte
	Written func(img *Image) int // how many annotations Item writes, for places; nil is all there are
	Next    *Series              // what follows in the same file, of images from the first on; of it there is but the content
}

// Piece is a piece of a file: a text or, if it is not nil, an object.
type Piece struct {
	Text   []byte
	Object *Object
}

// Place is how many images, and annotations on them, came before an image in its part.
type Place struct{ Images, Annotations int }

// After is the place of the image that comes after one in the same part, with so many annotations.
func (p Place) After(annotations int) Place { return Place{p.Images + 1, p.Annotations + annotations} }

// Count is how many annotations of an image there are in a series.
func (s *Series) Count(img *Image) int {
	if s.Written == nil {
		return len(img.Annotations)
	}
	return s.Written(img)
}

// picturesIn are the files of images in a folder, whose name ends in a slash.
func picturesIn(folder string, splits ...image.Split) PerImage {
	return PerImage{Wanted: Wanted{Splits: splits, Of: Pictures}, Files: func(img *Image, _ Place) []File {
		return []File{{Name: folder + img.FileName(), Pieces: []Piece{{Object: &img.Object}}}}
	}}
}

func (Fixed) part()    {}
func (PerImage) part() {}
func (Series) part()   {}

// Severity says how bad a Problem is.
type Severity string

// What becomes of that which has a problem.
const (
	Changed Severity = "CHANGED" // it is written, but not as it is: a polygon as the box around it
	Lost    Severity = "LOST"    // it is not written
	Refused Severity = "REFUSED" // it is written, and known trainers do not take it
)

// Problem is something on an image, or the image, that a format does not hold as it is.
type Problem struct {
	Code       string // such as POLYGON_AS_BOX, the same for all problems of a kind
	Severity   Severity
	Annotation *Annotation // nil when it is the image's
	Message    string      // for people
}
