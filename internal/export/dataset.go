// Package export writes datasets in the formats that models are trained from.
package export

import (
	"context"
	"iter"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// Dataset is what is exported: the content of a snapshot, or what filters leave of it.
type Dataset struct {
	Name, Description string
	Labels            []Label       // by their order; the place of a label among them is its class
	Splits            []image.Split // those that images are in: some of TRAIN, VAL, TEST and NONE, in that order
	Images            Images

	count sync.Once
	named map[string]int // how many labels have a name, once they were counted
}

// Images yields those images of a dataset that come after one, by their ids, as far as they are wanted. An image is only
// good until the next one, and an error is the last that is yielded.
type Images func(ctx context.Context, after gid.ImageID, w Wanted) iter.Seq2[*Image, error]

// Wanted says which images a part of an archive is made of, and what of them.
type Wanted struct {
	Splits []image.Split // that they are in; none are all
	Of     Of
}

// Of says what is looked at of images besides what they are themselves. What is not need not be read.
type Of int

// All that can be looked at.
const (
	Annotations Of = iota // all there is of them
	Shapes                // their classes, types, data and confidences, and who made them
	Pictures              // none
)

// Label is a class.
type Label struct {
	ID                     gid.LabelID
	Name, Color            string
	Prompt, NegativePrompt string
}

// Image is a picture and what is drawn on it.
type Image struct {
	ID                     gid.ImageID
	Name                   string // the file name that the server gave it
	OriginalName, Source   string
	SHA256                 string // of the file as it was uploaded, in hex
	Object                 Object
	Format                 image.Format
	Width, Height          int // pixels
	Split                  image.Split
	Prompt, NegativePrompt string
	GenerationType         string
	ExtraInformation       rawjson.Object
	Metadata               rawjson.Object
	Tags                   []string
	IsSynthetic            bool
	Done, Reviewed         bool
	BaseImageID            *gid.ImageID
	CreatedAt              time.Time
	Annotations            []Annotation // in the order in which they were saved
}

// Object is the file of a picture as it is kept.
type Object struct {
	SHA256        string // in hex
	Size          int64  // bytes
	CRC32, CRC32C uint32 // IEEE's, which zips have, and Castagnoli's, which TFRecords have
}

// Annotation is a labelled shape on an image.
type Annotation struct {
	ID          gid.AnnotationID
	Class       int // the place of its label among those of the dataset
	Type        string
	Data        rawjson.Object
	Author      string // the email address of who drew it; empty when nobody is known
	Source      annotation.Source
	Confidence  *float64 // 0 to 1; nil when people drew it
	IsSynthetic bool
	CreatedAt   time.Time

	visible visibility // what onImage has found out
}

// FileName is that of the picture in an archive: ID_WORDS.EXTENSION. It is unlike all others of the dataset up to
// the extension, which says what the file is, has no dot before it and is ASCII throughout.
func (img *Image) FileName() string { return img.Stem() + extensions[img.Format] }

// extensions of file names by what the files are, which not all names of images tell.
var extensions = map[image.Format]string{
	image.FormatPNG:  ".png",
	image.FormatJPEG: ".jpg",
	image.FormatWebP: ".webp",
	image.FormatGIF:  ".gif",
}

// maxSlug is how long the words of a file name are at most, in bytes.
const maxSlug = 60

// Stem is the FileName without its extension.
func (img *Image) Stem() string {
	id := strconv.Itoa(int(img.ID))
	base := path.Base(strings.ReplaceAll(img.OriginalName, `\`, "/"))
	words := Slug(strings.TrimSuffix(base, path.Ext(base)))
	if words == "" {
		return id
	}
	return id + "_" + words
}

// Slug makes words of a name, without accents, and what is no ASCII letter or digit a hyphen. It may be empty, and is at
// most 60 bytes long.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		default:
			gap = true
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	return b.String()
}
